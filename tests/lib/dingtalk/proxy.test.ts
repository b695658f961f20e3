import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { createProxyFor, parseProxy } from '../../../lib/dingtalk/outgoing-proxy';
import { createOpenSocket } from '../../../lib/dingtalk/stream/socket';
import { listMemberIds } from '../../../lib/dingtalk/users';
import { fromDingTalk } from '../../../lib/dingtalk-problems';
import { problems } from '../../../lib/errors';
import { bundle } from '../../support/bundle';
import { createAuthority } from '../../support/certificates';
import { type ConnectProxy, startConnectProxy } from '../../support/connect-proxy';
import { takeConsoleOutput } from '../../support/console-guard';
import { createLine, everythingOf, failureOf } from '../../support/dingtalk-client';
import { freePort } from '../../support/port';
import { startTlsFront } from '../../support/tls-front';

const CREDENTIALS = 'proxy-user:p@ss word/of the proxy';

let emulator: Emulator;
const open: { close(): unknown }[] = [];
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, hosts: ['oapi.dingtalk.test'] });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of open.splice(0)) await one.close();
});
afterAll(() => emulator.close());

async function proxyOf(
  options: Partial<Parameters<typeof startConnectProxy>[0]> = {},
): Promise<ConnectProxy> {
  const proxy = await startConnectProxy({ to: emulator.port, ...options });
  open.push(proxy);
  return proxy;
}

/** A client to whom DingTalk is a name that only the proxy knows. */
function lineThrough(proxyUrl: string, scheme: 'http' | 'https' = 'http') {
  const url = `${scheme}://oapi.dingtalk.test`;
  const proxy = parseProxy(proxyUrl);
  return createLine(emulator, {
    apiUrl: url,
    oapiUrl: url,
    proxyFor: createProxyFor({ http: proxy, https: proxy }),
  });
}

// ── Which addresses are asked through a proxy ─────────────────────────────────────────────────────────────────────

const PROXY = new URL('http://proxy.example.com:3128');

test.each([
  ['', 'https://oapi.dingtalk.com', true],
  ['', 'wss://wss-open-connection.dingtalk.com:443/connect', true],
  ['', 'http://10.0.0.1:8080', true],
  ['', 'http://localhost:4010', false],
  ['', 'https://LOCALHOST', false],
  ['', 'http://emulator.localhost:4010', false],
  ['', 'http://127.0.0.1:4010', false],
  ['', 'ws://127.8.9.1:4010', false],
  ['', 'http://[::1]:4010', false],
  ['', 'http://[::ffff:127.0.0.1]:4010', false],
  ['', 'http://0.0.0.0:4010', false],
  ['', 'https://localhost.dingtalk.com', true],
  ['*', 'https://oapi.dingtalk.com', false],
  ['dingtalk.com', 'https://oapi.dingtalk.com', false],
  ['dingtalk.com', 'https://dingtalk.com', false],
  ['dingtalk.com', 'https://notdingtalk.com', true],
  ['.dingtalk.com', 'https://oapi.dingtalk.com', false],
  ['*.dingtalk.com', 'https://oapi.dingtalk.com', false],
  ['other.example, OAPI.DingTalk.com', 'https://oapi.dingtalk.com', false],
  ['other.example oapi.dingtalk.com', 'https://api.dingtalk.com', true],
  ['oapi.dingtalk.com:8443', 'https://oapi.dingtalk.com', true],
  ['oapi.dingtalk.com:443', 'https://oapi.dingtalk.com', false],
  ['10.0.0.0/8', 'https://10.2.3.4', false],
  ['10.0.0.0/8', 'https://11.2.3.4', true],
  ['10.1.2.3', 'https://10.1.2.3:8443', false],
  ['fd00::/8', 'https://[fd12::1]', false],
  ['[fd12::1]:443', 'https://[fd12::1]', false],
  ['10.0.0.0/99', 'https://10.0.0.1', true],
  ['oapi.dingtalk.com.', 'https://oapi.dingtalk.com', true],
])('with NO_PROXY=%s, %s goes through the proxy: %s', (noProxy, url, isProxied) => {
  const proxyFor = createProxyFor({ http: PROXY, https: PROXY, noProxy });
  expect(proxyFor(new URL(url))).toBe(isProxied ? PROXY : undefined);
});

test('a proxy is for addresses of its own scheme', () => {
  const proxyFor = createProxyFor({ https: PROXY });
  expect(proxyFor(new URL('http://oapi.dingtalk.com'))).toBeUndefined();
  expect(proxyFor(new URL('wss://gateway.dingtalk.com'))).toBe(PROXY);
});

// ── Behind a proxy only ───────────────────────────────────────────────────────────────────────────────────────────

test.each([
  ['without authentication', undefined],
  ['with authentication', CREDENTIALS],
])(
  'behind an HTTP proxy only, %s, sign-in, sync and Stream work',
  async (_, credentials) => {
    const authority = createAuthority();
    const front = await startTlsFront({
      authority,
      to: emulator.port,
      streamHost: 'wss-open-connection-union.dingtalk.test',
    });
    open.push(front);
    const proxy = await proxyOf({ to: front.port, ...(credentials && { credentials }) });
    const roots = join(mkdtempSync(join(tmpdir(), 'dingpass-roots-')), 'root.pem');
    writeFileSync(roots, authority.pem);
    const [person] = emulator.company.people;
    const child = spawn(
      process.execPath,
      [await bundle('tests/support/proxied-child.ts'), emulator.control.mintCode(person!.userid)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          NODE_ENV: 'test',
          PATH: process.env.PATH,
          DINGTALK_CORP_ID: emulator.corpId,
          DINGTALK_CLIENT_ID: emulator.clientId,
          DINGTALK_CLIENT_SECRET: emulator.clientSecret,
          DINGTALK_API_URL: 'https://api.dingtalk.test',
          DINGTALK_OAPI_URL: 'https://oapi.dingtalk.test',
          PUBLIC_ORIGIN: 'http://localhost:3000',
          SESSION_KEYS: `a:${'k'.repeat(32)}`,
          LOG_LEVEL: 'silent',
          NODE_EXTRA_CA_CERTS: roots,
          // As a server in a company's network has it: in small letters, with what must not go through the proxy.
          https_proxy: proxy.url,
          no_proxy: 'intranet.example.com,.corp.example.com',
        },
      },
    );
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (/stream-connected/.test(said))
        emulator.control.patchPerson(person!.userid, { title: `title ${credentials}` });
    });
    await once(child, 'exit');
    expect(said).toContain(
      `sign-in ${person!.userid}\nsync complete\nstream-connected \nevent member-changed`,
    );
    expect(new Set(proxy.asked)).toEqual(
      new Set([
        'api.dingtalk.test:443',
        'oapi.dingtalk.test:443',
        'wss-open-connection-union.dingtalk.test:443',
      ]),
    );
    // Connections are kept: a tunnel for each call would be some hundred.
    expect(proxy.asked.length).toBeLessThan(40);
  },
  60_000,
);

test('a tunnel serves many calls, one after the other, and warming has opened it', async () => {
  const proxy = await proxyOf();
  const { client } = lineThrough(proxy.url);
  await client.warm();
  const warmed = proxy.asked.length;
  for (let call = 0; call < 5; call++) await listMemberIds(client, 1);
  expect(proxy.asked.length).toBe(warmed);
});

test('the emulator is asked directly, whatever the settings say', async () => {
  const dead = new URL(`http://127.0.0.1:${await freePort()}`);
  const { client } = createLine(emulator, { proxyFor: createProxyFor({ http: dead, https: dead }) });
  await client.warm();
});

// ── A proxy that gives no way through ─────────────────────────────────────────────────────────────────────────────

async function startTalker(talk: string | null): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (talk === null) socket.destroy();
    else socket.end(talk);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe.each<[string, () => Promise<string>, RegExp, string]>([
  [
    'is not there',
    async () => `http://127.0.0.1:${await freePort()}`,
    /^proxy-ECONNREFUSED$/,
    'proxy-failed',
  ],
  [
    'has a name that nobody knows',
    async () => 'http://proxy.invalid:3128',
    /^proxy-(ENOTFOUND|EAI_AGAIN)$/,
    'proxy-failed',
  ],
  [
    'wants other credentials',
    async () =>
      (await proxyOf({ credentials: CREDENTIALS })).url.replace(/\/\/.*@/, '//proxy-user:another-secret@'),
    /^proxy-407$/,
    'proxy-failed',
  ],
  ['forbids it', async () => (await proxyOf({ refuse: 403 })).url, /^proxy-403$/, 'proxy-failed'],
  ['knows no CONNECT', async () => (await proxyOf({ refuse: 501 })).url, /^proxy-501$/, 'proxy-failed'],
  ['never answers', async () => (await proxyOf({ refuse: 0 })).url, /^proxy-timeout$/, 'proxy-failed'],
  ['hangs up', () => startTalker(null), /^proxy-(no-answer|ECONNRESET)$/, 'proxy-failed'],
  ['is no proxy', () => startTalker('SSH-2.0-OpenSSH_9.6\r\n\r\n'), /^proxy-/, 'proxy-failed'],
  [
    'does not reach DingTalk itself',
    async () => (await proxyOf({ refuse: 502 })).url,
    /^proxy-502$/,
    'unreachable',
  ],
])('a proxy that %s', (_, start, code, problem) => {
  test('is named, without its password, with who must act', async () => {
    const url = await start();
    const { client } = lineThrough(
      url.includes('@') ? url : url.replace('//', '//proxy-user:another-secret@'),
    );
    const started = performance.now();
    const error = await failureOf(client.warm());
    expect(performance.now() - started).toBeLessThan(3500);
    expect(error).toMatchObject({
      kind: 'unreachable',
      detail: { proxy: new URL(url).origin, mayHaveHadEffect: false },
    });
    expect(error.code).toMatch(code);
    expect(everythingOf(error)).not.toContain('another-secret');
    const shown = fromDingTalk(error);
    expect(shown).toMatchObject({ problem, detail: { proxy: new URL(url).origin } });
    if (problem === 'proxy-failed') expect(problems[shown.problem].actor).toBe('developer');
  });
});

test('connections to a proxy that never answers do not pile up', async () => {
  const proxy = await proxyOf({ refuse: 0 });
  const { client } = lineThrough(proxy.url);
  await failureOf(client.warm());
  await vi.waitFor(() => expect(proxy.connections()).toBe(0), 5000);
});

test('a call that has no time left does not wait for the proxy', async () => {
  const proxy = await proxyOf();
  const { client } = lineThrough(proxy.url);
  await client.warm();
  const hung = await proxyOf({ refuse: 0 });
  const line = lineThrough(hung.url);
  const started = performance.now();
  const signal = AbortSignal.timeout(100);
  const error = await failureOf(
    line.client.call({
      host: 'api',
      method: 'GET',
      path: '/x',
      schema: {} as never,
      token: 'none',
      repeatable: true,
      budget: { signal, calls: 0 },
    }),
  );
  expect(error.code).toBe('out-of-time');
  expect(performance.now() - started).toBeLessThan(1000);
});

// ── TLS is verified everywhere ────────────────────────────────────────────────────────────────────────────────────

test('under NODE_TLS_REJECT_UNAUTHORIZED=0 an unknown certificate is still refused, by calls and by the Stream', async () => {
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
  const front = await startTlsFront({
    authority: createAuthority(),
    to: emulator.port,
    streamHost: 'localhost',
  });
  open.push(front);
  const direct = `https://localhost:${front.port}`;
  const unknown = /UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET/;
  expect((await failureOf(createLine(emulator, { apiUrl: direct }).client.warm())).code).toMatch(unknown);
  const proxy = await proxyOf({ to: front.port });
  const error = await failureOf(lineThrough(proxy.url, 'https').client.warm());
  expect(error.code).toMatch(unknown);
  expect(error.detail.mayHaveHadEffect).toBe(false);
  for (const proxyFor of [undefined, createProxyFor({ https: parseProxy(proxy.url) })]) {
    const url = new URL(proxyFor ? 'wss://gateway.dingtalk.test/x' : `wss://localhost:${front.port}/x`);
    const reason = await new Promise<string>((resolve) => {
      createOpenSocket({ proxyFor })(url, {
        onOpen: () => resolve('open'),
        onText: () => {},
        onSign: () => {},
        onEnd: resolve,
      });
    });
    expect(reason).toMatch(unknown);
  }
  // Node's own, once a process.
  expect(takeConsoleOutput().filter((line) => !line.includes('NODE_TLS_REJECT_UNAUTHORIZED'))).toEqual([]);
});
