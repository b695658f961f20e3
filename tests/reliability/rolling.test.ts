import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { startApp } from '../support/app';
import { isLong, printFigures, span } from '../support/figures';
import { createCaller } from '../support/load';
import { freePort } from '../support/port';
import { untilReady } from '../support/staff';

vi.setConfig({ testTimeout: 900_000 });

const OLD = `old:${'o'.repeat(40)}`;
const NEW = `new:${'n'.repeat(40)}`;
const BEFORE = { SESSION_KEYS: OLD };
const ANNOUNCED = { SESSION_KEYS: `${OLD},${NEW}`, SESSION_SEAL_KEY: 'old' };
const SEALING = { SESSION_KEYS: `${OLD},${NEW}`, SESSION_SEAL_KEY: 'new' };
const RETIRED = { SESSION_KEYS: NEW, SESSION_SEAL_KEY: 'new' };
/** What is under way at the balancer has so long to reach an instance that is no longer sent anything new. */
const DRAIN_MS = span(500, 2000);
const REQUESTS_PER_SECOND = span(25, 50);

/** Two instances behind a balancer that asks those in turn which are in rotation, and a load that never rests. */
async function startPair(emulator: Emulator, env: Record<string, string>, people: string[]) {
  const start = async (port: number, env: Record<string, string>) => {
    const app = await startApp({ emulator, port, env });
    await untilReady(app);
    return { app, caller: createCaller(app) };
  };
  const instances = await Promise.all([await freePort(), await freePort()].map((port) => start(port, env)));
  let inRotation = [...instances];
  let turn = 0;
  const cookies: (string | undefined)[] = [];
  const failures: string[] = [];
  const counts = { requests: 0, 'sign-ins': 0, restarts: 0 };
  const one = async () => {
    const { caller } = inRotation[turn++ % inRotation.length]!;
    const at = turn % people.length;
    const path = turn % 3 === 0 ? '/me/sessions' : '/api/session';
    // Here and there somebody signs in, so that either instance meets what the other has just sealed.
    const isSignIn = cookies[at] === undefined || turn % 7 === 0;
    const { status, headers } = isSignIn
      ? await caller.signIn(emulator.control.mintCode(people[at]!))
      : await caller.ask(path, { headers: { cookie: cookies[at]! } });
    if (isSignIn && status === 200) cookies[at] = headers['set-cookie']![0]!.split(';')[0]!;
    counts[isSignIn ? 'sign-ins' : 'requests']++;
    if (status !== 200) failures.push(`${status} for ${isSignIn ? 'a sign-in' : path}`);
  };
  let isOver = false;
  const underLoad = async () => {
    const running: Promise<void>[] = [];
    while (!isOver) {
      running.push(one());
      await delay(1000 / REQUESTS_PER_SECOND);
    }
    await Promise.all(running);
  };

  const load = underLoad();

  /** Each instance out of rotation, drained, ended by SIGTERM, and back under other settings. */
  async function roll(env: Record<string, string>): Promise<void> {
    for (const [index, old] of instances.entries()) {
      inRotation = instances.filter((instance) => instance !== old);
      await delay(DRAIN_MS);
      await old.app.close();
      old.caller.close();
      expect(old.app.process.signalCode ?? old.app.process.exitCode).not.toBe('SIGKILL');
      instances[index] = await start(Number(new URL(old.app.url).port), env);
      counts.restarts++;
      inRotation = [...instances];
      await delay(DRAIN_MS);
    }
  }

  return {
    roll,
    failures,
    counts,
    /** Every session is forgotten, as if it had expired. */
    expire: () => {
      cookies.length = 0;
    },
    async close(): Promise<void> {
      isOver = true;
      await load;
      for (const { app, caller } of instances) {
        caller.close();
        await app.close();
      }
    },
  };
}

test('R12, R13: instances are restarted one after the other to bring in a new key: no request fails, nobody is signed out', async () => {
  const emulator = await startEmulator({ members: 120, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const pair = await startPair(emulator, isLong ? BEFORE : ANNOUNCED, people.slice(0, 50));
  try {
    if (isLong) {
      for (let round = 0; round < 10; round++) await pair.roll(BEFORE);
      await pair.roll(ANNOUNCED);
    }
    await pair.roll(SEALING);
    if (isLong) {
      pair.expire();
      await pair.roll(RETIRED);
    }
  } finally {
    await pair.close();
  }
  const { failures, counts } = pair;
  printFigures('R12, R13: rolling restarts that bring in a new key', { ...counts, failed: failures.length });
  expect(failures).toEqual([]);
  expect(counts.requests).toBeGreaterThan(20);
  await emulator.close();
});
