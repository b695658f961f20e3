import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import {
  type BridgeAnswer,
  blockInstantScript,
  CLIENTS,
  type ClientName,
  openClient,
} from '../support/client';
import { signedIn } from '../support/http-session';
import { send, sendRsc } from '../support/raw-request';

let emulator: Emulator;
let app: App;
let browser: Browser;
let userid: string;
let name: string;

beforeAll(async () => {
  emulator = await startEmulator();
  [app, browser] = await Promise.all([startApp({ emulator }), launchBrowser()]);
  ({ userid, name } = emulator.company.people[0]!);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await emulator?.close();
});

const PHONE = { 'user-agent': CLIENTS.android, accept: 'text/html,application/xhtml+xml' };
const get = (path: string, headers: Record<string, string> = PHONE) =>
  fetch(app.url + path, { headers, redirect: 'manual' });
const exchanges = () => emulator.control.calls().byEndpoint['/topapi/v2/user/getuserinfo'] ?? 0;
/** The text of the script in the page. */
const scriptIn = (html: string) => /<script nonce="[^"]+" [^>]*>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';

const EVERY_CLIENT = Object.keys(CLIENTS) as ClientName[];
/** One of each native bridge, which refuse in ways of their own. */
const EACH_BRIDGE = ['android', 'iphone', 'harmony', 'windows'] as const;
/** The others: that each bridge works at the sign-in page too is seen where it refuses first. */
const OTHER_CLIENTS = ['android-old', 'harmony-compatible', 'mac'] as const;
const TWO_CLIENTS = ['android', 'windows'] as const;
/** What the native bridge is asked for: old clients know only the first version. */
const methodOf = (client: ClientName) =>
  client === 'android-old' ? 'runtime.permission.requestAuthCode' : 'runtime.permission.requestAuthCodeV2';

test.each(EVERY_CLIENT)(
  'a cold client (%s) is asked at the address it opened, by less than 20 KB of script, without React',
  async (client) => {
    const answer = await get('/me?tab=1', { ...PHONE, 'user-agent': CLIENTS[client] });
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(html).not.toContain('/_next/static/chunks/');
    expect(scriptIn(html).length).toBeGreaterThan(1000);
    const beside = await (await get('/instant-sign-in.js', {})).text();
    expect(gzipSync(scriptIn(html)).length + gzipSync(beside).length).toBeLessThan(20_000);
    const nonce = /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1];
    expect(html).toContain(`<script nonce="${nonce}"`);
  },
);

test.each<[string, string, Record<string, string>]>([
  ['what is only fetched ahead', '/me', { ...PHONE, 'sec-purpose': 'prefetch', purpose: 'prefetch' }],
  ['an ordinary browser', '/me', { ...PHONE, 'user-agent': 'Mozilla/5.0 Chrome/133.0 Safari/537.36' }],
  ['a program', '/me', { 'user-agent': CLIENTS.android, accept: 'application/json' }],
  ['a link of another company', '/me?corpid=dingsomebodyelse', PHONE],
  ['a placeholder that nobody replaced', '/me?corpid=$CORPID$', PHONE],
  ['a session that opens to nothing', '/me', { ...PHONE, cookie: 'dingpass=a.Fe26.2*1*x' }],
])('%s is sent to the sign-in page as ever', async (_, path, headers) => {
  const answer = await get(path, headers);
  expect(answer.status).toBe(307);
  expect(answer.headers.get('location')).toContain('/login?next=%2Fme');
});

test('a navigation inside the app is sent to the sign-in page as ever', async () => {
  const answer = await sendRsc(app, { path: '/me', headers: { ...PHONE, accept: '*/*' } });
  expect(answer.text).not.toContain('data-corp-id');
  expect(`${answer.headers.location} ${answer.text}`).toContain('/login?next=%2Fme');
});

test('whoever has a session gets the page, and the sign-in page stays what it is', async () => {
  const visitor = await signedIn(app, emulator, userid);
  expect(await (await get('/', { ...PHONE, cookie: visitor.cookieHeader() })).text()).toContain(name);
  expect(await (await get('/login')).text()).toContain('/_next/');
});

test.each([
  '/me?x="><script>alert(1)</script>',
  "/me?x='onload='alert(1)",
  '/me?x=</script><script>alert(1)</script>',
  '/me?x=%22%3E%3Cscript%3Ealert(1)%3C/script%3E',
  '/me?"+data-corp-id="evil',
  '/%5cevil.example/%2f..',
])('the address %s stands in the page as text, or not at all', async (path) => {
  const opened = await openClient(browser, {
    client: 'android',
    onAsk: () => ({ code: emulator.control.mintCode(userid) }),
  });
  const surprises: string[] = [];
  opened.page.on('dialog', (dialog) => {
    surprises.push(dialog.message());
    void dialog.dismiss();
  });
  opened.page.on('request', (request) => {
    if (new URL(request.url()).origin !== app.url && request.url() !== emulator.url)
      surprises.push(request.url());
  });
  await opened.page.goto(app.url + path);
  await opened.page.getByRole('heading').filter({ hasText: name }).waitFor();
  expect(new URL(opened.page.url()).origin).toBe(app.url);
  expect(surprises.filter((url) => !url.startsWith(emulator.url))).toEqual([]);
  await opened.context.close();
});

test.each<[string, string, Record<string, string>]>([
  ['asks for a page', 'GET', PHONE],
  ['asks for what a page would say', 'HEAD', PHONE],
])('a client that %s is told that nobody may keep the answer', async (_, method, headers) => {
  for (const path of ['/me', '/me?corpid=dingsomebodyelse', '/login/instant']) {
    const answer = await send(app, { method, path, headers });
    expect([200, 307]).toContain(answer.status);
    expect(answer.headers['cache-control']).toMatch(/^private,.*no-store/);
    if (method === 'GET') expect(answer.headers.vary).toContain('accept-language, cookie, user-agent');
  }
});

test('a download is no page that could show a sign-in', async () => {
  expect((await get('/directory/export.csv')).status).toBe(401);
});

// ── One code, one sign-in, whichever the way ──────────────────────────────────────────────────────────────────────

const DEEP = '/me?tab=a%20b&x=%E5%BC%A0#part';
const good = (): BridgeAnswer => ({ code: emulator.control.mintCode(userid) });
const bad = (): BridgeAnswer => ({ errorCode: '3', errorMessage: 'some reason' });
const isIn = (page: Page) => page.getByRole('heading', { name }).waitFor();
const isTold = (page: Page, sentence: string) =>
  page.getByRole('alert').filter({ hasText: sentence }).waitFor();

/** A client that has never been here. `sent`: how often it was asked for a code, what it sent for a session, and from where. */
async function cold(client: ClientName, onAsk: (times: number) => BridgeAnswer = good) {
  let times = 0;
  const opened = await openClient(browser, { client, onAsk: () => onAsk(++times) });
  const requests: string[] = [];
  opened.context.on('request', (request) => {
    if (request.url() !== `${app.url}/api/session`) return;
    const page =
      new URL(request.headers().referer ?? '').pathname === '/login' ? 'sign-in page' : 'instant sign-in';
    requests.push(`${request.method()} at the ${page}`);
  });
  const sent = () => ({ codes: opened.asked.length, requests });
  return { ...opened, sent, [Symbol.asyncDispose]: () => opened.context.close() };
}

describe('people come to the exact address with one code and one POST', () => {
  test.each(EVERY_CLIENT)('at the instant sign-in, on %s', async (client) => {
    await using opened = await cold(client);
    await opened.page.goto(app.url + DEEP);
    await isIn(opened.page);
    expect(opened.page.url()).toBe(app.url + DEEP);
    expect(opened.sent()).toEqual({ codes: 1, requests: ['POST at the instant sign-in'] });
    expect(opened.asked).toEqual([methodOf(client)]);
  });

  test.each(TWO_CLIENTS)(
    'at the sign-in page, where the script in the instant sign-in did not run, on %s',
    async (client) => {
      await using opened = await cold(client);
      await blockInstantScript(opened.context);
      await opened.page.goto(app.url + DEEP);
      await isIn(opened.page);
      expect(opened.page.url()).toBe(app.url + DEEP);
      expect(opened.sent()).toEqual({ codes: 1, requests: ['POST at the sign-in page'] });
    },
  );

  test.each(OTHER_CLIENTS)('at the sign-in page alone, on %s', async (client) => {
    await using opened = await cold(client);
    const [path = '', part] = DEEP.split('#');
    await opened.page.goto(`${app.url}/login?${new URLSearchParams({ next: path })}#${part}`);
    await isIn(opened.page);
    expect(opened.page.url()).toBe(app.url + DEEP);
    expect(opened.sent()).toEqual({ codes: 1, requests: ['POST at the sign-in page'] });
  });

  test.each(EACH_BRIDGE)(
    'at the sign-in page, which shows why the instant sign-in got no code and waits for a tap, on %s',
    async (client) => {
      await using opened = await cold(client, (times) => (times === 1 ? bad() : good()));
      await opened.page.goto(app.url + DEEP);
      await isTold(opened.page, '钉钉没有给出登录凭证。');
      expect(opened.sent()).toEqual({ codes: 1, requests: [] });
      await opened.page.getByRole('button', { name: '重试' }).click();
      await isIn(opened.page);
      expect(opened.page.url()).toBe(app.url + DEEP);
      expect(opened.sent()).toEqual({ codes: 2, requests: ['POST at the sign-in page'] });
    },
  );

  test.each(TWO_CLIENTS)(
    'or are told, once, that our server let them in no further, on %s',
    async (client) => {
      await using opened = await cold(client);
      emulator.control.fault({
        endpoint: 'userdetail',
        times: 1,
        fault: { kind: 'errcode', errcode: 60020, wrapped: true },
      });
      await opened.page.goto(app.url + DEEP);
      await isTold(opened.page, '应用配置有误，请联系管理员。');
      expect(opened.sent()).toEqual({ codes: 1, requests: ['POST at the instant sign-in'] });
    },
  );
});

// ── Webviews that keep little, and slow ones ──────────────────────────────────────────────────────────────────────

/** Fetched outside the browser, so that the cookie in the answer is lost. */
async function loseCookies(page: Page): Promise<void> {
  await page.route('**/api/session', async (route) => {
    const request = route.request();
    if (request.method() !== 'POST') return route.continue();
    const headers = { 'content-type': 'application/json', origin: app.origin };
    const answer = await fetch(request.url(), { method: 'POST', headers, body: request.postData() });
    await route.fulfill({ status: answer.status, json: await answer.json() });
  });
}

const loseStorage = (page: Page) =>
  page.addInitScript(() =>
    Object.defineProperty(window, 'sessionStorage', {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    }),
  );

/** Each page comes half a minute after the one before. */
const slowDown = (page: Page) =>
  page.addInitScript(() => {
    const late = Number(localStorage.getItem('late')) + 30_000;
    localStorage.setItem('late', String(late));
    const now = Date.now;
    Date.now = () => now() + late;
  });

const NOT_KEPT = '登录成功了，但浏览器没有保存登录状态。';

test.each(['android', 'windows'] as const)(
  '%s keeps no cookie and is told so, however slow the pages are',
  async (client) => {
    await using opened = await cold(client);
    await loseCookies(opened.page);
    await slowDown(opened.page);
    await opened.page.goto(`${app.url}/me`);
    await isTold(opened.page, NOT_KEPT);
    expect(opened.sent()).toEqual({ codes: 1, requests: ['POST at the instant sign-in'] });
  },
);

test('where neither cookies nor storage are kept, each page tries once and people are told', async () => {
  await using opened = await cold('android');
  await loseCookies(opened.page);
  await loseStorage(opened.page);
  await opened.page.goto(`${app.url}/me`);
  await isTold(opened.page, NOT_KEPT);
  expect(opened.sent()).toEqual({
    codes: 2,
    requests: [
      'POST at the instant sign-in',
      'GET at the instant sign-in',
      'POST at the sign-in page',
      'GET at the sign-in page',
    ],
  });
});

test('without storage, people are signed in all the same', async () => {
  await using opened = await cold('android');
  await loseStorage(opened.page);
  await opened.page.goto(app.url + DEEP);
  await isIn(opened.page);
  expect(opened.page.url()).toBe(app.url + DEEP);
  expect(opened.sent().requests.slice(0, 2)).toEqual([
    'POST at the instant sign-in',
    'GET at the instant sign-in',
  ]);
});

test('on a slow phone what the instant sign-in was told is shown, and nothing is asked anew', async () => {
  await using opened = await cold('iphone', bad);
  await slowDown(opened.page);
  await opened.page.goto(`${app.url}/me`);
  await isTold(opened.page, '钉钉没有给出登录凭证。');
  expect(opened.sent()).toEqual({ codes: 1, requests: [] });
});

test.each([
  ['/me', 'instant sign-in'],
  ['/login?next=%2Fme', 'sign-in page'],
])('what an earlier visit left in the tab is not believed at %s', async (path, page) => {
  await using opened = await cold('harmony');
  await opened.page.goto(`${app.url}/api/health`);
  await opened.page.evaluate(() =>
    sessionStorage.setItem('dingpass.outcome', '{"kind":"failed","problem":"bridge-silent"}'),
  );
  await opened.page.goto(app.url + path);
  await isIn(opened.page);
  expect(opened.sent()).toEqual({ codes: 1, requests: [`POST at the ${page}`] });
});

test('what went wrong at the instant sign-in is told by the sign-in page, which asks for nothing anew', async () => {
  const before = exchanges();
  const { page, context, asked } = await openClient(browser, {
    client: 'iphone',
    onAsk: () => ({ errorCode: '3', errorMessage: '对应企业没有某域名微应用' }),
  });
  await page.goto(`${app.url}/me`);
  await page.getByRole('alert').filter({ hasText: '登记' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/login');
  expect(asked).toHaveLength(1);
  expect(exchanges() - before).toBe(0);
  await context.close();
});

test('without JavaScript the way leads to the sign-in page', async () => {
  const context = await browser.newContext({ userAgent: CLIENTS.android, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${app.url}/me`);
  await page.waitForURL(/\/login\?next=%2Fme/);
  await context.close();
});
