import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { refreshDepartment } from '../../../lib/directory/refresh';
import { syncStore } from '../../../lib/directory/sync/run-store';
import { startSync } from '../../../lib/directory/sync/schedule';
import { openDatabases } from '../../../lib/storage/databases';
import { appEnv } from '../../support/app';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 12, enforceQps: false });
  const env = { ...appEnv(emulator, 'http://127.0.0.1:3000'), DIRECTORY_SYNC: 'on', LOG_LEVEL: 'silent' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
});
afterAll(() => emulator.close());

test('only what a single call cannot tell of a department needs a run', async () => {
  const { company, control } = emulator;
  const top = company.childrenOf(1).find(({ id }) => company.childrenOf(id).length > 0)!.id;
  const inner = company.childrenOf(top)[0]!.id;
  control.settings({ scope: { departments: [top], users: [] } });
  expect(await startSync('admin')).toBe(true);
  while ((await syncStore().runs(1))[0]!.state === 'running') await delay(20);

  // Its parent is not for us to see.
  expect(await refreshDepartment(top)).toBe('unchanged');
  control.patchDepartment(inner, { name: '改名' });
  expect(await refreshDepartment(inner)).toBe('changed');
  expect(await refreshDepartment(inner)).toBe('unchanged');
  control.patchDepartment(inner, { hidden: true });
  expect(await refreshDepartment(inner)).toBe('needs-sync');
  // But nobody sees it from now on.
  expect((await syncStore().departments()).find(({ id }) => id === inner)?.hidden).toBe(true);
  const made = control.addDepartment({ name: '新设', parentId: top });
  expect(await refreshDepartment(made.id)).toBe('needs-sync');
  control.dissolve(made.id);
  expect(await refreshDepartment(made.id)).toBe('needs-sync');
});
