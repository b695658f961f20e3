import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { exchangeRaw } from '../emulator/raw-connection';
import { type App, startApp } from '../support/app';
import { openCorpus } from '../support/corpus';
import { givenCookie, send, type WireAnswer } from '../support/raw-request';

interface LoginEntry {
  id: string;
  name: string;
  method: string;
  headers: Record<string, string>;
  body?: string | null;
  bodyGenerator?: BodyGenerator;
  sequence?: string[];
  expect: { status: number[]; maxUpstreamCalls: number; setsSession: boolean | string; errorCode?: string };
}

type BodyGenerator =
  | { kind: 'base64'; value: string }
  | { kind: 'repeatString'; field: string; char: string; bytes: number }
  | { kind: 'nest'; open: string; close: string; depth: number }
  | { kind: 'nestObj'; depth: number }
  | { kind: 'rawTE'; body: string };

const ORIGIN = 'https://app.example.com';
const COOKIE = '__Host-dingpass';
const SIGN_IN = '/api/session';

let emulator: Emulator;
let app: App;
let userA: string;
let userB: string;
let clients = 0;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  app = await startApp({ emulator, origin: ORIGIN, env: { TRUSTED_PROXY_HOPS: '1', LOG_LEVEL: 'debug' } });
  [userA, userB] = [emulator.company.people[0]!.userid, emulator.company.people[1]!.userid];
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const corpus = openCorpus<LoginEntry>('login-bodies');

/** `GET` belongs to us: it says who is signed in, and signs nobody in. */
const GET_IS_OURS = 'GET answers 401 instead of 405: it says who is signed in, and signs nobody in';
const DEVIATIONS = { 'LB-046': GET_IS_OURS, 'LB-053': GET_IS_OURS, 'LB-054': GET_IS_OURS };

corpus.each(
  ({ name }) => name,
  async (entry) => {
    const code = emulator.control.mintCode(userA);
    const fill = await placeholders(code);
    const upstreamBefore = emulator.control.calls().total;
    const exchangesBefore = exchanges();
    const bodies = entry.sequence ?? [entry.body ?? undefined];
    // Each entry is a client of its own: the limit of failed sign-ins must not hide what else would have refused it.
    const client = `198.51.100.${++clients}`;
    const answers = await Promise.all(bodies.map((body) => sendEntry(entry, body, client, fill)));

    expect(emulator.control.calls().total - upstreamBefore).toBeLessThanOrEqual(
      entry.expect.maxUpstreamCalls,
    );
    for (const answer of answers) checkAnswer(entry, answer, code);
    const sessions = answers.map(sessionOf).filter((value) => value !== '');
    if (entry.expect.setsSession === true) expect(sessions).toHaveLength(1);
    if (entry.expect.setsSession === false) expect(sessions).toEqual([]);
    if (entry.sequence) {
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
      expect({ sessions: sessions.length, exchanges: exchanges() - exchangesBefore }).toEqual({
        sessions: 1,
        exchanges: 1,
      });
    }
    const isB = entry.body?.includes('{{GOOD_CODE_B}}') ?? false;
    for (const session of sessions) expect(await userOf(session)).toBe(isB ? userB : userA);
    expect(app.output()).not.toContain(code);
  },
);

test('a code that came with a refused request is still good: nothing was asked about it', async () => {
  const code = emulator.control.mintCode(userA);
  const client = { 'x-forwarded-for': '203.0.113.1' };
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ code });
  const refused = [
    await send(app, {
      path: `${SIGN_IN}?code=${code}&authCode=${code}`,
      headers: { ...client, origin: ORIGIN },
    }),
    await post(body, { ...client, ...json, origin: 'https://evil.example' }),
    await post(body, { ...client, 'content-type': 'text/plain', origin: ORIGIN }),
    await post(JSON.stringify({ code, corpId: 'dingsomebodyelse' }), { ...client, ...json, origin: ORIGIN }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([401, 403, 415, 403]);
  const answer = await post(body, { ...client, ...json, origin: ORIGIN });
  expect(answer.status).toBe(200);
});

test('an Origin must be ours to the last character', async () => {
  const before = emulator.control.calls().total;
  for (const origin of [
    'http://app.example.com',
    'https://app.example.com:443',
    'https://app.example.com/',
    'https://app.example.com.',
    'https://APP.example.com',
    'https://app.example.com, https://evil.example',
    'https://evil.example#https://app.example.com',
    'https://xapp.example.com',
    '',
  ]) {
    const answer = await post(JSON.stringify({ code: emulator.control.mintCode(userA) }), {
      'content-type': 'application/json',
      origin,
      'x-forwarded-for': '203.0.113.2',
    });
    expect({ origin, status: answer.status, session: sessionOf(answer) }).toEqual({
      origin,
      status: 403,
      session: '',
    });
  }
  expect(emulator.control.calls().total).toBe(before);
});

test('a request without any Origin is refused, though another site could not have sent JSON: our page sends one', async () => {
  const code = emulator.control.mintCode(userA);
  const answer = await post(JSON.stringify({ code }), { 'content-type': 'application/json' });
  expect({ status: answer.status, code: answer.json.error.code }).toEqual({
    status: 403,
    code: 'CROSS_SITE',
  });
});

test('a neighbour under the same domain is another site', async () => {
  const answer = await post(JSON.stringify({ code: emulator.control.mintCode(userA) }), {
    'content-type': 'application/json',
    origin: ORIGIN,
    'sec-fetch-site': 'same-site',
  });
  expect(answer.status).toBe(403);
});

test('a form of another site cannot sign anybody out, and an image cannot either', async () => {
  const { session } = await signIn(userA);
  const cookie = `${COOKIE}=${session}`;
  const attempts = [
    { method: 'POST', path: '/api/session/sign-out', headers: { cookie, origin: 'https://evil.example' } },
    { method: 'POST', path: '/api/session/sign-out', headers: { cookie, origin: 'null' } },
    { method: 'DELETE', path: SIGN_IN, headers: { cookie, origin: 'https://evil.example' } },
    { method: 'GET', path: '/api/session/sign-out', headers: { cookie, 'sec-fetch-dest': 'image' } },
  ];
  for (const attempt of attempts) {
    const answer = await send(app, attempt);
    expect([403, 405]).toContain(answer.status);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
});

test('signing in as somebody else gives a new session that keeps nothing of the old one, and the old one is over', async () => {
  const a = await signIn(userA);
  const b = await signIn(userB, { cookie: `${COOKIE}=${a.session}` });
  expect(await userOf(b.session)).toBe(userB);
  expect(await userOf(a.session)).toBeUndefined();
  const ids = app
    .output()
    .split('\n')
    .filter((line) => line.includes('"event":"sign-in"') && line.includes('"outcome":"ok"'))
    .map((line) => JSON.parse(line).sessionId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('after all of this a sign-in answers with exactly its own fields: nothing was left on a prototype', async () => {
  const { answer } = await signIn(userA);
  const inherited: string[] = [];
  for (const key in answer.json.member) inherited.push(key);
  expect(inherited.sort()).toEqual(['corpId', 'expiresAt', 'method', 'name', 'unionId', 'userId']);
  expect(Object.keys(answer.json).sort()).toEqual(['member', 'next']);
});

corpus.report({ total: 56, applying: 56, deviations: DEVIATIONS });

/** Sends a body under an entry's method and headers; the corpus says `authCode` where we say `code`. */
async function sendEntry(
  entry: LoginEntry,
  body: string | undefined,
  client: string,
  fill: (text: string) => string,
): Promise<WireAnswer> {
  const headers = Object.fromEntries(
    Object.entries(entry.headers).map(([name, value]) => [name, fill(value)]),
  );
  headers['x-forwarded-for'] = client;
  if (entry.bodyGenerator?.kind === 'rawTE') return sendTwiceFramed(headers, fill(entry.bodyGenerator.body));
  const generated = entry.bodyGenerator ? generate(entry.bodyGenerator) : body && fill(body);
  const query = entry.name.includes('query') && entry.method === 'GET';
  const path = query ? fill(`${SIGN_IN}?authCode={{GOOD_CODE}}&code={{GOOD_CODE}}`) : SIGN_IN;
  return send(app, { method: entry.method, path, headers, body: generated });
}

function generate(generator: Exclude<BodyGenerator, { kind: 'rawTE' }>): string | Buffer {
  switch (generator.kind) {
    case 'base64':
      return Buffer.from(
        Buffer.from(generator.value, 'base64').toString('latin1').replace('authCode', 'code'),
        'latin1',
      );
    case 'repeatString':
      return `{"code":"${generator.char.repeat(generator.bytes)}"}`;
    case 'nest':
      return `{"code":${generator.open.repeat(generator.depth)}${generator.close.repeat(generator.depth)}}`;
    case 'nestObj':
      return `${'{"code":'.repeat(generator.depth)}1${'}'.repeat(generator.depth)}`;
  }
}

/** One request that says its length in two ways. Whoever answers it is asked nothing more on that connection. */
async function sendTwiceFramed(headers: Record<string, string>, body: string): Promise<WireAnswer> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const chunk = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const head = [
    `POST ${SIGN_IN} HTTP/1.1`,
    'host: app.example.com',
    ...lines,
    `content-length: ${Buffer.byteLength(chunk)}`,
    'transfer-encoding: chunked',
  ];
  const { text } = await exchangeRaw(
    Number(new URL(app.url).port),
    `${head.join('\r\n')}\r\n\r\n${chunk}`,
    3000,
  );
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), headers: {}, text, json: undefined };
}

function checkAnswer(entry: LoginEntry, answer: WireAnswer, code: string): void {
  const allowed = entry.id in DEVIATIONS ? [401] : entry.expect.status;
  expect(allowed, answer.text).toContain(answer.status);
  expect(JSON.stringify([answer.headers, answer.text])).not.toContain(code);
  // Node and Next refuse these two before they reach us.
  if (entry.bodyGenerator?.kind === 'rawTE' || entry.method === 'TRACE') return;
  expect(answer.headers['cache-control']).toBe('private, no-store');
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  if (answer.status === 200) {
    expect(answer.json.next).toBe('/');
  } else {
    const { code: errorCode, message, requestId } = answer.json.error;
    expect(message).not.toBe('');
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    if (entry.expect.errorCode) expect(errorCode).toBe(entry.expect.errorCode);
  }
}

async function placeholders(code: string): Promise<(text: string) => string> {
  const values: Record<string, string> = {
    GOOD_CODE: code,
    GOOD_CODE_B: emulator.control.mintCode(userB),
    UNKNOWN_CODE: randomBytes(16).toString('hex'),
    OAUTH_CODE: emulator.control.mintCode(userA, { kind: 'oauth' }),
    CORP_ID: emulator.corpId,
    CORP_ID_UPPER: emulator.corpId.toUpperCase(),
    SESSION_A: `${COOKIE}=${(await signIn(userA)).session}`,
    OTHER_BROWSER_CHALLENGE: '__Host-dingpass-challenge=of-another-browser',
  };
  return (text) =>
    text
      .replaceAll('"authCode"', '"code"')
      .replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? `no value for ${name}`);
}

function post(body: string, headers: Record<string, string>): Promise<WireAnswer> {
  return send(app, { method: 'POST', path: SIGN_IN, headers, body });
}

async function signIn(userid: string, headers: Record<string, string> = {}) {
  const code = emulator.control.mintCode(userid);
  const answer = await post(JSON.stringify({ code }), {
    'content-type': 'application/json',
    origin: ORIGIN,
    'x-forwarded-for': '203.0.113.9',
    ...headers,
  });
  expect(answer.status).toBe(200);
  return { answer, session: sessionOf(answer) };
}

function sessionOf(answer: WireAnswer): string {
  return givenCookie(answer, COOKIE) ?? '';
}

async function userOf(session: string): Promise<string | undefined> {
  const answer = await send(app, { path: SIGN_IN, headers: { cookie: `${COOKIE}=${session}` } });
  return answer.json.member?.userId;
}

function exchanges(): number {
  return emulator.control.calls().byEndpoint['/topapi/v2/user/getuserinfo'] ?? 0;
}
