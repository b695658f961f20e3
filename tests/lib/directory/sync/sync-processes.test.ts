import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../../emulator/server';
import { expectExact, type Mirror, openMirror } from '../../../support/directory';
import { prepareSync, type SyncProcess } from '../../../support/sync-process';

const seed = Math.floor(Math.random() * 2 ** 31);
let emulator: Emulator;
let mirror: Mirror;
const children: SyncProcess[] = [];

afterEach(async () => {
  for (const { kill } of children.splice(0)) kill();
  await mirror.db.close();
  await emulator.close();
});

test('two processes never run at once', async () => {
  emulator = await startEmulator({ members: 200, departments: 60, seed, enforceQps: false });
  mirror = await openMirror(emulator);
  const [first, second] = await Promise.all(
    [30, 1000].map((rate) => prepareSync(emulator, mirror.file, rate)),
  );
  children.push(first!, second!);
  first!.go();
  while (!(await mirror.store.isLeased())) await delay(20);
  second!.go();
  expect(await second!.outcome).toBe('busy');
  expect(await first!.outcome).toBe('complete');
  await expectExact(mirror, emulator.company);
  const { byEndpoint } = emulator.control.calls();
  expect(byEndpoint['/auth/scopes']).toBe(1);
}, 120_000);
