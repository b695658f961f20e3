import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FaultInput } from '../../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../../emulator/server';
import type { RequestBudget } from '../../../lib/dingtalk/request';
import { createTransport } from '../../../lib/dingtalk/transport';
import { exchangeCode, findEmployee } from '../../../lib/dingtalk/users';
import { countCalls, createLine, failureOf } from '../../support/dingtalk-client';
import { freePort } from '../../support/port';
import { startForwarder, startPeer } from '../../support/recording-server';

let emulator: Emulator;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  ({ userid } = emulator.company.people[0]!);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.clearFaults());

const BAN_PAGE: FaultInput = {
  kind: 'status',
  status: 200,
  contentType: 'text/html',
  body: '<html><script>location.replace("/_____tmd_____/punish?x5secdata=1")</script></html>',
};
const exchangeFails = (fault: FaultInput, times: number | 'always' = 'always') =>
  emulator.control.fault({ endpoint: 'userinfo', times, fault });
async function warmLine(options: Parameters<typeof createLine>[1] = {}) {
  const line = createLine(emulator, options);
  await line.client.warm();
  return line;
}

test.each<[string, FaultInput, string, string]>([
  ['no answer in time', { kind: 'blackhole' }, 'unreachable', 'timeout'],
  ['no answer in time, the code used', { kind: 'blackhole', consumed: true }, 'unreachable', 'timeout'],
  ['a late answer', { kind: 'delayHeaders', ms: 2000 }, 'unreachable', 'timeout'],
  ['a late body', { kind: 'delayBody', ms: 2000 }, 'unreachable', 'timeout'],
  ['half an answer', { kind: 'truncate' }, 'unreachable', 'answer-cut-short'],
  ['half an answer in chunks', { kind: 'truncate', chunked: true }, 'unreachable', 'answer-cut-short'],
  ['a hangup after the request was read', { kind: 'hangup' }, 'unreachable', 'ECONNRESET'],
  ['a hangup, the code used', { kind: 'hangup', consumed: true }, 'unreachable', 'ECONNRESET'],
  ['a reset amid the answer', { kind: 'reset', afterBytes: 20 }, 'unreachable', 'answer-cut-short'],
  ['HTTP 500', { kind: 'status', status: 500, body: '<h1>500</h1>' }, 'unreachable', 'http-500'],
  [
    'HTTP 502, the code used',
    { kind: 'status', status: 502, body: '', consumed: true },
    'unreachable',
    'http-502',
  ],
  ['HTTP 503', { kind: 'status', status: 503, body: '' }, 'unreachable', 'http-503'],
  ['an empty answer', { kind: 'empty', consumed: true }, 'malformed', 'not-json'],
  ['garbage', { kind: 'garbage' }, 'malformed', 'not-utf8'],
  ['nothing useful', { kind: 'json', body: { errcode: 0 } }, 'malformed', 'unexpected-shape'],
  ['a redirect', { kind: 'redirect', location: '/topapi/v2/user/getuserinfo' }, 'unreachable', 'redirect'],
  ['a page', { kind: 'html' }, 'unreachable', 'html-page'],
  ['the page of a ban', BAN_PAGE, 'rejected', 'banned'],
  ['40078', { kind: 'errcode', errcode: 40078 }, 'rejected', '40078'],
])('a code exchange is never repeated after %s', async (_, fault, kind, code) => {
  const { client } = await warmLine({ timeoutMs: 400 });
  exchangeFails(fault);
  const calls = countCalls(emulator);
  const error = await failureOf(exchangeCode(client, emulator.control.mintCode(userid)));
  expect(error).toMatchObject({ kind, detail: { mayHaveHadEffect: true } });
  if (code === 'answer-cut-short') expect(['answer-cut-short', 'broken-body']).toContain(error.code);
  else expect(error.code).toBe(code);
  await delay(50);
  expect(calls()).toMatchObject({ token: 0, exchange: 1 });
});

test("a request that waited for another's connection may have had an effect when that hangs up", async () => {
  const peer = await startPeer((request, response) => {
    if (request.url === '/hangup') response.socket?.end();
    else setTimeout(() => response.end('{}'), 100);
  });
  const transport = createTransport();
  const send = (path: string) =>
    transport({
      url: new URL(path, peer.url),
      method: 'GET',
      headers: {},
      body: undefined,
      signal: AbortSignal.timeout(3000),
    });
  // As many as there are connections.
  const others = Array.from({ length: 32 }, () => send('/slow'));
  await expect(send('/hangup')).rejects.toMatchObject({ code: 'ECONNRESET', mayHaveHadEffect: true });
  await Promise.all(others);
  await peer.close();
});

test.each<[string, FaultInput]>([
  ['a reset before the request was read', { kind: 'reset', afterBytes: 0, consumed: false }],
  ['"busy" (-1)', { kind: 'errcode', errcode: -1 }],
  ['an 88 that wraps nothing', { kind: 'json', body: { errcode: 88, errmsg: '鉴权服务超时', sub_code: '' } }],
])('a code exchange is repeated once after %s, which used no code', async (_, fault) => {
  const { client } = await warmLine();
  exchangeFails(fault, 1);
  const calls = countCalls(emulator);
  expect(await exchangeCode(client, emulator.control.mintCode(userid))).toMatchObject({ userId: userid });
  expect(calls()).toMatchObject({ exchange: 2, used: 1 });
});

test.each<[string, FaultInput]>([
  ['reset before reading', { kind: 'reset', afterBytes: 0, consumed: false }],
  ['busy', { kind: 'errcode', errcode: -1 }],
])('an exchange that is %s for ever is repeated once, no more', async (_, fault) => {
  const { client } = await warmLine();
  exchangeFails(fault);
  const calls = countCalls(emulator);
  expect(await failureOf(exchangeCode(client, emulator.control.mintCode(userid)))).toMatchObject({
    isTransient: true,
  });
  expect(calls()).toMatchObject({ exchange: 2, used: 0 });
});

test('a code exchange is repeated when the first connection was refused', async () => {
  const port = await freePort();
  let forwarder: { close(): void } | undefined;
  const { client } = await warmLine({
    oapiUrl: `http://127.0.0.1:${port}`,
    pauseMs: () => {
      startForwarder(port, emulator.port).then((started) => {
        forwarder = started;
      });
      return 300;
    },
  });
  const budget: RequestBudget = { calls: 0 };
  const code = emulator.control.mintCode(userid);
  expect(await exchangeCode(client, code, budget)).toMatchObject({ userId: userid });
  expect(budget.calls).toBe(2);
  forwarder?.close();
});

test('a connection that is refused twice is an error that used no code', async () => {
  const port = await freePort();
  const { client } = await warmLine({ oapiUrl: `http://127.0.0.1:${port}` });
  const error = await failureOf(exchangeCode(client, emulator.control.mintCode(userid)));
  expect(error).toMatchObject({
    kind: 'unreachable',
    code: 'ECONNREFUSED',
    isTransient: true,
    detail: { mayHaveHadEffect: false },
  });
});

test('a connection that DingTalk closed while it was idle costs nobody a code', async () => {
  const { client } = await warmLine();
  exchangeFails({ kind: 'idleClose', idleMs: 0 }, 1);
  await exchangeCode(client, emulator.control.mintCode(userid));
  const calls = countCalls(emulator);
  expect(await exchangeCode(client, emulator.control.mintCode(userid))).toMatchObject({ userId: userid });
  expect(calls()).toMatchObject({ used: 1 });
});

/** A line to DingTalk whose connections, once they are stale, are reset by the next thing sent over them. */
async function startStaleLine() {
  const kept: Socket[] = [];
  const stale = new Set<Socket>();
  const server = createServer((socket) => {
    kept.push(socket);
    const onward = connect(emulator.port, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.once('close', () => onward.destroy());
    socket.on('data', (chunk) => (stale.has(socket) ? socket.resetAndDestroy() : onward.write(chunk)));
    onward.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of kept) socket.destroy();
    server.close();
  };
  const spoil = () => {
    for (const socket of kept) stale.add(socket);
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, kept, spoil, close };
}

test('a balancer that forgot all its kept connections at once costs nobody a sign-in', async () => {
  const line = await startStaleLine();
  const { client } = await warmLine({ oapiUrl: line.url });
  const exchange = () => exchangeCode(client, emulator.control.mintCode(userid));
  await Promise.all(Array.from({ length: 5 }, exchange));
  expect(line.kept.length).toBeGreaterThanOrEqual(5);
  line.spoil();
  expect(await exchange()).toMatchObject({ userId: userid });
  line.close();
});

test('a code opens once, for one person, within five minutes', async () => {
  const { client } = await warmLine();
  const code = emulator.control.mintCode(userid);
  await exchangeCode(client, code);
  expect((await failureOf(exchangeCode(client, code))).code).toBe('40078');
  const old = emulator.control.mintCode(userid);
  emulator.control.advanceClock(300_000);
  expect((await failureOf(exchangeCode(client, old))).code).toBe('40078');
});

test.each<[string, FaultInput]>([
  ['empty', { kind: 'patch', set: { 'result.userid': '' } }],
  ['a number', { kind: 'patch', set: { 'result.userid': 17 } }],
  ['longer than any', { kind: 'patch', set: { 'result.userid': { repeat: 'a', count: 65 } } }],
  ['missing', { kind: 'patch', unset: ['result.userid'] }],
  ['without its result', { kind: 'patch', unset: ['result'] }],
  ['in an answer that is a list', { kind: 'json', body: [{ errcode: 0 }] }],
  ['in an answer that is null', { kind: 'json', body: null }],
  ['in an answer without errcode', { kind: 'json', body: { result: { userid: 'admin' } } }],
  [
    'in an answer whose errcode is a word',
    { kind: 'json', body: { errcode: 'ok', result: { userid: 'admin' } } },
  ],
  [
    'in an answer whose success is a field',
    { kind: 'json', body: { success: true, result: { userid: 'admin' } } },
  ],
])('a userid that is %s is nobody', async (_, fault) => {
  const { client } = await warmLine();
  exchangeFails(fault);
  const error = await failureOf(exchangeCode(client, emulator.control.mintCode(userid)));
  expect(error).toMatchObject({ kind: 'malformed', code: 'unexpected-shape' });
});

test('an external contact is no employee, though DingTalk tells their userid', async () => {
  const { client } = await warmLine();
  const { people, outsiders } = emulator.company;
  const contact = outsiders.find(({ kind }) => kind === 'external-contact')!;
  expect(await findEmployee(client, contact.unionid)).toBeNull();
  expect(await findEmployee(client, people[0]!.unionid)).toEqual({ userId: userid });
});
