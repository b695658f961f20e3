import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DIALECTS, startDialectProxy } from '../support/dialect-proxies';
import { describeDialect } from '../support/dialect-suite';
import { describeForeignRequests } from '../support/foreign-requests';
import { HostVisitor } from '../support/gate';
import { signedIn } from '../support/http-session';
import { OTHER_NAMES, startAdmittingGate, withOtherNames } from '../support/other-header-family';
import { freePort } from '../support/port';
import {
  askProxy,
  HOST,
  IDENTITY,
  ORIGIN,
  openSocket,
  PAGE,
  type ProxiedGate,
  sendLines,
  startProxiedGate,
} from '../support/proxied-gate';
import { describeAttacks, spellings } from '../support/proxy-attacks';
import { describeCorpora } from '../support/proxy-corpora';
import { describeRealUpstreams } from '../support/real-upstream-suite';
import { availableProxies, PROXIES, type ReverseProxy, startReverseProxy } from '../support/reverse-proxies';
import type { Upstream } from '../support/upstream';

const available = availableProxies();

let scene: ProxiedGate;
let upstream: Upstream;
let userid: string;
let cookie: string;
/** Of a session on the host whose member has signed out of the main origin. */
let revoked: string;

beforeAll(async () => {
  scene = await startProxiedGate();
  ({ upstream, userid } = scene);
  cookie = scene.cookies.member;
  const leaving = await signedIn(scene.app, scene.emulator, userid);
  const browser = new HostVisitor(scene.gate, HOST);
  await browser.signIn(leaving);
  revoked = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
  await leaving.ask('/api/session', { method: 'DELETE', headers: { origin: ORIGIN } });
});
afterAll(() => scene?.close());
beforeEach(() => {
  upstream.requests.length = 0;
});

describe.each(available)('%s, by its recipe', (name) => {
  let proxy: ReverseProxy;
  const reached = () => ({ ...scene, ...proxy });
  beforeAll(async () => {
    proxy = await startReverseProxy(name, {
      host: HOST,
      certificate: scene.authority.issue({ host: HOST }),
      gatePort: scene.gatePort,
      upstreamPort: scene.upstream.port,
    });
  });
  afterAll(() => proxy?.close());

  describeAttacks(reached);
  describeForeignRequests(reached);
  describeCorpora(reached, () => revoked);

  test('a person without a session is led to sign in, and the page is kept with its query', async () => {
    const { status, headers } = await askProxy(reached(), '/a%2Fb?q=1&r=2', { headers: PAGE });
    expect(status).toBe(303);
    const there = new URL(headers.location!);
    expect([there.origin, there.searchParams.get('rd')]).toEqual([ORIGIN, '/a%2Fb?q=1&r=2']);
    expect(headers['set-cookie']?.join()).toContain('__Host-dingpass-begun=');
    expect(upstream.requests).toEqual([]);
  });

  test('a program without a session gets 401, whatever its method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status } = await askProxy(reached(), '/p', { method, headers: { accept: 'application/json' } });
      expect([method, status]).toEqual([method, 401]);
    }
    expect(upstream.requests).toEqual([]);
  });

  test('the upstream learns who it is, and none of what a visitor forged', async () => {
    const forged = Object.fromEntries(
      IDENTITY.flatMap((header) => [
        [header, 'forged'],
        [header.replaceAll('-', '_'), 'forged'],
        [header.toUpperCase(), 'forged'],
      ]),
    );
    const { status } = await askProxy(reached(), '/p?x=%2F', {
      headers: { ...forged, cookie: `own=1; ${cookie}; more=2` },
    });
    expect(status).toBe(200);
    const [{ headers, url, raw } = upstream.requests[0]!] = upstream.requests;
    expect(url).toBe('/p?x=%2F');
    expect(headers['remote-user']).toBe(userid);
    expect(raw.join('\n')).not.toContain('forged');
    expect(headers.cookie?.split(/; */).filter(Boolean)).toEqual(['own=1', 'more=2']);
  });

  test('nobody reaches the upstream with forged headers alone', async () => {
    const forged = {
      'remote-user': userid,
      'x-original-url': `https://${HOST}/`,
      'x-forwarded-host': HOST,
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': '/',
    };
    const { status } = await askProxy(reached(), '/p', {
      headers: { ...forged, accept: 'application/json' },
    });
    expect(status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });

  test('a visitor cannot ask the question', async () => {
    for (const dialect of ['nginx', 'forward-auth', 'envoy/p']) {
      const { status } = await askProxy(reached(), `/.dingpass/verify/${dialect}`, {
        headers: {
          cookie,
          'x-forwarded-method': 'GET',
          'x-forwarded-uri': '/p',
          'x-original-method': 'GET',
          'x-original-url': `https://${HOST}/p`,
        },
      });
      expect([dialect, status]).toEqual([dialect, 404]);
    }
  });

  test('an upstream signs nobody out of the gate, and sets no cookie for other hosts', async () => {
    const { headers } = await askProxy(reached(), '/p', { headers: { cookie } });
    expect(headers['clear-site-data']).toBeUndefined();
    expect(headers['set-cookie']?.some((line) => /domain\s*=(?!wiki\.example\.com)/i.test(line))).toBe(false);
    expect(headers['set-cookie']?.length).toBe(3);
    expect(headers['set-cookie']?.join()).toMatch(/own=1; ?Path=\/; ?HttpOnly/);
  });

  test("the upstream's own answers pass: 401, 403, 404, 500, 503, 304, HEAD", async () => {
    for (const status of [401, 403, 404, 500, 503]) {
      const answer = await askProxy(reached(), `/status/${status}`, { headers: { cookie, ...PAGE } });
      expect([answer.status, answer.text]).toEqual([status, 'by the upstream']);
      expect(answer.headers['clear-site-data']).toBeUndefined();
      expect(String(answer.headers['set-cookie'])).not.toMatch(/domain=(?!wiki)/i);
    }
    expect(
      (await askProxy(reached(), '/etag', { headers: { cookie, 'if-none-match': '"v1"' } })).status,
    ).toBe(304);
    const head = await askProxy(reached(), '/p', { method: 'HEAD', headers: { cookie } });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('uploads, large downloads and long polls pass', async () => {
    const body = Buffer.alloc(5 << 20, 'u');
    const own = { cookie, origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' };
    const sent = await askProxy(reached(), '/upload', { method: 'POST', headers: own, body });
    expect([sent.status, sent.text]).toEqual([200, JSON.stringify({ bytes: body.length })]);
    expect((await askProxy(reached(), '/large', { headers: { cookie } })).text.length).toBe(20 << 20);
    expect((await askProxy(reached(), '/poll', { headers: { cookie } })).text).toBe('late');
  });

  test("a POST of a sibling host's page does not reach the upstream", async () => {
    const sibling = { cookie, origin: 'https://other.example.com', 'sec-fetch-site': 'same-site' };
    const { status } = await askProxy(reached(), '/p', {
      method: 'POST',
      headers: sibling,
      body: Buffer.from('a=1'),
    });
    expect(status).toBe(403);
    expect(upstream.requests).toEqual([]);
  });

  test("WebSockets of the host's own pages pass, those of a sibling host's do not", async () => {
    expect(await openSocket(reached(), { cookie, origin: `https://${HOST}` })).toBe('echo hello');
    upstream.requests.length = 0;
    expect(await openSocket(reached(), { cookie, origin: 'https://other.example.com' })).toBe('403');
    expect(await openSocket(reached(), { origin: `https://${HOST}` })).toBe('401');
    expect(upstream.requests).toEqual([]);
  });

  test('a member signs out of the host by a form', async () => {
    const { status, headers } = await askProxy(reached(), '/.dingpass/sign-out', {
      method: 'POST',
      headers: { origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin', 'content-length': '0' },
    });
    expect([status, headers.location]).toEqual([303, `${ORIGIN}/signed-out?host=${HOST}`]);
  });
});

test.each(available)('%s: without the gate nobody is let in', async (name) => {
  const proxy = await startReverseProxy(name, {
    host: HOST,
    certificate: scene.authority.issue({ host: HOST }),
    gatePort: await freePort(),
    upstreamPort: upstream.port,
  });
  const { status } = await askProxy({ ...scene, ...proxy }, '/p', { headers: { cookie } });
  await proxy.close();
  expect(status).toBeGreaterThanOrEqual(500);
  expect(upstream.requests).toEqual([]);
});

test.each(available)('%s, with the other names of the identity: none that a visitor forged', async (name) => {
  const gate = await startAdmittingGate('zhang');
  const proxy = await startReverseProxy(name, {
    host: HOST,
    certificate: scene.authority.issue({ host: HOST }),
    gatePort: gate.port,
    upstreamPort: upstream.port,
    edit: withOtherNames,
  });
  // Caddy finds names by one piece of text: no upstream is known to take a tilde for a hyphen.
  const forged = Object.values(OTHER_NAMES)
    .flatMap(spellings)
    .filter((one) => !one.includes('~'))
    .map((one) => `${one}: forged`);
  await sendLines({ ...scene, ...proxy }, ['GET /p HTTP/1.1', ...forged]);
  await proxy.close();
  gate.close();
  expect(upstream.requests.map(({ headers }) => headers['x-auth-request-user'])).toEqual(['zhang']);
  expect(JSON.stringify(upstream.requests)).not.toContain('forged');
});

describe.each(DIALECTS)('%s, by a stand-in and the lists of its recipe', (name) => {
  let proxy: ReverseProxy;
  beforeAll(async () => {
    proxy = await startDialectProxy(name, { gatePort: scene.gatePort, upstreamPort: upstream.port });
  });
  afterAll(() => proxy?.close());

  describeDialect(() => ({ ...scene, ...proxy }));
});

describeRealUpstreams(available, () => scene);

for (const name of PROXIES.filter((one) => !available.includes(one)))
  test(`not run: ${name} is not on this machine`, () => expect(available).not.toContain(name));
