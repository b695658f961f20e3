import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { createAuthority } from '../support/certificates';
import { startDirectoryApp } from '../support/directory-app';
import { type Gate, HostVisitor } from '../support/gate';
import { signedIn } from '../support/http-session';
import { freePort } from '../support/port';
import { availableProxies, PROXIES, type ReverseProxy, startReverseProxy } from '../support/reverse-proxies';
import { startUpstream, type Upstream } from '../support/upstream';

const HOST = 'wiki.example.com';
const ORIGIN = 'https://app.example.com';
const IDENTITY = ['remote-user', 'remote-name', 'remote-email', 'remote-groups', 'x-dingpass-jwt'];
const authority = createAuthority();
const folder = mkdtempSync(join(tmpdir(), 'gate-proxies-'));
const available = availableProxies();
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };

let emulator: Emulator;
let app: App;
let gate: Gate;
let upstream: Upstream;
let userid: string;
let cookie: string;

beforeAll(async () => {
  emulator = await startEmulator({ members: 20, departments: 3, enforceQps: false });
  userid = emulator.company.people.find(({ active }) => active)!.userid;
  const rules = join(folder, 'access.jsonc');
  writeFileSync(rules, `[{ "at": "${HOST}/*", "for": ["everybody"] }]`);
  const port = await freePort();
  app = await startDirectoryApp({
    emulator,
    origin: ORIGIN,
    env: {
      ACCESS_FILE: rules,
      GATE_LISTEN: `127.0.0.1:${port}`,
      GATE_HOSTS: HOST,
      DATA_DIR: join(folder, 'data'),
    },
  });
  gate = { url: `http://127.0.0.1:${port}`, app };
  upstream = await startUpstream();
  const browser = new HostVisitor(gate, HOST);
  await browser.signIn(await signedIn(app, emulator, userid));
  cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
});
afterAll(async () => {
  await upstream?.close();
  await app?.close();
  await emulator?.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer;
}

/** Over TLS, by the host's own name. */
function ask(
  proxy: ReverseProxy,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({
      host: '127.0.0.1',
      port: proxy.port,
      servername: HOST,
      ca: authority.pem,
      method,
      path,
      headers: { host: HOST, ...headers },
      agent: false,
    });
    outgoing.on('error', reject).on('response', (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text }));
    });
    outgoing.end(body);
  });
}

function socketTo(proxy: ReverseProxy, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`wss://127.0.0.1:${proxy.port}/socket`, {
      servername: HOST,
      ca: authority.pem,
      headers: { host: HOST, ...headers },
    } as ClientOptions);
    socket.on('open', () => socket.send('hello'));
    socket.on('message', (data) => {
      resolve(String(data));
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, { statusCode }) => {
      resolve(String(statusCode));
      socket.terminate();
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

describe.each(available)('%s, by its recipe', (name) => {
  let proxy: ReverseProxy;
  beforeAll(async () => {
    proxy = await startReverseProxy(name, {
      host: HOST,
      certificate: authority.issue({ host: HOST }),
      gatePort: Number(new URL(gate.url).port),
      upstreamPort: upstream.port,
    });
  });
  afterAll(() => proxy?.close());

  test('a person without a session is led to sign in, and the page is kept with its query', async () => {
    const { status, headers } = await ask(proxy, '/a%2Fb?q=1&r=2', { headers: PAGE });
    expect(status).toBe(303);
    const there = new URL(headers.location!);
    expect([there.origin, there.searchParams.get('rd')]).toEqual([ORIGIN, '/a%2Fb?q=1&r=2']);
    expect(headers['set-cookie']?.join()).toContain('__Host-dingpass-begun=');
    expect(upstream.requests).toEqual([]);
  });

  test('a program without a session gets 401, whatever its method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status } = await ask(proxy, '/p', { method, headers: { accept: 'application/json' } });
      expect([method, status]).toEqual([method, 401]);
    }
    expect(upstream.requests).toEqual([]);
  });

  test('the upstream learns who it is, and none of what a visitor forged', async () => {
    const forged = Object.fromEntries(
      IDENTITY.flatMap((header) => [
        [header, 'forged'],
        [header.replaceAll('-', '_'), 'forged'],
        [header.toUpperCase(), 'forged'],
      ]),
    );
    const { status } = await ask(proxy, '/p?x=%2F', {
      headers: { ...forged, cookie: `own=1; ${cookie}; more=2` },
    });
    expect(status).toBe(200);
    const [{ headers, url, raw } = upstream.requests[0]!] = upstream.requests;
    expect(url).toBe('/p?x=%2F');
    expect(headers['remote-user']).toBe(userid);
    expect(raw.join('\n')).not.toContain('forged');
    expect(headers.cookie?.split(/; */).filter(Boolean)).toEqual(['own=1', 'more=2']);
  });

  test('nobody reaches the upstream with forged headers alone', async () => {
    const forged = {
      'remote-user': userid,
      'x-original-url': `https://${HOST}/`,
      'x-forwarded-host': HOST,
      'x-forwarded-method': 'GET',
      'x-forwarded-uri': '/',
    };
    const { status } = await ask(proxy, '/p', { headers: { ...forged, accept: 'application/json' } });
    expect(status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });

  test('a visitor cannot ask the question', async () => {
    for (const dialect of ['nginx', 'forward-auth', 'envoy/p']) {
      const { status } = await ask(proxy, `/.dingpass/verify/${dialect}`, {
        headers: {
          cookie,
          'x-forwarded-method': 'GET',
          'x-forwarded-uri': '/p',
          'x-original-method': 'GET',
          'x-original-url': `https://${HOST}/p`,
        },
      });
      expect([dialect, status]).toEqual([dialect, 404]);
    }
  });

  test('an upstream signs nobody out of the gate, and sets no cookie for other hosts', async () => {
    const { headers } = await ask(proxy, '/p', { headers: { cookie } });
    expect(headers['clear-site-data']).toBeUndefined();
    expect(headers['set-cookie']?.some((line) => /domain=(?!wiki\.example\.com)/i.test(line))).toBe(false);
    expect(headers['set-cookie']?.join()).toContain('own=1');
  });

  test("the upstream's own answers pass: 401, 403, 404, 500, 503, 304, HEAD", async () => {
    for (const status of [401, 403, 404, 500, 503]) {
      const answer = await ask(proxy, `/status/${status}`, { headers: { cookie, ...PAGE } });
      expect([answer.status, answer.text]).toEqual([status, 'by the upstream']);
    }
    expect((await ask(proxy, '/etag', { headers: { cookie, 'if-none-match': '"v1"' } })).status).toBe(304);
    const head = await ask(proxy, '/p', { method: 'HEAD', headers: { cookie } });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test('uploads, large downloads and long polls pass', async () => {
    const body = Buffer.alloc(5 << 20, 'u');
    const own = { cookie, origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin' };
    const sent = await ask(proxy, '/upload', { method: 'POST', headers: own, body });
    expect([sent.status, sent.text]).toEqual([200, JSON.stringify({ bytes: body.length })]);
    expect((await ask(proxy, '/large', { headers: { cookie } })).text.length).toBe(20 << 20);
    expect((await ask(proxy, '/poll', { headers: { cookie } })).text).toBe('late');
  });

  test("a POST of a sibling host's page does not reach the upstream", async () => {
    const sibling = { cookie, origin: 'https://other.example.com', 'sec-fetch-site': 'same-site' };
    const { status } = await ask(proxy, '/p', { method: 'POST', headers: sibling, body: Buffer.from('a=1') });
    expect(status).toBe(403);
    expect(upstream.requests).toEqual([]);
  });

  test("WebSockets of the host's own pages pass, those of a sibling host's do not", async () => {
    expect(await socketTo(proxy, { cookie, origin: `https://${HOST}` })).toBe('echo hello');
    upstream.requests.length = 0;
    expect(await socketTo(proxy, { cookie, origin: 'https://other.example.com' })).toBe('403');
    expect(await socketTo(proxy, { origin: `https://${HOST}` })).toBe('401');
    expect(upstream.requests).toEqual([]);
  });

  test('a member signs out of the host by a form', async () => {
    const { status, headers } = await ask(proxy, '/.dingpass/sign-out', {
      method: 'POST',
      headers: { origin: `https://${HOST}`, 'sec-fetch-site': 'same-origin', 'content-length': '0' },
    });
    expect([status, headers.location]).toEqual([303, `${ORIGIN}/signed-out?host=${HOST}`]);
  });
});

for (const name of PROXIES.filter((one) => !available.includes(one)))
  test(`not run: ${name} is not on this machine`, () => expect(available).not.toContain(name));
