import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { countCalls } from '../support/telephone';
import { signedIn, Visitor } from '../support/visitor';

/** One way to misuse `POST /api/session`, as `tests/corpora/login-bodies.json` has it. */
interface Misuse {
  id: string;
  class: string;
  name: string;
  method: string;
  headers: Record<string, string>;
  body?: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: each generator has parameters of its own
  bodyGenerator?: { kind: string; [parameter: string]: any };
  expect: { status: number[]; maxUpstreamCalls: number; setsSession: boolean | string; errorCode?: string };
}
const corpus: Misuse[] = JSON.parse(
  readFileSync(new URL('../corpora/login-bodies.json', import.meta.url), 'utf8'),
).entries;

let emulator: Emulator;
let app: App;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  ({ userid } = emulator.company.people[0]!);
  app = await startApp({ emulator });
  await signedIn(app, emulator, userid);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

/** Fills in what an entry leaves open, in our names of fields. */
function fill(text: string): string {
  const codes: Record<string, () => string> = {
    GOOD_CODE: () => emulator.control.mintCode(userid),
    GOOD_CODE_B: () => emulator.control.mintCode(emulator.company.people[1]!.userid),
    OAUTH_CODE: () => emulator.control.mintCode(userid, { kind: 'oauth' }),
    UNKNOWN_CODE: () => 'well-formed-but-unknown',
    CORP_ID: () => emulator.corpId,
    CORP_ID_UPPER: () => emulator.corpId.toUpperCase(),
  };
  return text
    .replaceAll('authCode', 'code')
    .replaceAll('https://app.example.com', app.origin)
    .replaceAll(/\{\{(\w+)\}\}/g, (whole, name) => codes[name]?.() ?? whole);
}

function bodyOf({ body, bodyGenerator: how }: Misuse): BodyInit | null {
  switch (how?.kind) {
    case undefined:
      return body == null ? null : fill(body);
    case 'base64':
      return Buffer.from(fill(Buffer.from(how.value, 'base64').toString('latin1')), 'latin1');
    case 'repeatString': {
      const frame = '{"code":""}';
      return `{"code":"${how.char.repeat(how.bytes - frame.length)}"}`;
    }
    case 'nest':
      return how.open.repeat(how.depth) + how.close.repeat(how.depth);
    case 'nestObj':
      return `${'{"a":'.repeat(how.depth)}1${'}'.repeat(how.depth)}`;
    default:
      throw new Error(`no such generator: ${how.kind}`);
  }
}

/** What one request cannot say, or HTTP itself refuses, has tests of its own below or in door.test.ts. */
const single = corpus.filter(
  ({ bodyGenerator, name, method }) =>
    bodyGenerator?.kind !== 'rawTE' && method !== 'TRACE' && name !== 'same code 10 at once',
);

test.each(single)('$id $class: $name', async (entry) => {
  const visitor = new Visitor(app);
  const headers = Object.fromEntries(
    Object.entries(entry.headers)
      .filter(([name]) => name !== 'cookie')
      .map(([name, value]) => [name, fill(value)]),
  );
  const calls = countCalls(emulator);
  const query = entry.name === 'GET with code in the query' ? fill('?code={{GOOD_CODE}}') : '';
  const answer = await visitor.ask(`/api/session${query}`, {
    method: entry.method,
    headers,
    body: bodyOf(entry),
  });
  // Our GET says who is signed in: it takes no code, and answers that nobody is.
  const statuses = entry.method === 'GET' ? [401] : entry.expect.status;
  expect(statuses).toContain(answer.status);
  expect(calls().total).toBeLessThanOrEqual(entry.expect.maxUpstreamCalls);
  expect(answer.headers.get('cache-control')).toMatch(/no-store/);
  if (answer.status !== 200)
    expect(answer.json.error).toMatchObject({ code: expect.any(String), requestId: expect.any(String) });
  if (entry.expect.errorCode) expect(answer.json.error.code).toBe(entry.expect.errorCode);
  if (entry.expect.setsSession === true) expect(visitor.cookies.size).toBe(1);
  if (entry.expect.setsSession === false) expect(visitor.cookies.size).toBe(0);
  if (answer.status === 200)
    expect(['code'].concat(Object.keys(answer.json.member))).not.toContain('isAdmin');
});

test('whoever claims to be somebody else is who DingTalk says', async () => {
  const visitor = new Visitor(app);
  const claims = {
    userid: 'admin',
    userId: 'admin',
    isAdmin: true,
    role: 'owner',
    member: { userId: 'admin' },
  };
  const code = emulator.control.mintCode(userid);
  await visitor.post('/api/session', { ...claims, code });
  expect((await visitor.ask('/api/session')).json.member.userId).toBe(userid);
});

/** Sends bytes as they are, and gives back the status line and how long it took. */
async function raw(head: string[], ...chunks: string[]): Promise<{ text: string; ms: number }> {
  const started = performance.now();
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data)).on('error', () => undefined);
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  for (const chunk of chunks) {
    socket.write(chunk);
    await delay(10);
  }
  for (const end = performance.now() + 8000; text === '' && performance.now() < end; ) await delay(20);
  socket.destroy();
  return { text, ms: performance.now() - started };
}
const head = (...more: string[]) => [
  'POST /api/session HTTP/1.1',
  `host: ${new URL(app.url).host}`,
  `origin: ${app.origin}`,
  'content-type: application/json',
  ...more,
];

test('a request with both a length and chunks is refused', async () => {
  const calls = countCalls(emulator);
  const body = JSON.stringify({ code: emulator.control.mintCode(userid) });
  const { text } = await raw(head(`content-length: ${body.length}`, 'transfer-encoding: chunked'), body);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(calls().total).toBe(0);
});

test('a body without a length is cut off at the limit, not at its end', async () => {
  const chunk = `1000\r\n${'a'.repeat(4096)}\r\n`;
  const { text, ms } = await raw(head('transfer-encoding: chunked'), ...Array(6).fill(chunk));
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(ms).toBeLessThan(2000);
});

test('a body that is announced too large is refused unread', async () => {
  const { text, ms } = await raw(head('content-length: 10485760'));
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(ms).toBeLessThan(2000);
});

test('a body that does not arrive is given up after five seconds', async () => {
  const { text, ms } = await raw(head('content-length: 100'), '{"code":');
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(ms).toBeGreaterThan(4500);
  expect(ms).toBeLessThan(7000);
});
