import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { isViewerAdministrator } from '../../../lib/auth/administrator-list';
import { readViewOf } from '../../../lib/dal/viewer';
import { getMember } from '../../../lib/dingtalk/users';
import { dingTalkClient } from '../../../lib/dingtalk-client';
import { noteMember, refreshAdministrators } from '../../../lib/directory/refresh';
import { syncStore } from '../../../lib/directory/sync/run-store';
import { startSync } from '../../../lib/directory/sync/schedule';
import { openDatabases } from '../../../lib/storage/databases';
import { appEnv } from '../../support/app';

const DAY_MS = 86_400_000;

let emulator: Emulator;
let main: string;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 12, enforceQps: false });
  main = emulator.company.people.find(({ adminLevel }) => adminLevel === 1)!.userid;
  const env = { ...appEnv(emulator, 'http://127.0.0.1:3000'), DIRECTORY_SYNC: 'on', LOG_LEVEL: 'silent' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
  await startSync('admin');
  await vi.waitFor(async () => expect((await syncStore().runs(1))[0]?.state).toBe('complete'), 20_000);
});
afterAll(async () => {
  vi.useRealTimers();
  await emulator.close();
});

test('what was read while a department was hidden is read once more, and does not show it', async () => {
  const { people } = emulator.company;
  const reader = people.find(({ adminLevel, leads }) => adminLevel === 0 && leads.length === 0)!;
  const other = (await syncStore().departments()).find(
    ({ id }) => id !== 1 && !reader.departmentIds.some((own) => emulator.company.pathOf(own).includes(id)),
  )!;
  const seen: boolean[] = [];
  const value = await readViewOf(reader.userid, async ({ visibility }) => {
    // Between the tree and the rows.
    if (seen.length === 0) await syncStore().noteDepartment(other.id, other.name, { ...other, hidden: true });
    seen.push(visibility.canSeeDepartment(other.id));
    return seen.at(-1);
  });
  expect(seen).toEqual([true, false]);
  expect(value).toBe(false);
  await syncStore().noteDepartment(other.id, other.name, other);
});

const listIsRefused = () =>
  emulator.control.fault({
    endpoint: '/topapi/user/listadmin',
    times: 'always',
    fault: { kind: 'errcode', errcode: 60011 },
  });

test('a main administrator whose own record says that they are none is none, though the list is refused', async () => {
  expect(await isViewerAdministrator(main)).toBe(true);
  listIsRefused();
  emulator.control.patchPerson(main, { adminLevel: 0 });
  await noteMember(await getMember(dingTalkClient(), main));
  expect(await isViewerAdministrator(main)).toBe(false);
});

test('so is one of whom a department’s list says it, and who is named again is one again', async () => {
  emulator.control.clearFaults();
  emulator.control.patchPerson(main, { adminLevel: 1 });
  await refreshAdministrators();
  expect(await isViewerAdministrator(main)).toBe(true);
  listIsRefused();
  emulator.control.patchPerson(main, { adminLevel: 0 });
  const before = (await syncStore().runs(1))[0]!.id;
  // The run before may have been published and not have ended yet.
  await vi.waitFor(async () => expect(await startSync('admin')).toBe(true), 10_000);
  await vi.waitFor(async () => {
    const [run] = await syncStore().runs(1);
    expect(run!.id).toBeGreaterThan(before);
    expect(run!.state).toBe('partial');
  }, 20_000);
  expect(await isViewerAdministrator(main)).toBe(false);
});

test('a list that was not confirmed for some days belongs to nobody; a new one counts at once', async () => {
  emulator.control.clearFaults();
  emulator.control.patchPerson(main, { adminLevel: 1 });
  await refreshAdministrators();
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(now + 2 * DAY_MS);
  expect(await isViewerAdministrator(main)).toBe(true);
  vi.setSystemTime(now + 4 * DAY_MS);
  expect(await isViewerAdministrator(main)).toBe(false);
  await refreshAdministrators();
  expect(await isViewerAdministrator(main)).toBe(true);
});
