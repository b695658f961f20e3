import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Person } from '../../../../emulator/company/person';
import { type Emulator, startEmulator } from '../../../../emulator/server';
import { parseAccessFile } from '../../../../lib/auth/access/access-file';
import { explained, findPersons } from '../../../../lib/auth/access/explain';
import { companyNames, eachMember, memberFacts } from '../../../../lib/auth/access/member-facts';
import { findNameProblems } from '../../../../lib/auth/access/name-problems';
import { directoryStore } from '../../../../lib/directory/store';
import { syncStore } from '../../../../lib/directory/sync/run-store';
import { startSync } from '../../../../lib/directory/sync/schedule';
import { openDatabases } from '../../../../lib/storage/databases';
import { appEnv } from '../../../support/app';

const HOUR_MS = 3_600_000;

let emulator: Emulator;
let person: Person;
let other: Person;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 8, enforceQps: false });
  [person, other] = emulator.company.people.filter(({ active }) => active) as [Person, Person];
  const env = {
    ...appEnv(emulator, 'http://127.0.0.1:3000'),
    DIRECTORY_SYNC: 'on',
    LOG_LEVEL: 'silent',
    ADMIN_USER_IDS: person.userid,
    AUDITORS: 'role:财务',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
});
afterAll(async () => {
  vi.useRealTimers();
  await emulator.close();
});

const read = async () => {
  const before = (await syncStore().runs(1))[0]?.id;
  await startSync('admin');
  await vi.waitFor(
    async () => {
      const [run] = await syncStore().runs(1);
      expect(run?.id).not.toBe(before);
      expect(run?.state).not.toBe('running');
    },
    { timeout: 20_000 },
  );
};

test('before the directory was read nothing is known, but who the settings name', async () => {
  expect(await memberFacts(person.userid)).toMatchObject({
    departments: undefined,
    roleIds: undefined,
    administrator: true,
    auditor: undefined,
  });
  expect(await memberFacts(other.userid)).toMatchObject({ administrator: undefined, auditor: undefined });
});

test('requests that come while the first read is published see its names afterwards', async () => {
  let isRead = false;
  const asking = Array.from({ length: 8 }, async () => {
    while (!isRead) {
      await companyNames();
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  await read();
  isRead = true;
  await Promise.all(asking);
  await vi.waitFor(async () => expect((await companyNames()).departmentPaths.size).toBeGreaterThan(1), 3000);
  expect((await companyNames()).rolesNamed('财务')).toHaveLength(1);
});

test('what was read is known, with departments, leaders and roles', async () => {
  await vi.waitFor(async () => expect((await memberFacts(other.userid)).departments).toBeDefined(), 3000);
  const facts = await memberFacts(other.userid);
  expect(facts.departments?.map(({ id }) => id).sort()).toEqual([...other.departmentIds].sort());
  expect(facts).toMatchObject({ administrator: expect.any(Boolean), auditor: expect.any(Boolean) });
  expect(facts.asOf).toBeGreaterThan(Date.now() - HOUR_MS);
  let count = 0;
  await eachMember((member) => {
    if (member.userId) count++;
  });
  expect(count).toBeGreaterThan(50);
});

test('a person is found by user id, by name, and by pinyin', async () => {
  expect(await findPersons(other.userid)).toEqual([expect.objectContaining({ userId: other.userid })]);
  expect((await findPersons(other.name)).map(({ userId }) => userId)).toContain(other.userid);
  expect(await findPersons('no such person')).toEqual([]);
});

test('names that do not exist are told with the nearest ones, ambiguous ones with their paths', async () => {
  const company = await companyNames();
  const [, path = ''] = [...company.departmentPaths.values()];
  const name = path.split('/').at(-1)!;
  const { rules } = parseAccessFile(
    JSON.stringify([{ at: '/x', for: [`department:${name.slice(0, -1)}X`, 'role:财物', 'person:absent'] }]),
  );
  const problems = findNameProblems(rules!, company, () => false);
  expect(problems.map(({ condition }) => condition)).toEqual([
    `department:${name.slice(0, -1)}X`,
    'role:财物',
    'person:absent',
  ]);
  expect(problems[0]?.suggestions).toContain(name);
  expect(problems[1]?.suggestions).toContain('财务');
});

test('an explanation says what would let a person in, and what has to go first', async () => {
  const { rules } = parseAccessFile(
    JSON.stringify([{ at: '/x/*', for: ['person:nobody', 'role:财务', 'not:everybody'] }]),
  );
  const facts = { ...(await memberFacts(other.userid)), roleIds: [] };
  const why = explained(rules!, '/x/y', facts, await companyNames());
  expect(why.verdict).toMatchObject({ admitted: false, because: 'rule' });
  expect(why.wanted.map(({ text }) => text)).toEqual(['person:nobody', 'role:财务']);
  expect(why.barring.map(({ condition }) => condition.text)).toEqual(['not:everybody']);
});

test('an explanation knows what the pages of administration and audit ask by themselves', async () => {
  const { rules } = parseAccessFile(JSON.stringify([{ at: '/*', for: ['everybody'] }]));
  const [company, facts] = [await companyNames(), await memberFacts(other.userid)];
  const at = (path: string, more: object = {}) => explained(rules!, path, { ...facts, ...more }, company);
  for (const path of [
    '/admin/audit',
    '/admin/sync',
    '/admin/access',
    '/api/admin/sessions',
    '/directory/export.csv',
  ])
    expect([path, at(path).verdict]).toEqual([
      path,
      expect.objectContaining({ admitted: false, because: 'own-page' }),
    ]);
  expect(at('/admin/audit').wanted.map(({ text }) => text)).toEqual(['administrator', 'auditor']);
  expect(at('/admin/audit', { auditor: true }).verdict).toMatchObject({ admitted: true, recent: 30 });
  expect(at('/admin/sync', { auditor: true }).verdict.admitted).toBe(false);
  expect(at('/admin/sync', { administrator: true }).verdict.admitted).toBe(true);
  expect(at('/me').verdict).toMatchObject({ admitted: true, because: 'rule', recent: undefined });
  // A page below an administrator's address that the file closes stays closed by the file.
  const closed = parseAccessFile(JSON.stringify([{ at: '/admin/*', for: ['person:nobody'] }])).rules!;
  expect(explained(closed, '/admin/sync', { ...facts, administrator: true }, company).verdict.because).toBe(
    'rule',
  );
});

test('while the database is silent what was read counts for a minute, and nothing after it', async () => {
  const store = directoryStore();
  const silent = vi.spyOn(store, 'state').mockRejectedValue(new Error('silent'));
  const since = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(since + 2000);
  expect((await memberFacts(other.userid)).departments).toBeDefined();
  clock.mockReturnValue(since + 62_000);
  expect(await memberFacts(other.userid)).toMatchObject({ departments: undefined, roleIds: undefined });
  expect((await companyNames()).departmentPaths.size).toBe(0);
  expect(await memberFacts(person.userid)).toMatchObject({ administrator: true });
  silent.mockRestore();
  clock.mockRestore();
});

test('what is older than ACCESS_MAX_AGE_HOURS is unknown again', async () => {
  await vi.waitFor(async () => expect((await memberFacts(other.userid)).departments).toBeDefined(), 3000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 49 * HOUR_MS });
  await vi.waitFor(async () => expect((await memberFacts(other.userid)).departments).toBeUndefined(), 3000);
  expect(await memberFacts(other.userid)).toMatchObject({ roleIds: undefined });
});

test('a read that lacks the roles leaves them unknown where no complete one is recent, and the departments known', async () => {
  const fault = { kind: 'errcode', errcode: 60011 } as const;
  emulator.control.fault({ endpoint: '/topapi/role/list', times: 'always', fault });
  await read();
  await vi.waitFor(async () => expect((await memberFacts(other.userid)).departments).toBeDefined(), 3000);
  expect(await memberFacts(other.userid)).toMatchObject({ roleIds: undefined });
});
