import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PostgresServer } from '../../emulator/demo/postgres-server';
import { runSql } from '../../emulator/demo/run-sql';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { describeTimes, printFigures, span } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { percentile } from '../support/load';
import { postgresServer } from '../support/postgres';
import { CALLBACK_ENV, isIn, postEvent, untilReady, untilRefused } from '../support/staff';

/** Several machines on a PostgreSQL that writes to the disk what it acknowledges. */

const ORIGIN = 'http://localhost:3000';

vi.setConfig({ testTimeout: 1_800_000 });

let server: PostgresServer;
let url: string;
let emulator: Emulator;
let people: string[];
let machines: App[];
beforeAll(async () => {
  server = await postgresServer({ durable: true });
  url = await server.createDatabase('company');
  emulator = await startEmulator({ members: span(300, 3000), departments: 5, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  machines = await Promise.all([startMachine(), startMachine(), startMachine()]);
  for (const machine of machines) await untilReady(machine);
});
afterAll(async () => {
  await Promise.all((machines ?? []).map((machine) => machine.close()));
  await emulator?.close();
  await server?.close();
});

function startMachine(port?: number): Promise<App> {
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'dingpass-machine-'));
  return startApp({
    emulator,
    ...(port && { port }),
    origin: ORIGIN,
    env: { ...CALLBACK_ENV, DATA_DIR, DATABASE_URL: url },
  });
}

const somebody = () => people.pop()!;
const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
const cookieOf = async (userid: string) => (await signedIn(any(machines), emulator, userid)).cookieHeader();
const leave = (userid: string) => ({
  EventType: 'user_leave_org',
  UserId: [userid],
  eventId: `leave-${userid}`,
});

test('dismissed in the company → refused by three machines with folders of their own, within 2 s', async () => {
  const rounds = span(5, 200);
  const stayer = await cookieOf(somebody());
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const userid = somebody();
    const cookie = await cookieOf(userid);
    emulator.control.fire(userid);
    const dismissed = performance.now();
    expect(await postEvent(machines[round % 3]!, emulator, leave(userid))).toBe(200);
    await Promise.all(
      machines.map(async (machine) => {
        await untilRefused(machine, cookie);
        times.push(performance.now() - dismissed);
      }),
    );
  }
  printFigures('Dismissed → refused, three machines on PostgreSQL', {
    rounds,
    times: describeTimes(times),
  });
  expect(percentile(times, 0.99)).toBeLessThanOrEqual(2000);
  expect(Math.max(...times)).toBeLessThanOrEqual(5000);
  for (const machine of machines) expect(await isIn(machine, stayer)).toBe(true);
});

test('separate leave events, one after the other: each is acknowledged when it is on the disk', async () => {
  const [events, bound] = [span(50, 1000), 10_000];
  const leavers = people.splice(0, events);
  const started = performance.now();
  for (let at = 0; at < events; at += 10) {
    const some = leavers.slice(at, at + 10).map((userid) => postEvent(machines[0]!, emulator, leave(userid)));
    expect(new Set(await Promise.all(some))).toEqual(new Set([200]));
  }
  const ms = Math.round(performance.now() - started);
  printFigures('Separate leave events on PostgreSQL', { events, ms });
  expect(ms).toBeLessThanOrEqual(bound);
});

/** Sign-ins under way in a round. */
const PIECES = 6;

/** What was acknowledged in all rounds. */
interface Acknowledged {
  /** Cookies by person. */
  sessions: Map<string, string>;
  ended: Map<string, string>;
}

test('kill -9 of a machine or of PostgreSQL at any moment loses nothing that was acknowledged', async () => {
  const rounds = span(3, 100);
  const acknowledged: Acknowledged = { sessions: new Map(), ended: new Map() };
  const counts = { machine: 0, PostgreSQL: 0, 'sessions lost': 0, 'endings lost': 0, 'audit lines lost': 0 };
  // So that there are endings under way in every round.
  for (let at = 0; at < 8; at++) {
    const userid = somebody();
    acknowledged.sessions.set(userid, await cookieOf(userid));
  }
  for (let round = 0; round < rounds; round++) {
    const { work, done } = createWork(acknowledged);
    const enough = Math.floor(Math.random() * PIECES);
    await expect.poll(done, { timeout: 20_000, interval: 1 }).toBeGreaterThanOrEqual(enough);
    await delay(Math.random() * 20);
    const isServer = round % 2 === 1;
    counts[isServer ? 'PostgreSQL' : 'machine']++;
    if (isServer) await restartServer(work);
    else await restartMachine(round % machines.length, work);
    await untilAllAnswer();
    for (const cookie of acknowledged.ended.values())
      if (!(await isOutEverywhere(cookie))) counts['endings lost']++;
    for (const cookie of acknowledged.sessions.values())
      if (!(await isIn(any(machines), cookie))) counts['sessions lost']++;
  }
  const { rows } = await runSql(url, 'SELECT event, user_id FROM audit');
  const lines = new Set(rows.map(({ event, user_id }) => `${event} ${user_id}`));
  for (const userid of [...acknowledged.sessions.keys(), ...acknowledged.ended.keys()])
    if (!lines.has(`sign-in ${userid}`)) counts['audit lines lost']++;
  for (const userid of acknowledged.ended.keys())
    if (!lines.has(`sign-out ${userid}`) && !lines.has(`person-ended ${userid}`))
      counts['audit lines lost']++;
  printFigures('kill -9 on PostgreSQL', {
    rounds,
    ...counts,
    'sessions acknowledged': acknowledged.sessions.size + acknowledged.ended.size,
    'endings acknowledged': acknowledged.ended.size,
  });
  // A kill at a random moment may leave a round without any.
  expect(acknowledged.ended.size).toBeGreaterThan(0);
  expect(counts).toMatchObject({ 'sessions lost': 0, 'endings lost': 0, 'audit lines lost': 0 });
});

/** Another machine learns of an ending within two seconds. */
async function isOutEverywhere(cookie: string): Promise<boolean> {
  for (const machine of machines)
    for (const giveUpAt = performance.now() + 2000; await isIn(machine, cookie); await delay(50))
      if (performance.now() > giveUpAt) return false;
  return true;
}

/** Sign-ins, sign-outs and leavers at the same moment, on all machines; `work` ends when all are over, well or not. */
function createWork(acknowledged: Acknowledged) {
  const standing = [...acknowledged.sessions].slice(-6);
  let done = 0;
  const pieces = [
    ...Array.from({ length: PIECES }, async () => {
      const userid = somebody();
      const cookie = await cookieOf(userid);
      acknowledged.sessions.set(userid, cookie);
    }),
    ...standing.slice(0, 4).map(async ([userid, cookie], index) => {
      // Until it is known whether it is over, it is neither.
      acknowledged.sessions.delete(userid);
      await delay(Math.random() * 100);
      const machine = any(machines);
      const answer =
        index % 2 === 0
          ? await postEvent(machine, emulator, leave(userid))
          : (
              await new Visitor(machine).ask('/api/session', {
                method: 'DELETE',
                headers: { origin: ORIGIN, cookie },
              })
            ).status;
      if (answer !== 200 && answer !== 204) return;
      acknowledged.ended.set(userid, cookie);
    }),
  ];
  // A server that was just killed may have refused some.
  const work = Promise.allSettled(pieces.map((piece) => piece.finally(() => done++)));
  return { work, done: () => done };
}

async function restartServer(work: Promise<unknown>): Promise<void> {
  await server.kill();
  await work;
  await server.restart();
}

async function restartMachine(index: number, work: Promise<unknown>): Promise<void> {
  const { process: child, url: address } = machines[index]!;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await Promise.all([ended, work]);
  machines[index] = await startMachine(Number(new URL(address).port));
}

/** Each machine knows the state of the database again. */
async function untilAllAnswer(): Promise<void> {
  for (const machine of machines)
    await expect
      .poll(async () => (await fetch(`${machine.url}/api/ready`)).status, { timeout: 15_000, interval: 50 })
      .toBe(200);
}
