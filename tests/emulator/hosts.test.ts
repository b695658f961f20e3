import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { openToNetwork } from '../../emulator/demo/network';
import { type Emulator, startEmulator } from '../../emulator/server';
import { SECRETS } from '../support/callback-receiver';
import { flat, postJson } from './dingtalk-calls';
import { exchangeRaw } from './raw-connection';

let emulator: Emulator;
let asked: string[];
const app = createServer((req, res) => {
  asked.push(req.url ?? '');
  res.end('the app');
});
beforeAll(async () => {
  asked = [];
  await once(app.listen(0, '127.0.0.1'), 'listening');
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${(app.address() as { port: number }).port}` });
});
afterAll(async () => {
  await emulator.close();
  app.closeAllConnections();
  app.close();
});

/** The status of a GET under a name of the caller's choice. */
const askAs = async (host: string, path: string) => {
  const [response] = await once(request({ port: emulator.port, path, headers: { host } }).end(), 'response');
  response.resume();
  return response.statusCode as number;
};

const PLANES = [
  '/__emulator/company',
  '/__emulator/workbench/',
  '/__emulator/avatars/nobody.svg',
  '/gettoken',
  '/v1.0/oauth2/accessToken',
  '/topapi/v2/user/get',
  '/oauth2/auth',
  '/me',
];

test.each(PLANES)('%s answers to loopback names only, whatever resolves to it', async (path) => {
  for (const host of [
    'evil.example',
    `evil.example:${emulator.port}`,
    '127.0.0.1.evil.example',
    '[::2]',
    '127.0.0.2',
  ])
    expect([host, await askAs(host, path)]).toEqual([host, 403]);
  for (const host of [`127.0.0.1:${emulator.port}`, `LOCALHOST:${emulator.port}`, 'localhost'])
    expect([host, await askAs(host, path)]).not.toEqual([host, 403]);
});

test('a request without a name is refused, and the app hears of none of them', async () => {
  const { text } = await exchangeRaw(emulator.port, 'GET /me HTTP/1.0\r\n\r\n', 2000);
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(asked.filter((url) => url !== '/me')).toEqual([]);
  expect(asked).toHaveLength(3);
});

test('a WebSocket under another name is cut off', async () => {
  const { clientId, clientSecret, url } = emulator;
  const subscriptions = [{ type: 'EVENT', topic: '*' }];
  const { json } = await postJson(`${url}/v1.0/gateway/connections/open`, {
    clientId,
    clientSecret,
    subscriptions,
  });
  const socket = new WebSocket(`${json.endpoint}?ticket=${json.ticket}`, {
    headers: { host: 'evil.example' },
  });
  const [error] = await once(socket, 'error');
  expect(error.message).toMatch(/socket hang up|ECONNRESET/);
});

test.each([
  'http://192.0.2.1/',
  'http://evil.example/',
  'http://localhost.evil.example/',
  'http://0x7f000001.evil.example/',
  'http://[::ffff:192.0.2.1]/',
  'https://169.254.169.254/latest',
])('callbacks are never sent to %s', async (url) => {
  const { control } = emulator;
  await expect(control.events.subscribe({ url, ...SECRETS })).rejects.toThrow('neither loopback nor the app');
  await control.events.subscribe({ url, ...SECRETS, check: false });
  control.events.emit({ type: 'org_change' });
  await expect
    .poll(() => control.events.deliveries().at(-1))
    .toMatchObject({ attempts: 1, reason: expect.stringContaining('neither loopback') });
  control.reset();
  const { json: token } = await postJson(`${emulator.url}/v1.0/oauth2/accessToken`, {
    appKey: emulator.clientId,
    appSecret: emulator.clientSecret,
  });
  const wanted = { call_back_tag: ['org_change'], token: SECRETS.token, aes_key: SECRETS.aesKey, url };
  const at = `${emulator.url}/call_back/register_call_back?access_token=${token.accessToken}`;
  expect((await postJson(at, wanted)).json.errcode).toBe(400050);
  expect((await flat(emulator, '/call_back/get_call_back')).json.errcode).toBe(71007);
});

test('the port for the local network leads to the app and the login page only, and only by an address', async () => {
  const network = await openToNetwork(0, emulator.serve);
  try {
    const { port } = network;
    const statusOf = async (host: string, path: string) => {
      const [response] = await once(request({ port, path, headers: { host } }).end(), 'response');
      response.resume();
      return response.statusCode as number;
    };
    const own = `192.0.2.5:${port}`;
    for (const path of ['/me', '/api/health']) expect([path, await statusOf(own, path)]).toEqual([path, 200]);
    // Without parameters: DingTalk's own refusal.
    expect(await statusOf(own, '/oauth2/auth')).toBe(400);
    for (const path of [
      '/__emulator',
      '/__emulator/',
      '/__emulator/company',
      '/__emulator/workbench/',
      '/__emulator/avatars/x.svg',
      '/gettoken',
      '/topapi/v2/user/get',
      '/v1.0/oauth2/accessToken',
      '/call_back/get_call_back',
    ])
      expect([path, await statusOf(own, path)]).toEqual([path, 404]);
    for (const host of ['evil.example', 'localhost', '', `evil.example:${port}`])
      expect([host, await statusOf(host, '/me')]).toEqual([host, 404]);
  } finally {
    network.close();
  }
});
