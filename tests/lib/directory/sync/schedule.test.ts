import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../../emulator/server';
import type { StoredRun } from '../../../../lib/directory/sync/run';
import { syncStore } from '../../../../lib/directory/sync/run-store';
import { nextSyncAt, startDirectory, startSync } from '../../../../lib/directory/sync/schedule';
import { directoryDatabase, openDatabases } from '../../../../lib/storage/databases';
import { appEnv } from '../../../support/app';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 12, enforceQps: false });
  const env = appEnv(emulator, 'http://127.0.0.1:3000');
  const settings = { DIRECTORY_SYNC: 'on', DIRECTORY_CALLS_PER_SECOND: '200', LOG_LEVEL: 'silent' };
  for (const [name, value] of Object.entries({ ...env, ...settings })) vi.stubEnv(name, value);
  await openDatabases();
});
afterAll(() => emulator.close());

test('a run that was started is there for everybody to see, and there is only one', async () => {
  const [first, second] = await Promise.all([startSync('admin'), startSync('schedule')]);
  expect([first, second]).toEqual([true, false]);
  const [run] = await syncStore().runs(1);
  expect(run).toMatchObject({ state: 'running', startedBy: 'admin', progress: expect.anything() });
  expect(await startSync('schedule')).toBe(false);
  while ((await syncStore().runs(1))[0]!.state === 'running') await delay(20);
  await vi.waitFor(async () => expect(await startSync('schedule')).toBe(true));
  expect(await syncStore().runs(1)).toMatchObject([{ state: 'running', startedBy: 'schedule' }]);
});

const HOUR = 3_600_000;
const hourly = { sync: true, syncIntervalSeconds: 3600 };
const run = (state: StoredRun['state'], startedAt: number) => ({ state, startedAt }) as StoredRun;

test.each([
  ['complete', HOUR],
  ['partial', HOUR],
  ['shrunk', HOUR],
  ['failed', HOUR / 4],
] as const)(
  'after a run that was %s the next one begins %i ms after its start, or some per cent later',
  (state, ms) => {
    const at = nextSyncAt([run(state, 1000), run('complete', 0)], hourly)!;
    expect(at).toBeGreaterThanOrEqual(1000 + ms);
    expect(at).toBeLessThanOrEqual(1000 + ms * 1.05);
  },
);

test('a failed run is not repeated later than a whole interval, nor one that was interrupted later than now', () => {
  const soon = { sync: true, syncIntervalSeconds: 60 };
  expect(nextSyncAt([run('failed', 0)], soon)).toBeLessThanOrEqual(63_000);
  for (const runs of [[], [run('running', 0)]]) {
    expect(Math.abs(nextSyncAt(runs, hourly)! - Date.now())).toBeLessThan(1000);
  }
});

test('without an interval, or where the sync is off, no run begins by itself', () => {
  expect(nextSyncAt([], { sync: true, syncIntervalSeconds: 0 })).toBeUndefined();
  expect(nextSyncAt([], { sync: false, syncIntervalSeconds: 3600 })).toBeUndefined();
});

test('at its start a process reads what is old again, and leaves what is fresh alone', async () => {
  await startSync('admin');
  while ((await syncStore().runs(1))[0]!.state === 'running') await delay(20);
  const [{ id: fresh }] = (await syncStore().runs(1)) as [StoredRun];
  const lastId = async () => (await syncStore().runs(1))[0]!.id;
  const first = startDirectory();
  await delay(1200);
  first.close();
  expect(await lastId()).toBe(fresh);
  await directoryDatabase().run('UPDATE directory_run SET started_at = started_at - ?', 7 * HOUR);
  const second = startDirectory();
  await vi.waitFor(async () => expect(await lastId()).toBe(fresh + 1), 5000);
  second.close();
  expect((await syncStore().runs(1))[0]).toMatchObject({ startedBy: 'schedule' });
});
