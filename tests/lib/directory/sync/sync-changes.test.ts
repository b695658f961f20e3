import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../../../emulator/server';
import {
  clientMeeting,
  everybody,
  expectExact,
  expectSame,
  type Mirror,
  openMirror,
} from '../../../support/directory';

/** Whatever moves while the directory is read is where it is now, and nobody is lost. */

const seed = Math.floor(Math.random() * 2 ** 31);
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

const LIST = '/topapi/v2/user/list';
const LISTSUB = '/topapi/v2/department/listsub';
const LISTID = '/topapi/user/listid';
const GET = '/topapi/v2/user/get';

const company = () => emulator.company;
const meeting = (...what: Parameters<typeof clientMeeting> extends [unknown, ...infer Rest] ? Rest : never) =>
  clientMeeting(emulator, ...what);
const callsTo = (path: string) => emulator.control.calls().byEndpoint[path] ?? 0;
/** A department with one below it that is not at the top. */
const branch = () =>
  company().departments.find(
    ({ id, depth }) =>
      depth === 3 && company().childrenOf(id).length > 0 && company().membersOf(id).length > 1,
  )!;
const biggest = () =>
  [...company().departments].sort(
    (a, b) => company().membersOf(b.id).length - company().membersOf(a.id).length,
  )[0]!.id;
const onlyIn = (id: number) =>
  company()
    .membersOf(id)
    .filter(({ departmentIds }) => departmentIds.length === 1)
    .map(({ userid }) => userid);
/** The last department without one below it that has people who are in no other. */
const leaf = () =>
  company().departments.findLast(({ id }) => company().childrenOf(id).length === 0 && onlyIn(id).length > 0)!
    .id;
const addLeaf = (parentId: number, userids: string[]) => {
  const { id } = emulator.control.addDepartment({ name: '新设', parentId });
  for (const userid of userids) emulator.control.move(userid, [id]);
  return id;
};

test.each([
  ['the first', 1],
  ['a later', 2],
] as const)('a department that moves to a list read already is found by %s run', async (_, run) => {
  await start({ members: 200, departments: 60 });
  if (run === 2) await mirror.sync();
  const { id, parentId } = branch();
  const client = meeting({ path: LISTSUB, dept_id: parentId! }, () =>
    emulator.control.patchDepartment(id, { parentId: 1 }),
  );
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', removed: 0 });
  await expectSame(mirror, company());
  await mirror.sync();
  await expectExact(mirror, company());
});

test('a department of nobody that moves to a list read already is found', async () => {
  await start();
  const parentId = leaf();
  const id = addLeaf(parentId, []);
  await mirror.sync();
  const client = meeting({ path: LISTSUB, dept_id: parentId }, () =>
    emulator.control.patchDepartment(id, { parentId: 1 }),
  );
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', departments: 32 });
  await expectSame(mirror, company());
});

test('departments that are gone are asked after by one call each, and no more', async () => {
  await start();
  await mirror.sync();
  const gone = [leaf()];
  emulator.control.dissolve(gone[0]!);
  gone.push(leaf());
  emulator.control.dissolve(gone[1]!);
  const before = callsTo('/topapi/v2/department/get');
  expect(await mirror.sync()).toMatchObject({ state: 'complete', departments: 29 });
  expect(callsTo('/topapi/v2/department/get') - before).toBe(29 + 2);
  await expectExact(mirror, company());
});

test('hundreds who move to a department read already are not taken for gone', async () => {
  await start({ members: 3600, departments: 6 });
  const last = leaf();
  for (const { userid } of company().people.slice(100, 700)) emulator.control.move(userid, [last]);
  await mirror.sync();
  const movers = company().membersOf(last).slice(0, 600);
  const client = meeting({ path: LIST, dept_id: last, cursor: 0 }, () => {
    for (const { userid } of [...movers]) emulator.control.move(userid, [1]);
  });
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', removed: 0 });
  await expectSame(mirror, company());
}, 60_000);

test('so many gone that nobody will be removed are not asked after one by one', async () => {
  await start({ members: 100 });
  await mirror.sync();
  for (const { userid } of company().people.slice(-21)) emulator.control.fire(userid);
  expect(await mirror.sync()).toMatchObject({ state: 'shrunk' });
  expect(callsTo(GET)).toBe(0);
  expect(await mirror.sync({ acceptShrink: true })).toMatchObject({ state: 'complete', removed: 21 });
  expect(callsTo(GET)).toBe(21);
});

test.each([
  ['the first', 1],
  ['a later', 2],
] as const)('a department made while %s run reads is read, with who moved there', async (_, run) => {
  await start();
  if (run === 2) await mirror.sync();
  const from = leaf();
  const client = meeting({ path: LIST, dept_id: from }, () => addLeaf(1, onlyIn(from)));
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', removed: 0 });
  await expectSame(mirror, company());
});

test('a department made below a new one is read with its path', async () => {
  await start();
  await mirror.sync();
  const from = leaf();
  const [mover] = onlyIn(from);
  const client = meeting({ path: LIST, dept_id: from }, () => addLeaf(addLeaf(1, []), [mover!]));
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', removed: 0 });
  await expectSame(mirror, company());
});

test.each([
  ['the first', 1],
  ['a later', 2],
] as const)(
  'who moves from a list not read yet to one read already is where they are, in %s run',
  async (_, run) => {
    await start();
    if (run === 2) await mirror.sync();
    const from = leaf();
    const [mover] = onlyIn(from);
    const client = meeting({ path: LIST, dept_id: from }, () => emulator.control.move(mover!, [1]));
    expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', removed: 0, people: 150 });
    await expectSame(mirror, company());
  },
);

test('who moves from a list read already to one not read yet is there only', async () => {
  await start();
  const to = leaf();
  const mover = company().membersOf(1)[0]!.userid;
  const client = meeting({ path: LIST, dept_id: to }, () => emulator.control.move(mover, [to]));
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete' });
  await expectSame(mirror, company());
});

test('who is in two departments and exchanges one read already for another is in the right two', async () => {
  await start();
  const stays = leaf();
  const [person] = onlyIn(stays);
  const [first, second] = company().childrenOf(1);
  emulator.control.move(person!, [first!.id, stays]);
  const client = meeting({ path: LIST, dept_id: stays }, () =>
    emulator.control.move(person!, [second!.id, stays]),
  );
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete' });
  await expectSame(mirror, company());
});

test.each([
  ['leaves', (userid: string) => emulator.control.fire(userid)],
  ['moves to a list read already', (userid: string) => emulator.control.move(userid, [1])],
] as const)('who %s between two pages leaves no trace where they were', async (_, change) => {
  await start({ members: 900, departments: 3 });
  for (const [where, at] of [
    [{ path: LIST, cursor: 100 }, 5],
    [{ path: LISTID }, 50],
  ] as const) {
    const id = biggest();
    const { userid } = company().membersOf(id)[at]!;
    const client = meeting({ ...where, dept_id: id }, () => change(userid));
    const fresh = await openMirror(emulator);
    expect(await fresh.sync({ client })).toMatchObject({ state: 'complete' });
    await expectSame(fresh, company());
    await fresh.db.close();
  }
});

/** Dissolves a department once the run has read its people. */
const dissolveWhenRead = (id: number) =>
  meeting({ path: LISTSUB, dept_id: id }, async () => {
    while ((await mirror.store.seenIn(id)).size === 0) await delay(20);
    emulator.control.dissolve(id);
  });

test('who was in a department dissolved meanwhile is in its parent, in the first run too', async () => {
  await start();
  const id = leaf();
  const { parentId } = company().department(id)!;
  const people = company()
    .membersOf(id)
    .map(({ userid }) => userid);
  expect(await mirror.sync({ client: dissolveWhenRead(id) })).toMatchObject({ state: 'complete' });
  for (const userid of people) {
    const { departments } = (await mirror.store.member(userid))!;
    expect(departments.map(({ id }) => id).sort()).toEqual(
      [...company().person(userid)!.departmentIds].sort(),
    );
  }
  expect(people.some((userid) => company().person(userid)!.departmentIds.includes(parentId!))).toBe(true);
});

test('a reading with gaps shows nobody without a department', async () => {
  await start();
  const id = leaf();
  const fault = { kind: 'errcode', errcode: 50004 } as const;
  const refused = company().childrenOf(1)[0]!.id;
  emulator.control.fault({ endpoint: LIST, where: { dept_id: refused }, times: 'always', fault });
  expect(await mirror.sync({ client: dissolveWhenRead(id) })).toMatchObject({ state: 'partial' });
  for (const { userId, departments } of await everybody(mirror.store)) {
    expect(departments, userId).not.toEqual([]);
  }
});

test('who moves within a range of departments and single people is where they are', async () => {
  await start();
  const [top, other] = company().childrenOf(1);
  const only = { departments: [top!.id, other!.id], users: [company().people[0]!.userid] };
  emulator.control.settings({ scope: only });
  await mirror.sync();
  const from = company()
    .departments.filter(({ id }) => company().pathOf(id).includes(other!.id))
    .find(({ id }) => onlyIn(id).length > 0)!.id;
  const [mover] = onlyIn(from);
  const client = meeting({ path: LIST, dept_id: from }, () =>
    emulator.control.move(mover!, [top!.id, company().childrenOf(1)[2]!.id]),
  );
  expect(await mirror.sync({ client })).toMatchObject({ state: 'complete', removed: 0 });
  await expectSame(mirror, company(), only);
});
