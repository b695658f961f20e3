import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, SESSION_SECRET, startApp } from '../support/app';
import { Visitor } from '../support/http-session';

vi.setConfig({ testTimeout: 60_000 });

let emulator: Emulator;
let app: App;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  app = await startApp({ emulator, env: { TRUSTED_PROXY_HOPS: '1' } });
  await new Visitor(app).post('/api/session', { code: mint() });
});
afterAll(() => Promise.all([app.close(), emulator.close()]));
beforeEach(() => emulator.control.clearFaults());

const mint = () => emulator.control.mintCode(emulator.company.people[0]!.userid);

interface Line {
  level: string;
  time: string;
  event: string;
  outcome: string;
  requestId: string;
  [field: string]: unknown;
}

/** Waits until the app has written all that it was about to. @returns how much there is */
async function quiet(of: App): Promise<number> {
  for (let length = -1; ; ) {
    if (of.output().length === length) return length;
    length = of.output().length;
    await delay(50);
  }
}

/** The lines that an app wrote during an action: each one JSON object, or the test fails. */
async function linesOf(action: () => Promise<unknown>, of = app): Promise<Line[]> {
  const from = await quiet(of);
  await action();
  await quiet(of);
  return of
    .output()
    .slice(from)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;

test('a sign-in leaves one line: who, by which method, how long, how many calls', async () => {
  let requestId = '';
  const lines = await linesOf(async () => {
    const answer = await new Visitor(app).post('/api/session', { code: mint() });
    expect(answer.status).toBe(200);
    requestId = answer.headers.get('x-request-id')!;
  });
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(ISO),
      event: 'sign-in',
      outcome: 'ok',
      requestId,
      ms: expect.any(Number),
      upstreamCalls: 2,
      userId: emulator.company.people[0]!.userid,
      sessionId: expect.stringMatching(UUID),
      method: 'webview',
    },
  ]);
});

test.each([
  ['a code that DingTalk refuses', { code: 'invented' }, {}, 'code-refused', 401, 1],
  ['another company', { code: 'x', corpId: 'dingother' }, {}, 'corp-mismatch', 403, 0],
  ['another site', { code: 'x' }, { origin: 'https://evil.example' }, 'cross-site', 403, 0],
  ['a body that is none', '{', {}, 'bad-request', 400, 0],
])('a refusal leaves one line: %s', async (_, body, headers, outcome, status, upstreamCalls) => {
  let requestId = '';
  const lines = await linesOf(async () => {
    const answer = await new Visitor(app).post('/api/session', body, headers as Record<string, string>);
    requestId = answer.json.error.requestId;
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 'warn',
    event: 'sign-in',
    outcome,
    status,
    upstreamCalls,
    requestId,
  });
});

test('a failure of DingTalk leaves one line, with its code and what was called', async () => {
  emulator.control.fault({ endpoint: 'userdetail', fault: { kind: 'errcode', errcode: 50002 } });
  const refused = await linesOf(() => new Visitor(app).post('/api/session', { code: mint() }));
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ outcome: 'not-allowed', actor: 'admin', dingTalkCode: '50002' });
  emulator.control.fault({ endpoint: 'userinfo', fault: { kind: 'hangup', consumed: true } });
  const failed = await linesOf(() => new Visitor(app).post('/api/session', { code: mint() }));
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatchObject({
    level: 'error',
    outcome: 'unreachable',
    actor: 'nobody',
    reason: 'ECONNRESET',
    api: '/topapi/v2/user/getuserinfo',
    upstreamCalls: 1,
  });
});

test('a sign-out leaves one line, of the session that ends', async () => {
  for (const [path, method] of [
    ['/api/session', 'DELETE'],
    ['/api/session/sign-out', 'POST'],
  ] as const) {
    const visitor = new Visitor(app);
    const [signedIn] = await linesOf(() => visitor.post('/api/session', { code: mint() }));
    const lines = await linesOf(() => visitor.ask(path, { method, headers: { origin: app.origin } }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      event: 'sign-out',
      outcome: 'ok',
      userId: signedIn!.userId,
      sessionId: signedIn!.sessionId,
      requestId: expect.stringMatching(UUID),
    });
  }
});

/** Every event that the log has a name for, and a request that fails it. */
const NAMED_EVENTS = [
  ['sign-in', 'POST', '/api/session'],
  ['sign-in', 'GET', '/api/oauth/callback'],
  ['sign-out', 'DELETE', '/api/session'],
  ['sign-out', 'POST', '/api/session/sign-out'],
  ['session-end', 'POST', '/api/me/sessions/end'],
  ['hand-off', 'POST', '/api/hand-off'],
  ['sign-out-everywhere', 'POST', '/api/me/sessions/end-all'],
  ['sign-out-elsewhere', 'POST', '/api/me/sessions/end-others'],
  ['meeting-book', 'POST', '/api/meetings'],
  ['meeting-change', 'POST', '/api/meetings/change'],
  ['meeting-cancel', 'POST', '/api/meetings/cancel'],
  ['sessions-end', 'POST', '/api/admin/sessions'],
  ['sync-start', 'POST', '/api/admin/sync'],
  ['audit-export', 'GET', '/api/admin/audit.csv'],
  ['directory-export', 'GET', '/directory/export.csv'],
  ['dingtalk-event', 'POST', '/api/dingtalk/events'],
] as const;

test('the names are all that there are', () => {
  const files = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter((path) =>
    /route\.ts$/.test(path),
  );
  const names = files.flatMap(
    (path) => readFileSync(`app/${path}`, 'utf8').match(/\{\s*access: [^{}]*\bevent: '[\w-]+'/g) ?? [],
  );
  expect(new Set(names.map((name) => name.replace(/^.*event: '|'$/gs, '')))).toEqual(
    new Set(NAMED_EVENTS.map(([name]) => name)),
  );
});

test.each(NAMED_EVENTS)(
  'a %s that fails leaves one line, which does not say ok (%s %s)',
  async (event, method, path) => {
    const visitor = new Visitor(app);
    // An export is refused to a member; to a stranger it may not even be there.
    if (event.endsWith('-export')) {
      const code = emulator.control.mintCode(
        emulator.company.people.find((person) => person.active && !person.adminLevel)!.userid,
      );
      expect((await visitor.post('/api/session', { code })).status).toBe(200);
    }
    const refused = await linesOf(() => visitor.ask(path, { method }));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ event, outcome: expect.stringMatching(/^(?!ok$)/), level: 'warn' });
  },
);

test('reading leaves no line, and neither does being nobody', async () => {
  const visitor = new Visitor(app);
  await visitor.post('/api/session', { code: mint() });
  const lines = await linesOf(async () => {
    await visitor.ask('/');
    await visitor.ask('/api/session');
    await new Visitor(app).ask('/');
    await new Visitor(app).ask('/api/session');
    await new Visitor(app).ask('/api/health');
  });
  expect(lines).toEqual([]);
});

test('a cookie that is none of ours leaves a line with the reason, not with the cookie', async () => {
  const cookie = `dingpass=a.Fe26.2*canary${'x'.repeat(200)}`;
  const lines = await linesOf(() => new Visitor(app).ask('/api/session', { headers: { cookie } }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 'warn', event: 'session-refused', reason: 'not-ours' });
  expect(JSON.stringify(lines)).not.toContain('canary');
});

const FORGED = '{"level":"info","event":"sign-in","outcome":"ok","userId":"boss"}';

test.each([
  ['a line of its own', `x\n${FORGED}`.slice(0, 64)],
  ['CR LF', 'x\r\n{"level":"error"}\r\n'],
  ['a quote', 'x","outcome":"ok","userId":"boss'],
  ['a backslash', 'x\\","y":"'],
  ['the colours of a terminal', 'x\u001b[2K\u001b[1;31mroot\u001b[0m\u0007'],
  ['separators of JavaScript', 'x\u2028{"level":"error"}\u2029'],
  ['half a character', 'x\ud800y'],
  ['NUL', 'x\u0000y'],
])('no userid and no name can write a line of the log: %s', async (_, text) => {
  for (const endpoint of ['userinfo', 'userdetail']) {
    const fault = { kind: 'patch', set: { 'result.userid': text, 'result.name': text } } as const;
    emulator.control.fault({ endpoint, fault });
  }
  const from = await quiet(app);
  const lines = await linesOf(() => new Visitor(app).post('/api/session', { code: mint() }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ event: 'sign-in', requestId: expect.stringMatching(UUID) });
  expect(lines[0]!.userId).not.toBe('boss');
  const raw = app.output().slice(from);
  expect(raw.trim().split('\n')).toHaveLength(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal would obey
  expect(raw.replace(/\n$/, '')).not.toMatch(/[\u0000-\u001f]/);
});

test('nothing of a request can write a line: not its id, not its headers, not its address', async () => {
  const lines = await linesOf(() =>
    new Visitor(app).post(
      `/api/session?next=%0a${encodeURIComponent(FORGED)}`,
      { code: 'invented-2', next: `\n${FORGED}` },
      { 'x-request-id': FORGED, 'user-agent': FORGED, 'x-forwarded-for': FORGED },
    ),
  );
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain('boss');
  expect(lines[0]!.requestId).toMatch(UUID);
});

test('a secret does not get into the log, wherever somebody puts it', async () => {
  const { emulator: other, token } = await emulatorWithKnownToken();
  const noisy = await startApp({
    emulator: other,
    env: { LOG_LEVEL: 'trace', NODE_DEBUG: 'http,https,net,tls' },
  });
  const visitor = new Visitor(noisy);
  const person = other.company.people[0]!.userid;
  const mintThere = () => other.control.mintCode(person);
  const seal = 'Fe26.2*1*canarycanarycanary*x*y*z';
  const hostile = [
    { kind: 'echoUrl' },
    { kind: 'echoToken' },
    { kind: 'json', body: { errcode: 60011, errmsg: `${token} ${other.clientSecret}`, request_id: token } },
    { kind: 'json', body: { errcode: 88, sub_code: token } },
    { kind: 'json', body: { errcode: 88, sub_code: other.clientSecret } },
    { kind: 'json', body: { errcode: 1, request_id: `access_token=${token}` } },
    { kind: 'json', body: { errcode: 1, request_id: seal } },
    { kind: 'redirect', location: `http://127.0.0.2:9/?access_token=${token}` },
    { kind: 'status', status: 500, body: token, headers: { 'x-token': token } },
  ] as const;
  const codes: string[] = [];
  for (const fault of hostile) {
    other.control.fault({ endpoint: 'userdetail', times: 'always', fault: fault as never });
    const code = mintThere();
    codes.push(code);
    await visitor.post('/api/session', { code }, { cookie: `dingpass=a.${seal}` });
    other.control.clearFaults();
    await visitor.post('/api/session', { code: mintThere() });
  }
  const cookie = visitor.cookieHeader().split('=')[1]!;
  await quiet(noisy);
  const output = noisy.output();
  await Promise.all([noisy.close(), other.close()]);
  const app = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .join('\n');
  expect(app).toContain('"outcome"');
  for (const secret of [token, other.clientSecret, SESSION_SECRET, 'canarycanary', cookie, ...codes]) {
    expect(app).not.toContain(secret);
  }
});

/** While a token lives, DingTalk gives the same one to whoever asks. */
async function emulatorWithKnownToken() {
  const other = await startEmulator({ enforceQps: false });
  const response = await fetch(`${other.url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: other.clientId, appSecret: other.clientSecret }),
  });
  return { emulator: other, token: ((await response.json()) as { accessToken: string }).accessToken };
}
