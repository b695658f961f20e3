import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, linesWith, startApp } from '../support/app';
import { PARTS, sealed } from '../support/callback';
import { openCorpus } from '../support/corpus';
import { freePort } from '../support/port';
import { givenCookie, send, sendRsc, type WireAnswer, type WireRequest } from '../support/raw-request';
import { findSecrets } from '../support/secrets';
import { canSignIn } from '../support/staff';

interface LeakEntry {
  id: string;
  name: string;
}

const COOKIE = 'dingpass';
const MOBILE = '19987654321';

let emulator: Emulator;
let app: App;
let debugged: App;
let trap: Server;
let trapped = 0;
let userid: string;
/** Everything secret that there is so far, by name. */
const secrets: Record<string, string> = {};
/** All that the app has answered to anybody, by what was asked. */
const answers: { asked: string; text: string }[] = [];

beforeAll(async () => {
  secrets.appSecret = `secret-${randomBytes(16).toString('base64')}`;
  secrets.sessionSecret = `key+${randomBytes(24).toString('base64')}`;
  secrets.callbackToken = randomBytes(16).toString('hex');
  secrets.callbackAesKey = randomBytes(32).toString('hex').slice(0, 43);
  secrets.mobile = MOBILE;
  const [port, debuggedPort] = [await freePort(), await freePort()];
  const callback = (own: number) => `http://127.0.0.1:${own}/api/oauth/callback`;
  emulator = await startEmulator({
    enforceQps: false,
    clientSecret: secrets.appSecret,
    redirectUris: [callback(port), callback(debuggedPort)],
  });
  userid = emulator.company.people[0]!.userid;
  emulator.control.patchPerson(userid, { mobile: MOBILE });
  const env = {
    SESSION_KEYS: `a:${secrets.sessionSecret}`,
    DINGTALK_CALLBACK_TOKEN: secrets.callbackToken,
    DINGTALK_CALLBACK_AES_KEY: secrets.callbackAesKey,
    LOG_LEVEL: 'trace',
    SHOW_OPERATOR_HINTS: 'true',
    TRUSTED_PROXY_HOPS: '1',
  };
  const nodeDebug = 'http,https,net,tls,undici,fetch,stream';
  [app, debugged] = await Promise.all([
    startApp({ emulator, port, env }),
    startApp({ emulator, port: debuggedPort, env: { ...env, NODE_DEBUG: nodeDebug } }),
  ]);
  secrets.appToken = await appToken();
  trap = createServer((_, response) => {
    trapped++;
    response.end();
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await Promise.all([app?.close(), debugged?.close()]);
  trap?.close();
  await emulator?.close();
});
beforeEach(() => emulator.control.clearFaults());

const corpus = openCorpus<LeakEntry>('secret-leaks', {
  'SL-009': 'applied in surface-altered.test.ts, which builds a route that throws',
});

const TRIGGERS: Record<string, () => Promise<void>> = {
  'SL-002': async () => {
    await withFault({ kind: 'echoUrl' });
    const { callbackToken, callbackAesKey } = secrets;
    const errmsg = `token ${callbackToken} aes_key ${callbackAesKey}`;
    await withFault({ kind: 'json', status: 500, body: { errcode: 71_007, errmsg, message: errmsg } });
    await postCallbacks();
  },
  'SL-003': () => withFault({ kind: 'echoToken' }),
  'SL-005': async () => {
    const { port } = trap.address() as AddressInfo;
    const location = `http://127.0.0.1:${port}/?access_token=${secrets.appToken}&appSecret=${secrets.appSecret}`;
    await withFault({ kind: 'redirect', status: 307, location });
    expect(trapped).toBe(0);
  },
  'SL-008': async () => {
    const code = newCode();
    const bodies = [
      `{"code":"${code}`,
      `{"code":["${code}"]}`,
      `code=${code}`,
      `{"code":"${code} "}`,
      `{"${code}":"x","code":{"${code}":1}}`,
      JSON.stringify({ code, corpId: code }),
      JSON.stringify({ code, corpId: { code } }),
      JSON.stringify({ code, next: `//${code}` }),
      `{"code":"${code}","x":"${'x'.repeat(20_000)}"}`,
    ];
    for (const body of bodies) await post(app, body);
    await post(app, JSON.stringify({ code }), { origin: 'https://evil.example' });
    await post(app, JSON.stringify({ code }), { 'content-type': 'text/plain' });
    for (const path of [`/api/session?code=${code}`, `/api/oauth/callback?code=${code}&state=${code}`]) {
      const answer = await ask(app, { path });
      expect(answer.status).toBe(401);
    }
  },
  'SL-012': async () => {
    emulator.control.patchPerson(userid, { name: '汉'.repeat(4000), title: '汉'.repeat(4000) });
    await walk(app);
    emulator.control.patchPerson(userid, { name: '普通人', title: '' });
    const cookie = `${COOKIE}=${'A'.repeat(4000)}; x=${'B'.repeat(9000)}`;
    for (const path of ['/', '/me', '/api/session']) await ask(app, { path, headers: { cookie } });
  },
  'SL-015': async () => {
    // The app under test runs at the most talkative level throughout.
    await walk(app);
    expect(await linesWith(app, '"event":"sign-in"')).not.toEqual([]);
  },
  'SL-016': async () => {
    // Node tells all when it makes a connection: so one with a person's token to send over it, then many at once.
    withOnly('/v1.0/oauth2/userAccessToken', { kind: 'headers', headers: { connection: 'close' } });
    for (let kept = 0; kept < 4; kept++) await signInByBrowser(debugged);
    emulator.control.clearFaults();
    await Promise.all(Array.from({ length: 8 }, () => walk(debugged)));
  },
  'SL-017': async () => {
    const folder = '.next/static';
    for (const file of filesUnder(folder)) {
      expect(file).not.toMatch(/\.map$/);
      const text = readFileSync(file, 'utf8');
      expect({ file, found: findSecrets(text, secrets) }).toEqual({ file, found: [] });
      // What only a server's module says: none of them was bundled for browsers.
      expect(text).not.toMatch(/appSecret|SESSION_KEYS|access-token|Fe26|topapi|CLIENT_SECRET/);
    }
  },
  'SL-018': async () => {
    for (const path of [
      '/metrics',
      '/api/metrics',
      '/debug',
      '/env',
      '/.env',
      '/actuator',
      '/server-status',
    ]) {
      const answer = await ask(app, { path, headers: { 'user-agent': 'GoogleHC/1.0' } });
      // Nothing is there, and outside of /api strangers are not even told that.
      expect({ path, status: answer.status }).toEqual({ path, status: path.startsWith('/api/') ? 404 : 307 });
    }
  },
  'SL-019': async () => {
    for (const path of ['/api/health', '/api/ready', '/healthz', '/health']) await ask(app, { path });
    withOnly('userdetail', { kind: 'echoUrl' });
    expect(JSON.parse((await ask(app, { path: '/api/health' })).text)).toEqual({ status: 'ok' });
    expect(JSON.parse((await ask(app, { path: '/api/ready' })).text)).toEqual({
      status: 'ready',
      signIn: { ok: true },
    });
  },
  'SL-023': async () => {
    const end = await signInByBrowser(app);
    expect({ status: end.status, location: end.headers.location }).toEqual({ status: 303, location: '/me' });
    withOnly('/v1.0/contact/users/me', { kind: 'echoUrl' });
    await signInByBrowser(app);
    withOnly('/v1.0/oauth2/userAccessToken', {
      kind: 'json',
      status: 500,
      body: { message: secrets.appSecret },
    });
    await signInByBrowser(app);
  },
};

corpus.each(
  ({ name }) => name,
  async ({ id }) => {
    const trigger = TRIGGERS[id];
    if (!trigger) throw new Error(`nothing is done for ${id}`);
    await trigger();
    await delay(50);
    expectNothingFound();
  },
);

test('the search finds what it looks for: the number on /me, and a secret in each of its spellings', async () => {
  const cookie = `${COOKIE}=${await signIn(app)}`;
  const me = await send(app, { path: '/me', headers: { cookie } });
  expect(findSecrets(me.text, secrets)).toEqual(['mobile']);
  const { appSecret = '' } = secrets;
  for (const spelling of [
    appSecret,
    encodeURIComponent(appSecret),
    JSON.stringify(appSecret),
    Buffer.from(appSecret).toString('base64'),
    Buffer.from(`x${appSecret}`).toString('base64url'),
    Buffer.from(`{"a":${appSecret}`).toString('base64'),
  ]) {
    expect(findSecrets(`before ${spelling} after`, secrets)).toEqual(['appSecret']);
  }
});

test('what Node says of a connection holds the tokens, so the silence above is our doing', () => {
  const said = debugged.output();
  expect({
    connections: /HTTP \d+: .*createConnection/.test(said),
    appToken: /access_token=\[secret\]/.test(said),
    userToken: /access-token': '\[secret\]'/.test(said),
    // Nobody but the emulator knows a person's own token: whatever stands in its place is one.
    userTokenInTheOpen: /access-token': '(?!\[secret\])/.test(said),
  }).toEqual({ connections: true, appToken: true, userToken: true, userTokenInTheOpen: false });
});

test('a name with line breaks and braces is one line of the log, and no line of its own', async () => {
  const forged = 'x"}\n{"level":"fatal","event":"sign-in","userId":"admin"}\r\n\u2028';
  emulator.control.patchPerson(userid, { name: forged });
  await walk(app);
  for (const line of jsonLines(app.output())) expect(line.userId ?? userid).not.toBe('admin');
  emulator.control.patchPerson(userid, { name: '普通人' });
});

test('the mobile number is on /me and nowhere else', () => {
  const withNumber = answers.filter(({ text }) => text.includes(MOBILE)).map(({ asked }) => asked);
  expect(new Set(withNumber)).toEqual(new Set(['GET /me', 'RSC /me']));
});

test('every line of the log is JSON, and knows the request that it is about', () => {
  const lines = jsonLines(app.output());
  expect(lines.length).toBeGreaterThan(20);
  const signIns = lines.filter((line) => line.event === 'sign-in');
  for (const line of signIns) expect(line.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

corpus.report({
  total: 12,
  applying: 11,
  deviations: {
    'SL-016':
      'Node prints whole URLs and headers of our calls; they are scrubbed before they leave the process',
  },
});

/** A callback that is DingTalk's, and one that is not. */
async function postCallbacks(): Promise<void> {
  const { callbackToken: token = '', callbackAesKey: aesKey = '' } = secrets;
  const parts = { ...PARTS, token, aesKey, ownerKey: emulator.clientId, timestamp: String(Date.now()) };
  for (const [key, status] of [[aesKey, 200] as const, [[...aesKey].reverse().join(''), 403] as const]) {
    const { query, body } = sealed('{"EventType":"check_url"}', { ...parts, aesKey: key });
    const answer = await ask(app, { method: 'POST', path: `/api/dingtalk/events?${query}`, body });
    expect(answer.status).toBe(status);
  }
}

/** A sign-in and a look around, while every kind of call to DingTalk goes wrong in one way. */
async function withFault(fault: object): Promise<void> {
  for (const endpoint of ['userinfo', 'userdetail']) {
    withOnly(endpoint, fault);
    await walk(app);
    await signInByBrowser(app);
  }
  emulator.control.clearFaults();
  const cookie = `${COOKIE}=${await signIn(app)}`;
  withOnly('any', fault);
  emulator.control.revokeTokens();
  for (const path of ['/me', '/', '/api/ready']) await ask(app, { path, headers: { cookie } });
  emulator.control.clearFaults();
  // The breaker may have opened, and there is another token now.
  for (let tries = 0; !(await canSignIn(app)) && tries < 120; tries++) {
    await delay(100);
  }
  await untilSignInWorks();
  secrets[`appToken${Object.keys(secrets).length}`] = await appToken();
}

async function untilSignInWorks(): Promise<void> {
  for (let tries = 0; tries < 80; tries++) {
    const answer = await post(app, JSON.stringify({ code: newCode() }));
    if (answer.status === 200) return;
    await delay(100);
  }
  throw new Error('no sign-in works any more');
}

function withOnly(endpoint: string, fault: object): void {
  emulator.control.clearFaults();
  emulator.control.fault({ endpoint, times: 'always', fault } as Parameters<Emulator['control']['fault']>[0]);
}

/** Signs in (or fails to) and asks for everything there is, in every way. */
async function walk(where: App): Promise<void> {
  const answer = await post(where, JSON.stringify({ code: newCode(), next: '/me' }));
  const session = givenCookie(answer, COOKIE);
  const cookie = session ? { cookie: `${COOKIE}=${session}` } : {};
  if (session) secrets[`cookie${Object.keys(secrets).length}`] = session;
  for (const path of ['/', '/me', '/login?next=/me', '/example/step-up', '/api/session', '/nothing']) {
    await ask(where, { path, headers: cookie });
    answers.push({ asked: `RSC ${path}`, text: told(await sendRsc(where, { path, headers: cookie })) });
  }
  const headers = { ...cookie, origin: where.origin };
  await ask(where, { method: 'DELETE', path: '/api/session', headers });
}

/** Through DingTalk's page and back. What DingTalk's page itself is told is not ours to hide. */
async function signInByBrowser(where: App): Promise<WireAnswer> {
  const start = await send(where, { path: '/api/oauth/start?next=/me' });
  const state = new URL(start.headers.location ?? '').searchParams.get('state') ?? '';
  const cookie = (start.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
  const code = emulator.control.mintCode(userid, { kind: 'oauth' });
  secrets[`browserCode${Object.keys(secrets).length}`] = code;
  secrets[`state${Object.keys(secrets).length}`] = state;
  return ask(where, {
    path: `/api/oauth/callback?${new URLSearchParams({ authCode: code, code, state })}`,
    headers: { cookie },
  });
}

async function signIn(where: App): Promise<string> {
  const answer = await post(where, JSON.stringify({ code: newCode() }));
  expect(answer.status).toBe(200);
  return givenCookie(answer, COOKIE) ?? '';
}

function newCode(): string {
  const code = emulator.control.mintCode(userid);
  secrets[`code${Object.keys(secrets).length}`] = code;
  return code;
}

function post(where: App, body: string, headers: Record<string, string> = {}): Promise<WireAnswer> {
  return ask(where, {
    method: 'POST',
    path: '/api/session',
    headers: {
      'content-type': 'application/json',
      origin: where.origin,
      'x-forwarded-for': `198.51.100.${answers.length % 250}`,
      ...headers,
    },
    body,
  });
}

async function ask(where: App, request: WireRequest): Promise<WireAnswer> {
  const answer = await send(where, request);
  answers.push({ asked: `${request.method ?? 'GET'} ${request.path}`, text: told(answer) });
  return answer;
}

/** All that an answer says to whoever gets it, but for the session cookie that it gives. */
function told({ headers, text }: WireAnswer): string {
  const { 'set-cookie': _given, ...others } = headers;
  return `${JSON.stringify(others)}\n${text}`;
}

async function appToken(): Promise<string> {
  const answer = await fetch(`${emulator.url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

function expectNothingFound(): void {
  expect(findSecrets(app.output(), secrets)).toEqual([]);
  expect(findSecrets(debugged.output(), secrets)).toEqual([]);
  const { mobile: _shownOnMe, ...others } = secrets;
  for (const { asked, text } of answers) {
    const wanted = /^(GET|RSC) \/me$/.test(asked) ? others : secrets;
    expect({ asked, found: findSecrets(text, wanted) }).toEqual({ asked, found: [] });
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a log line has whatever it has
function jsonLines(output: string): any[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`there is no ${folder}`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}
