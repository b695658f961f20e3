import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { expectClosed, forAll, INTERNAL_PAGES, tryWayIn, waysIn } from '../support/access';
import { type App, startApp } from '../support/app';
import { CLIENTS } from '../support/client';
import { isLong } from '../support/figures';
import { givenCookie, send, sendRsc, type WireAnswer, type WireRequest } from '../support/raw-request';

const ORIGIN = 'https://app.example.com';
const COOKIE = '__Host-dingpass';
/** Who gets the instant sign-in, where nothing else is due. */
const IN_CLIENT = {
  phone: { 'user-agent': CLIENTS.android, accept: 'text/html' },
  desktop: { 'user-agent': CLIENTS.mac, accept: 'text/html' },
};

let emulator: Emulator;
let app: App;
let plainApp: App;
let cookie: string;
let personal: string[];

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  [app, plainApp] = await Promise.all([startApp({ emulator, origin: ORIGIN }), startApp({ emulator })]);
  const { userid, unionid, name, mobile } = emulator.company.people[0]!;
  personal = [userid, unionid, name, mobile];
  cookie = `${COOKIE}=${givenCookie(await signIn(), COOKIE)}`;
});
afterAll(async () => {
  await Promise.all([app?.close(), plainApp?.close()]);
  await emulator?.close();
});

describe('who has no session', () => {
  test('a member does get the pages, so that what follows is a refusal', async () => {
    for (const [path, mark] of INTERNAL_PAGES) {
      const [page, rsc] = await Promise.all([
        send(app, { path, headers: { cookie } }),
        sendRsc(app, { path, headers: { cookie } }),
      ]);
      expect({ path, page: page.text.includes(mark), rsc: rsc.text.includes(mark) }).toEqual({
        path,
        page: true,
        rsc: true,
      });
    }
  });

  test.each([
    ['a program', {}, () => true],
    // Of what makes no difference to programs, a third each.
    ['a phone', IN_CLIENT.phone, (at: number) => isLong || at % 3 === 0],
    ['a desktop client', IN_CLIENT.desktop, (at: number) => isLong || at % 3 === 1],
  ])(
    'no header and no spelling of an address opens a page to %s, and none leads to a 5xx',
    async (_, asking, isChosen) => {
      const ways = waysIn().map((way) => ({ ...way, headers: { ...asking, ...way.headers } }));
      expect(ways.length).toBeGreaterThan(300);
      await forAll(
        ways.filter((_, at) => isChosen(at)),
        async (way) => {
          // As a member first: whatever may be kept somewhere is kept by now.
          await tryWayIn(app, { ...way, headers: { ...way.headers, cookie } });
          expectClosed(way, await tryWayIn(app, way), personal);
        },
      );
    },
    90_000,
  );

  test('what a router or a browser fetches ahead is never the instant sign-in', async () => {
    const ahead: WireRequest['headers'][] = [
      { rsc: '1', accept: '*/*' },
      { rsc: '1', accept: '*/*', 'next-router-prefetch': '1' },
      { rsc: '1', accept: '*/*', 'next-router-segment-prefetch': '/_tree' },
      { purpose: 'prefetch' },
      { 'sec-purpose': 'prefetch' },
      { 'sec-purpose': 'prefetch;prerender' },
    ];
    for (const asking of Object.values(IN_CLIENT)) {
      expect((await send(app, { path: '/me', headers: asking })).text).toContain('data-corp-id');
      for (const headers of ahead) {
        const way = { path: '/me', headers: { ...asking, ...headers } };
        const answer = await tryWayIn(app, way);
        expect({ headers, quick: answer.text.includes('data-corp-id') }).toEqual({ headers, quick: false });
      }
    }
  });

  test('every page sends people to the sign-in page and back to where they wanted to go', async () => {
    for (const [path] of INTERNAL_PAGES) {
      const answer = await send(app, { path: `${path}?a=1` });
      expect({ status: answer.status, location: answer.headers.location }).toEqual({
        status: 307,
        location: `/login?${new URLSearchParams({ next: `${path}?a=1` })}`,
      });
    }
  });
});

describe('the security headers', () => {
  const EVERY_KIND: WireRequest[] = [
    { path: '/' },
    { path: '/me' },
    { path: '/login' },
    { path: '/login?failed=internal' },
    { path: '/login/instant' },
    { path: '/login/instant', method: 'HEAD' },
    { path: '/login/instant', method: 'POST' },
    { path: '/me?corpid=dingsomebodyelse' },
    { path: '/directory/export.csv' },
    { path: '/nothing' },
    { path: '/me/' },
    { path: '//me' },
    { path: '/%' },
    { path: '/%E0%A4%A' },
    { path: '/api/nothing' },
    { path: '/api/health' },
    { path: '/api/ready' },
    { path: '/api/session' },
    { path: '/api/session', method: 'PUT' },
    { path: '/api/session', method: 'POST' },
    { path: '/api/session', method: 'OPTIONS' },
    { path: '/api/session', method: 'PROPFIND' },
    { path: '/api/session', method: 'HEAD' },
    { path: '/api/oauth/start' },
    { path: '/api/oauth/callback' },
    { path: '/me', method: 'HEAD' },
    { path: '/me', method: 'POST' },
    { path: '/me', method: 'DELETE' },
    { path: '/me', method: 'TRACE' },
    { path: '/me', headers: { rsc: '1' } },
    { path: '/me?_rsc=1', headers: { rsc: '1' } },
    { path: '/brand/icon.svg' },
    { path: '/favicon.ico' },
    { path: '/_next/static/nothing.js' },
    { path: '/_next/image?url=%2Fbrand%2Ficon.svg&w=64&q=75' },
    { path: '/_next/data/x/me.json' },
    { path: '/metrics' },
  ];

  test('are on every answer: pages, errors, redirects, files, and what Next says by itself', async () => {
    const script = /\/_next\/static\/[\w./~-]+\.js/.exec((await send(app, { path: '/login' })).text)?.[0];
    for (const request of [...EVERY_KIND, { path: script! }]) {
      for (const headers of [{}, { cookie }, IN_CLIENT.phone, IN_CLIENT.desktop]) {
        const answer = await send(app, { ...request, headers: { ...request.headers, ...headers } });
        const asked = `${request.method ?? 'GET'} ${request.path} ${answer.status}`;
        expect({ asked, ...fixedHeadersOf(answer) }).toEqual({
          asked,
          'x-content-type-options': 'nosniff',
          'referrer-policy': expect.stringMatching(/^(same-origin|no-referrer)$/),
          'permissions-policy': expect.stringContaining('camera=()'),
          'strict-transport-security': 'max-age=31536000',
        });
        expect(answer.headers['x-powered-by']).toBeUndefined();
        expectStrictPolicy(asked, answer);
      }
    }
  });

  test('HSTS is for https only', async () => {
    for (const path of ['/login', '/api/health', '/me/']) {
      const answer = await send(plainApp, { path });
      expect(answer.headers['strict-transport-security']).toBeUndefined();
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test('the nonce is another one each time, and every script of a page has it', async () => {
    const nonces = new Set<string>();
    const pages = ['/', '/me', '/example/step-up', '/nothing', '/login?signedout=1'];
    for (const path of [...pages, ...pages]) {
      const answer = await send(app, { path, headers: { cookie } });
      const nonce = nonceOf(answer);
      expect(nonce).toMatch(/^[\w+/]{22}==$/);
      nonces.add(nonce);
      const scripts = answer.text.match(/<script\b[^>]*>/g) ?? [];
      expect(scripts.length).toBeGreaterThan(0);
      for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
      expect(answer.text).not.toMatch(/<[^>]+\son[a-z]+\s*=|javascript:/i);
    }
    expect(nonces.size).toBe(pages.length * 2);
  });

  test('a client cannot choose the nonce, or the policy', async () => {
    const chosen = "script-src 'nonce-chosen' 'unsafe-inline'";
    for (const asking of [{ cookie }, IN_CLIENT.phone]) {
      const headers = { ...asking, 'content-security-policy': chosen, 'x-nonce': 'chosen' };
      const answer = await send(app, { path: '/', headers });
      expect(answer.headers['content-security-policy']).not.toContain('chosen');
      expect(answer.text).not.toContain('nonce="chosen"');
    }
  });
});

describe('nothing that depends on a session is kept by anybody', () => {
  const paths = [
    '/',
    '/me',
    '/me?corpid=dingsomebodyelse',
    '/example/step-up',
    '/login',
    '/login?next=/me',
    '/login/instant',
    '/nothing',
    '/directory/export.csv',
    '/api/session',
  ];

  test('pages, what the router fetches, heads, redirects and the API say private, no-store', async () => {
    for (const path of paths) {
      const askers = [{}, { cookie }, { cookie: `${COOKIE}=broken` }, IN_CLIENT.phone, IN_CLIENT.desktop];
      for (const headers of askers) {
        const answers = await Promise.all([
          send(app, { path, headers }),
          send(app, { path, headers, method: 'HEAD' }),
          sendRsc(app, { path, headers }),
          send(app, { path, headers: { ...headers, 'if-none-match': '*' } }),
        ]);
        for (const answer of answers) expectNotKept(`${path} ${JSON.stringify(headers)}`, answer);
      }
    }
  });

  test('so do sign-ins, refusals and sign-outs', async () => {
    const form = { cookie: 'x=y', origin: ORIGIN };
    const answers = [
      await signIn(),
      await send(app, { method: 'POST', path: '/api/session', headers: { origin: 'https://evil.example' } }),
      await send(app, { method: 'DELETE', path: '/api/session', headers: { origin: ORIGIN } }),
      await send(app, { method: 'PUT', path: '/api/session' }),
      await send(app, { method: 'POST', path: '/api/session/sign-out', headers: form }),
      await send(app, { path: '/api/session/sign-out' }),
      await send(app, { path: '/api/oauth/start' }),
      await send(app, { path: '/api/oauth/callback?code=x&state=y' }),
    ];
    for (const answer of answers) expectNotKept(answer.text, answer);
    expect(answers.map(({ headers }) => headers['set-cookie']?.length ?? 0)).toEqual([
      2, 0, 1, 0, 1, 0, 1, 0,
    ]);
  });
});

describe("the framework's own addresses", () => {
  test('images are not fetched for anybody', async () => {
    for (const url of [
      '/brand/icon.svg',
      'https://evil.example/x.png',
      'http://169.254.169.254/latest/meta-data/',
    ]) {
      const query = new URLSearchParams({ url, w: '64', q: '75' });
      const answer = await send(app, { path: `/_next/image?${query}` });
      expect(answer.headers.location).toMatch(/^\/login\?next=/);
      const member = await send(app, { path: `/_next/image?${query}`, headers: { cookie } });
      expect([400, 404]).toContain(member.status);
    }
  });

  test('there are no Server Actions, and asking for one is refused at once', async () => {
    for (const path of ['/', '/me', '/login', '/nothing', '/api/session']) {
      for (const body of ['[]', '["$F1"]', `["${'$@0'.repeat(2000)}"]`, `{"then":"$1:__proto__:then"}`]) {
        const started = performance.now();
        const answer = await send(app, {
          method: 'POST',
          path,
          headers: { cookie, 'next-action': '7f'.repeat(21), 'content-type': 'text/plain;charset=UTF-8' },
          body,
        });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(performance.now() - started).toBeLessThan(1000);
      }
    }
  });

  test("the server's own files and the development tools are not served", async () => {
    for (const path of [
      '/.env',
      '/package.json',
      '/next.config.js',
      '/.next/BUILD_ID',
      '/_next/server/app/me/page.js',
      '/_next/static/../BUILD_ID',
      '/_next/static/..%2fserver%2fpages-manifest.json',
      '/_next/webpack-hmr',
      '/__nextjs_original-stack-frames',
      '/__nextjs_source-map',
      '/_next/mcp',
      '/_next/static/chunks/%2e%2e/%2e%2e/server/middleware.js',
    ]) {
      const answer = await send(app, { path, headers: { cookie } });
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
      expect([307, 404]).toContain((await send(app, { path })).status);
    }
  });
});

test('no Host and no forwarded header changes where an answer leads', async () => {
  const forged: Record<string, string>[] = [
    { host: 'evil.example' },
    { host: 'app.example.com@evil.example' },
    { host: '' },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', 'x-forwarded-port': '8080' },
    { forwarded: 'host=evil.example;proto=http' },
    { 'x-forwarded-prefix': '/evil', 'x-forwarded-uri': '//evil.example' },
    { 'x-original-host': 'evil.example', 'x-host': 'evil.example', 'x-forwarded-server': 'evil.example' },
  ];
  const requests: WireRequest[] = [
    { path: '/' },
    { path: '/me?x=1' },
    { path: '/me/' },
    { path: '//me' },
    { path: '/nothing/' },
    { path: '/login?next=%2Fme', headers: { cookie } },
    { path: '/me', headers: { rsc: '1' } },
    { path: '/api/session/sign-out', method: 'POST', headers: { origin: ORIGIN } },
    { path: '/api/oauth/start?next=/me' },
  ];
  const place = ({ headers }: WireAnswer) =>
    [headers.location, headers.refresh].map((one) => one && String(one).replace(/state=[^&]*/, ''));
  for (const request of requests) {
    const usual = place(await send(app, request));
    expect(usual[0]).toBeDefined();
    for (const headers of forged) {
      const answer = await send(app, { ...request, headers: { ...request.headers, ...headers } });
      expect({ headers, place: place(answer) }).toEqual({ headers, place: usual });
      expect(answer.text).not.toContain('evil');
    }
  }
});

function signIn(): Promise<WireAnswer> {
  const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
  return send(app, {
    method: 'POST',
    path: '/api/session',
    headers: { 'content-type': 'application/json', origin: ORIGIN },
    body: JSON.stringify({ code }),
  });
}

function fixedHeadersOf({ headers }: WireAnswer) {
  const names = [
    'x-content-type-options',
    'referrer-policy',
    'permissions-policy',
    'strict-transport-security',
  ];
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

function expectStrictPolicy(asked: string, answer: WireAnswer): void {
  const text = String(answer.headers['content-security-policy']);
  const policy = new Map(
    text.split(';').map((one) => {
      const [name = '', ...values] = one.trim().split(/\s+/);
      return [name, values.join(' ')];
    }),
  );
  const scripts = policy.get('script-src') ?? policy.get('default-src');
  expect({ asked, scripts }).toEqual({
    asked,
    scripts: expect.stringMatching(/^('self' 'nonce-[\w+/=]+' 'strict-dynamic'|'none')$/),
  });
  expect({ asked, frames: policy.get('frame-ancestors') }).toEqual({
    asked,
    frames: expect.stringMatching(/^('none'|'self' https:\/\/\*\.dingtalk\.com)$/),
  });
}

function nonceOf(answer: WireAnswer): string {
  return /'nonce-([^']+)'/.exec(String(answer.headers['content-security-policy']))?.[1] ?? '';
}

function expectNotKept(asked: string, { headers }: WireAnswer): void {
  expect({ asked, kept: headers['cache-control'] }).toEqual({
    asked,
    kept: expect.stringMatching(/^(?=.*\bprivate\b)(?=.*\bno-store\b)(?!.*\bpublic\b)/),
  });
}
