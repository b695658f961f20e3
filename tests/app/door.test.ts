import { readdirSync, readFileSync } from 'node:fs';
import { unsealData } from 'iron-session';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../emulator/server';
import { shownName } from '../../lib/shown-text';
import { type App, linesWith, SESSION_SECRET, startApp } from '../support/app';
import { countCalls } from '../support/dingtalk-client';
import { type Answer, signedIn, Visitor } from '../support/http-session';
import { type TamperKit, tamper, tamperings } from '../support/tamper';

const CLIENT_SECRET = 'canary-client-secret-4711';
const PUBLIC = 'https://door.example.com';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let emulator: Emulator;
/** On its own loopback address, over http. */
let app: App;
/** The same house as the world sees it behind a proxy, over https; it says to everybody what it says to operators. */
let publicApp: App;
let userid: string;
let name: string;
let other: { userid: string; name: string };
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 260, clientSecret: CLIENT_SECRET });
  [app, publicApp] = await Promise.all([
    startApp({ emulator, env: { LOG_LEVEL: 'trace' } }),
    startApp({ emulator, origin: PUBLIC, env: { LOG_LEVEL: 'trace', SHOW_OPERATOR_HINTS: 'true' } }),
  ]);
  ({ userid, name } = emulator.company.people[0]!);
  other = emulator.company.people[1]!;
});
afterAll(async () => {
  await Promise.all([app?.close(), publicApp?.close()]);
  await emulator?.close();
});
beforeEach(() => emulator.control.clearFaults());

const fails = (endpoint: string, fault: FaultInput) =>
  emulator.control.fault({ endpoint, times: 'always', fault });
const postCode = (visitor: Visitor, more: object = {}, code = emulator.control.mintCode(userid)) =>
  visitor.post('/api/session', { code, ...more });
const cookieNow = (visitor: Visitor) => [...visitor.cookies.values()][0]!;

/** An error as programs get it. */
function expectError(answer: Answer, status: number, code: string) {
  expect({ status: answer.status, json: answer.json }).toMatchObject({ status, json: { error: { code } } });
  expect(answer.json).toEqual({
    error: {
      code,
      message: expect.stringMatching(/\S/),
      nextStep: expect.stringMatching(/\S/),
      requestId: expect.stringMatching(UUID),
      retry: expect.any(Boolean),
    },
  });
  expect(answer.headers.get('x-request-id')).toBe(answer.json.error.requestId);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expectPrivate(answer);
}
function expectPrivate(answer: Answer) {
  const directives = (answer.headers.get('cache-control') ?? '').split(/\s*,\s*/);
  expect(directives).toEqual(expect.arrayContaining(['private', 'no-store']));
}

// ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Every page that needs a session, as an address. */
const pages = readdirSync('app/(internal)', { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|\/)page\.tsx$/.test(path))
  .map(
    (path) =>
      `/${path.replace(/\/?page\.tsx$/, '').replaceAll(/\([^)]*\)\/?|\[+[^\]]*\]+/g, (part) => (part.startsWith('[') ? 'x' : ''))}`,
  );

test('there are pages to test', () => {
  expect(pages).toEqual(expect.arrayContaining(['/', '/me']));
});

test.each(pages)(
  '%s without a session leads to the sign-in page by a real 307, and keeps the exact address',
  async (path) => {
    for (const query of ['', '?tab=a%20b&x=%E5%BC%A0', '?a=1&a=2&b=x+y', '?next=//evil.example']) {
      const { status, headers, text } = await new Visitor(app).ask(path + query);
      expect(status).toBe(307);
      const location = headers.get('location')!;
      expect(location).toMatch(/^\/login\?next=/);
      expect(new URL(location, app.url).searchParams.get('next')).toBe(path + query);
      expect(headers.get('cache-control')).toMatch(/private.*no-store|no-store.*private/);
      expect(text).not.toContain(name);
    }
  },
);

/** What stands at an address with a parameter is the directory's to say; its tests have people and departments. */
const plainPages = pages.filter((path) => !/\/x(\/|$)/.test(path));

test.each(plainPages)('%s with a session answers its member, and for no cache', async (path) => {
  const visitor = await signedIn(app, emulator, userid);
  const answer = await visitor.ask(path);
  // Only protected hosts send people there, with what they come back to.
  if (path === '/gate') expect(answer.status).toBe(404);
  else if (/^\/admin(\/|$)/.test(path)) expect(answer.headers.get('location')).toMatch(/^\/denied\?request=/);
  else expect(answer.status).toBe(200);
  expectPrivate(answer);
});

test.each(pages)('%s asked for as the router of Next does shows nothing without a session', async (path) => {
  for (const headers of [
    { rsc: '1' },
    { rsc: '1', 'next-router-prefetch': '1' },
    { 'next-router-state-tree': '%5B%5D', rsc: '1' },
  ]) {
    const answer = await new Visitor(app).ask(`${path}?_rsc=abc12`, { headers });
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).not.toContain(name);
    if (answer.status === 200) expect(answer.text).toContain('NEXT_REDIRECT');
    else expect(answer.status).toBe(307);
  }
});

test.each(pages)('%s takes no other method', async (path) => {
  const visitor = await signedIn(app, emulator, userid);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await visitor.ask(path, { method, body: 'x', headers: { 'next-action': 'x' } });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  }
});

test('a client cannot choose where it is sent back to', async () => {
  for (const headers of [
    { 'x-dingpass-target': '//evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    { 'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy', 'x-forwarded-uri': '/x' },
  ]) {
    const { status, headers: answered } = await new Visitor(app).ask('/me', { headers });
    expect([status, answered.get('location')]).toEqual([307, '/login?next=%2Fme']);
  }
});

test('the home page greets the member by name, and /me tells what DingTalk knows', async () => {
  // Whose profile was not asked for yet: it is remembered for some time.
  const person = emulator.company.people[1]!;
  const visitor = await signedIn(app, emulator, person.userid);
  expect((await visitor.ask('/')).text).toContain(person.name);
  const calls = countCalls(emulator);
  const me = (await visitor.ask('/me')).text;
  for (const value of [person.name, person.userid, person.unionid, person.mobile])
    expect(me).toContain(value);
  expect(calls()).toMatchObject({ exchange: 0, detail: 1, total: 1 });
  expect((await visitor.ask('/me')).text).toContain(person.mobile);
  expect(calls()).toMatchObject({ detail: 1, total: 1 });
});

test('/me still answers, with what the session holds, while DingTalk does not', async () => {
  const person = emulator.company.people[2]!;
  const visitor = await signedIn(app, emulator, person.userid);
  fails('userdetail', { kind: 'status', status: 500, body: '' });
  const { status, text } = await visitor.ask('/me');
  expect(status).toBe(200);
  expect(text).toContain(person.name);
  expect(text).toContain('这次未能从钉钉读取资料');
  emulator.control.clearFaults();
});

test('the sign-in page is public, takes only targets of ours, and sends members on', async () => {
  const anonymous = await new Visitor(app).ask('/login?next=%2F%2Fevil.example');
  expect(anonymous.status).toBe(200);
  // What the sign-in will go to. Next itself repeats the page's own address elsewhere.
  expect(anonymous.text).toContain('\\"next\\":\\"/\\"');
  const visitor = await signedIn(app, emulator, userid);
  const onward = await visitor.ask('/login?next=%2Fme%3Fa%3D1');
  expect([onward.status, onward.headers.get('location')]).toEqual([307, '/me?a=1']);
  expect((await visitor.ask('/login?next=https%3A%2F%2Fevil.example')).headers.get('location')).toBe('/');
});

test('an address that does not exist is a 404, and strangers are not told what there is', async () => {
  const member = await signedIn(app, emulator, userid);
  expect((await member.ask('/nothing')).status).toBe(404);
  expect((await new Visitor(app).ask('/nothing')).headers.get('location')).toBe('/login?next=%2Fnothing');
  expect((await new Visitor(app).ask('/api/nothing')).status).toBe(404);
});

// ── Sign-in ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('a sign-in answers who, where to, and sets the session, for two calls', async () => {
  const visitor = new Visitor(app);
  await signedIn(app, emulator, userid);
  const calls = countCalls(emulator);
  const answer = await postCode(visitor, { corpId: emulator.corpId, next: '/me?tab=1' });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({
    member: {
      userId: userid,
      unionId: emulator.company.people[0]!.unionid,
      name,
      corpId: emulator.corpId,
      method: 'webview',
      expiresAt: expect.any(Number),
    },
    next: '/me?tab=1',
  });
  expect(answer.headers.get('x-request-id')).toMatch(UUID);
  expectPrivate(answer);
  expect(calls()).toMatchObject({ token: 0, exchange: 1, detail: 1, total: 2 });
});

test.each([['//evil.example'], ['https://evil.example'], [7], [null], [undefined], ['/login'], [{ a: 1 }]])(
  'a sign-in that wants to go to %j goes home',
  async (next) => {
    const answer = await postCode(new Visitor(app), { next });
    expect([answer.status, answer.json.next]).toEqual([200, '/']);
  },
);

test('the cookie over http on loopback has no prefix and no Secure', async () => {
  const answer = await postCode(new Visitor(app));
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^dingpass=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/),
    expect.stringMatching(/^dingpass-device=[^;]+; Max-Age=15552000; Path=\/; HttpOnly; SameSite=Lax$/),
  ]);
});

test('a late answer to a request of before the sign-in leaves the newer cookie alone', async () => {
  const visitor = new Visitor(app);
  await postCode(visitor);
  const earlier = visitor.cookieHeader();
  await postCode(visitor);
  const late = await visitor.ask('/api/session', { headers: { cookie: earlier } });
  expectError(late, 401, 'NOT_SIGNED_IN');
  expect(late.headers.getSetCookie()).toEqual([]);
  expect((await visitor.ask('/api/session')).status).toBe(200);
});

test('a device is known once, and stays known', async () => {
  const visitor = new Visitor(app);
  await postCode(visitor);
  const device = visitor.cookies.get('dingpass-device');
  const again = await postCode(visitor);
  expect(again.headers.getSetCookie()).toEqual([expect.stringMatching(/^dingpass=/)]);
  await visitor.ask('/api/session', { method: 'DELETE', headers: { origin: app.origin } });
  expect([...visitor.cookies]).toEqual([['dingpass-device', device]]);
});

test('the cookie of an https address is a __Host- cookie, and no other name opens', async () => {
  const visitor = new Visitor(publicApp);
  const answer = await postCode(visitor);
  const [line = ''] = answer.headers.getSetCookie();
  expect(line).toMatch(/^__Host-dingpass=[^;]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  expect(line.length).toBeLessThanOrEqual(1024);
  expect((await visitor.ask('/')).status).toBe(200);
  const value = cookieNow(visitor);
  for (const cookie of [
    `dingpass=${value}`,
    `__Secure-dingpass=${value}`,
    `__host-dingpass=${value}`,
    `__Host-dingpass=${value}; __Host-dingpass=${value}`,
  ]) {
    expect((await new Visitor(publicApp).ask('/api/session', { headers: { cookie } })).status).toBe(401);
  }
  expect(answer.headers.get('strict-transport-security')).toMatch(/max-age=\d+/);
});

test('every redirect of an https address stays on that address', async () => {
  const visitor = new Visitor(publicApp);
  const locations = [
    (await visitor.ask('/me')).headers.get('location')!,
    (
      await visitor.ask('/me', { headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } })
    ).headers.get('location')!,
    (await visitor.ask('/api/session/sign-out', { method: 'POST', headers: { origin: PUBLIC } })).headers.get(
      'location',
    )!,
  ];
  for (const location of locations) expect(new URL(location, PUBLIC).origin).toBe(PUBLIC);
});

test('the worst profile that DingTalk could tell still signs in, with a cookie below 4096 bytes', async () => {
  fails('userdetail', {
    kind: 'patch',
    set: {
      'result.name': { repeat: '汉', count: 4000 },
      'result.title': { repeat: '长', count: 4000 },
      'result.unionid': { repeat: '"', count: 500 },
      'result.dept_id_list': { range: 500 },
    },
  });
  const visitor = new Visitor(app);
  const answer = await postCode(visitor);
  expect(answer.status).toBe(200);
  expect(answer.headers.getSetCookie()[0]!.length).toBeLessThan(4096);
  expect((await visitor.ask('/')).status).toBe(200);
});

test("a code of another company's, a used one and an invented one are refused alike", async () => {
  const used = emulator.control.mintCode(userid);
  await postCode(new Visitor(app), {}, used);
  const foreign = emulator.control.mintCode(userid, { corpId: 'dingemulator0002corp' });
  for (const code of [used, foreign, 'invented-by-somebody']) {
    const visitor = new Visitor(app);
    expectError(await postCode(visitor, {}, code), 401, 'CODE_INVALID');
    expect(visitor.cookies.size).toBe(0);
  }
});

test.each(['dingemulator0002corp', 'DINGEMULATOR0001CORP', '', ' dingemulator0001corp', '$CORPID$'])(
  'a sign-in for the company %j is refused before DingTalk is asked',
  async (corpId) => {
    const calls = countCalls(emulator);
    expectError(await postCode(new Visitor(app), { corpId }), 403, 'CORP_MISMATCH');
    expect(calls()).toMatchObject({ total: 0, used: 0 });
  },
);

test('somebody who has left, an outsider and an inactive colleague stay outside', async () => {
  const inactive = emulator.company.people.find((person) => !person.active)!;
  const leaver = emulator.control.hire({ name: '将离职' });
  const code = emulator.control.mintCode(leaver.userid);
  emulator.control.fire(leaver.userid);
  const outsider = emulator.company.outsiders.find(({ kind }) => kind === 'external-contact')!;
  const answers = [
    [await postCode(new Visitor(app), {}, code), 'NOT_MEMBER'],
    [await postCode(new Visitor(app), {}, emulator.control.mintCode(outsider.id)), 'NOT_MEMBER'],
    [await postCode(new Visitor(app), {}, emulator.control.mintCode(inactive.userid)), 'NOT_ALLOWED'],
  ] as const;
  for (const [answer, expected] of answers) {
    expectError(answer, 403, expected);
    expect(answer.headers.getSetCookie()).toEqual([]);
  }
});

test("somebody else's record never becomes a session", async () => {
  fails('userdetail', { kind: 'patch', set: { 'result.userid': other.userid } });
  const visitor = new Visitor(app);
  expectError(await postCode(visitor), 503, 'UPSTREAM_UNAVAILABLE');
  expect(visitor.cookies.size).toBe(0);
});

test.each<[string, FaultInput]>([
  ['another name', { kind: 'patch', set: { 'result.name': '别人' } }],
  ['another unionId', { kind: 'patch', set: { 'result.unionid': 'somebodyElsesUnionIdiEiE' } }],
  ['no name and no unionId', { kind: 'patch', unset: ['result.name', 'result.unionid'] }],
  ['a name that is none', { kind: 'patch', set: { 'result.name': 7, 'result.unionid': [] } }],
])('a code that comes with %s is the session of whom the member’s record names', async (_, fault) => {
  fails('userinfo', fault);
  const visitor = new Visitor(app);
  const { unionid } = emulator.company.people[0]!;
  expect((await postCode(visitor)).json.member).toMatchObject({ userId: userid, name, unionId: unionid });
  expect(await sealedIn(cookieNow(visitor))).toMatchObject({ userId: userid, name, unionId: unionid });
});

test('a sign-in over an old session, or a planted one, makes a new session and keeps nothing', async () => {
  const visitor = await signedIn(app, emulator, other.userid);
  const before = cookieNow(visitor);
  expect((await postCode(visitor)).json.member.userId).toBe(userid);
  const opened = await sealedIn(cookieNow(visitor));
  expect(opened.id).not.toBe((await sealedIn(before)).id);
  expect(JSON.stringify(opened)).not.toContain(other.userid);
  visitor.cookies.set('dingpass', 'a.Fe26.2*1*planted*x*y*z*p*q~2');
  expect((await postCode(visitor)).status).toBe(200);
  expect((await visitor.ask('/api/session')).json.member.userId).toBe(userid);
});

const sealedIn = (cookie: string) =>
  unsealData<Record<string, unknown>>(cookie.slice(cookie.indexOf('.') + 1), { password: SESSION_SECRET });

test('a session holds ids and a name, never a token of DingTalk', async () => {
  const visitor = await signedIn(app, emulator, userid);
  const sealed = await sealedIn(cookieNow(visitor));
  expect(Object.keys(sealed).sort()).toEqual(
    [
      'corpId',
      'databaseId',
      'epoch',
      'expiresAt',
      'generation',
      'id',
      'issuedAt',
      'method',
      'name',
      'purpose',
      'sequence',
      'unionId',
      'userId',
      'v',
    ].sort(),
  );
});

test('200 sign-ins at once, the app just started: one token fetch, and every session is its own person', async () => {
  // An emulator of its own: the other apps may still be fetching their first token.
  const fresh = await startEmulator({ enforceQps: false, members: 260 });
  fresh.control.fault({ endpoint: 'token', fault: { kind: 'delayHeaders', ms: 400 } });
  const cold = await startApp({ emulator: fresh });
  try {
    const people = fresh.company.people.filter((person) => person.active).slice(0, 200);
    expect(people).toHaveLength(200);
    const calls = countCalls(fresh);
    const visitors = await Promise.all(people.map((person) => signedIn(cold, fresh, person.userid)));
    const told = await Promise.all(visitors.map((visitor) => visitor.ask('/api/session')));
    expect(told.map(({ json }) => [json.member.userId, json.member.name])).toEqual(
      people.map(({ userid, name }) => [
        userid,
        Array.from(shownName(name, userid)).slice(0, 64).join('').trim(),
      ]),
    );
    expect(calls()).toMatchObject({ exchange: 200, detail: 200, used: 200 });
    expect(fresh.control.calls().byEndpoint['/v1.0/oauth2/accessToken']).toBe(1);
  } finally {
    await cold.close();
    await fresh.close();
  }
});

test('the same code ten times at once opens once', async () => {
  const code = emulator.control.mintCode(userid);
  const calls = countCalls(emulator);
  const answers = await Promise.all(Array.from({ length: 10 }, () => postCode(new Visitor(app), {}, code)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  expect(calls().used).toBe(1);
});

// ── The session ───────────────────────────────────────────────────────────────────────────────────────────────────

test('GET /api/session says who is signed in, or that nobody is', async () => {
  expectError(await new Visitor(app).ask('/api/session'), 401, 'NOT_SIGNED_IN');
  const visitor = await signedIn(app, emulator, userid);
  const answer = await visitor.ask('/api/session');
  expect(answer).toMatchObject({ status: 200, json: { member: { userId: userid, name } } });
  expectPrivate(answer);
  expect(answer.headers.get('vary')).toMatch(/cookie/i);
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test('DELETE /api/session signs out, whoever asks, if our own page asks', async () => {
  const visitor = await signedIn(app, emulator, userid);
  for (const headers of [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: app.origin, 'sec-fetch-site': 'cross-site' },
  ]) {
    const refused = await visitor.ask('/api/session', { method: 'DELETE', headers });
    expectError(refused, 403, 'CROSS_SITE');
    expect(refused.headers.getSetCookie()).toEqual([]);
  }
  const gone = await visitor.ask('/api/session', { method: 'DELETE', headers: { origin: app.origin } });
  expect(gone.status).toBe(204);
  expect(gone.headers.getSetCookie()).toEqual(['dingpass=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
  expect((await visitor.ask('/api/session')).status).toBe(401);
  expect(
    (await new Visitor(app).ask('/api/session', { method: 'DELETE', headers: { origin: app.origin } }))
      .status,
  ).toBe(204);
});

test('the form signs out by a 303, if our own page sent it', async () => {
  const visitor = await signedIn(app, emulator, userid);
  const form = (headers: Record<string, string>) =>
    visitor.ask('/api/session/sign-out', { method: 'POST', headers, body: new URLSearchParams() });
  expectError(await form({ origin: 'https://evil.example' }), 403, 'CROSS_SITE');
  expectError(await form({}), 403, 'CROSS_SITE');
  expect((await visitor.ask('/')).status).toBe(200);
  const gone = await form({ origin: app.origin, 'sec-fetch-site': 'same-origin' });
  expect([gone.status, gone.headers.get('location')]).toEqual([303, '/login?signedout=1']);
  expectPrivate(gone);
  expect(visitor.cookies.has('dingpass')).toBe(false);
  expect((await visitor.ask('/')).status).toBe(307);
});

test.each([
  ['/api/session', 'PUT', 'GET, POST, DELETE'],
  ['/api/session', 'PATCH', 'GET, POST, DELETE'],
  ['/api/session/sign-out', 'GET', 'POST'],
  ['/api/session/sign-out', 'DELETE', 'POST'],
  ['/api/session/sign-out', 'PUT', 'POST'],
])('%s does not take %s', async (path, method, allowed) => {
  const visitor = await signedIn(app, emulator, userid);
  const answer = await visitor.ask(path, { method });
  expectError(answer, 405, 'METHOD_NOT_ALLOWED');
  expect(answer.headers.get('allow')).toBe(allowed);
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test('a code in the address signs nobody in', async () => {
  const calls = countCalls(emulator);
  const code = emulator.control.mintCode(userid);
  const visitor = new Visitor(app);
  for (const path of [`/api/session?code=${code}`, `/login?code=${code}&authCode=${code}`])
    await visitor.ask(path);
  await visitor.post(`/api/session?code=${code}`, {});
  expect(visitor.cookies.size).toBe(0);
  expect(calls().total).toBe(0);
});

// ── Tampering ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Until somebody signs in over it. */
let intact: TamperKit | undefined;

async function makeKit(): Promise<TamperKit> {
  const [a, b] = [await signedIn(app, emulator, userid), await signedIn(app, emulator, other.userid)];
  return {
    cookieName: 'dingpass',
    keyId: 'a',
    secret: SESSION_SECRET,
    a: cookieNow(a),
    b: cookieNow(b),
    payload: await sealedIn(cookieNow(a)),
    corpId: emulator.corpId,
  };
}

test.each(tamperings)(
  '$id $name: the same verdict on a page and on the API, and the next sign-in works',
  async (entry) => {
    intact ??= await makeKit();
    const { cookie, authorization, query = '' } = await tamper(entry, intact);
    const headers: Record<string, string> = {
      ...(cookie ? { cookie } : {}),
      ...(authorization ? { authorization } : {}),
    };
    const page = await new Visitor(app).ask(`/${query}`, { headers });
    const api = await new Visitor(app).ask(`/api/session${query}`, { headers });
    if ((cookie?.length ?? 0) > 16_000) {
      expect([page.status, api.status]).toEqual([431, 431]);
      return;
    }
    const isMember = api.status === 200;
    if (isMember) intact = undefined;
    expect([page.status, api.status]).toEqual(isMember ? [200, 200] : [307, 401]);
    if (isMember) expect(api.json.member.userId).toBe(userid);
    const { state } = entry.expect;
    if (state === 'anonymous' || state === 'one-user-everywhere') expect(isMember).toBe(false);
    if (state === 'same-user') expect(isMember).toBe(true);
    if (!isMember && cookie) {
      expectError(api, 401, 'NOT_SIGNED_IN');
      // A similar name is not ours to take away.
      const isOurs = /(?:^|; ?)dingpass=/.test(cookie);
      const cleared = isOurs ? [expect.stringMatching(/^dingpass=; Max-Age=0;/)] : [];
      expect(api.headers.getSetCookie()).toEqual(cleared);
    }
    const again = new Visitor(app);
    const code = emulator.control.mintCode(userid);
    const answer = await again.ask('/api/session', {
      method: 'POST',
      headers: { ...headers, origin: app.origin, 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    expect(answer.status).toBe(200);
    expect((await again.ask('/')).status).toBe(200);
  },
);

// ── What the app says of itself ───────────────────────────────────────────────────────────────────────────────────

test('health is 200 while the app serves, ready while it can sign people in', async () => {
  const visitor = new Visitor(app);
  expect(await visitor.ask('/api/health')).toMatchObject({ status: 200, json: { status: 'ok' } });
  expect(await visitor.ask('/api/ready')).toMatchObject({ status: 200, json: { status: 'ready' } });
});

test('an app whose credentials DingTalk refuses serves, says so when asked whether it is ready, and that the admin must act', async () => {
  const env = { DINGTALK_CLIENT_SECRET: 'canary-wrong-secret-0815' };
  const wrong = await startApp({ emulator, env });
  try {
    const visitor = new Visitor(wrong);
    expect((await visitor.ask('/api/health')).status).toBe(200);
    const calls = countCalls(emulator);
    // It serves before it has heard of its database.
    await expect.poll(async () => (await visitor.ask('/api/ready')).status, { timeout: 5000 }).toBe(200);
    for (let times = 0; times < 5; times++) {
      expect(await visitor.ask('/api/ready')).toMatchObject({
        status: 200,
        json: { status: 'ready', signIn: { ok: false, reason: 'bad-credentials' } },
      });
    }
    const answer = await visitor.post('/api/session', { code: emulator.control.mintCode(userid) });
    expectError(answer, 503, 'APP_MISCONFIGURED');
    expect(answer.json.error.retry).toBe(false);
    expect(calls().token).toBeLessThanOrEqual(1);
    expect(await linesWith(wrong, 'invalidClientIdOrSecret')).not.toEqual([]);
    expect(wrong.output() + answer.text).not.toContain('canary');
  } finally {
    await wrong.close();
  }
});

test('an error has its request id in the log, in the header and on the page', async () => {
  const answer = await postCode(new Visitor(app), {}, 'never-minted');
  const { requestId } = answer.json.error;
  const lines = await linesWith(app, requestId);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ event: 'sign-in', outcome: 'code-refused', status: 401 });
  const second = await postCode(new Visitor(app), {}, 'never-minted-2');
  expect(second.json.error.requestId).not.toBe(requestId);
});

test("an error speaks the visitor's language", async () => {
  const ask = async (language: string) =>
    (await new Visitor(app).ask('/api/session', { headers: { 'accept-language': language } })).json.error
      .message;
  expect(await ask('en-US,en;q=0.9')).toBe('You are not signed in, or your session has ended.');
  expect(await ask('zh-CN')).toBe('您还没有登录，或登录已过期。');
});

test('no answer says what it runs on, and every one has its security headers', async () => {
  const visitor = await signedIn(app, emulator, userid);
  const nonces = new Set<string>();
  for (const path of ['/', '/me', '/login?signedout=1', '/nothing', '/api/session', '/api/health']) {
    const { headers } = await visitor.ask(path);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const csp = headers.get('content-security-policy') ?? '';
    expect(csp).not.toMatch(/script-src [^;]*'unsafe-inline'/);
    if (path.startsWith('/api/')) expect(csp).toContain("default-src 'none'");
    else nonces.add(/script-src [^;]*'nonce-([^']+)/.exec(csp)![1]!);
  }
  expect(nonces.size).toBe(4);
});

// ── Secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** As it is, in an address, in base64. */
const spellings = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];

test('no secret, token, code or cookie is in any answer or in the log, whatever DingTalk does', async () => {
  const faults: [string, FaultInput][] = [
    ['userdetail', { kind: 'echoUrl' }],
    ['userdetail', { kind: 'echoToken' }],
    ['userinfo', { kind: 'echoUrl' }],
    ['userinfo', { kind: 'redirect', status: 302, location: '/steal?access_token=x' }],
    ['userinfo', { kind: 'reset' }],
    ['userdetail', { kind: 'errcode', errcode: 60011 }],
    ['userdetail', { kind: 'patch', set: { 'result.userid': ['x'] } }],
  ];
  const answers: Answer[] = [];
  const secrets = [CLIENT_SECRET, SESSION_SECRET, await currentToken()];
  const visitor = await signedIn(publicApp, emulator, userid);
  secrets.push(cookieNow(visitor));
  for (const path of [...pages, '/login', '/login?signedout=1', '/api/session', '/api/ready', '/nothing'])
    answers.push(await visitor.ask(path));
  for (const [endpoint, fault] of faults) {
    emulator.control.clearFaults();
    fails(endpoint, fault);
    const code = emulator.control.mintCode(userid);
    secrets.push(code);
    answers.push(await postCode(new Visitor(publicApp), {}, code), await visitor.ask('/me'));
  }
  for (const body of [
    '{"code":"canary-code-in-a-bad-body"',
    '{"code":"canary-code $"}',
    '["canary-code-listed"]',
  ]) {
    answers.push(await new Visitor(publicApp).post('/api/session', body));
  }
  secrets.push('canary-code');
  expect(answers.some(({ status }) => status >= 500)).toBe(true);
  const everything = `${publicApp.output()}\n${answers.map(({ text, headers }) => text + JSON.stringify([...headers])).join('\n')}`;
  for (const spelling of secrets.flatMap(spellings))
    expect(everything.includes(spelling), spelling).toBe(false);
  expect(everything).not.toMatch(/Fe26\.2\*[^"[]/);
  expect(publicApp.output().split('\n').length).toBeGreaterThan(10);
});

/** DingTalk gives the same token to whoever asks with the app's credentials. */
async function currentToken(): Promise<string> {
  const answer = await fetch(`${emulator.url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

test('with the directory switched off, none of its calls was made in all of these tests', () => {
  expect(emulator.control.calls().byEndpoint['/auth/scopes']).toBeUndefined();
});

test('what was written to the log in all of these tests holds none of it either', async () => {
  const output = app.output() + publicApp.output();
  for (const secret of [CLIENT_SECRET, SESSION_SECRET, await currentToken()])
    expect(output.includes(secret)).toBe(false);
  expect(output).not.toMatch(/Fe26\.2\*[^"[]/);
  expect(output).not.toMatch(/Unhandled|unhandledRejection|MaxListeners/i);
});

test('nothing of the server is in what browsers download', () => {
  const files = readdirSync('.next/static', {
    recursive: true,
    encoding: 'utf8',
    withFileTypes: true,
  }).filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) {
    expect(file.name).not.toMatch(/\.map$/);
    const text = readFileSync(`${file.parentPath}/${file.name}`, 'utf8');
    for (const word of [
      'CLIENT_SECRET',
      'SESSION_KEYS',
      'SESSION_SEAL_KEY',
      'Fe26.2',
      'appSecret',
      'topapi/',
      'oapi.dingtalk.com',
      CLIENT_SECRET,
      SESSION_SECRET,
    ]) {
      expect(text.includes(word), `${file.name} holds ${word}`).toBe(false);
    }
  }
});
