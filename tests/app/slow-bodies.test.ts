import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { countCalls } from '../support/dingtalk-client';

let emulator: Emulator;
let app: App;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator();
  ({ userid } = emulator.company.people[0]!);
  app = await startApp({ emulator });
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

/** Sends bytes as they are, and gives back the status line and how long it took. */
async function raw(head: string[], ...chunks: string[]): Promise<{ text: string; ms: number }> {
  const started = performance.now();
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data)).on('error', () => undefined);
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  for (const chunk of chunks) {
    socket.write(chunk);
    await delay(10);
  }
  for (const end = performance.now() + 8000; text === '' && performance.now() < end; ) await delay(20);
  socket.destroy();
  return { text, ms: performance.now() - started };
}
const head = (...more: string[]) => [
  'POST /api/session HTTP/1.1',
  `host: ${new URL(app.url).host}`,
  `origin: ${app.origin}`,
  'content-type: application/json',
  ...more,
];

test('a request with both a length and chunks is refused', async () => {
  const calls = countCalls(emulator);
  const body = JSON.stringify({ code: emulator.control.mintCode(userid) });
  const { text } = await raw(head(`content-length: ${body.length}`, 'transfer-encoding: chunked'), body);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(calls().exchange).toBe(0);
});

test('a body without a length is cut off at the limit, not at its end', async () => {
  const chunk = `1000\r\n${'a'.repeat(4096)}\r\n`;
  const { text, ms } = await raw(head('transfer-encoding: chunked'), ...Array(6).fill(chunk));
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(ms).toBeLessThan(2000);
});

test('a body that is announced too large is refused unread', async () => {
  const { text, ms } = await raw(head('content-length: 10485760'));
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(ms).toBeLessThan(2000);
});

test('a body that does not arrive is given up after five seconds', async () => {
  const { text, ms } = await raw(head('content-length: 100'), '{"code":');
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
  expect(ms).toBeGreaterThan(4500);
  expect(ms).toBeLessThan(7000);
});
