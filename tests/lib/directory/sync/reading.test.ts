import { expect, test } from 'vitest';
import type { Task, TaskResult } from '../../../../lib/directory/sync/run';
import { createSyncStore } from '../../../../lib/directory/sync/run-store';
import type { Database, Statements } from '../../../../lib/storage/database';
import { directoryMigrations } from '../../../../lib/storage/migrations';
import { ENGINES, openTestDatabase } from '../../../support/databases';
import { lend, noted, OPEN, person, publishReading } from '../../../support/directory-store-suite';

/** A database that counts the statements of its transactions. */
function counting(db: Database): { db: Database; statements(): number } {
  let count = 0;
  const counted = <S extends Statements>(tx: S): S =>
    new Proxy(tx, {
      get(target, name, receiver) {
        if (['all', 'get', 'run'].includes(String(name))) count++;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
  return {
    db: { ...db, transaction: (work, options) => db.transaction((tx) => work(counted(tx)), options) },
    statements: () => count,
  };
}

const task = (kind: Task['kind'], subject: string | number): Task => ({
  kind,
  subject: String(subject),
  cursor: 0,
  pass: 1,
});

type Batch = { task: Task; result: TaskResult }[];

const department = (id: number, parentId: number | undefined, name = `部门${id}`) => {
  return { id, parentId, position: id, name };
};

/** What a run may bring at once, in an order that matters: what corrects something, and what is found after it. */
const BATCH: Batch = [
  {
    task: task('range', ''),
    result: { departments: [department(1, undefined), department(20, undefined, '')] },
  },
  {
    task: task('departments', 1),
    result: {
      departments: [department(2, 1), department(20, 1), department(3, 1)],
      tasks: [2, 3, 20].map((id) => ({ kind: 'people', subject: String(id) })),
      skipped: [{ id: -7, name: '家校', why: 'virtual' }],
    },
  },
  // Below itself: it keeps the place that it has.
  {
    task: task('departments', 20),
    result: { departments: [department(4, 20), department(20, 4), department(1, 4)] },
  },
  {
    task: task('rules', 20),
    result: { rules: { departmentId: 20, name: '华东', rules: { ...OPEN, hidden: true } } },
  },
  { task: task('rules', 3), result: { rules: { departmentId: 3, name: '', rules: OPEN } } },
  {
    task: task('people', 2),
    result: {
      people: {
        departmentId: 2,
        position: 0,
        list: [
          person('a', { title: '先' }),
          { ...person('b', { leader: true }), departmentIds: [2, 3] },
          person('c'),
        ],
      },
      notAdministrators: ['a'],
      next: { cursor: 100 },
    },
  },
  {
    task: task('people', 3),
    result: {
      people: {
        departmentId: 3,
        position: 0,
        list: [
          { ...person('a', { title: '后' }), departmentIds: [2, 3] },
          person('b'),
          person('d'),
          person('kept'),
        ],
      },
    },
  },
  { task: task('people', 20), result: { again: { departmentId: 3 } } },
  {
    task: task('recount', 3),
    result: { people: { departmentId: 3, position: 7, list: [person('e'), person('f')] } },
  },
  { task: task('check', 'f'), result: { left: 'f' } },
  { task: task('check', 'c'), result: { found: noted('c', { departments: [{ id: 3, leader: true }] }) } },
  { task: task('check', 'kept'), result: { kept: { userIds: ['kept', 'unread'], departmentId: undefined } } },
  { task: task('people', 4), result: { moved: { departmentId: 2, userIds: ['a'] } } },
  { task: task('departments', 2), result: { gone: 2, missing: { what: 'people', problem: 'malformed' } } },
  { task: task('role', 7), result: { roles: [{ id: 7, name: '财务', groupName: '职务' }] } },
  { task: task('role', 7), result: { roleMembers: { roleId: 7, userIds: ['a', 'b'] } } },
  { task: task('administrators', ''), result: { administrators: [{ userId: 'a', main: true }] } },
];

test.for(ENGINES)('what is written together is what it is one by one, on %s', async (engine) => {
  const readingOf = async (batches: Batch[]) => {
    const db = await openTestDatabase(engine, directoryMigrations);
    try {
      const store = createSyncStore(() => db);
      await publishReading(store, {
        tree: { 1: undefined, 3: 1 },
        people: { 3: [person('kept', { title: '早' }), person('unread')] },
      });
      const lease = await lend(store);
      await store.openRun(lease, { startedBy: 'command', resumeWithinMs: 0 });
      const wanted = BATCH.slice(1).map(({ task: { kind, subject } }) => ({ kind, subject }));
      await store.addTasks(lease, wanted);
      for (const batch of batches) await store.record(lease, batch);
      const rows = (sql: string) => db.all<object>(sql);
      return {
        tasks: await rows('SELECT * FROM run_task ORDER BY kind, subject'),
        departments: await rows('SELECT * FROM run_department ORDER BY department_id'),
        people: await rows('SELECT user_id, record, departments FROM run_person ORDER BY user_id'),
        places: await rows('SELECT * FROM run_place ORDER BY department_id, user_id'),
        texts: await rows('SELECT count(*) AS n FROM run_text'),
        roles: await rows('SELECT * FROM run_role_member ORDER BY user_id'),
        run: await rows("SELECT missing, skipped, administrators FROM directory_run WHERE state = 'running'"),
      };
    } finally {
      await db.close();
    }
  };
  const together = await readingOf([BATCH]);
  expect(together).toEqual(await readingOf(BATCH.map((one) => [one])));
  expect(together.departments).toMatchObject([
    { department_id: 1, parent_id: null },
    { department_id: 3, parent_id: 1 },
    { department_id: 4, parent_id: 20 },
    { department_id: 20, parent_id: 1, name: '华东' },
  ]);
  expect(together.people).toMatchObject([
    { user_id: 'a', record: expect.stringContaining('先'), departments: '[2,3]' },
    { user_id: 'b', departments: '[2,3]' },
    { user_id: 'c', departments: '[3]' },
    { user_id: 'd' },
    { user_id: 'e' },
    { user_id: 'kept' },
    { user_id: 'unread', record: null },
  ]);
  expect(together.places).toMatchObject([
    { department_id: 3, user_id: 'c', leader: 1 },
    { department_id: 3, user_id: 'e' },
    { department_id: 3, user_id: 'kept' },
    { department_id: 3, user_id: 'unread' },
  ]);
});

test('many steps at once are as many statements as few: on a server each is a way there and back', async () => {
  const listened = counting(await openTestDatabase('file', directoryMigrations));
  const store = createSyncStore(() => listened.db);
  const lease = await lend(store);
  await store.openRun(lease, { startedBy: 'command', resumeWithinMs: 0 });
  const record = async (from: number, to: number) => {
    const before = listened.statements();
    const ids = Array.from({ length: to - from }, (_, at) => from + at);
    await store.record(
      lease,
      ids.flatMap(
        (id): Batch => [
          {
            task: task('departments', id),
            result: { departments: [department(id, 1)], tasks: [task('people', id)] },
          },
          { task: task('rules', id), result: { rules: { departmentId: id, name: '', rules: OPEN } } },
          {
            task: task('people', id),
            result: {
              people: { departmentId: id, position: 0, list: [person(`p${id}`)] },
              notAdministrators: [`p${id}`],
            },
          },
        ],
      ),
    );
    return listened.statements() - before;
  };
  expect(await record(1000, 1100)).toBe(await record(10, 11));
});
