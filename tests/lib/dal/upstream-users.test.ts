import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { identityOf } from '../../../gate/identity';
import { memberFacts } from '../../../lib/auth/access/member-facts';
import { upstreamUserProblems } from '../../../lib/dal/upstream-users';
import { directoryStore } from '../../../lib/directory/store';
import { syncStore } from '../../../lib/directory/sync/run-store';
import { startSync } from '../../../lib/directory/sync/schedule';
import type { HostSession } from '../../../lib/session/host-session';
import { openDatabases } from '../../../lib/storage/databases';
import { appEnv } from '../../support/app';

let emulator: Emulator;
let people: string[];

/** Values of the first members; the fourth has none. */
const NUMBERS = ['A 001', 'ａ　001 ', 'A002', '', 'B\n7', 'b 7'];

beforeAll(async () => {
  emulator = await startEmulator({ members: 12, departments: 3, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  for (const [index, userid] of people.entries())
    emulator.control.patchPerson(userid, { jobNumber: NUMBERS[index] ?? `C${index}` });
  const env = {
    ...appEnv(emulator, 'http://127.0.0.1:3000'),
    DIRECTORY_SYNC: 'on',
    LOG_LEVEL: 'silent',
    GATE_LISTEN: '127.0.0.1:4180',
    GATE_HOSTS: 'wiki.example.com',
    GATE_USER: 'job-number',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
  await startSync('admin');
  await vi.waitFor(async () => expect((await syncStore().runs(1))[0]?.state).toBe('complete'), 20_000);
});
afterAll(() => emulator.close());

async function userAt(index: number): Promise<string | undefined> {
  const userId = people[index]!;
  const session = { userId, name: 'n', host: 'wiki.example.com', id: `${index}` } as HostSession;
  const identity = await identityOf(session, await memberFacts(userId));
  const at = identity?.indexOf('Remote-User') ?? -1;
  return at < 0 ? undefined : identity?.[at + 1];
}

test('two people with one value are both refused, however it is spelled; one without a value is, too', async () => {
  const users = await Promise.all(NUMBERS.map((_, index) => userAt(index)));
  expect(users).toEqual([undefined, undefined, 'A002', undefined, undefined, undefined]);
});

test('operators are told who they are', async () => {
  expect(await upstreamUserProblems('job-number', directoryStore())).toEqual({
    kind: 'job-number',
    shared: expect.toSatisfy(
      (shared: { value: string; userIds: string[] }[]) =>
        JSON.stringify(shared.map(({ value, userIds }) => [value, [...userIds].sort()]).sort()) ===
        JSON.stringify([
          ['a 001', [people[0]!, people[1]!].sort()],
          ['b 7', [people[4]!, people[5]!].sort()],
        ]),
    ),
    without: 1,
    values: expect.any(Number),
  });
});
