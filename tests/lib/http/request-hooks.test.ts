import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { watchConnections } from '@/lib/http/request-hooks';

interface Seen {
  url: string;
  headers: IncomingHttpHeaders;
}

let server: Server;
let seen: Seen[] = [];
let underWay = 0;
let mostAtOnce = 0;
const upgraded = vi.fn();

beforeAll(async () => {
  vi.stubEnv('DINGTALK_CORP_ID', 'dingcorp');
  vi.stubEnv('DINGTALK_CLIENT_ID', 'dingclient');
  vi.stubEnv('DINGTALK_CLIENT_SECRET', 'a-client-secret');
  vi.stubEnv('PUBLIC_ORIGIN', 'https://door.example.com');
  vi.stubEnv('SESSION_KEYS', 'a:a-test-secret-of-more-than-32-characters-a');
  vi.stubEnv('LOG_LEVEL', 'silent');
  watchConnections({ hasWebSockets: false });
  // As Next does it: listeners first, connections later.
  server = createServer(async (request, response) => {
    mostAtOnce = Math.max(mostAtOnce, ++underWay);
    seen.push({ url: request.url ?? '', headers: request.headers });
    await delay(5);
    underWay--;
    response.end('served');
  });
  server.on('upgrade', upgraded);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  seen = [];
  mostAtOnce = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends bytes on a connection of its own. @returns all that came until it ended, or fell silent */
function exchange(bytes: string, silentMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
      socket.write(bytes, 'latin1'),
    );
    let text = '';
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
const sockets = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

test.each(['websocket', 'h2c', 'foo/2', 'TLS/1.0'])('an offer of %s is ignored', async (offer) => {
  const headers = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${offer}\r\nHTTP2-Settings: AAMAAABk\r\n`;
  const text = await exchange(get('/a', headers) + get('/b'));
  expect(statuses(text)).toEqual([200]);
  expect(text).toMatch(/^connection: close/im);
  expect(upgraded).not.toHaveBeenCalled();
  const post = `POST /api/a HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: 4\r\n\r\nbody`;
  expect(statuses(await exchange(post))).toEqual([200]);
  await vi.waitFor(async () => expect(await sockets()).toBe(0));
});

test('requests of one connection are served in turn; too many ahead end it', async () => {
  expect(
    statuses(await exchange(Array.from({ length: 30 }, (_, at) => get(`/${at}`)).join(''))),
  ).toHaveLength(30);
  expect(seen.map(({ url }) => url)).toEqual(Array.from({ length: 30 }, (_, at) => `/${at}`));
  expect(mostAtOnce).toBe(1);
  seen = [];
  // A patience that outlasts the reading of them all: it is the server that has to end this.
  await exchange(get('/').repeat(1000), 3000);
  expect(seen.length).toBeLessThan(40);
  await vi.waitFor(async () => expect(await sockets()).toBe(0));
});

test('connections do not wait for one another', async () => {
  await Promise.all(Array.from({ length: 10 }, () => exchange(get('/'))));
  expect(mostAtOnce).toBeGreaterThan(1);
});

test('what comes behind is cleaned', async () => {
  const cookie = `odd="a b"; theme=dark; __Host-dingpass=x${' '.repeat(5000)}`;
  await exchange(
    get(
      '//api/session/?a=1',
      `Cookie: ${cookie}\r\nNext-Router-State-Tree: x\r\nX-Dingpass-Peer: forged\r\n`,
    ),
  );
  expect(seen[0]!.url).toBe('/api/session?a=1');
  expect(seen[0]!.headers.cookie).toBe('__Host-dingpass=x; theme=dark');
  expect(seen[0]!.headers['next-router-state-tree']).toBeUndefined();
  expect(seen[0]!.headers['x-dingpass-peer']).toBe('127.0.0.1');
});

test.each(['POST', 'PUT', 'OPTIONS', 'PURGE', 'TRACE'])(
  'a page’s %s is refused before anything reads its body',
  async (method) => {
    const text = await exchange(
      `${method} /me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{`,
    );
    expect(statuses(text)).toEqual([405]);
    expect(text).toMatch(/^allow: GET, HEAD\r$/im);
    expect(seen).toEqual([]);
  },
);

test('too many parameters are refused in a sentence, before anything is served', async () => {
  const text = await exchange(get(`/?${'a&'.repeat(200)}`, 'Accept-Language: en\r\n'));
  expect(statuses(text)).toEqual([400]);
  expect(text).toContain('"code":"BAD_REQUEST"');
  expect(text).toMatch(/cross-origin-resource-policy: same-origin/i);
  expect(seen).toEqual([]);
});

test('a client that does not finish its request is cut off after fifteen seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('POST /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345');
  await once(socket, 'data');
  vi.advanceTimersByTime(14_000);
  expect(await sockets()).toBe(1);
  vi.advanceTimersByTime(1000);
  vi.useRealTimers();
  await vi.waitFor(async () => expect(await sockets()).toBe(0));
});
