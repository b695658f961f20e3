import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type HostProxy, startHostProxy } from '../../../emulator/demo/host-proxy';
import { send } from '../../support/raw-request';

/** What the gate answers next, and what it was asked. */
let verdict: { status: number; headers: Record<string, string>; body: string };
let asked: IncomingMessage[];
let reached: IncomingMessage[];
let [gate, site]: Server[] = [];
let proxy: HostProxy;

async function serve(handle: RequestListener): Promise<[Server, string]> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return [server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
}

beforeAll(async () => {
  let [gateUrl, siteUrl] = ['', ''];
  [gate, gateUrl] = await serve((request, response) => {
    asked.push(request);
    response.writeHead(verdict.status, verdict.headers).end(verdict.body);
  });
  [site, siteUrl] = await serve((request, response) => {
    reached.push(request);
    response.writeHead(200, {
      'clear-site-data': '"cookies"',
      'set-cookie': ['own=1; Path=/', 'wide=1; Path=/; Domain=localhost'],
    });
    response.end('the site');
  });
  const sockets = new WebSocketServer({ server: site });
  sockets.on('connection', (socket, request) => {
    reached.push(request);
    socket.send('hello');
  });
  proxy = await startHostProxy({ gateUrl, siteUrl });
});
afterAll(() => {
  proxy.close();
  for (const server of [gate, site]) {
    server?.close();
    server?.closeAllConnections();
  }
});
beforeEach(() => {
  [asked, reached] = [[], []];
  verdict = {
    status: 200,
    headers: { 'remote-user': 'zhang', 'remote-email': '', 'remote-groups': '' },
    body: '',
  };
});

const FORGED = {
  'remote-user': 'admin',
  remote_user: 'admin',
  'Remote-Groups': 'admins',
  'x-dingpass-jwt': 'x',
};

test('the site learns what the gate says of the visitor, and nothing that the visitor says', async () => {
  const cookie = 'dingpass-host=a; own=1; __Host-dingpass-begun=b';
  const answer = await send(proxy, {
    path: '/a?b=1',
    headers: { ...FORGED, host: 'wiki.localhost:1', cookie },
  });
  expect(answer).toMatchObject({ status: 200, text: 'the site' });
  const { headers } = reached[0]!;
  expect(headers).toMatchObject({ 'remote-user': 'zhang', 'remote-groups': '', cookie: 'own=1' });
  expect(headers['x-dingpass-jwt'] ?? '').toBe('');
  expect(JSON.stringify(headers)).not.toContain('admin');
  expect(answer.headers['clear-site-data']).toBeUndefined();
  expect(answer.headers['set-cookie']).toEqual(['own=1; Path=/', 'wide=1; Path=/']);
});

test('the gate is told method, host and path of the request, with the visitor’s head and no body', async () => {
  await send(proxy, {
    path: '/a%2Fb?c',
    method: 'POST',
    headers: { host: 'wiki.localhost:1', 'content-type': 'text/plain', 'x-forwarded-uri': '/public' },
    body: 'text',
  });
  expect(asked[0]).toMatchObject({ method: 'GET', url: '/.dingpass/verify/forward-auth' });
  expect(asked[0]!.headers).toMatchObject({
    'x-forwarded-method': 'POST',
    'x-forwarded-host': 'wiki.localhost:1',
    'x-forwarded-uri': '/a%2Fb?c',
    'x-forwarded-proto': 'http',
  });
  expect(asked[0]!.headers['content-length'] ?? '0').toBe('0');
});

test('any other answer is the visitor’s, whole, and the site is not reached', async () => {
  verdict = { status: 401, headers: { 'content-type': 'text/html', 'x-request-id': '1' }, body: 'sign in' };
  const answer = await send(proxy, { path: '/', headers: { host: 'wiki.localhost:1' } });
  expect(answer).toMatchObject({ status: 401, text: 'sign in' });
  expect(answer.headers['x-request-id']).toBe('1');
  expect(reached).toEqual([]);
});

test('a visitor cannot ask the gate for a verdict, and reaches its pages', async () => {
  const verify = await send(proxy, {
    path: '/.dingpass/verify/nginx',
    headers: { host: 'wiki.localhost:1' },
  });
  expect([verify.status, asked.length]).toEqual([404, 0]);
  await send(proxy, { path: '/.dingpass/denied?rd=/', headers: { host: 'wiki.localhost:1' } });
  expect(asked[0]).toMatchObject({ url: '/.dingpass/denied?rd=/' });
  expect(asked[0]!.headers.host).toBe('wiki.localhost:1');
  expect(reached).toEqual([]);
});

test.each([
  [200, 'hello'],
  [401, 'refused'],
])('a WebSocket is asked about, too: %i', async (status, said) => {
  verdict.status = status;
  const socket = new WebSocket(proxy.url.replace('http', 'ws'), {
    headers: { origin: 'http://wiki.localhost:1' },
  });
  const heard = await new Promise<string>((resolve) => {
    socket.on('message', (data) => resolve(String(data)));
    socket.on('error', () => resolve('refused'));
  });
  socket.terminate();
  expect(heard).toBe(said);
  expect(asked[0]!.headers).toMatchObject({
    'sec-fetch-mode': 'websocket',
    origin: 'http://wiki.localhost:1',
  });
  expect(reached).toHaveLength(status === 200 ? 1 : 0);
});

test('while the gate is away the site is not reached', async () => {
  const away = await startHostProxy({ gateUrl: 'http://127.0.0.1:1', siteUrl: proxy.url });
  expect((await send(away, { path: '/' })).status).toBe(502);
  expect(reached).toEqual([]);
  away.close();
});
