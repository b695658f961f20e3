import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Client, createClient } from '../../../lib/dingtalk/client';
import { exchangeCode } from '../../../lib/dingtalk/users';

/** DingTalk's two hosts, as far as it takes to count how often each is connected to and what it is asked. */
interface Host {
  url: string;
  connections: number;
  asked: string[];
  close(): void;
}

let api: Host;
let oapi: Host;
let client: Client;
beforeEach(async () => {
  api = await startHost({ accessToken: 'a-token-of-the-test', expireIn: 7200 });
  oapi = await startHost({ errcode: 0, errmsg: 'ok', result: { userid: 'zhang.san01' } });
  client = createClient({ clientId: 'ding1', clientSecret: 'secret', apiUrl: api.url, oapiUrl: oapi.url });
});
afterEach(() => {
  api.close();
  oapi.close();
});

test('whoever signs in after warming finds a token and an open connection', async () => {
  await client.warm();
  expect({ api: api.connections, oapi: oapi.connections }).toEqual({ api: 1, oapi: 1 });
  await exchangeCode(client, 'a-code');
  expect({ api: api.connections, oapi: oapi.connections }).toEqual({ api: 1, oapi: 1 });
  expect(oapi.asked).toEqual(['GET /', expect.stringMatching(/^POST \/topapi\/v2\/user\/getuserinfo/)]);
});

test('warming asks for nothing where a connection was used lately', async () => {
  await Promise.all([client.warm(), client.warm(), client.warm()]);
  await exchangeCode(client, 'a-code');
  await client.warm();
  expect(oapi.asked.filter((line) => line.startsWith('GET'))).toHaveLength(1);
  expect(api.asked).toHaveLength(1);
});

test('a host that cannot be connected to ahead of time is no failure yet', async () => {
  oapi.close();
  await client.warm();
});

async function startHost(answer: object): Promise<Host> {
  const host = { url: '', connections: 0, asked: [] as string[], close: () => {} };
  const server = createServer((request, response) => {
    host.asked.push(`${request.method} ${request.url}`);
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  });
  server.on('connection', () => host.connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  host.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return host;
}
