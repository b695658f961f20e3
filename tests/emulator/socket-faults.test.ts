import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, topapi, withEmulator } from './dingtalk-calls';
import { exchangeRaw, formRequest } from './raw-connection';

let emulator: Emulator;
let token: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.control.reset();
  token = await fetchToken(emulator);
});

const first = () => emulator.company.people[0]!;
const path = '/topapi/v2/user/getuserinfo';
const exchange = (code: string) => topapi(emulator, path, { code }, token);
const newCode = () => emulator.control.mintCode(first().userid);
const arm = (fault: FaultInput) => emulator.control.fault({ endpoint: 'userinfo', fault });
const raw = (code: string, patienceMs = 2000, last?: string) =>
  exchangeRaw(emulator.port, formRequest(`${path}?access_token=${token}`, { code }), patienceMs, last);

test('a reset before the call leaves the code alone', async () => {
  const code = newCode();
  arm({ kind: 'reset', afterBytes: 0, consumed: false });
  expect(await raw(code)).toEqual({ text: '', end: 'ECONNRESET' });
  expect((await exchange(code)).json.errcode).toBe(0);
});

test('a reset after the call has used the code', async () => {
  const code = newCode();
  arm({ kind: 'reset', consumed: true });
  expect(await raw(code)).toEqual({ text: '', end: 'ECONNRESET' });
  expect((await exchange(code)).json.errcode).toBe(40078);
});

test('a reset can come in the midst of the answer', async () => {
  arm({ kind: 'reset', afterBytes: 10 });
  const { text, end } = await raw(newCode());
  expect(end).toBe('ECONNRESET');
  expect(text.split('\r\n\r\n')[1]).toBe('{"errcode"');
});

test('a hangup is a goodbye without an answer', async () => {
  arm({ kind: 'hangup' });
  expect(await raw(newCode())).toEqual({ text: '', end: 'end' });
});

test('a black hole never answers', async () => {
  arm({ kind: 'blackhole' });
  expect(await raw(newCode(), 300)).toEqual({ text: '', end: 'open' });
  expect(emulator.control.calls().recent.at(-1)).toMatchObject({ path, outcome: 'fault:blackhole' });
});

test('half an answer under the length of a whole one', async () => {
  arm({ kind: 'truncate' });
  const { text, end } = await raw(newCode());
  const [head, body] = text.split('\r\n\r\n');
  const promised = Number(/content-length: (\d+)/i.exec(head!)![1]);
  expect(end).toBe('end');
  expect(body).toHaveLength(Math.floor(promised / 2));
});

test('half an answer in chunks, without the last one', async () => {
  arm({ kind: 'truncate', chunked: true });
  const { text, end } = await raw(newCode());
  expect(end).toBe('end');
  expect(text).toMatch(/transfer-encoding: chunked/i);
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
});

test('an answer that trickles', async () => {
  arm({ kind: 'trickle', bytesPerSecond: 20 });
  const { text, end } = await raw(newCode(), 700);
  const body = text.split('\r\n\r\n')[1]!;
  expect(end).toBe('open');
  expect(body.length).toBeGreaterThan(3);
  expect(body.length).toBeLessThan(40);
});

test('headers or the body come late', async () => {
  arm({ kind: 'delayHeaders', ms: 300 });
  expect((await raw(newCode(), 150)).text).toBe('');
  arm({ kind: 'delayBody', ms: 300 });
  const early = await raw(newCode(), 150);
  expect(early.text).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(early.text.split('\r\n\r\n')[1]).toBe('');
  arm({ kind: 'delayBody', ms: 100 });
  expect((await exchange(newCode())).json.errcode).toBe(0);
});

test('every answer can be late', async () => {
  emulator.control.settings({ latencyMs: 200 });
  const began = performance.now();
  expect((await exchange(newCode())).json.errcode).toBe(0);
  expect(performance.now() - began).toBeGreaterThan(190);
});

test('a flood has as many bytes as ordered', async () => {
  arm({ kind: 'huge', bytes: 3_500_000 });
  const { text, json } = await exchange(newCode());
  expect(text.length).toBeGreaterThan(3_500_000);
  expect(json.result.name).toHaveLength(3_500_000);
});

test('a small gzip unpacks to a flood', async () => {
  arm({ kind: 'gzipBomb', bytes: 20_000_000 });
  const { text } = await raw(newCode(), 10_000, '\r\n0\r\n\r\n');
  expect(text).toMatch(/content-encoding: gzip/i);
  expect(text).toMatch(/\r\n0\r\n\r\n$/);
  expect(text.length).toBeLessThan(100_000);
  arm({ kind: 'gzipBomb', bytes: 5_000_000 });
  expect((await exchange(newCode())).json.result.name).toHaveLength(5_000_000);
});

test('a kept connection can be closed while it idles', async () => {
  arm({ kind: 'idleClose', idleMs: 60 });
  const { text, end } = await raw(newCode(), 1500);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(text).not.toMatch(/keep-alive: timeout/i);
  expect(end).toBe('end');
});

test('a kept connection can turn out to be dead when it is used again', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  arm({ kind: 'idleClose', idleMs: 0 });
  expect(await ask(agent)).toBe(200);
  const code = newCode();
  expect(await ask(agent, code)).toBe('ECONNRESET');
  expect(await ask(agent, code)).toBe(200);
  agent.destroy();
});

test('close() cuts connections that hang', async () => {
  let broken: Promise<unknown> | undefined;
  await withEmulator({}, async (other) => {
    other.control.fault({ endpoint: 'any', times: 'always', fault: { kind: 'blackhole' } });
    broken = exchangeRaw(other.port, formRequest(path, {}), 5000);
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  expect(await broken).toMatchObject({ text: '', end: expect.stringMatching(/^(end|ECONNRESET)$/) });
});

/** Exchanges a code over an agent's connection: the errcode's HTTP status, or the code of the error. */
function ask(agent: Agent, code = newCode()): Promise<number | string> {
  const body = JSON.stringify({ code });
  const options = {
    agent,
    port: emulator.port,
    host: '127.0.0.1',
    path: `${path}?access_token=${token}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  };
  return new Promise((resolve) => {
    const call = httpRequest(options, (response: IncomingMessage) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    call.end(body);
  });
}
