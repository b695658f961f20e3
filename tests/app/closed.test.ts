import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';
import { givenCookie, send, sendRsc } from '../support/raw-request';
import { postEvent, untilReady } from '../support/staff';

/** Closed by default: who is served what, who may call what, and how recently they must have signed in. */

const HTML = { accept: 'text/html,application/xhtml+xml' };
const HOUR_MS = 3_600_000;

let emulator: Emulator;
let app: App;
/** The same company an hour later: sign-ins of the first are no longer recent. */
let later: App;
let admin: Visitor;
let colleague: Visitor;
let ids: string[];

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 20 });
  ids = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const env = { ADMIN_USER_IDS: ids[0]!, DIRECTORY_EXPORT: ids[0]!, TRUSTED_PROXY_HOPS: '0' };
  const ahead = {
    NODE_OPTIONS: `--import=${resolve('tests/support/clock-ahead.mjs')}`,
    TEST_CLOCK_AHEAD_MS: String(HOUR_MS),
  };
  [app, later] = await Promise.all([
    startApp({ emulator, env }),
    startApp({ emulator, env: { ...env, ...ahead } }),
  ]);
  await Promise.all([untilReady(app), untilReady(later)]);
  admin = await signedIn(app, emulator, ids[0]!);
  colleague = await signedIn(app, emulator, ids[1]!);
});
afterAll(async () => {
  await Promise.all([app?.close(), later?.close()]);
  await emulator?.close();
});

/** The page of ours with the form or link, as a browser names it. */
const from = (page: string, of = app) => ({ ...HTML, origin: of.origin, referer: `${of.origin}${page}` });

function cookieOf(visitor: Visitor): { cookie: string } {
  return { cookie: visitor.cookieHeader() };
}

test.each([
  '/',
  '/me',
  '/me?x=1',
  '/ME',
  '/m%65',
  '/%6cogin',
  '/login/x',
  '/LOGIN',
  '/loginx',
  '/login;x=y',
  '/denied/x',
  '/nothing-here',
  '/nothing.svg',
  '/brand/icon.svg/me',
  '/directory/export.csv/x',
  '/apiary',
  '/%61pi/session',
  '/_next/static/%2e%2e/%2e%2e/me',
  '/_next/static/..%2f..%2fme',
  '/_next/static/..%252f..%252fme',
  '/_next/data/x/me.json',
  '/_next/image?url=%2Fme&w=64&q=75',
])('a stranger is sent from %s to the sign-in page, before anything is rendered', async (path) => {
  for (const cookie of ['', 'dingpass=x', 'dingpass=a.Fe26.2**x', 'dingpass=a; dingpass=b']) {
    const answer = await send(app, { path, headers: cookie ? { cookie } : {} });
    // Next's router knows a redirect of what was data to older ones under another name.
    const location = answer.headers.location ?? answer.headers['x-nextjs-redirect'];
    expect({ cookie, status: answer.status, location }).toEqual({
      cookie,
      status: 307,
      location: expect.stringMatching(/^\/login\?next=%2F/),
    });
    expect(['', location]).toContain(answer.text);
    expect(answer.headers['cache-control']).toMatch(/private.*no-store/);
  }
});

test('a spelling that Next corrects is corrected first, and closed then', async () => {
  for (const path of ['//me', '/me/', '/.//me', '/login/../me']) {
    let answer = await send(app, { path });
    for (let hops = 0; answer.status === 308 && hops < 3; hops++)
      answer = await send(app, { path: answer.headers.location! });
    expect({ path, status: answer.status, location: answer.headers.location }).toEqual({
      path,
      status: 307,
      location: expect.stringMatching(/^\/login\?next=%2F/),
    });
  }
});

test("what the router fetches, a workbench link, and DingTalk's instant sign-in go on as they did", async () => {
  const rsc = await sendRsc(app, { path: '/me?_rsc=abc' });
  expect([rsc.status, rsc.headers.location]).toEqual([
    307,
    expect.stringMatching(/^\/login\?next=%2Fme(&|$)/),
  ]);
  const link = await send(app, { path: '/?corpid=elsewhere' });
  expect(link.headers.location).toBe('/login?next=%2F%3Fcorpid%3Delsewhere&corpid=elsewhere');
  const inDingTalk = { ...HTML, 'user-agent': 'AliApp(DingTalk/7.6.0)' };
  const cold = await send(app, { path: '/me', headers: inDingTalk });
  expect([cold.status, cold.text.includes('data-login-page')]).toEqual([200, true]);
  // A cookie that does not open is no session, but is not "without any" either: the sign-in page.
  const broken = await send(app, { path: '/me', headers: { ...inDingTalk, cookie: 'dingpass=x' } });
  expect(broken.status).toBe(307);
});

test('what is public answers strangers, the scripts of the sign-in page included', async () => {
  const login = await send(app, { path: '/login' });
  const scripts = [...login.text.matchAll(/src="(\/_next\/static\/[^"]+)"/g)].map(([, source]) => source!);
  expect(scripts.length).toBeGreaterThan(0);
  const expected = {
    '/login': 200,
    '/brand/icon.svg': 200,
    '/instant-sign-in.js': 200,
    '/denied': 403,
    '/unavailable': 503,
  };
  for (const [path, status] of [...Object.entries(expected), ...scripts.map((path) => [path, 200] as const)])
    expect({ path, status: (await send(app, { path })).status }).toEqual({ path, status });
  expect((await send(app, { path: '/directory/export.csv' })).json.error.code).toBe('NOT_SIGNED_IN');
  expect((await send(app, { path: '/login.rsc' })).status).toBe(404);
  expect((await colleague.ask('/nothing-here')).status).toBe(404);
});

test('where no callback is agreed on there is no address for events, however well they are signed', async () => {
  expect(await postEvent(app, emulator, { EventType: 'user_leave_org', UserId: [ids[1]!] })).toBe(404);
});

test('a handler refuses other methods, other sites and strangers, in this order, as JSON', async () => {
  const refuse = async (method: string, headers = {}) =>
    (await send(app, { method, path: '/api/admin/sync', headers })).json.error.code;
  expect(await refuse('PUT')).toBe('METHOD_NOT_ALLOWED');
  expect(await refuse('POST', cookieOf(admin))).toBe('CROSS_SITE');
  expect(await refuse('POST', { origin: app.origin })).toBe('NOT_SIGNED_IN');
  expect(await refuse('POST', { origin: app.origin, ...cookieOf(colleague) })).toBe('NOT_PERMITTED');
});

test.each(['/admin', '/admin/audit', '/admin/sync', '/admin/sessions'])(
  'others are led from %s to a page that answers 403, and the audit names the address',
  async (path) => {
    const answer = await colleague.ask(`${path}?person=secret`);
    expect(answer.status).toBe(307);
    const denied = answer.headers.get('location') ?? '';
    expect(denied).toMatch(/^\/denied\?request=[0-9a-f-]{36}&next=%2Fadmin/);
    const requestId = new URLSearchParams(denied.split('?')[1]).get('request')!;
    for (const [language, sentence] of [
      ['zh-CN', '您没有使用此功能的权限'],
      ['en', 'You do not have permission'],
    ] as const) {
      const page = await colleague.ask(denied, { headers: { 'accept-language': language } });
      expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
      expect(page.text).toContain(sentence);
      expect(page.text).toContain(requestId);
    }
    expect(await refusals()).toContain(`"access-refused","${ids[1]}","","not-permitted","${path}"`);
  },
);

test.each([
  ['GET', '/api/admin/sync'],
  ['GET', '/api/admin/audit.csv'],
  ['GET', '/directory/export.csv'],
  ['POST', '/api/admin/sessions'],
])('%s %s: programs get a 403 as JSON, people a page, and the audit the address', async (method, path) => {
  const before = (await refusals()).split(`"${path}"`).length;
  const ask = (headers: Record<string, string>) =>
    send(app, { method, path, headers: { ...cookieOf(colleague), ...headers } });
  const program = await ask({ origin: app.origin });
  expect([program.status, program.json.error.code]).toEqual([403, 'NOT_PERMITTED']);
  const script = await ask({ ...from('/'), 'sec-fetch-mode': 'cors' });
  expect(script.status).toBe(403);
  const person = await ask(from('/directory'));
  expect([person.status, person.headers.location]).toEqual([
    303,
    expect.stringMatching(/^\/denied\?request=[0-9a-f-]{36}&next=%2Fdirectory$/),
  ]);
  expect((await refusals()).split(`"${path}"`).length).toBe(before + 3);
});

async function refusals(): Promise<string> {
  return (await admin.ask('/api/admin/audit.csv?event=access-refused')).text;
}

test('administration, audit and export want a recent sign-in; the rest does not', async () => {
  const old = cookieOf(admin);
  expect((await send(later, { path: '/', headers: old })).status).toBe(200);
  for (const path of ['/admin/audit', '/admin/sync', '/admin/sessions?q=x']) {
    const { status, headers } = await send(later, { path, headers: old });
    expect([status, headers.location]).toEqual([307, `/login?next=${encodeURIComponent(path)}&within=30`]);
  }
  for (const path of ['/api/admin/sync', '/api/admin/audit.csv', '/directory/export.csv']) {
    const { status, json } = await send(later, { path, headers: old });
    expect([status, json.error.code]).toEqual([401, 'SIGN_IN_AGAIN']);
  }
  // Others hear that it is not for them, and are not asked to sign in for that.
  const other = await send(later, { path: '/admin/audit', headers: cookieOf(colleague) });
  expect(other.headers.location).toMatch(/^\/denied/);
});

test('whoever is asked again reads why, that they are still in, and how to get back', async () => {
  const path = '/login?next=%2Fadmin%2Faudit&within=30';
  const { text } = await send(later, { path, headers: { ...cookieOf(admin), 'accept-language': 'zh-CN' } });
  expect(text).toContain('您仍处于登录状态');
  expect(text).toContain('最近 30 分钟内登录过');
  expect(text).toContain('返回首页，不重新登录');
  const english = await send(later, { path, headers: { ...cookieOf(admin), 'accept-language': 'en' } });
  expect(english.text).toContain('you are still signed in');
  expect((await send(later, { path })).text).not.toContain('返回首页，不重新登录');
});

test('a form that came too late does nothing, and its page has what was asked when they are back', async () => {
  const posted = await send(later, {
    method: 'POST',
    path: '/api/admin/sessions',
    headers: {
      ...cookieOf(admin),
      ...from('/admin/sessions?q=li', later),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ person: ids[1]! }).toString(),
  });
  expect(posted.status).toBe(303);
  const target = new URL(posted.headers.location!, later.origin);
  expect(target.pathname).toBe('/login');
  expect(target.searchParams.get('within')).toBe('30');
  const next = target.searchParams.get('next')!;
  expect(next).toBe(`/admin/sessions?q=li&again=1&person=${ids[1]}`);
  expect((await send(later, { path: '/api/session', headers: cookieOf(colleague) })).status).toBe(200);
  const again = await signedIn(later, emulator, ids[0]!);
  const { text } = await again.ask(next);
  expect(text).toContain('刚才的操作尚未执行');
  expect(text).toMatch(
    new RegExp(`<input[^>]*value="${ids[1]}"[^>]*name="person"|name="person"[^>]*value="${ids[1]}"`),
  );
});

test('a download that came too late leads to its page, not to a file with the sign-in page in it', async () => {
  const headers = { ...cookieOf(admin), ...from('/directory', later) };
  const { status, headers: got } = await send(later, { path: '/directory/export.csv', headers });
  expect([status, got.location]).toEqual([303, '/login?next=%2Fdirectory%3Fagain%3D1&within=30']);
});

test('STEP_UP_MINUTES=off asks nobody again', async () => {
  const env = {
    ADMIN_USER_IDS: ids[0]!,
    STEP_UP_MINUTES: 'off',
    NODE_OPTIONS: `--import=${resolve('tests/support/clock-ahead.mjs')}`,
    TEST_CLOCK_AHEAD_MS: String(HOUR_MS),
  };
  const relaxed = await startApp({ emulator, env });
  try {
    expect((await send(relaxed, { path: '/admin/audit', headers: cookieOf(admin) })).status).toBe(200);
  } finally {
    await relaxed.close();
  }
});

test('SESSION_IDLE_SECONDS: a session that was not used is over, and the cookie with it', async () => {
  const quiet = await signedIn(app, emulator, ids[2]!);
  const env = {
    ADMIN_USER_IDS: ids[0]!,
    SESSION_IDLE_SECONDS: '1800',
    NODE_OPTIONS: `--import=${resolve('tests/support/clock-ahead.mjs')}`,
    TEST_CLOCK_AHEAD_MS: String(HOUR_MS),
  };
  const strict = await startApp({ emulator, env });
  try {
    const answer = await send(strict, { path: '/api/session', headers: cookieOf(quiet) });
    expect([answer.status, givenCookie(answer, 'dingpass')]).toEqual([401, '']);
    const boss = await signedIn(strict, emulator, ids[0]!);
    const { text } = await boss.ask(`/api/admin/audit.csv?person=${ids[2]}`);
    expect(text).toContain(`"session-ended","${ids[2]}","${ids[2]}","idle"`);
  } finally {
    await strict.close();
  }
});

test('one member, /me in a loop: DingTalk is asked a handful of times, and nobody loses a sign-in', async () => {
  const looping = await signedIn(app, emulator, ids[3]!);
  const asked = () =>
    Object.values(emulator.control.calls().byEndpoint).reduce((sum, count) => sum + count, 0);
  const before = asked();
  const languages = ['zh-CN', 'en'];
  for (let views = 0; views < 20; views++) {
    const headers = { 'accept-language': languages[views % 2]! };
    const answers = await Promise.all(Array.from({ length: 5 }, () => looping.ask('/me', { headers })));
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text).toMatch(/刚刚读取|read just now/);
    }
  }
  expect(asked() - before).toBeLessThanOrEqual(4);
});

test('where DingTalk fails, a loop of /me asks no more than the budget of one member', async () => {
  const looping = await signedIn(app, emulator, ids[4]!);
  const { permissions } = emulator.control.settings();
  emulator.control.settings({ permissions: [] });
  const asked = () => emulator.control.calls().byEndpoint['/topapi/v2/user/get'] ?? 0;
  const before = asked();
  for (let views = 0; views < 80; views++) expect((await looping.ask('/me')).status).toBe(200);
  expect(asked() - before).toBeLessThanOrEqual(60);
  expect(asked() - before).toBeGreaterThan(0);
  // What is asked for a sign-in has no part in it.
  const other = new Visitor(app);
  emulator.control.settings({ permissions });
  const answer = await other.post('/api/session', { code: emulator.control.mintCode(ids[5]!) });
  expect(answer.status, answer.text).toBe(200);
});
