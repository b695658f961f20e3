import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { createGate } from '../../../gate/server';
import { openRules } from '../../../lib/auth/access/rules';
import { hashOf, type Ticket, tickets } from '../../../lib/auth/tickets';
import { hostSessions } from '../../../lib/session/host-session';
import { type Session, sessionCookies } from '../../../lib/session/session-cookie';
import { sessions } from '../../../lib/session/sessions';
import { openDatabases } from '../../../lib/storage/databases';
import { appEnv } from '../../support/app';
import { send } from '../../support/raw-request';

/** What an upstream's script, which shares its host's origin with the gate's pages, can do by them. */

const WIKI = 'wiki.example.com';
const TEAM = 'team.example.com';
const ORIGIN = 'https://app.example.com';
const OWN = { host: WIKI, origin: `https://${WIKI}`, 'sec-fetch-site': 'same-origin' };
const PAGE = { host: WIKI, accept: 'text/html', 'sec-fetch-mode': 'navigate' };

let emulator: Emulator;
let server: Server;
let gate: { url: string };
/** Signed in at DingTalk an hour ago. */
let parent: Session;

beforeAll(async () => {
  emulator = await startEmulator({ members: 10, departments: 2, enforceQps: false });
  const folder = mkdtempSync(join(tmpdir(), 'hostile-script-'));
  const rules = join(folder, 'access.jsonc');
  writeFileSync(
    rules,
    `[{ "at": "${WIKI}/*", "for": ["everybody"] }, { "at": "${TEAM}/*", "for": ["everybody"] },
      { "at": "${WIKI}/fresh/*", "for": ["everybody"], "recent": 30 }]`,
  );
  const env = {
    ...appEnv(emulator, ORIGIN),
    DATA_DIR: folder,
    LOG_LEVEL: 'silent',
    ACCESS_FILE: rules,
    GATE_LISTEN: '127.0.0.1:0',
    GATE_HOSTS: `${WIKI},${TEAM}`,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
  await openRules();
  server = createGate().listen(0, '127.0.0.1');
  await once(server, 'listening');
  gate = { url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
  const draft = sessionCookies().draft({ userId: 'zhang', name: '张伟', method: 'webview' });
  const old = { ...draft, issuedAt: draft.issuedAt - 3600, expiresAt: draft.expiresAt - 3600 };
  const version = await sessions().open(
    { ...old, client: 'unknown' as never },
    { since: await sessions().sequence(), line: { event: 'sign-in', userId: 'zhang', sessionId: old.id } },
  );
  parent = { ...old, ...version };
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await emulator.close();
});

const NONCE = 'n'.repeat(43);
const BEGUN = `__Host-dingpass-begun=${NONCE}`;
const issue = (more: Partial<Ticket> = {}) =>
  tickets().issue({
    purpose: 'return',
    userId: 'zhang',
    host: WIKI,
    nonceHash: hashOf(NONCE),
    parent,
    ...more,
  });
const bring = (ticket: string, host = WIKI, cookie = BEGUN) =>
  send(gate, { path: `/.dingpass/ticket?ticket=${ticket}&rd=/`, headers: { ...PAGE, host, cookie } });
const sessionIn = (answer: { headers: { 'set-cookie'?: string[] | undefined } }) =>
  answer.headers['set-cookie']?.find((line) => /dingpass-host=[^;]/.test(line))?.split(';')[0];

async function signedInOn(host: string): Promise<string> {
  const cookie = sessionIn(await bring(await issue({ host }), host));
  if (!cookie) throw new Error('no session');
  return cookie;
}

const verify = (path: string, cookie: string, host = WIKI, more: Record<string, string | string[]> = {}) =>
  send(gate, {
    path: '/.dingpass/verify/forward-auth',
    headers: {
      host: 'gate.internal',
      cookie,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': host,
      'x-forwarded-uri': path,
      ...more,
    },
  });

test('the link of a refusal stays on this host, whatever the path looks like', async () => {
  const cookie = await signedInOn(WIKI);
  const { status, text } = await verify('//evil.example/x', cookie, WIKI, {
    accept: 'text/html',
    'sec-fetch-mode': 'navigate',
  });
  expect(status).toBe(403);
  expect(text).toContain(`href="https://${WIKI}//evil.example/x"`);
  expect(text).not.toContain('href="//');
});

describe('a database that fails in the middle of a request', () => {
  afterEach(() => void vi.restoreAllMocks());

  test('is told to people on the way back from the main origin, and spends no ticket', async () => {
    const ticket = await issue();
    vi.spyOn(tickets(), 'find').mockRejectedValueOnce(new Error('away'));
    const answer = await bring(ticket);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    expect(sessionIn(await bring(ticket))).toBeDefined();
  });

  test('lets nobody in, and is told as what it is', async () => {
    const cookie = await signedInOn(WIKI);
    vi.spyOn(hostSessions(), 'open').mockRejectedValueOnce(new Error('away'));
    const answer = await verify('/p', cookie);
    expect([answer.status, answer.headers['remote-user']]).toEqual([503, '']);
  });
});

describe('a recent sign-in', () => {
  test('is that at DingTalk: no ticket passes for one, however often it is asked for', async () => {
    for (let time = 0; time < 3; time++) {
      const cookie = await signedInOn(WIKI);
      expect((await verify('/p', cookie)).status).toBe(200);
      const { status, json } = await verify('/fresh/x', cookie);
      expect([status, (json as { error: { code: string } }).error.code]).toEqual([401, 'SIGN_IN_AGAIN']);
    }
  });

  test.each(['', '&within=0', '&within=9999', '&within=-1', '&within=x', '&within=1&within=9999'])(
    'a page that asks for one sends there, and names its own minutes, whatever a script adds: %s',
    async (added) => {
      const cookie = await signedInOn(WIKI);
      const path = `/.dingpass/sign-in?via=main${added}&rd=/fresh/x`;
      const { headers } = await send(gate, { path, headers: { ...PAGE, cookie: `${cookie}; ${BEGUN}` } });
      const there = new URL(headers.location!);
      expect([there.origin, there.pathname, there.searchParams.get('within')]).toEqual([
        ORIGIN,
        '/gate',
        '30',
      ]);
    },
  );
});

describe('a ticket', () => {
  test('of another purpose, another host, another nonce or twice opens nothing', async () => {
    for (const more of [
      { purpose: 'hand-off' as const },
      { purpose: 'hand-off' as const, host: '' },
      { purpose: 'break-glass' as const, host: '', nonceHash: undefined },
      { host: TEAM },
      { nonceHash: hashOf('m'.repeat(43)) },
      { nonceHash: undefined },
      { parent: undefined },
    ])
      expect(sessionIn(await bring(await issue(more)))).toBeUndefined();
    const good = await issue();
    for (const cookie of ['', `${BEGUN}; ${BEGUN}`, `__Host-dingpass-begun=${hashOf(NONCE)}`])
      expect(sessionIn(await bring(good, WIKI, cookie))).toBeUndefined();
    expect(sessionIn(await bring(good, TEAM))).toBeUndefined();
    expect(sessionIn(await bring(good))).toBeDefined();
    expect(sessionIn(await bring(good))).toBeUndefined();
  });

  test('brought a hundred times at once is good once', async () => {
    const ticket = await issue();
    const answers = await Promise.all(Array.from({ length: 100 }, () => bring(ticket)));
    expect(answers.filter((answer) => sessionIn(answer))).toHaveLength(1);
  });
});

describe('a script of the host', () => {
  test('signs nobody in, and out of this host only', async () => {
    const [wiki, team] = [await signedInOn(WIKI), await signedInOn(TEAM)];
    const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
    const body = JSON.stringify({ code });
    const posted = await send(gate, {
      path: '/.dingpass/session',
      method: 'POST',
      headers: { ...OWN, 'content-type': 'application/json' },
      body,
    });
    expect([posted.status, sessionIn(posted)]).toEqual([404, undefined]);
    const out = await send(gate, {
      path: '/.dingpass/sign-out',
      method: 'POST',
      headers: { ...OWN, cookie: `${wiki}; ${team}` },
      body: '',
    });
    // Two sessions: there is no telling whose is meant, and none ends.
    expect(out.headers.location).toBe(`${ORIGIN}/signed-out?host=${WIKI}`);
    await send(gate, {
      path: '/.dingpass/sign-out',
      method: 'POST',
      headers: { ...OWN, cookie: team },
      body: '',
    });
    expect((await verify('/p', team, TEAM)).status).toBe(200);
    await send(gate, {
      path: '/.dingpass/sign-out',
      method: 'POST',
      headers: { ...OWN, cookie: wiki },
      body: '',
    });
    expect((await verify('/p', wiki)).status).toBe(401);
    expect((await verify('/p', team, TEAM)).status).toBe(200);
    expect(await sessions().verify(parent)).toBe('valid');
  });

  test.each([
    { origin: `https://${TEAM}` },
    { origin: 'null' },
    { origin: `https://${WIKI}`, 'sec-fetch-site': 'same-site' },
    { origin: `http://${WIKI}` },
    {},
  ])('of another host ends no session here: %j', async (headers) => {
    const cookie = await signedInOn(WIKI);
    const { status } = await send(gate, {
      path: '/.dingpass/sign-out',
      method: 'POST',
      headers: { host: WIKI, cookie, ...headers },
      body: '',
    });
    expect(status).toBe(403);
    expect((await verify('/p', cookie)).status).toBe(200);
  });

  test.each([
    ['/.dingpass/verify/envoy/../../sign-in'],
    ['/.dingpass/verify/envoy/%2e%2e/x'],
    ['/.dingpass/verify/envoy/..%2fx'],
    ['/.dingpass/verify/envoy/.%5cx'],
    ['/.dingpass/verify/envoy/..'],
    ['/.dingpass/verify/forward-auth/x'],
    ['/.dingpass/verify/nginx/x'],
    ['/.dingpass/verify/'],
    ['/.dingpass/verify/envoyx/p'],
  ])('gets no answer to the question by %s', async (path) => {
    const cookie = await signedInOn(WIKI);
    const description = {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': WIKI,
      'x-forwarded-uri': '/p',
      'x-original-method': 'GET',
      'x-original-url': `https://${WIKI}/p`,
    };
    const lines = Object.entries({ host: WIKI, cookie, ...description }).map((pair) => pair.join(': '));
    const answer = await sendAsIs([`GET ${path} HTTP/1.1`, ...lines]);
    expect(answer).toMatch(/^HTTP\/1\.1 404/);
    expect(answer).not.toMatch(/remote-user/i);
  });

  test.each(['Origin', 'Sec-Fetch-Site', 'User-Agent', 'Upgrade', 'X-Forwarded-Host', 'Host'])(
    'a header that is sent twice is refused, and is no fault of the gate: %s',
    async (name) => {
      const twice = [`${name}: ${WIKI}`, `${name}: x`];
      const host = name === 'Host' ? [] : [`Host: ${WIKI}`];
      const answer = await sendAsIs(['GET /.dingpass/denied HTTP/1.1', ...host, ...twice]);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/);
    },
  );

  test('a question is understood in capital letters of its scheme, and Envoy’s by its path', async () => {
    const cookie = await signedInOn(WIKI);
    expect((await verify('/p', cookie, WIKI, { 'x-forwarded-proto': 'HTTPS' })).status).toBe(200);
    expect((await verify('/p', cookie, WIKI, { 'x-forwarded-proto': 'http' })).status).toBe(401);
    const envoy = await send(gate, {
      path: '/.dingpass/verify/envoy/a%2Fb/..c?x=../y',
      headers: { host: WIKI, cookie },
    });
    // In normal form or not is for the rules to say: this host has several.
    expect(envoy.status).toBe(403);
    const plain = await send(gate, {
      path: '/.dingpass/verify/envoy/a/b?x=../y',
      headers: { host: WIKI, cookie },
    });
    expect([plain.status, plain.headers['remote-user']]).toEqual([200, 'zhang']);
  });
});

/** Dot segments and all. */
function sendAsIs(lines: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(new URL(gate.url).port), '127.0.0.1', () =>
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`),
    );
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {}).on('close', () => resolve(text));
  });
}
