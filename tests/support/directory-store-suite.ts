import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type {
  DepartmentRules,
  FindOptions,
  Found,
  NotedMember,
  PersonRecord,
} from '../../lib/directory/model';
import { parseQuery, planSearch } from '../../lib/directory/search-query';
import {
  type FoundPerson,
  type Lease,
  LeaseLostError,
  type Task,
  type TaskResult,
  type Verdict,
} from '../../lib/directory/sync/run';
import type { SyncStore } from '../../lib/directory/sync/run-store';

export const OPEN: DepartmentRules = {
  hidden: false,
  permittedDepartmentIds: [],
  permittedUserIds: [],
  restricted: false,
  visibleDepartmentIds: [],
  visibleUserIds: [],
};
const COMPLETE: Verdict = {
  peopleComplete: true,
  rolesComplete: true,
  administratorsComplete: true,
  acceptShrink: false,
  calls: 7,
};
const all = { offset: 0, limit: 1000 };

export function person(userId: string, more: Partial<PersonRecord> & { leader?: boolean } = {}): FoundPerson {
  const { leader = false, ...record } = more;
  return { userId, leader, record: { name: userId, active: true, ...record } };
}

export function noted(userId: string, more: Partial<NotedMember> = {}): NotedMember {
  return {
    userId,
    record: { name: userId, active: true },
    departments: [],
    roles: [],
    managerUserId: undefined,
    ...more,
  };
}

/** A reading of departments and their people, as one batch. */
export interface Reading {
  /** Department id to its parent, `undefined` for the root. */
  tree: Record<number, number | undefined>;
  people: Record<number, FoundPerson[]>;
  rules?: Record<number, Partial<DepartmentRules>>;
  roles?: Record<string, string[]>;
}

export async function lend(store: SyncStore): Promise<Lease> {
  return (await store.takeLease(10_000))!;
}

async function leaversOf(store: Pick<SyncStore, 'leavers'>): Promise<string[]> {
  return (await store.leavers(10)).map(({ userId }) => userId);
}

async function everybody(store: SyncStore): Promise<string[]> {
  const userIds: string[] = [];
  await store.everybody((members) => void userIds.push(...members.map(({ userId }) => userId)));
  return userIds.sort();
}

export async function read(store: SyncStore, lease: Lease, reading: Reading): Promise<void> {
  const { tasks } = await store.openRun(lease, { startedBy: 'command', resumeWithinMs: 0 });
  const results: TaskResult[] = Object.entries(reading.tree).map(([id, parentId], position) => ({
    departments: [{ id: Number(id), parentId, position, name: `部门${id}` }],
    rules: { departmentId: Number(id), name: '', rules: { ...OPEN, ...reading.rules?.[Number(id)] } },
  }));
  for (const [id, list] of Object.entries(reading.people)) {
    results.push({ people: { departmentId: Number(id), position: 0, list } });
  }
  Object.entries(reading.roles ?? {}).forEach(([name, userIds], at) => {
    const roleId = 100 + at;
    results.push({ roles: [{ id: roleId, name, groupName: '岗位' }], roleMembers: { roleId, userIds } });
  });
  results.push({ administrators: [{ userId: 'a', main: true }] });
  for (const result of results) await store.record(lease, [{ task: tasks[0]!, result }]);
}

export async function publishReading(store: SyncStore, reading: Reading, verdict: Partial<Verdict> = {}) {
  const lease = await lend(store);
  await read(store, lease, reading);
  const run = await store.publish(lease, { ...COMPLETE, ...verdict });
  await store.giveLease(lease);
  return run;
}

/**
 * How any store of the directory behaves.
 *
 * @param create a new, empty store
 * @param reopen another one on the same data, as another process would have it
 */
export function describeStore(
  create: () => Promise<SyncStore>,
  reopen: (store: SyncStore) => Promise<SyncStore>,
): void {
  const company: Reading = {
    tree: { 1: undefined, 10: 1, 20: 1 },
    people: { 1: [person('a')], 10: [person('c', { leader: true }), person('b')], 20: [person('b')] },
    roles: { 财务: ['b'] },
  };
  const namesIn = async (store: SyncStore, id: number) =>
    (await store.membersOf(id, all)).map(({ userId, leader }) => userId + (leader ? '*' : ''));

  const namesOf = async (store: SyncStore, typed: string, options: Partial<FindOptions> = {}) => {
    const plan = planSearch(parseQuery(typed).terms.join(' '), false);
    const { people } = await store.find(plan, { accepts: () => true, limit: 10, ...options });
    return people.map(({ member }) => member.userId);
  };

  test('an empty store says that there is nothing', async () => {
    const store = await create();
    expect(await store.state()).toMatchObject({ state: 'none', people: 0, asOf: undefined, missing: [] });
    expect(await store.departments()).toEqual([]);
    expect(await store.member('a')).toBeNull();
    expect(await store.note(noted('a'), 1)).toBe(false);
    expect(await namesOf(store, 'a')).toEqual([]);
    expect(await everybody(store)).toEqual([]);
  });

  test('a snapshot is read in DingTalk’s order, with its counts', async () => {
    const store = await create();
    expect(await publishReading(store, company)).toMatchObject({
      state: 'complete',
      added: 3,
      people: 3,
      departments: 3,
    });
    expect(await namesIn(store, 10)).toEqual(['c*', 'b']);
    expect(await store.membersOf(10, { offset: 1, limit: 1 })).toMatchObject([{ userId: 'b' }]);
    expect(await store.member('b')).toEqual({
      userId: 'b',
      record: { name: 'b', active: true },
      departments: [
        { id: 10, leader: false },
        { id: 20, leader: false },
      ],
    });
    const counts = (await store.departments()).map(({ id, own, below }) => [id, own, below]);
    expect(counts.sort()).toEqual([
      [1, 1, 3],
      [10, 2, 2],
      [20, 1, 1],
    ]);
    expect(await store.rolesOf('b')).toEqual([{ id: 100, name: '财务', groupName: '岗位' }]);
    expect([await store.isMainAdministrator('a'), await store.isMainAdministrator('b')]).toEqual([
      true,
      false,
    ]);
    expect(await store.state()).toMatchObject({ state: 'complete', people: 3, departments: 3 });
  });

  test('what was told of a department while a run read or published it outlives the run', async () => {
    const store = await create();
    await publishReading(store, company);
    const lease = await lend(store);
    await read(store, lease, { ...company, rules: { 10: { restricted: true }, 20: { restricted: true } } });
    expect(await store.noteDepartment(10, '后来', { ...OPEN, hidden: true })).toBe(true);
    const publishing = store.publish(lease, COMPLETE);
    let name = '';
    for (let tick = 0; tick < 20; tick++) {
      name = `名${tick}`;
      await store.noteDepartment(20, name, OPEN);
      await breathe();
    }
    await publishing;
    const departments = await store.departments();
    expect(departments.find(({ id }) => id === 10)).toMatchObject({ name: '后来', hidden: true });
    expect(departments.find(({ id }) => id === 20)).toMatchObject({ name, restricted: false });
  });

  const placesOf = async (store: SyncStore, userId: string) =>
    (await store.member(userId))?.departments.map(({ id, leader }) => `${id}${leader ? '*' : ''}`);

  test('what was told of somebody while a run read outlives it, in departments too that only the run knows', async () => {
    const store = await create();
    await publishReading(store, company);
    const lease = await lend(store);
    const next: Reading = {
      tree: { 1: undefined, 10: 1, 30: 1 },
      people: { 1: [person('a')], 10: [person('b')], 30: [person('c')] },
    };
    await read(store, lease, next);
    const places = (...ids: number[]) => ids.map((id) => ({ id, leader: id === 30 }));
    // Moved; moved there and back; as the run read it; and from one that is gone by now.
    await store.note(noted('a', { departments: places(30, 999) }), 1);
    await store.note(noted('c', { departments: places(30) }), 1);
    await store.note(noted('c', { departments: places(999) }), 2);
    await store.note(noted('b', { departments: places(20, 10), record: { name: '后来', active: true } }), 1);
    await store.publish(lease, { ...COMPLETE, acceptShrink: true });
    expect(await placesOf(store, 'a')).toEqual(['30*']);
    expect(await placesOf(store, 'c')).toEqual([]);
    expect(await placesOf(store, 'b')).toEqual(['10']);
    expect((await store.departments()).map(({ id, own, below }) => [id, own, below]).sort()).toEqual([
      [1, 0, 2],
      [10, 1, 1],
      [30, 1, 1],
    ]);
  });

  test('who leaves while a run reads is not published, nor told less than others, even by the first', async () => {
    const store = await create();
    const lease = await lend(store);
    await read(store, lease, company);
    expect([await store.forget('a'), await store.forget('b')]).toEqual([false, false]);
    // Came back.
    await store.note(noted('b'), 1);
    expect(await store.publish(lease, COMPLETE)).toMatchObject({ people: 2 });
    expect(await store.member('a')).toBeNull();
    expect(await namesIn(store, 1)).toEqual([]);
    expect(await namesIn(store, 20)).toEqual(['b']);
    expect(await leaversOf(store)).toEqual(['a', 'b']);
  });

  test('what is being read is seen by nobody until it is published, and then at once', async () => {
    const store = await create();
    const other = await reopen(store);
    await publishReading(store, company);
    const lease = await lend(store);
    const next: Reading = {
      tree: { 1: undefined, 30: 1 },
      people: { 1: [person('a', { title: '新' }), person('d')], 30: [person('b'), person('c')] },
    };
    await read(store, lease, next);
    expect(await namesIn(other, 10)).toEqual(['c*', 'b']);
    expect(await other.member('d')).toBeNull();
    expect((await other.member('a'))?.record.title).toBeUndefined();
    expect(await namesOf(other, 'd')).toEqual([]);
    expect(await store.publish(lease, COMPLETE)).toMatchObject({ added: 1, changed: 1, removed: 0 });
    expect(await namesIn(other, 1)).toEqual(['a', 'd']);
    expect(await namesIn(other, 10)).toEqual([]);
    expect((await other.departments()).map(({ id }) => id).sort()).toEqual([1, 30]);
    expect((await other.member('a'))?.record.title).toBe('新');
    expect(await other.rolesOf('b')).toEqual([]);
  });

  test('a reading that is not complete adds and changes, and removes nobody', async () => {
    const store = await create();
    await publishReading(store, company);
    const part: Reading = {
      tree: { 1: undefined },
      people: { 1: [person('a', { title: '新' }), person('d')] },
    };
    expect(await publishReading(store, part, { peopleComplete: false })).toMatchObject({
      state: 'partial',
      added: 1,
      changed: 1,
      removed: 0,
      people: 4,
    });
    expect(await namesIn(store, 10)).toEqual(['c*', 'b']);
    expect(await namesIn(store, 1)).toEqual(['a', 'd']);
  });

  test('more than a fifth of the people gone is not taken over without a word', async () => {
    const store = await create();
    await publishReading(store, company);
    const smaller: Reading = { tree: { 1: undefined }, people: { 1: [person('a'), person('b')] } };
    expect(await publishReading(store, smaller)).toMatchObject({ state: 'shrunk', removed: 0 });
    expect(await namesIn(store, 10)).toEqual(['c*', 'b']);
    // Before anything is accepted, it can be said who and what would go.
    expect(await store.loss()).toEqual({
      userIds: ['c'],
      departments: [
        { id: 10, name: '部门10', before: 2, lost: 1, isGone: true },
        { id: 20, name: '部门20', before: 1, lost: 0, isGone: true },
      ],
    });
    expect(await publishReading(store, smaller, { acceptShrink: true })).toMatchObject({
      removed: 1,
      people: 2,
    });
    expect(await store.member('c')).toBeNull();
  });

  test('somebody is noted, moved and forgotten between two runs, and the counts follow', async () => {
    const store = await create();
    await publishReading(store, company);
    const count = async (id: number) => {
      const { own, below } = (await store.departments()).find((department) => department.id === id)!;
      return [own, below];
    };
    const newcomer = noted('d', {
      departments: [
        { id: 10, leader: false },
        { id: 999, leader: false },
      ],
      managerUserId: 'a',
    });
    expect(await store.note(newcomer, 5)).toBe(true);
    expect(await store.note(newcomer, 6)).toBe(false);
    expect(await namesIn(store, 10)).toEqual(['c*', 'b', 'd']);
    expect([await count(10), await count(1)]).toEqual([
      [3, 3],
      [1, 4],
    ]);
    expect(await store.detail('d')).toEqual({ managerUserId: 'a', checkedAt: 6 });
    await store.note(
      noted('d', {
        departments: [{ id: 20, leader: true }],
        roles: [{ id: 7, name: '前台', groupName: '' }],
      }),
      7,
    );
    expect(await namesIn(store, 20)).toEqual(['b', 'd*']);
    expect(await store.rolesOf('d')).toMatchObject([{ name: '前台' }]);
    expect([await count(10), await count(20), await count(1)]).toEqual([
      [2, 2],
      [2, 2],
      [1, 4],
    ]);
    expect(await store.forget('d')).toBe(true);
    expect(await store.forget('d')).toBe(false);
    expect(await store.member('d')).toBeNull();
    expect(await namesOf(store, 'd')).toEqual([]);
    expect([await count(20), await count(1)]).toEqual([
      [1, 1],
      [1, 3],
    ]);
    expect((await store.state()).people).toBe(3);
  });

  test('whoever is gone or no longer active is told until their sessions are ended, and nobody else', async () => {
    const store = await create();
    await publishReading(store, company);
    expect(await leaversOf(store)).toEqual([]);
    const smaller: Reading = {
      ...company,
      people: { 1: [person('a')], 10: [person('c', { leader: true, active: false })], 20: [] },
    };
    await publishReading(store, smaller, { peopleComplete: false });
    expect(await leaversOf(store)).toEqual(['c']);
    await publishReading(store, smaller, { acceptShrink: true });
    expect((await leaversOf(await reopen(store))).sort()).toEqual(['b', 'c']);
    await store.forget('a');
    await store.forget('a');
    expect((await leaversOf(store)).sort()).toEqual(['a', 'b', 'c']);
    // Whoever signed in before any reading had them.
    expect(await store.forget('nobody')).toBe(false);
    expect(await leaversOf(store)).toContain('nobody');
    expect(await store.leavers(2)).toHaveLength(2);
  });

  test('a run goes on with the steps that are left', async () => {
    const store = await create();
    const lease = await lend(store);
    const { tasks } = await store.openRun(lease, { startedBy: 'admin', resumeWithinMs: 60_000 });
    expect(tasks).toMatchObject([{ kind: 'range', cursor: 0, pass: 1 }]);
    const wishes = [{ kind: 'people', subject: '1' } as const, { kind: 'people', subject: '1' } as const];
    const added = await store.record(lease, [{ task: tasks[0]!, result: { tasks: wishes } }]);
    expect(added).toHaveLength(1);
    await store.record(lease, [{ task: added[0]!, result: { next: { cursor: 100 } } }]);
    const again = await (await reopen(store)).openRun(lease, {
      startedBy: 'command',
      resumeWithinMs: 60_000,
    });
    expect(again).toMatchObject({ resumed: true, done: 1, run: { startedBy: 'admin', state: 'running' } });
    expect(again.tasks).toMatchObject([{ kind: 'people', subject: '1', cursor: 100 }]);
  });

  test('of a batch all is written, or nothing', async () => {
    const store = await create();
    const lease = await lend(store);
    const { tasks } = await store.openRun(lease, { startedBy: 'admin', resumeWithinMs: 60_000 });
    const good = { task: tasks[0]!, result: { tasks: [{ kind: 'roles', subject: '' } as const] } };
    const bad = {
      task: tasks[0]!,
      result: { departments: [{ id: 1, parentId: undefined, position: 0, name: null }] },
    };
    await expect(
      store.record(lease, [good, bad as unknown as { task: Task; result: TaskResult }]),
    ).rejects.toThrow();
    const { tasks: left } = await store.openRun(lease, { startedBy: 'admin', resumeWithinMs: 60_000 });
    expect(left).toMatchObject([{ kind: 'range' }]);
  });

  test('one holds the lease; whoever lost it writes no more', async () => {
    const store = await create();
    const first = (await store.takeLease(1000))!;
    expect(await (await reopen(store)).takeLease(10_000)).toBeNull();
    expect(await store.isLeased()).toBe(true);
    while (await store.isLeased()) await delay(20);
    const second = (await (await reopen(store)).takeLease(10_000))!;
    await expect(store.keepLease(first, 10_000)).rejects.toThrow(LeaseLostError);
    const { tasks } = await store.openRun(second, { startedBy: 'admin', resumeWithinMs: 0 });
    await expect(store.record(first, [{ task: tasks[0]!, result: {} }])).rejects.toThrow(LeaseLostError);
    await expect(store.publish(first, COMPLETE)).rejects.toThrow(LeaseLostError);
    await store.giveLease(second);
    expect(await store.isLeased()).toBe(false);
    const brief = (await store.takeLease(0))!;
    await delay(2);
    expect((await lend(store)).fence).toBeGreaterThan(brief.fence);
  });

  test('a reading of everybody is of one state, whatever is published meanwhile', async () => {
    const store = await create();
    const crowd = Array.from({ length: 1200 }, (_, n) => person(`p${n}`));
    await publishReading(store, { tree: { 1: undefined }, people: { 1: crowd } });
    const seen: string[] = [];
    let publication: Promise<unknown> | undefined;
    await store.everybody(async (members) => {
      publication ??= publishReading(
        await reopen(store),
        { tree: { 1: undefined }, people: { 1: [person('x'), person('y')] } },
        { acceptShrink: true },
      );
      await publication;
      seen.push(...members.map(({ userId }) => userId));
    });
    expect(seen.sort()).toEqual(crowd.map(({ userId }) => userId).sort());
    expect(await everybody(store)).toEqual(['x', 'y']);
  });

  test('a hidden department counts apart', async () => {
    const store = await create();
    await publishReading(store, { ...company, rules: { 10: { hidden: true } } });
    const root = (await store.departments()).find(({ id }) => id === 1)!;
    expect([root.below, root.belowPublic]).toEqual([3, 2]);
  });

  test('the history holds how every run ended', async () => {
    const store = await create();
    await publishReading(store, company);
    const lease = await lend(store);
    await store.openRun(lease, { startedBy: 'schedule', resumeWithinMs: 0 });
    await store.fail(lease, [{ what: 'scope', problem: 'unreachable' }], 3);
    expect(await store.runs(5)).toMatchObject([
      { state: 'failed', startedBy: 'schedule', calls: 3, missing: [{ what: 'scope' }] },
      { state: 'complete', startedBy: 'command', calls: 7, added: 3 },
    ]);
    expect(await store.state()).toMatchObject({ state: 'failed', people: 3 });
  });

  test('people of several departments count once', async () => {
    const store = await create();
    await publishReading(store, company);
    expect(await store.countPeople([10, 20])).toBe(2);
    expect(await store.countPeople([1, 20])).toBe(2);
    expect(await store.countPeople([])).toBe(0);
  });

  test('of a crowd that fits, the few who may be seen are found, or it is said that not all were looked at', async () => {
    const store = await create();
    const crowd = Array.from({ length: 4300 }, (_, n) => person(`w${n}`, { name: '王伟', title: '专员' }));
    await publishReading(store, {
      tree: { 1: undefined, 10: 1 },
      people: { 1: crowd, 10: [crowd[2500]!, crowd[4250]!] },
    });
    const only = (...userIds: string[]) => ({
      accepts: ({ member }: Found) => userIds.includes(member.userId),
    });
    for (const typed of ['王伟', 'ww', '王', '专员', '专员 王', 'wang 专员']) {
      expect(await namesOf(store, typed, only('w2500'))).toEqual(['w2500']);
      const { people, isComplete } = await store.find(planSearch(typed, false), {
        ...only('w4250'),
        limit: 10,
      });
      expect({ typed, people, isComplete }).toEqual({ typed, people: [], isComplete: false });
      for (const within of [
        { departmentIds: [10], userIds: [] },
        { departmentIds: [], userIds: ['w4250'] },
      ]) {
        expect(
          await store.find(planSearch(typed, false), { ...only('w4250'), limit: 10, within }),
        ).toMatchObject({ people: [{ member: { userId: 'w4250' } }], isComplete: true });
      }
    }
  });

  describe('what is typed finds, best first', () => {
    let store: SyncStore;
    beforeAll(async () => {
      store = await create();
      await publishReading(store, { tree: { 1: undefined }, people: { 1: STAFF } });
    });

    test.each(SEARCHES)('%s: %j', async (typed, wanted) => {
      expect(await namesOf(store, typed)).toEqual(wanted);
    });
  });
}

const STAFF: FoundPerson[] = [
  person('sanfeng', { name: '张三丰', title: '架构师', jobNumber: '00017', mobile: '13800001234' }),
  person('san', { name: '张三', title: '高级软件工程师' }),
  person('away', { name: '张三', active: false }),
  person('zeng', { name: '曾国藩' }),
  person('shan', { name: '单雄信' }),
  person('qiu', { name: '仇英' }),
  person('xie', { name: '解缙' }),
  person('zha', { name: '查良镛' }),
  person('ou', { name: '区志强' }),
  person('lv', { name: '吕布', hideMobile: true, mobile: '13900005678' }),
  person('ouyang', { name: '欧阳锋' }),
  person('alice', { name: 'Alice Johnson', title: 'Account Manager' }),
  person('zoe', { name: 'Zoë Świerczyński' }),
  person('wide', { name: '李\u200b零' }),
  person('yoshino', { name: '𠮷野 太郎' }),
  person('lin', { name: '林国荣', title: 'Area Manager', stateCode: '65', mobile: '91234567' }),
  person('quote', { name: `Robert'); DROP TABLE staff;--` }),
];

/** What is typed, and who is found, the best first. */
const SEARCHES: [string, string[]][] = [
  ['张三', ['san', 'away', 'sanfeng']],
  ['张三丰', ['sanfeng']],
  ['三', ['sanfeng', 'san', 'away']],
  ['丰', ['sanfeng']],
  ['zhangsan', ['san', 'away', 'sanfeng']],
  ['ZhangSan', ['san', 'away', 'sanfeng']],
  ['zhang san', ['san', 'away', 'sanfeng']],
  ['zs', ['san', 'zoe', 'away', 'sanfeng']],
  ['zsf', ['sanfeng']],
  ['sanfeng', ['sanfeng']],
  ['zeng', ['zeng']],
  ['zgf', ['zeng']],
  ['shan', ['shan']],
  ['qiu', ['qiu']],
  ['xie', ['xie']],
  ['zha', ['zha', 'san', 'sanfeng', 'away']],
  ['ou', ['ou', 'ouyang']],
  ['ouyang', ['ouyang']],
  ['oyf', ['ouyang']],
  ['lv', ['lv']],
  ['lubu', ['lv']],
  ['alice', ['alice']],
  ['JOHN', ['alice']],
  ['alice johnson', ['alice']],
  ['manager', ['alice', 'lin']],
  ['swier', ['zoe']],
  ['工程师', ['san']],
  ['软件', ['san']],
  ['00017', ['sanfeng']],
  ['17', ['sanfeng']],
  ['1234', ['sanfeng']],
  ['13800001234', ['sanfeng']],
  ['5678', []],
  ['+86-13800001234', ['sanfeng']],
  ['+86 138-0000-1234', ['sanfeng']],
  ['+8613800001234', ['sanfeng']],
  ['(138) 0000.1234', ['sanfeng']],
  ['+65-91234567', ['lin']],
  ['+65 9123 4567', ['lin']],
  ['+65-4567', ['lin']],
  ['4567', ['lin']],
  ['+86-5678', []],
  ['张三 工程师', ['san']],
  ['工程师 张三', ['san']],
  ['工程师 zs', ['san']],
  ['三 高级', ['san']],
  ['zhang 架构', ['sanfeng']],
  ['架构 san', ['sanfeng']],
  ['1234 zhang', ['sanfeng']],
  ['张 +86-1234', ['sanfeng']],
  ['张 00017', ['sanfeng']],
  ['account alice manager', ['alice']],
  ['manager 4567 林', ['lin']],
  ['三 张', ['san', 'sanfeng', 'away']],
  ['吕 5678', []],
  ['张三 不存在', []],
  ['经理 张三', []],
  ['李零', ['wide']],
  ['太郎', ['yoshino']],
  ['𠮷', ['yoshino']],
  ['(a+)+$', ['alice']],
  ['"', []],
  ["'); DROP TABLE directory_person;--", []],
  ['*', []],
  ['name:张', []],
  ['NEAR(张 三)', []],
  ['张'.repeat(10_000), []],
  ['\u0000\u202e', []],
  ['不存在', []],
];
