import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { directoryStore } from '../../../lib/directory/libsql-store';
import { startSync } from '../../../lib/directory/schedule';
import { appEnv } from '../../support/app';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 12, enforceQps: false });
  const env = appEnv(emulator, 'http://127.0.0.1:3000');
  const settings = { DIRECTORY_SYNC: 'on', DIRECTORY_CALLS_PER_SECOND: '200', LOG_LEVEL: 'silent' };
  for (const [name, value] of Object.entries({ ...env, ...settings })) vi.stubEnv(name, value);
});
afterAll(() => emulator.close());

test('a run that was started is there for everybody to see, and there is only one', async () => {
  const [first, second] = await Promise.all([startSync('admin'), startSync('schedule')]);
  expect([first, second]).toEqual([true, false]);
  const [run] = await directoryStore().runs(1);
  expect(run).toMatchObject({ state: 'running', startedBy: 'admin', progress: expect.anything() });
  expect(await startSync('schedule')).toBe(false);
  while ((await directoryStore().runs(1))[0]!.state === 'running') await delay(20);
  await vi.waitFor(async () => expect(await startSync('schedule')).toBe(true));
  expect(await directoryStore().runs(1)).toMatchObject([{ state: 'running', startedBy: 'schedule' }]);
});
