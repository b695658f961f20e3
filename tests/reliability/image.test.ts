import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { appEnv, bareEnv, collect, START_OPTIONS } from '../support/app';
import { isLong, printFigures, span } from '../support/figures';
import { assembleImage, type Contained, dataVolume, runContained } from '../support/image';
import { createCaller, crowd, pace } from '../support/load';
import { freePort } from '../support/port';

vi.setConfig({ testTimeout: 2_400_000 });

const LIMIT_MB = 300;
const PATHS = ['/', '/me', '/me/sessions', '/directory', '/api/session'];
let emulator: Emulator;
let app: Contained;
let url: string;
let cookie: string;
let output: () => string;

beforeAll(async () => {
  emulator = await startEmulator({ members: 60, enforceQps: false });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { ...bareEnv(), ...appEnv(emulator, url), PORT: String(port), MALLOC_ARENA_MAX: '2' };
  app = runContained(assembleImage(), [...START_OPTIONS, 'start.mjs'], env, { data: dataVolume() });
  output = collect(app.process);
  while (!(await fetch(`${url}/api/health`).catch(() => undefined))?.ok) {
    if (app.process.exitCode !== null) throw new Error(output());
    await delay(50);
  }
  const caller = createCaller({ url, origin: url });
  const { userid } = emulator.company.people.find(({ active }) => active)!;
  const { headers } = await caller.signIn(emulator.control.mintCode(userid));
  cookie = headers['set-cookie']![0]!.split(';')[0]!;
  caller.close();
});
afterAll(async () => {
  const { exitCode, signalCode } = app.process;
  if (exitCode === null && signalCode === null) process.kill(await app.pid(), 'SIGTERM');
  await emulator.close();
  expect([exitCode, signalCode], output()).toEqual([null, null]);
});

/** Of the process in its container, in MB. */
async function residentMb(): Promise<number> {
  const status = readFileSync(`/proc/${await app.pid()}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

test('the image’s tree stays below its memory, however many pages it has shown', async () => {
  const caller = createCaller({ url, origin: url });
  const count = span(200, 10_000);
  const before = await residentMb();
  const statuses = await crowd({ count, atOnce: 8 }, async (index) => {
    const { status } = await caller.ask(PATHS[index % 4]!, { headers: { cookie } });
    return status;
  });
  caller.close();
  const after = await residentMb();
  printFigures('memory of the image', { pages: count, 'MB before': before, 'MB after': after });
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  expect(after).toBeLessThanOrEqual(LIMIT_MB);
});

if (isLong)
  test('half an hour at 50 requests a second: flat', async () => {
    const caller = createCaller({ url, origin: url });
    const megabytes: number[] = [];
    for (let minute = 0; minute < 30; minute++) {
      const statuses = await pace({ count: 3000, perSecond: 50 }, async (index) => {
        const { status } = await caller.ask(PATHS[index % PATHS.length]!, { headers: { cookie } });
        return status;
      });
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
      megabytes.push(await residentMb());
    }
    caller.close();
    const [early, late] = [megabytes.slice(5, 10), megabytes.slice(-5)].map((some) => Math.min(...some));
    printFigures('soak', { 'MB by minute': megabytes.join(' ') });
    expect(Math.max(...megabytes)).toBeLessThanOrEqual(LIMIT_MB);
    expect(late! - early!).toBeLessThan(20);
  });
