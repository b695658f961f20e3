import { randomUUID } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, SESSION_SECRET, startApp } from '../support/app';
import { openCorpus } from '../support/corpus';
import { givenCookie, send, sendRsc, type WireAnswer } from '../support/raw-request';
import { CALLBACK_ENV, postEvent } from '../support/staff';

interface CookieEntry {
  id: string;
  name: string;
  mutation: Mutation;
  expect: {
    state: 'anonymous' | 'anonymous-or-same-user' | 'one-user-everywhere' | 'same-user' | 'http-431';
    clearsBadCookie: boolean | null;
  };
}

type Mutation =
  | { op: 'literal'; value: string }
  | { op: 'repeat'; char: string; count: number }
  | { op: 'setPart'; part: number; value: string }
  | { op: 'flip'; part: number }
  | { op: 'truncate'; part: number; dropFromEnd: number }
  | { op: 'addToPart'; part: number; ms: number }
  | { op: 'copyPartFrom'; part: number }
  | { op: 'upper' }
  | { op: 'wrap'; left: string; right: string }
  | { op: 'insertPart'; at: number; value: string }
  | { op: 'append'; value: string }
  | { op: 'append2'; part: number; value: string }
  | {
      op: 'mint';
      key?: 'foreign' | 'retired';
      ttlSeconds?: number;
      payload?: Record<string, unknown>;
    }
  | { op: 'mintRaw'; value: unknown; tail?: string }
  | { op: 'otherPurpose'; purpose: string }
  | { op: 'revoked'; how: string; mintClockSkewSeconds?: number; thenEvent?: string }
  | { op: 'header' | 'authHeader' | 'query'; value: string }
  | { op: 'headerBytes'; hex: string; thenValue: string }
  | { op: 'headerPad'; bytes: number }
  | { op: 'headerMany'; count: number };

/** What a hostile visitor sends: headers, and what follows the path. */
interface Sent {
  headers: Record<string, string>;
  query?: string;
}

const ORIGIN = 'https://app.example.com';
const BARE = 'dingpass';
const NAME = `__Host-${BARE}`;
const KEY = 'a';
const TTL_SECONDS = 43200;
const FOREIGN_SECRET = 'somebody-elses-secret-of-more-than-32-characters';

let emulator: Emulator;
let app: App;
let sessionA: string;
let sessionB: string;
let userA: string;
let names: string[];

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  app = await startApp({ emulator, origin: ORIGIN, env: CALLBACK_ENV });
  const [a, b] = [emulator.company.people[0]!, emulator.company.people[1]!];
  userA = a.userid;
  names = [a.name, b.name];
  sessionB = await signIn(b.userid);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const corpus = openCorpus<CookieEntry>('cookie-tampering', {});

test('a cookie that is minted as the others are, and not spoilt, is a session: the mint is no defence', async () => {
  const value = await mint();
  const answer = await ask('/api/session', { headers: cookie(value) });
  expect({ status: answer.status, user: answer.json.member.userId }).toEqual({ status: 200, user: userA });
});

corpus.each(
  ({ name }) => name,
  async (entry) => {
    // A new one each time: a sign-in ends the session that it replaces.
    sessionA = await signIn(userA);
    for (const sent of await spoil(entry.mutation)) await check(entry, sent);
  },
);

test('a seal of our key whose subject is not a string, or whose times make no sense, is nobody', async () => {
  const now = nowSeconds();
  const payloads = [
    { userId: 7 },
    { userId: ['x'] },
    { userId: '' },
    { userId: 'x'.repeat(65) },
    { corpId: undefined },
    { corpId: null },
    { purpose: undefined },
    { purpose: 'oauth-state' },
    { v: undefined },
    { v: '4' },
    { v: 3 },
    { generation: undefined },
    { generation: -1 },
    { generation: 1000 },
    { epoch: undefined },
    { epoch: '1' },
    { epoch: 1 },
    { epoch: Number.MAX_SAFE_INTEGER },
    { sequence: undefined },
    { sequence: -1 },
    { sequence: Number.MAX_SAFE_INTEGER },
    { databaseId: undefined },
    { databaseId: 1 },
    { databaseId: 1, sequence: 1000 },
    { id: 'not-a-uuid' },
    { isAdmin: true },
    { method: 'window' },
    { issuedAt: -1, expiresAt: 1 },
    { issuedAt: now + 3600, expiresAt: now + 3600 + TTL_SECONDS },
    { expiresAt: now + 10 * TTL_SECONDS },
    { expiresAt: Number.MAX_SAFE_INTEGER },
    { expiresAt: 'never' },
    { expiresAt: now },
  ];
  for (const payload of payloads) {
    const answer = await ask('/api/session', { headers: cookie(await mint({ payload })) });
    expect({ payload, status: answer.status }).toEqual({ payload, status: 401 });
  }
});

test('a cookie that is there twice is nobody, whichever comes first, even where both are the same', async () => {
  const [a, b] = [await signIn(userA), sessionB];
  for (const [first, second] of [
    [a, b],
    [b, a],
    [a, a],
    [a, 'broken'],
    ['broken', a],
    [a, ''],
  ]) {
    const header = { cookie: `${NAME}=${first}; x=1; ${NAME}=${second}` };
    expect((await ask('/api/session', { headers: header })).status).toBe(401);
    expect((await ask('/me', { headers: header })).status).toBe(307);
  }
});

test('a cookie is refused for good reasons that the log names, and the log never has the cookie', () => {
  const reasons = app
    .output()
    .split('\n')
    .filter((line) => line.includes('"event":"session-refused"'))
    .map((line) => JSON.parse(line).reason);
  expect([...new Set(reasons)].sort()).toEqual([
    'duplicate',
    'ended',
    'not-ours',
    'other-company',
    'unknown-key',
    'wrong-shape',
  ]);
  expect(app.output()).not.toContain('Fe26');
});

corpus.report({
  total: 50,
  applying: 50,
  deviations: {
    'CK-060': 'a session is never renewed, so its absolute lifetime is its only one',
    'CK-088': 'a cookie of another name is not ours to clear; it opens nothing',
  },
});

async function check({ expect: { state, clearsBadCookie } }: CookieEntry, sent: Sent): Promise<void> {
  const [api, page, rsc, home, login] = await Promise.all([
    ask('/api/session', sent),
    ask('/me', sent),
    sendRsc(app, { path: `/me${sent.query ?? ''}`, headers: sent.headers }),
    ask('/', sent),
    ask('/login', sent),
  ]);
  const surfaces = [api, page, rsc, home, login];
  for (const { status } of surfaces) expect(status).toBeLessThan(500);
  const users = surfaces.map(userSeen);
  if (state === 'http-431') {
    expect(surfaces.map(({ status }) => status)).toEqual(Array(surfaces.length).fill(431));
    return;
  }
  // The HTTP server's own limit comes before ours.
  if (api.status === 431) return;
  expect(new Set(users).size, `all surfaces see the same: ${users}`).toBe(1);
  if (state === 'anonymous') expect(users[0]).toBe('nobody');
  if (state === 'anonymous-or-same-user') expect(['nobody', 'A']).toContain(users[0]);
  if (state === 'same-user') expect(users[0]).toBe('A');
  if (users[0] === 'nobody') {
    expect([page, home].map(({ status }) => status)).toEqual([307, 307]);
    // What does not open is sent away by proxy.ts, what has ended by the page.
    if (rsc.status === 307) expect(rsc.headers.location).toMatch(/^\/login\?next=/);
    else expect(rsc.text).toMatch(/NEXT_REDIRECT;\w+;\/login/);
    expect(page.headers.location).toMatch(/^\/login\?next=%2Fme/);
    expect(login.status).toBe(200);
  }
  const underOurName = new RegExp(`(^|; ?)${NAME}=`).test(sent.headers.cookie ?? '');
  if (clearsBadCookie && underOurName) {
    expect(api.headers['set-cookie']).toEqual([
      `${NAME}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
    ]);
  }
  // No lock-out: with the bad cookie still there, a sign-in works and replaces it.
  const again = await signIn(userA, sent.headers);
  expect((await ask('/api/session', { headers: cookie(again) })).status).toBe(200);
}

/** Whom a surface takes the visitor for. */
function userSeen(answer: WireAnswer): 'A' | 'B' | 'nobody' {
  const [a, b] = names.map((name) => answer.text.includes(name));
  if (a && b) throw new Error('an answer shows two people');
  // The sign-in page shows no name: it sends those who are in on their way.
  if (answer.status === 307 && answer.headers.location === '/') return 'A';
  return a ? 'A' : b ? 'B' : 'nobody';
}

async function spoil(mutation: Mutation): Promise<Sent[]> {
  const values = (list: string[]) => list.map((value) => ({ headers: cookie(value) }));
  switch (mutation.op) {
    case 'literal':
      return values([mutation.value, `${KEY}.${mutation.value}`]);
    case 'repeat':
      return values([mutation.char.repeat(mutation.count), mutation.char.repeat(5000)]);
    case 'setPart':
      // The seal's own key id is its second part; which key we take stands before the seal.
      return values([
        onParts((parts) => parts.with(mutation.part, mutation.value)),
        ...(mutation.part === 1 ? [`${mutation.value}.${sealOf(sessionA)}`] : []),
      ]);
    case 'flip':
      return values([
        onParts((parts) => parts.with(mutation.part, flip(parts[mutation.part]!, 0))),
        onParts((parts) => parts.with(mutation.part, flip(parts[mutation.part]!, 10))),
      ]);
    case 'truncate':
      return values([
        onParts((parts) => parts.with(mutation.part, parts[mutation.part]!.slice(0, -mutation.dropFromEnd))),
      ]);
    case 'addToPart':
      return values([
        onParts((parts) => parts.with(mutation.part, String(Number(parts[mutation.part]) + mutation.ms))),
      ]);
    case 'copyPartFrom':
      return values([
        onParts((parts) => parts.with(mutation.part, sealOf(sessionB).split('*')[mutation.part]!)),
      ]);
    case 'upper':
      return values([sessionA.toUpperCase(), `${KEY}.${sealOf(sessionA).toUpperCase()}`]);
    case 'wrap':
      return values([mutation.left + sessionA + mutation.right]);
    case 'insertPart':
      return values([onParts((parts) => parts.toSpliced(mutation.at, 0, mutation.value))]);
    case 'append':
      return values([sessionA + mutation.value]);
    case 'append2':
      return values([
        onParts((parts) => {
          const [mac = '', ...tail] = parts[mutation.part]!.split('~');
          return parts.with(mutation.part, [mac + mutation.value, ...tail].join('~'));
        }),
      ]);
    case 'mint':
      return values(await mintSpoilt(mutation));
    case 'mintRaw': {
      const seal = await sealed(mutation.value);
      return values([`${KEY}.${mutation.tail === undefined ? seal : seal.replace(/~2$/, mutation.tail)}`]);
    }
    case 'otherPurpose':
      return values([await mint({ payload: { purpose: mutation.purpose } })]);
    case 'revoked': {
      if (mutation.how !== 'logout') return values(await revokedByEvents(mutation));
      await send(app, {
        method: 'DELETE',
        path: '/api/session',
        headers: { ...cookie(sessionA), origin: ORIGIN },
      });
      return values([sessionA]);
    }
    case 'header':
      return [{ headers: { cookie: fill(mutation.value) } }];
    case 'headerBytes': {
      const bytes = Buffer.from(mutation.hex, 'hex').toString('latin1');
      const value = bytes + fill(mutation.thenValue);
      return [{ headers: { cookie: value } }, { headers: { cookie: `a=1; ${value}` } }];
    }
    case 'headerPad':
      return [{ headers: { cookie: `${NAME}=${sessionA}; pad=${'p'.repeat(mutation.bytes)}` } }];
    case 'headerMany': {
      const others = Array.from({ length: mutation.count }, (_, index) => `c${index}=${index}`);
      return [{ headers: { cookie: [...others, `${NAME}=${sessionA}`].join('; ') } }];
    }
    case 'authHeader':
      return [{ headers: { authorization: fill(mutation.value) } }];
    case 'query':
      return [{ headers: {}, query: fill(mutation.value) }];
  }
}

/** The corpus' payloads are in the spelling of another project; the meaning is kept. */
async function mintSpoilt(mutation: Extract<Mutation, { op: 'mint' }>): Promise<string[]> {
  const now = nowSeconds();
  if (mutation.key === 'foreign') return [await mint({ secret: FOREIGN_SECRET })];
  if (mutation.key === 'retired') {
    const value = await mint({ secret: FOREIGN_SECRET });
    return [value, value.replace(/^a\./, 'retired.')];
  }
  // The library still takes it: only our own end of it is over.
  if (mutation.ttlSeconds !== undefined) {
    const expiresAt = now + mutation.ttlSeconds;
    return [await mint({ payload: { expiresAt, issuedAt: expiresAt - TTL_SECONDS } })];
  }
  const spoilt: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(mutation.payload ?? {})) {
    if (name === 'exp') spoilt.expiresAt = value === null ? undefined : now * 1000;
    else if (name === 'authTime') spoilt.issuedAt = now - TTL_SECONDS - 1;
    else if (name === 'iat') spoilt.expiresAt = now + TTL_SECONDS - 10;
    else if (name === 'userid') spoilt.userId = value ?? undefined;
    else spoilt[name] = value;
  }
  return [await mint({ payload: spoilt })];
}

/** Sessions of A, one of them made by an instance whose clock is ahead, after A has left. */
async function revokedByEvents(mutation: { mintClockSkewSeconds?: number; thenEvent?: string }) {
  const issuedAt = nowSeconds() + (mutation.mintClockSkewSeconds ?? 0);
  const minted = await mint({ payload: { issuedAt, expiresAt: issuedAt + TTL_SECONDS } });
  for (const EventType of ['user_leave_org', mutation.thenEvent]) {
    if (EventType) expect(await postEvent(app, emulator, { EventType, UserId: [userA] })).toBe(200);
  }
  return [sessionA, minted];
}

/** The numbers under which A's sessions are made at the moment. */
async function standing(): Promise<{
  generation: number;
  epoch: number;
  sequence: number;
  databaseId: number;
}> {
  const session = await signIn(userA);
  return unsealData(session.slice(session.indexOf('.') + 1), { password: SESSION_SECRET });
}

/** A session of A as the app would make it, but for what is spoilt. */
async function mint({ payload = {}, secret = SESSION_SECRET }: { payload?: object; secret?: string } = {}) {
  const { generation, epoch, sequence, databaseId } = await standing();
  const issuedAt = nowSeconds();
  const session = {
    v: 4,
    generation,
    epoch,
    sequence,
    databaseId,
    purpose: 'session',
    id: randomUUID(),
    corpId: emulator.corpId,
    userId: userA,
    name: names[0],
    method: 'webview',
    issuedAt,
    expiresAt: issuedAt + TTL_SECONDS,
    ...payload,
  };
  return `${KEY}.${await sealed(session, secret)}`;
}

function sealed(value: unknown, password = SESSION_SECRET): Promise<string> {
  return sealData(value as object, { password, ttl: TTL_SECONDS });
}

function onParts(change: (parts: string[]) => string[]): string {
  return `${KEY}.${change(sealOf(sessionA).split('*')).join('*')}`;
}

function sealOf(session: string): string {
  return session.slice(session.indexOf('.') + 1);
}

function flip(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

function fill(text: string): string {
  const parts = sealOf(sessionA).split('*');
  const values: Record<string, string> = {
    NAME,
    BARE,
    SESSION_A: sessionA,
    SESSION_B: sessionB,
    SEAL_PART0: `${KEY}.${parts.slice(0, 3).join('*')}`,
    SEAL_PART2: parts.slice(5).join('*'),
  };
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? `no value for ${name}`);
}

function cookie(value: string): Record<string, string> {
  return { cookie: `${NAME}=${value}` };
}

function ask(path: string, { headers, query = '' }: Sent): Promise<WireAnswer> {
  return send(app, { path: path + query, headers });
}

async function signIn(userid: string, headers: Record<string, string> = {}): Promise<string> {
  const body = JSON.stringify({ code: emulator.control.mintCode(userid) });
  const answer = await send(app, {
    method: 'POST',
    path: '/api/session',
    headers: { ...headers, 'content-type': 'application/json', origin: ORIGIN },
    body,
  });
  expect(answer.status).toBe(200);
  return givenCookie(answer, NAME) ?? '';
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
