import { afterEach, beforeEach, expect, test } from 'vitest';
import { countWrites } from '../../../../bench/directory-writes';
import { createRandom } from '../../../../emulator/company/random';
import { ROLES } from '../../../../emulator/company/roles';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../../../emulator/server';
import { getDepartment } from '../../../../lib/dingtalk/departments';
import { getMember } from '../../../../lib/dingtalk/users';
import type { SyncProgress } from '../../../../lib/directory/mirror-state';
import { toNoted, toRules } from '../../../../lib/directory/record';
import { type Lease, LeaseLostError } from '../../../../lib/directory/sync/run';
import { sync } from '../../../../lib/directory/sync/sync';
import {
  clientMeeting,
  clientOf,
  dumpMirror,
  expectExact,
  FAST,
  type Mirror,
  openMirror,
} from '../../../support/directory';

const seed = Math.floor(Math.random() * 2 ** 31);
const random = createRandom(seed);
let emulator: Emulator;
let mirror: Mirror;

async function start(options: EmulatorOptions = {}): Promise<void> {
  emulator = await startEmulator({ members: 150, departments: 30, seed, enforceQps: false, ...options });
  mirror = await openMirror(emulator);
}
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stdout.write(`the seed was ${seed}\n`));
});
afterEach(async () => {
  await mirror.db.close();
  await emulator.close();
});

const company = () => emulator.company;
const LIST = '/topapi/v2/user/list';
const DEPARTMENT = '/topapi/v2/department/get';
const ROLE = '/topapi/role/simplelist';
const LISTSUB = '/topapi/v2/department/listsub';
const biggest = () =>
  [...company().departments].sort(
    (a, b) => company().membersOf(b.id).length - company().membersOf(a.id).length,
  )[0]!.id;
/** The last department without one below it that has people who are in no other. */
const leaf = () =>
  company().departments.findLast(
    ({ id }) => company().childrenOf(id).length === 0 && company().people.some(isOnlyIn(id)),
  )!;
const isOnlyIn =
  (id: number) =>
  ({ departmentIds }: { departmentIds: number[] }) =>
    departmentIds.join() === String(id);

test('a company is read exactly, and again without a write', async () => {
  await start({ members: 1000, departments: 100 });
  const run = await mirror.sync();
  expect(run).toMatchObject({ state: 'complete', added: 1000, people: 1000, departments: 101, missing: [] });
  await expectExact(mirror, company());
  const writes = await countWrites(mirror.db);
  expect(await mirror.sync()).toMatchObject({ state: 'complete', added: 0, changed: 0, removed: 0 });
  expect(await writes()).toBe(0);
  const { userid } = company().people[0]!;
  emulator.control.patchPerson(userid, { title: '新职位' });
  await mirror.sync();
  // The new row and the old one's end, keys apart.
  expect(await writes()).toBeGreaterThanOrEqual(2);
}, 120_000);

test('no more calls are made than must be', async () => {
  await start();
  const { calls } = await mirror.sync();
  const { length } = company().departments;
  const pages = company().departments.reduce(
    (sum, { id }) => sum + Math.max(1, Math.ceil(company().membersOf(id).length / 100)),
    0,
  );
  const roles = emulator.control.calls().byEndpoint['/topapi/role/simplelist']!;
  // Token, range, roles, administrators, and once how many people there are; for each department what is below it, its rules and its people.
  const severalPages = company().departments.filter(({ id }) => company().membersOf(id).length > 100).length;
  expect(calls).toBe(4 + roles + 2 * length + pages + severalPages);
});

test('people who come, go, move and change are found', async () => {
  await start();
  await mirror.sync();
  const [a, b, c] = company()
    .people.filter(({ active }) => active)
    .slice(20, 23)
    .map(({ userid }) => userid);
  emulator.control.fire(a!);
  emulator.control.patchPerson(b!, { title: '新职位', departmentIds: [leaf().id] });
  emulator.control.patchPerson(c!, { active: false });
  emulator.control.hire({ userid: 'new.person', departmentIds: [1, leaf().id] });
  const before = company().person(b!)!;
  expect(before.title).toBe('新职位');
  expect(await mirror.sync()).toMatchObject({ state: 'complete', added: 1, changed: 2, removed: 1 });
  await expectExact(mirror, company());
});

test('a range of departments, one within another, and single people', async () => {
  await start();
  const top = company().childrenOf(1)[0]!;
  const inner = company().departments.find(
    ({ id }) => company().pathOf(id).length === 3 && !company().pathOf(id).includes(top.id),
  )!;
  const nested = company().childrenOf(top.id)[0] ?? inner;
  const outside = company().people.find(({ departmentIds }) =>
    departmentIds.every((id) => ![top.id, inner.id].some((seedId) => company().pathOf(id).includes(seedId))),
  )!;
  const only = { departments: [top.id, inner.id, nested.id], users: [outside.userid] };
  emulator.control.settings({ scope: only });
  expect(await mirror.sync()).toMatchObject({ state: 'complete' });
  await expectExact(mirror, company(), only);
});

test('odd departments are left out, and named', async () => {
  await start({ oddDepartments: true });
  const { state, skipped } = await mirror.sync();
  expect(state).toBe('complete');
  expect(skipped).toEqual([
    { id: -7, name: '家校通讯录', why: 'virtual' },
    { id: -1, name: '其他组织', why: 'virtual' },
    { id: 99_000_001, name: '青禾实验学校', why: 'school' },
  ]);
  await expectExact(mirror, company());
});

test('a school that is authorised by itself is left out too, and named', async () => {
  await start({ oddDepartments: true });
  const [top] = company().childrenOf(1);
  emulator.control.settings({ scope: { departments: [99_000_001, top!.id], users: [] } });
  emulator.control.move(company().people[9]!.userid, [99_000_001, 99_000_002]);
  const run = await mirror.sync();
  expect(run).toMatchObject({
    state: 'complete',
    skipped: [{ id: 99_000_001, name: '青禾实验学校', why: 'school' }],
  });
  await expectExact(mirror, company(), { departments: [top!.id], users: [] });
  const { length } = company().departments.filter(({ id }) => company().pathOf(id).includes(top!.id));
  expect(emulator.control.calls().byEndpoint[DEPARTMENT]).toBe(length + 1);
});

test('a permission that is missing makes the read partial, says which, and removes nobody', async () => {
  await start();
  await mirror.sync();
  const before = await dumpMirror(mirror.store);
  emulator.control.fire(company().people[30]!.userid);
  emulator.control.settings({
    permissions: emulator.control
      .settings()
      .permissions.filter((name) => name !== 'qyapi_get_department_member'),
  });
  const run = await mirror.sync();
  expect(run.state).toBe('failed');
  expect(run.missing).toContainEqual(
    expect.objectContaining({
      what: 'people',
      problem: 'permission-missing',
      requiredScopes: ['qyapi_get_department_member'],
    }),
  );
  expect(run.missing.filter(({ what }) => what === 'people')).toHaveLength(1);
  expect(await dumpMirror(mirror.store)).toEqual(before);
  expect(await mirror.store.state()).toMatchObject({ state: 'failed', people: 150 });
});

test('one department that is refused is named, and its people stay', async () => {
  await start();
  await mirror.sync();
  const { id, name } = leaf();
  const gone = company().people.find(isOnlyIn(id))!;
  emulator.control.fire(gone.userid);
  emulator.control.fault({
    endpoint: LIST,
    where: { dept_id: id },
    times: 'always',
    fault: { kind: 'errcode', errcode: 50004 },
  });
  const run = await mirror.sync();
  expect(run.missing).toEqual([
    expect.objectContaining({
      what: 'people',
      problem: 'not-allowed',
      departmentId: id,
      departmentName: name,
    }),
  ]);
  expect(run).toMatchObject({ state: 'partial', removed: 0 });
  expect(await mirror.store.member(gone.userid)).not.toBeNull();
  expect(await mirror.store.state()).toMatchObject({ state: 'partial', missing: run.missing });
  emulator.control.clearFaults();
  expect(await mirror.sync()).toMatchObject({ state: 'complete', removed: 1 });
  await expectExact(mirror, company());
});

test('a refusal for the root, which is asked first, is not taken for one of all', async () => {
  await start();
  const [permission, unknown] = [60011, 43007].map((errcode) => ({ kind: 'errcode', errcode }) as const);
  const where = { dept_id: 1 };
  emulator.control.fault({ endpoint: LIST, where, times: 'always', fault: permission! });
  emulator.control.fault({ endpoint: DEPARTMENT, where, times: 'always', fault: unknown! });
  const run = await mirror.sync();
  const root = { departmentId: 1 };
  expect(run.state).toBe('partial');
  expect(run.missing).toHaveLength(2);
  expect(run.missing).toContainEqual(expect.objectContaining({ ...root, what: 'people' }));
  expect(run.missing).toContainEqual(expect.objectContaining({ ...root, what: 'settings' }));
  for (const { id, own, hidden } of await mirror.store.departments()) {
    expect(own, String(id)).toBe(id === 1 ? 0 : company().membersOf(id).length);
    // It cannot be, and would hide everybody.
    expect(hidden).toBe(false);
  }
  emulator.control.clearFaults();
  expect(await mirror.sync()).toMatchObject({ state: 'complete' });
  await expectExact(mirror, company());
});

test('a refusal of all is told once, and costs some calls', async () => {
  await start({ members: 300, departments: 150 });
  for (const endpoint of [LIST, DEPARTMENT]) {
    emulator.control.fault({ endpoint, times: 'always', fault: { kind: 'errcode', errcode: 60011 } });
  }
  const { missing } = await mirror.sync();
  expect(missing.map(({ what, departmentId }) => [what, departmentId]).sort()).toEqual([
    ['people', undefined],
    ['settings', undefined],
  ]);
  const { byEndpoint } = emulator.control.calls();
  for (const endpoint of [LIST, DEPARTMENT]) expect(byEndpoint[endpoint]).toBeLessThan(20);
});

test('one role that is refused is named', async () => {
  await start();
  const role = [...ROLES.values()][0]!;
  const fault = { kind: 'errcode', errcode: 60011 } as const;
  emulator.control.fault({ endpoint: ROLE, where: { role_id: role.id }, times: 'always', fault });
  const { missing } = await mirror.sync();
  expect(missing).toEqual([expect.objectContaining({ what: 'roles', roleName: role.name })]);
});

test('roles that cannot be read make the roles partial, not the people', async () => {
  await start();
  await mirror.sync();
  emulator.control.fire(company().people[40]!.userid);
  emulator.control.fault({
    endpoint: ROLE,
    times: 'always',
    fault: { kind: 'errcode', errcode: 60011 },
  });
  const run = await mirror.sync();
  expect(run).toMatchObject({ state: 'partial', removed: 1 });
  expect(run.missing).toEqual([expect.objectContaining({ what: 'roles', problem: 'permission-missing' })]);
});

test('people who come and go between two pages neither vanish nor appear twice', async () => {
  await start({ members: 1500, departments: 3 });
  const id = biggest();
  const people = company()
    .membersOf(id)
    .map(({ userid }) => userid);
  for (const [cursor, fire] of [
    [100, people.slice(2, 6)],
    [200, people.slice(120, 123)],
  ] as const) {
    emulator.control.fault({
      endpoint: LIST,
      where: { dept_id: id, cursor },
      fault: {
        kind: 'staffChange',
        fire: [...fire],
        hire: [{ userid: `late.${cursor}`, departmentIds: [id, 1] }],
      },
    });
  }
  expect((await mirror.sync()).state).toBe('complete');
  const missing = company().people.filter(
    ({ userid }) => !people.slice(2, 6).includes(userid) && !userid.startsWith('late'),
  );
  for (const { userid } of missing) expect(await mirror.store.member(userid), userid).not.toBeNull();
  await mirror.sync();
  await expectExact(mirror, company());
});

test('somebody who moves from an unread department to a read one is not taken for gone', async () => {
  await start();
  await mirror.sync();
  const last = leaf();
  const mover = company().people.find(isOnlyIn(last.id))!;
  emulator.control.fault({
    endpoint: LIST,
    where: { dept_id: last.id },
    fault: { kind: 'staffChange', move: [{ userid: mover.userid, departmentIds: [1] }] },
  });
  expect(await mirror.sync()).toMatchObject({ state: 'complete', removed: 0 });
  await mirror.sync();
  await expectExact(mirror, company());
});

test('a department that is dissolved while it is read is gone, which is no failure', async () => {
  await start();
  const { id } = leaf();
  emulator.control.fault({
    endpoint: LIST,
    where: { dept_id: id },
    fault: { kind: 'staffChange', dissolve: [id] },
  });
  expect(await mirror.sync()).toMatchObject({ state: 'complete', departments: 30, missing: [] });
  const other = leaf();
  emulator.control.fault({
    endpoint: LISTSUB,
    where: { dept_id: other.id },
    fault: { kind: 'staffChange', dissolve: [other.id] },
  });
  expect(await mirror.sync()).toMatchObject({ state: 'complete', missing: [] });
  await mirror.sync();
  await expectExact(mirror, company());
});

test('a shrink of more than a fifth waits for the operator’s word', async () => {
  await start({ members: 100 });
  await mirror.sync();
  const before = await dumpMirror(mirror.store);
  for (const { userid } of company().people.slice(-21)) emulator.control.fire(userid);
  expect(await mirror.sync()).toMatchObject({ state: 'shrunk', removed: 0 });
  expect(await dumpMirror(mirror.store)).toEqual(before);
  expect(await mirror.store.state()).toMatchObject({ state: 'failed', people: 100 });
  expect(await mirror.sync({ acceptShrink: true })).toMatchObject({ state: 'complete', removed: 21 });
  await expectExact(mirror, company());
});

test('a range that cannot be read fails the run, and the old snapshot stays', async () => {
  await start();
  await mirror.sync();
  emulator.control.fault({
    endpoint: '/auth/scopes',
    times: 'always',
    fault: { kind: 'errcode', errcode: 60020 },
  });
  const run = await mirror.sync();
  expect(run).toMatchObject({ state: 'failed', missing: [{ what: 'scope', problem: 'address-refused' }] });
  expect(await mirror.store.state()).toMatchObject({ state: 'failed', people: 150 });
  await expectExact(mirror, company());
});

test('what is told of somebody while a run is at it outlives the run', async () => {
  await start();
  await mirror.sync();
  const [leaver, changed] = company()
    .people.slice(60, 62)
    .map(({ userid }) => userid);
  emulator.control.patchPerson(changed!, { title: '读到的' });
  emulator.control.patchDepartment(leaf().id, { name: '读到的' });
  let telling: Promise<void> | undefined;
  const running = mirror.sync({
    onProgress: ({ phase }) => {
      if (phase === 'publishing') telling ??= tell();
    },
  });
  async function tell() {
    emulator.control.fire(leaver!);
    await mirror.store.forget(leaver!);
    emulator.control.patchPerson(changed!, { title: '后来的', departmentIds: [1] });
    await mirror.store.note(toNoted(await getMember(clientOf(emulator), changed!)), Date.now());
    const { id } = leaf();
    emulator.control.patchDepartment(id, { name: '后来的名字', restricted: true });
    const detail = await getDepartment(clientOf(emulator), id);
    await mirror.store.noteDepartment(id, detail.name, toRules(detail));
  }
  await running;
  await telling;
  expect(await mirror.store.member(leaver!)).toBeNull();
  expect((await mirror.store.member(changed!))?.record.title).toBe('后来的');
  const departments = await mirror.store.departments();
  expect(departments.find(({ id }) => id === leaf().id)).toMatchObject({
    name: '后来的名字',
    restricted: true,
  });
  const { own } = departments.find(({ id }) => id === 1)!;
  expect(own).toBe(company().membersOf(1).length);
});

test('the pace stays below DingTalk’s limit, which never says no', async () => {
  await start({ departments: 60, enforceQps: true, qps: 100 });
  await mirror.sync({ pace: { ...FAST, callsPerSecond: 75 } });
  const refused = emulator.control.calls().recent.filter(({ outcome }) => outcome === '90018');
  expect(refused).toEqual([]);
  await expectExact(mirror, company());
});

test('a refusal for speed is waited out', async () => {
  await start({ departments: 12, members: 60, enforceQps: true, qps: 10 });
  expect(await mirror.sync({ pace: { ...FAST, callsPerSecond: 40 } })).toMatchObject({ state: 'complete' });
  await expectExact(mirror, company());
});

test('progress says how far it is', async () => {
  await start();
  const seen: SyncProgress[] = [];
  await mirror.sync({ onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toMatchObject({ phase: 'publishing', people: 150, failures: 0 });
  expect(seen.at(-1)!.done).toBe(seen.at(-1)!.total);
  expect(seen.at(-1)!.callsSpent).toBeGreaterThan(90);
});

test('it never runs twice at once', async () => {
  await start();
  const client = clientOf(emulator);
  const both = await Promise.all(
    [1, 2].map(() => sync({ store: mirror.store, client, startedBy: 'admin', pace: FAST })),
  );
  expect(both.map(({ kind }) => kind).sort()).toEqual(['busy', 'ran']);
});

test('a run that is stopped goes on where it was', async () => {
  await start({ members: 300, departments: 100 });
  const stop = new AbortController();
  const client = clientOf(emulator);
  const half = sync({
    store: mirror.store,
    client,
    startedBy: 'command',
    pace: { ...FAST, callsPerSecond: 60 },
    signal: stop.signal,
    onProgress: ({ done }) => {
      if (done > 40 + random.below(60)) stop.abort();
    },
  });
  await expect(half).rejects.toThrow();
  const spent = emulator.control.calls().total;
  expect(await mirror.store.state()).toMatchObject({ state: 'none', people: 0 });
  const outcome = await sync({ store: mirror.store, client, startedBy: 'command', pace: FAST });
  expect(outcome).toMatchObject({ kind: 'ran', resumed: true, run: { state: 'complete' } });
  await expectExact(mirror, company());
  // What was under way when it stopped is asked again, and no more.
  const least = 3 * 101 + emulator.control.calls().byEndpoint['/topapi/role/simplelist']!;
  expect(spent).toBeGreaterThan(30);
  expect(emulator.control.calls().total).toBeLessThan(least + 60);
});

/** Starts a run and stops it on the way. */
async function halfRun(): Promise<void> {
  const stop = new AbortController();
  const client = clientMeeting(emulator, { path: LIST, dept_id: leaf().id }, () => stop.abort());
  await expect(mirror.sync({ client, signal: stop.signal })).rejects.toThrow();
}

test('what was read more than two hours ago is not gone on with', async () => {
  await start();
  await halfRun();
  await mirror.db.run('UPDATE directory_run SET touched_at = touched_at - ?', 2 * 3_600_000 + 1000);
  const client = clientOf(emulator);
  const outcome = await sync({ store: mirror.store, client, startedBy: 'command', pace: FAST });
  expect(outcome).toMatchObject({ kind: 'ran', resumed: false, run: { state: 'complete' } });
  expect((await mirror.store.runs(2)).map(({ state }) => state)).toEqual(['complete', 'failed']);
  await expectExact(mirror, company());
});

test('a run whose lease is taken over stops, and leaves the other one alone', async () => {
  await start();
  const other = await takenOver();
  expect(await mirror.store.isLeased()).toBe(true);
  expect(await mirror.store.runs(5)).toMatchObject([{ state: 'running' }]);
  await mirror.store.giveLease(other);
  expect(await mirror.sync()).toMatchObject({ state: 'complete' });
  expect(await mirror.store.runs(5)).toHaveLength(1);
  await expectExact(mirror, company());
});

/** Another process takes a run's lease. @returns the other's */
async function takenOver(): Promise<Lease> {
  let other: Lease | null = null;
  const client = clientMeeting(emulator, { path: LIST, dept_id: leaf().id }, async () => {
    // As when it said nothing for so long that its time has passed.
    await mirror.db.run('UPDATE directory_lease SET until = 0');
    other = await mirror.store.takeLease(60_000);
  });
  await expect(mirror.sync({ client })).rejects.toThrow(LeaseLostError);
  return other!;
}
