import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import corpus from '../corpora/oauth-callback.json' with { type: 'json' };
import { type App, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';

let emulator: Emulator;
let app: App;
let userid: string;

beforeAll(async () => {
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}`, enforceQps: false });
  // Each test is a client of its own: what they get wrong must not shut the others out.
  app = await startApp({ emulator, port, env: { TRUSTED_PROXY_HOPS: '1' } });
  userid = emulator.company.people[0]!.userid;
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

let clients = 0;
const newVisitor = () => {
  const address = `10.0.${Math.floor(++clients / 250)}.${clients % 250}`;
  return new Visitor(app, { 'x-forwarded-for': address });
};
const upstream = () => emulator.control.calls().total;

/** Begins a flow and gives back its state. */
async function start(visitor: Visitor, next = '/me'): Promise<string> {
  const answer = await visitor.ask(`/api/oauth/start?next=${encodeURIComponent(next)}`);
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get('location')!).searchParams.get('state')!;
}
const browserCode = (who = userid) => emulator.control.mintCode(who, { kind: 'oauth' });
const callback = (visitor: Visitor, query: Record<string, string> | string, init?: RequestInit) =>
  visitor.ask(`/api/oauth/callback?${new URLSearchParams(query)}`, init);
const isIn = async (visitor: Visitor) => (await visitor.ask('/api/session')).status === 200;

test('starting sends the browser to DingTalk with exactly the registered address and a state', async () => {
  const answer = await newVisitor().ask('/api/oauth/start?next=/me');
  const address = new URL(answer.headers.get('location')!);
  expect(address.origin + address.pathname).toBe(`${emulator.url}/oauth2/auth`);
  const { state, ...query } = Object.fromEntries(address.searchParams);
  expect(query).toEqual({
    redirect_uri: `${app.origin}/api/oauth/callback`,
    response_type: 'code',
    client_id: emulator.clientId,
    scope: 'openid',
    prompt: 'consent',
  });
  expect(state).toMatch(/^[0-9a-z]+\.[\w-]{22}$/);
  expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
  expect(answer.headers.get('cache-control')).toBe('private, no-store');
});

test.each(['authCode', 'code'])(
  'a code under the name %s signs in, in four calls, and lands on the deep link',
  async (name) => {
    const visitor = newVisitor();
    await signedIn(app, emulator, userid);
    const state = await start(visitor, '/me?tab=a%20b&x=张');
    const before = upstream();
    const answer = await callback(visitor, { [name]: browserCode(), state });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=a%20b&x=%E5%BC%A0');
    expect(upstream() - before).toBe(4);
    expect(await isIn(visitor)).toBe(true);
    expect([...visitor.cookies.keys()].sort()).toEqual(['dingpass', 'dingpass-device']);
  },
);

test('one person by both methods has the same session but for id, times and method', async () => {
  const inClient = await signedIn(app, emulator, userid);
  const inBrowser = newVisitor();
  await callback(inBrowser, { authCode: browserCode(), state: await start(inBrowser) });
  const [a, b] = await Promise.all([inClient.ask('/api/session'), inBrowser.ask('/api/session')]);
  const { expiresAt: _a, method: clientMethod, ...first } = a.json.member;
  const { expiresAt: _b, method: browserMethod, ...second } = b.json.member;
  expect(second).toEqual(first);
  expect([clientMethod, browserMethod]).toEqual(['webview', 'oauth']);
});

test.each([
  ['external-contact', 403, 'not-member'],
  ['stranger', 403, 'not-member'],
  ['left', 403, 'not-member'],
  ['other-company', 403, 'not-member'],
])('%s is refused with a sentence of their own and gets no session', async (who, status, problem) => {
  const visitor = newVisitor();
  const answer = await callback(visitor, { authCode: browserCode(who), state: await start(visitor) });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('refresh')).toContain(`/login?failed=${problem}`);
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await isIn(visitor)).toBe(false);
  const page = await visitor.ask(answer.headers.get('refresh')!.replace('0;url=', ''));
  expect(page.text).toContain('您不是本公司的成员。');
  expect(page.text).toContain('请切换到本公司的钉钉账号后再试。');
});

test('an inactive member is refused', async () => {
  const inactive = emulator.control.people().find((person) => !person.active)!;
  const visitor = newVisitor();
  const answer = await callback(visitor, {
    authCode: browserCode(inactive.userid),
    state: await start(visitor),
  });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('refresh')).toContain('failed=member-inactive');
  expect(await isIn(visitor)).toBe(false);
});

test('the exchange of a code is never repeated', async () => {
  const visitor = newVisitor();
  const state = await start(visitor);
  const calls = () => emulator.control.calls().byEndpoint['/v1.0/oauth2/userAccessToken'] ?? 0;
  const before = calls();
  emulator.control.fault({
    endpoint: '/v1.0/oauth2/userAccessToken',
    times: 'always',
    fault: { kind: 'truncate' },
  });
  const answer = await callback(visitor, { authCode: browserCode(), state });
  emulator.control.clearFaults();
  expect(answer.status).toBe(503);
  expect(calls() - before).toBe(1);
});

test('unfinished flows do not fill the browser: fifty of them leave a small Cookie header, and the newest still works', async () => {
  const visitor = newVisitor();
  let state = '';
  for (let flow = 0; flow < 50; flow++) state = await start(visitor, `/me?flow=${'x'.repeat(200)}`);
  expect(visitor.cookieHeader().length).toBeLessThan(8000);
  expect((await callback(visitor, { authCode: browserCode(), state })).status).toBe(303);
});

test('a failed sign-in says what DingTalk said, to the operator only when that is switched on', async () => {
  const page = await newVisitor().ask('/login?failed=permission-missing&dingtalk=60011&next=/me');
  expect(page.text).toContain('应用配置有误，请联系管理员。');
  expect(page.text).not.toContain('operator-hint');
  const forged = await newVisitor().ask('/login?failed=__proto__&request=<script>');
  expect(forged.status).toBe(200);
});

describe('the callback comes again', () => {
  const wanted = '/me?tab=a%20b';
  const session = (answer: { headers: Headers }) =>
    answer.headers.getSetCookie().find((line) => line.startsWith('dingpass='));
  const failed = (answer: { headers: Headers }) => answer.headers.get('refresh');

  test('from two restored tabs at the same time: both end where they were going, signed in', async () => {
    const visitor = newVisitor();
    const query = { authCode: browserCode(), state: await start(visitor, wanted) };
    const before = upstream();
    const answers = await Promise.all([callback(visitor, query), callback(visitor, query)]);
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('location')]).toEqual([303, wanted]);
    }
    expect(session(answers[0]!)).toBe(session(answers[1]!));
    expect(upstream() - before).toBeLessThanOrEqual(4);
    expect(await isIn(visitor)).toBe(true);
  });

  test('because the answer was lost: it is given again, to this browser only', async () => {
    const visitor = newVisitor();
    const query = { authCode: browserCode(), state: await start(visitor, wanted) };
    const cookie = visitor.cookieHeader();
    const lost = await callback(newVisitor(), query, { headers: { cookie } });
    expect((await callback(newVisitor(), query)).status).toBe(401);
    const again = await callback(visitor, query);
    expect([again.status, again.headers.get('location')]).toEqual([303, wanted]);
    expect(session(again)).toBe(session(lost));
    expect(await isIn(visitor)).toBe(true);
  });

  test('with another code: refused, and nothing is asked upstream', async () => {
    const visitor = newVisitor();
    const state = await start(visitor, wanted);
    const cookie = visitor.cookieHeader();
    await callback(visitor, { authCode: browserCode(), state });
    const before = upstream();
    const again = await callback(newVisitor(), { authCode: browserCode(), state }, { headers: { cookie } });
    expect(again.status).toBe(401);
    expect(session(again)).toBeUndefined();
    expect(upstream()).toBe(before);
  });

  test('to a member: never a failure, and never another session', async () => {
    const visitor = newVisitor();
    const query = { authCode: browserCode(), state: await start(visitor, wanted) };
    await callback(visitor, query);
    for (const repeated of [
      query,
      { ...query, authCode: 'x' },
      { error: 'access_denied', state: query.state },
    ]) {
      const again = await callback(visitor, repeated);
      expect([again.status, again.headers.get('location'), failed(again)]).toEqual([303, wanted, null]);
      expect(session(again)).toBeUndefined();
    }
    const unknown = await callback(visitor, { authCode: 'x', state: 'y' });
    expect([unknown.status, unknown.headers.get('location')]).toEqual([303, '/']);
    expect(await isIn(visitor)).toBe(true);
  });

  test.each<[string, RequestInit]>([
    ['Sec-Purpose: prefetch', { headers: { 'sec-purpose': 'prefetch' } }],
    ['Sec-Purpose: prefetch;prerender', { headers: { 'sec-purpose': 'prefetch;prerender' } }],
    ['Purpose: prefetch', { headers: { purpose: 'prefetch' } }],
    ['X-Moz: prefetch', { headers: { 'x-moz': 'prefetch' } }],
    ['HEAD', { method: 'HEAD' }],
  ])('after it was fetched ahead (%s): that has spent nothing', async (_, ahead) => {
    const visitor = newVisitor();
    const query = { authCode: browserCode(), state: await start(visitor, wanted) };
    const before = upstream();
    const early = await callback(visitor, query, ahead);
    expect([early.status, early.headers.getSetCookie(), failed(early)]).toEqual([503, [], null]);
    expect(upstream()).toBe(before);
    const opened = await callback(visitor, query);
    expect([opened.status, opened.headers.get('location')]).toEqual([303, wanted]);
  });

  test('a member who opens the page of a failed sign-in goes where they wanted; a wrong link is still explained', async () => {
    const visitor = newVisitor();
    await callback(visitor, { authCode: browserCode(), state: await start(visitor) });
    const page = await visitor.ask(`/login?failed=flow-invalid&next=${encodeURIComponent(wanted)}`);
    expect([page.status, page.headers.get('location')]).toEqual([307, wanted]);
    expect((await visitor.ask('/login?corpid=dingother&next=/me')).status).toBe(200);
    expect((await newVisitor().ask('/login?failed=flow-invalid&next=/me')).status).toBe(200);
  });
});

test.each<[string, (code: string) => string]>([
  ['code and authCode that differ', (code) => `authCode=${code}&code=x`],
  ['the other way round', (code) => `authCode=x&code=${code}`],
  ['one of them empty', (code) => `authCode=${code}&code=`],
  ['one of them twice', (code) => `authCode=${code}&code=${code}&code=${code}`],
])('two codes are a forgery, refused before anything upstream: %s', async (_, codes) => {
  const visitor = newVisitor();
  const state = await start(visitor);
  const before = upstream();
  const answer = await visitor.ask(`/api/oauth/callback?${codes(browserCode())}&state=${state}`);
  expect(answer.status).toBe(401);
  expect(upstream()).toBe(before);
  expect(await isIn(visitor)).toBe(false);
});

test('both names with one value, as DingTalk sends them, sign in', async () => {
  const visitor = newVisitor();
  const code = browserCode();
  const answer = await callback(visitor, { code, authCode: code, state: await start(visitor) });
  expect(answer.status).toBe(303);
  expect(await isIn(visitor)).toBe(true);
});

describe('corpus', () => {
  const byId = new Map(corpus.entries.map((entry) => [entry.id, entry]));
  /** Each makes a callback's query for a visitor who has begun a flow of their own with this state. */
  const refused: [
    id: string,
    query: (state: string, visitor: Visitor) => Promise<Record<string, string> | string>,
  ][] = [
    ['OA-003', async () => ({ authCode: browserCode(), state: await start(newVisitor()) })],
    ['OA-008', async (state) => `authCode=${browserCode()}&state=${state}&state=x`],
    ['OA-009', async () => ({ authCode: browserCode(), state: 'a'.repeat(14_000) })],
    ['OA-010', async (state) => ({ authCode: browserCode(), state: state.toUpperCase() })],
    ['OA-012', async (state) => ({ state })],
    ['OA-016', async (_, visitor) => ({ authCode: browserCode(), state: visitor.cookieHeader() })],
    ['OA-017', async (state) => ({ error: 'access_denied', state })],
    ['OA-018', async (state) => ({ error: '<script>alert(1)</script>', state })],
    ['OA-020', async () => ({ error: 'access_denied' })],
  ];

  test.each(refused)('%s is refused before anything upstream', async (id, query) => {
    const visitor = newVisitor();
    const built = await query(await start(visitor), visitor);
    const before = upstream();
    const answer = await callback(visitor, built);
    expect(byId.get(id)!.expect.status).toContain(answer.status);
    expect(upstream()).toBe(before);
    expect(answer.text).not.toContain('<script>alert');
    expect(answer.headers.get('refresh')).toMatch(/^0;url=\/login\?failed=/);
    expect(await isIn(visitor)).toBe(false);
  });

  test('OA-009 a state of 100 kB is refused by the server', async () => {
    const answer = await callback(newVisitor(), { authCode: browserCode(), state: 'a'.repeat(100_000) });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  test('OA-006 a state works once, even when its cookie is kept', async () => {
    const visitor = newVisitor();
    const state = await start(visitor);
    const cookie = visitor.cookieHeader();
    expect((await callback(visitor, { authCode: browserCode(), state })).status).toBe(303);
    const before = upstream();
    const again = await callback(newVisitor(), { authCode: browserCode(), state }, { headers: { cookie } });
    expect(again.status).toBe(401);
    expect(again.headers.getSetCookie().join()).not.toContain('dingpass=');
    expect(upstream()).toBe(before);
  });

  test('OA-011 a form from elsewhere is not a callback', async () => {
    const visitor = newVisitor();
    const state = await start(visitor);
    const body = new URLSearchParams({ authCode: browserCode(), state });
    const answer = await visitor.ask('/api/oauth/callback', { method: 'POST', body });
    expect(answer.status).toBe(405);
    expect(await isIn(visitor)).toBe(false);
  });

  test('OA-024 somebody of another company is 403', async () => {
    const visitor = newVisitor();
    const answer = await callback(visitor, {
      authCode: browserCode('other-company'),
      state: await start(visitor),
    });
    expect(answer.status).toBe(403);
  });

  test('OA-026 two tabs, answered out of order, both end where they were going', async () => {
    const visitor = newVisitor();
    const [first, second] = [await start(visitor, '/me?tab=1'), await start(visitor, '/me?tab=2')];
    const late = await callback(visitor, { authCode: browserCode(), state: second });
    const early = await callback(visitor, { authCode: browserCode(), state: first });
    expect([late.headers.get('location'), early.headers.get('location')]).toEqual(['/me?tab=2', '/me?tab=1']);
    expect(await isIn(visitor)).toBe(true);
  });

  test('OA-027 the callback opened again leaves the session alone', async () => {
    const visitor = newVisitor();
    const query = { authCode: browserCode(), state: await start(visitor) };
    await callback(visitor, query);
    const again = await callback(visitor, query);
    expect([again.status, again.headers.get('location')]).toEqual([303, '/me']);
    expect(await isIn(visitor)).toBe(true);
  });

  test('OA-030 fifty unfinished flows stay under 8000 bytes', async () => {
    const visitor = newVisitor();
    for (let flow = 0; flow < 50; flow++) await start(visitor);
    expect(visitor.cookieHeader().length).toBeLessThan(byId.get('OA-030')!.expect.cookieHeaderBytesMax!);
  });

  test('OA-031 a code of the client is refused by this method, and the other way round', async () => {
    const visitor = newVisitor();
    const state = await start(visitor);
    const answer = await callback(visitor, { authCode: emulator.control.mintCode(userid), state });
    expect(answer.status).toBe(401);
    expect((await newVisitor().post('/api/session', { code: browserCode() })).status).toBe(401);
  });

  test('every entry is run', () => {
    const run = [
      ...refused.map(([id]) => id),
      'OA-006',
      'OA-011',
      'OA-024',
      'OA-026',
      'OA-027',
      'OA-030',
      'OA-031',
    ];
    expect(new Set(run)).toEqual(new Set(byId.keys()));
  });
});
