import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDemoLog } from '../../emulator/demo/demo-log';
import { type Emulator, startEmulator } from '../../emulator/server';
import { freePort } from '../support/port';
import { postJson, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
let heard: IncomingHttpHeaders;
let answer: Record<string, string | string[]>;
const log = createDemoLog();
const app = createServer((req, res) => {
  heard = req.headers;
  res.writeHead(answer.location ? 302 : 200, answer).end();
});
beforeAll(async () => {
  await once(app.listen(0, '127.0.0.1'), 'listening');
  const port = await freePort();
  emulator = await startEmulator({
    port,
    appUrl: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
    appOrigin: `http://localhost:${port}`,
    appLog: log.lines,
    redirectUris: [`http://localhost:${port}/api/oauth/callback`],
  });
});
afterAll(async () => {
  await emulator.close();
  app.closeAllConnections();
  app.close();
});
beforeEach(() => {
  emulator.control.reset();
  answer = {};
});

const own = () => `http://localhost:${emulator.port}`;
const other = () => `http://127.0.0.1:${emulator.port}`;

describe('the other loopback name', () => {
  test('is the app’s own origin to the app', async () => {
    await request(`${other()}/me`, { headers: { origin: other(), referer: `${other()}/login?next=%2F` } });
    expect(heard).toMatchObject({
      host: `localhost:${emulator.port}`,
      'x-forwarded-host': `localhost:${emulator.port}`,
      origin: own(),
      referer: `${own()}/login?next=%2F`,
    });
  });

  test('lends its name to no other site', async () => {
    for (const origin of ['http://evil.example', `${other()}.evil.example`, 'null']) {
      await request(`${other()}/me`, { method: 'POST', headers: { origin } });
      expect(heard.origin).toBe(origin);
    }
  });

  test.each([
    ['/login?next=%2F', '/login?next=%2F'],
    ['OWN/login', 'OTHER/login'],
    ['OWN', 'OTHER'],
    ['OWN/oauth2/auth?redirect_uri=OWN/cb', 'OTHER/oauth2/auth?redirect_uri=OWN/cb'],
    ['OWN.evil.example/', 'OWN.evil.example/'],
    ['https://login.dingtalk.com/', 'https://login.dingtalk.com/'],
  ])('is led back to from the app: %s', async (location, led) => {
    const named = (text: string) => text.replaceAll('OWN', own()).replaceAll('OTHER', other());
    answer = { location: named(location) };
    expect((await request(`${other()}/x`)).headers.get('location')).toBe(named(led));
    expect((await request(`${own()}/x`)).headers.get('location')).toBe(named(location));
  });

  test('is led back to from the login page', async () => {
    const query = new URLSearchParams({
      redirect_uri: `${own()}/api/oauth/callback`,
      response_type: 'code',
      client_id: emulator.clientId,
      scope: 'openid',
      prompt: 'consent',
      state: 's',
      account: emulator.company.people[0]!.userid,
    });
    const led = (await request(`${other()}/oauth2/auth/choose?${query}`)).headers.get('location')!;
    expect(led).toMatch(new RegExp(`^${other()}/api/oauth/callback\\?code=(\\w+)&authCode=\\1&state=s$`));
  });

  test('is where the workbench opens a browser, and what an earlier visit left there is forgotten', async () => {
    answer = { 'set-cookie': ['session=x; Path=/; HttpOnly; Max-Age=9'] };
    await request(`${other()}/`);
    const { json } = await request(`${own()}/__emulator/workbench/company.json`);
    expect(json.otherBrowser).toBe(`${other()}/__emulator/workbench/other-browser`);
    const opened = await request(json.otherBrowser);
    expect([opened.status, opened.headers.get('location')]).toEqual([302, '/']);
    expect(opened.headers.getSetCookie()).toEqual(['session=; Max-Age=0; Path=/; HttpOnly']);
  });
});

test('the webview’s requests have its client’s user agent and language, an ordinary tab’s have their own', async () => {
  const client = new URLSearchParams({ userAgent: 'DingTalk(test)', language: 'en-US' });
  const choose = await request(`${own()}/__emulator/workbench/client?${client}`, { method: 'POST' });
  expect(choose.status).toBe(204);
  const ask = async (origin: string, dest: string) => {
    await request(`${origin}/me`, {
      headers: { 'sec-fetch-dest': dest, 'user-agent': 'mine', 'accept-language': 'fr' },
    });
    return [heard['user-agent'], heard['accept-language']];
  };
  // fetch() says its own sec-fetch headers only in a browser: here they pass as they are.
  expect(await ask(own(), 'iframe')).toEqual(['DingTalk(test)', 'en-US']);
  expect(await ask(own(), 'document')).toEqual(['mine', 'fr']);
  expect(await ask(other(), 'iframe')).toEqual(['mine', 'fr']);
  client.set('language', 'en\r\nx: y');
  expect((await request(`${own()}/__emulator/workbench/client?${client}`, { method: 'POST' })).status).toBe(
    400,
  );
});

test('the log is looked in by a text, and without one for the latest trouble, the newest first', async () => {
  for (const piece of ['▲ Next.js\n{"level":"info","requestId":"a"}\n{"level":"wa', 'rn","requestId":"b"}\n'])
    log.add(piece);
  log.add('{"level":50,"requestId":"c"}\n{"level":"error","half":');
  const find = async (q: string) =>
    (await request(`${own()}/__emulator/workbench/log.json?q=${q}`)).json.lines;
  expect(await find('')).toEqual(['{"level":50,"requestId":"c"}', '{"level":"warn","requestId":"b"}']);
  expect(await find('%22a%22')).toEqual(['{"level":"info","requestId":"a"}']);
  expect(await find('nothing')).toEqual([]);
  expect(log.tail(8)).toBe('"half":'.padStart(8, ','));
  for (let line = 0; line < 5000; line += 1) log.add(`${line}\n`);
  expect([log.lines().length, log.lines().at(-1)]).toEqual([2000, '4999']);
});

test('administrators are told in the workbench’s list, and made in the control plane', async () => {
  const { people } = emulator.company;
  const list = async () =>
    (await request(`${own()}/__emulator/workbench/people.json?admins=true`)).json.people;
  expect((await list()).map(({ adminLevel }: { adminLevel: number }) => adminLevel)).toEqual([1, 2, 2]);
  const promote = (body: object) =>
    postJson(`${own()}/__emulator/promote`, { userid: people[0]!.userid, ...body });
  for (const [body, adminLevel] of [
    [{}, 1],
    [{}, 0],
    [{ level: 'sub' }, 2],
    [{}, 1],
    [{ level: 'none' }, 0],
  ] as const)
    expect((await promote(body)).json).toMatchObject({ name: people[0]!.name, adminLevel });
  expect((await promote({ level: 'god' })).status).toBe(400);
});

test('a fault with 60020 names the address, as DingTalk does', async () => {
  emulator.control.fault({ endpoint: 'userdetail', fault: { kind: 'errcode', errcode: 60020 } });
  const { json } = await topapi(emulator, '/topapi/v2/user/get', { userid: 'x' });
  expect(json).toMatchObject({ errcode: 88, sub_code: '60020' });
  expect(json.sub_msg).toContain('request ip=127.0.0.1 ');
});

test.each([
  ['last', 42, 18],
  ['off', 60, 0],
] as const)('odd names: %s', async (oddNames, ordinary, odd) => {
  const started = await startEmulator({ oddNames });
  const isOrdinary = started.company.people.map(({ name }) => /^\p{Script=Han}{2,4}$/u.test(name));
  expect(isOrdinary.slice(0, ordinary)).not.toContain(false);
  expect(isOrdinary).toHaveLength(ordinary + odd);
  expect(new Set(started.company.people.map(({ userid }) => userid)).size).toBe(60);
  await started.close();
});
