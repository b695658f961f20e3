import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import { ROOT_DEPARTMENT_ID } from '../../dingtalk/departments';
import { OPEN_END } from '../../storage/directory-schema';
import { noteVanished } from '../../storage/leavers';
import type { Database } from '../../storage/sqlite';
import { type DepartmentRules, LAST_POSITION } from '../model';
import { headOf, type MemberRow } from '../read';
import { deleteMember } from '../rows';
import { writeAdministrators } from '../write';
import { placelessPeople, unseenMembers } from './inconsistencies';
import { MAX_SHRINK, type StoredRun, type Verdict } from './run';
import { currentRun, forgetPerson, readRun } from './staging';

/**
 * Publishing: the rows that end with the new generation are marked, some hundreds at a time, so that nobody waits;
 * then one transaction of some milliseconds moves the head. A crash at any moment leaves the old snapshot, and the
 * next attempt begins here again.
 */

/** A database whose writes check that the lease still is ours. */
export type Guarded = <T>(action: () => T) => T;

const CHUNK = 500;
const MAX_COUNTS = 5;
/** A department whose rules could not be read is shown to nobody, until they can; but the root cannot be hidden. */
const UNKNOWN_RULES: DepartmentRules = {
  hidden: true,
  permittedDepartmentIds: [],
  permittedUserIds: [],
  restricted: false,
  visibleDepartmentIds: [],
  visibleUserIds: [],
};

function unknownRules(departmentId: number): DepartmentRules {
  return departmentId === ROOT_DEPARTMENT_ID ? { ...UNKNOWN_RULES, hidden: false } : UNKNOWN_RULES;
}

interface Step {
  db: Database;
  write: Guarded;
  published: number;
  next: number;
}

export async function publish(db: Database, write: Guarded, verdict: Verdict): Promise<StoredRun> {
  const run = currentRun(db)!;
  const published = headOf(db).generation;
  const step: Step = { db, write, published, next: run.generation };
  if (await hasShrunk(step, verdict))
    return endRun(db, write, { runId: run.id, state: 'shrunk', calls: verdict.calls });

  if (!verdict.peopleComplete) {
    // Nobody asked after them. Without a department they would be everybody's to see.
    await inChunks(write, await placelessPeople(db), (userId) => forgetPerson(db, userId, step.next));
  }
  await publishDepartments(step, verdict.peopleComplete);
  await closeReplacedRows(step);
  if (verdict.peopleComplete) await closeUnseen(step);
  if (verdict.rolesComplete) await publishRoles(step);
  const complete =
    verdict.peopleComplete && verdict.rolesComplete && verdict.administratorsComplete && run.missing === '[]';
  for (let attempt = 1; ; attempt++) {
    const revision = write(() => {
      keepUpdatedDuringRun(step);
      return headOf(db).revision;
    });
    const counts = await countPeople(step);
    const flipped = write(() => {
      // Somebody moved while we counted: count again, but not for ever.
      if (headOf(db).revision !== revision && attempt < MAX_COUNTS) return false;
      activateSnapshot(step, { runId: run.id, startedAt: run.started_at, complete, verdict, counts });
      return true;
    });
    if (flipped) break;
  }
  await dropUnpublished(db, write);
  return readRun(db, run.id);
}

function count(db: Database, sql: string, ...values: number[]): number {
  return db.get<{ n: number }>(sql, ...values)!.n;
}

const STANDS = 'from_generation <= ? AND to_generation > ?';

async function hasShrunk({ db }: Step, verdict: Verdict): Promise<boolean> {
  if (!verdict.peopleComplete || verdict.acceptShrink) return false;
  let lost = 0;
  for await (const _ of unseenMembers(db)) lost++;
  return lost > headOf(db).people * MAX_SHRINK;
}

async function publishDepartments({ db, write, published, next }: Step, complete: boolean): Promise<void> {
  write(() => {
    db.run('DELETE FROM directory_department WHERE from_generation = ?', next);
    db.run(`UPDATE directory_department SET to_generation = ${OPEN_END} WHERE to_generation = ?`, next);
  });
  interface Row {
    department_id: number;
    parent_id: number | null;
    position: number;
    name: string;
    record: string;
  }
  const before = new Map(
    db
      .all<Row>(`SELECT * FROM directory_department WHERE ${STANDS}`, published, published)
      .map((row) => [row.department_id, row]),
  );
  const seen = db.all<Omit<Row, 'record'> & { rules: string | null }>(
    'SELECT * FROM directory_seen_department',
  );
  const close = (id: number) =>
    db.run(
      `UPDATE directory_department SET to_generation = ? WHERE department_id = ? AND ${STANDS}`,
      next,
      id,
      published,
      published,
    );
  await inChunks(write, seen, (row) => {
    const old = before.get(row.department_id);
    before.delete(row.department_id);
    const name = row.name || old?.name || String(row.department_id);
    const record = row.rules ?? old?.record ?? JSON.stringify(unknownRules(row.department_id));
    const same = old?.parent_id === row.parent_id && old.position === row.position && old.name === name;
    if (same && old.record === record) return;
    if (old) close(row.department_id);
    db.run(
      `INSERT INTO directory_department (department_id, from_generation, parent_id, position, name, record)
       VALUES (?, ?, ?, ?, ?, ?)`,
      row.department_id,
      next,
      row.parent_id,
      row.position,
      name,
      record,
    );
  });
  if (complete) await inChunks(write, [...before.keys()], close);
}

/** Rows that have a newer version in the next generation. */
async function closeReplacedRows({ db, write, published, next }: Step): Promise<void> {
  if (published === 0) return;
  const users = db.all<{ user_id: string }>(
    'SELECT user_id FROM directory_member WHERE from_generation = ?',
    next,
  );
  await inChunks(write, users, ({ user_id }) =>
    db.run(
      `UPDATE directory_member SET to_generation = ? WHERE user_id = ? AND ${STANDS} AND to_generation <> ?`,
      next,
      user_id,
      published,
      published,
      next,
    ),
  );
  const places = db.all<{ user_id: string; department_id: number }>(
    'SELECT user_id, department_id FROM directory_membership WHERE from_generation = ?',
    next,
  );
  await inChunks(write, places, ({ user_id, department_id }) =>
    db.run(
      `UPDATE directory_membership SET to_generation = ?
       WHERE user_id = ? AND department_id = ? AND ${STANDS} AND to_generation <> ?`,
      next,
      user_id,
      department_id,
      published,
      published,
      next,
    ),
  );
}

interface Place {
  department_id: number;
  position: number;
  user_id: string;
  from_generation: number;
}

async function closeUnseen({ db, write, published, next }: Step): Promise<void> {
  const members: number[] = [];
  for await (const { id } of unseenMembers(db)) members.push(id);
  await inChunks(write, members, (id) =>
    db.run('UPDATE directory_member SET to_generation = ? WHERE id = ?', next, id),
  );
  const places: Place[] = [];
  const departments = db.all<{ department_id: number }>(
    `SELECT department_id FROM directory_department WHERE ${STANDS}`,
    published,
    published,
  );
  for (const [at, { department_id }] of departments.entries()) {
    places.push(
      ...db.all<Place>(
        `SELECT department_id, position, user_id, from_generation FROM directory_membership m
         WHERE department_id = ? AND ${STANDS} AND to_generation <> ?
           AND NOT EXISTS (SELECT 1 FROM directory_seen_membership s
             WHERE s.department_id = m.department_id AND s.user_id = m.user_id)`,
        department_id,
        published,
        published,
        next,
      ),
    );
    if (at % 50 === 0) await breathe();
  }
  await inChunks(write, places, (row) =>
    db.run(
      `UPDATE directory_membership SET to_generation = ?
       WHERE department_id = ? AND position = ? AND user_id = ? AND from_generation = ?`,
      next,
      row.department_id,
      row.position,
      row.user_id,
      row.from_generation,
    ),
  );
}

/** Roles are few and were read whole: what differs is replaced. */
async function publishRoles({ db, write, published, next }: Step): Promise<void> {
  const tables = ['directory_role', 'directory_role_member'];
  write(() => {
    for (const table of tables) {
      db.run(`DELETE FROM ${table} WHERE from_generation = ?`, next);
      db.run(`UPDATE ${table} SET to_generation = ${OPEN_END} WHERE to_generation = ?`, next);
    }
  });
  const changes: [string, string, string][] = [
    ['directory_role', 'directory_seen_role', 'role_id, name, group_name'],
    ['directory_role_member', 'directory_seen_role_member', 'role_id, user_id'],
  ];
  for (const [table, seen, columns] of changes) {
    const list = columns.split(', ');
    const same = list.map((column) => `a.${column} = b.${column}`).join(' AND ');
    type Row = Record<string, string | number>;
    const gone = db.all<Row>(
      `SELECT ${columns} FROM ${table} a WHERE ${STANDS} AND NOT EXISTS (SELECT 1 FROM ${seen} b WHERE ${same})`,
      published,
      published,
    );
    const come = db.all<Row>(
      `SELECT ${columns} FROM ${seen} a WHERE NOT EXISTS (SELECT 1 FROM ${table} b WHERE ${same} AND ${STANDS})`,
      published,
      published,
    );
    const where = list.map((column) => `${column} = ?`).join(' AND ');
    await inChunks(write, gone, (row) =>
      db.run(
        `UPDATE ${table} SET to_generation = ? WHERE ${where} AND ${STANDS}`,
        next,
        ...list.map((column) => row[column]!),
        published,
        published,
      ),
    );
    await inChunks(write, come, (row) =>
      db.run(
        `INSERT INTO ${table} (${columns}, from_generation) VALUES (${list.map(() => '?').join(', ')}, ?)`,
        ...list.map((column) => row[column]!),
        next,
      ),
    );
  }
}

interface Count {
  own: number;
  below: number;
  public: number;
}

/** Counts of every department in the next generation; in each, a person counts once. */
async function countPeople({ db, next }: Step): Promise<Map<number, Count>> {
  const tree = new Map<number, { parent: number | null; hidden: boolean }>();
  for (const row of db.all<{ department_id: number; parent_id: number | null; record: string }>(
    `SELECT department_id, parent_id, record FROM directory_department WHERE ${STANDS}`,
    next,
    next,
  )) {
    tree.set(row.department_id, {
      parent: row.parent_id,
      hidden: (JSON.parse(row.record) as DepartmentRules).hidden,
    });
  }
  const counts = new Map<number, Count>([...tree.keys()].map((id) => [id, { own: 0, below: 0, public: 0 }]));
  const paths = new Map<number, { ids: number[]; hidden: boolean }>();
  const pathOf = (id: number) => {
    let path = paths.get(id);
    if (!path) {
      path = { ids: [], hidden: false };
      for (let at: number | null = id; at !== null && path.ids.length < 64; ) {
        const node = tree.get(at);
        if (!node) break;
        path.ids.push(at);
        path.hidden ||= node.hidden;
        at = node.parent;
      }
      paths.set(id, path);
    }
    return path;
  };
  const countOne = (departmentIds: number[]) => {
    const all = new Set<number>();
    const open = new Set<number>();
    for (const id of departmentIds) {
      const own = counts.get(id);
      if (own) own.own++;
      const path = pathOf(id);
      for (const ancestor of path.ids) {
        all.add(ancestor);
        if (!path.hidden) open.add(ancestor);
      }
    }
    for (const id of all) counts.get(id)!.below++;
    for (const id of open) counts.get(id)!.public++;
  };

  let after = '';
  for (;;) {
    const rows = db.all<{ user_id: string; ids: string }>(
      `SELECT user_id, group_concat(department_id) AS ids FROM directory_membership
       WHERE user_id > ? AND ${STANDS} GROUP BY user_id ORDER BY user_id LIMIT 2000`,
      after,
      next,
      next,
    );
    for (const row of rows) countOne([...new Set(row.ids.split(',').map(Number))]);
    const last = rows.at(-1);
    if (!last) return counts;
    after = last.user_id;
    await breathe();
  }
}

interface Activation {
  runId: number;
  startedAt: number;
  complete: boolean;
  verdict: Verdict;
  counts: Map<number, Count>;
}

function activateSnapshot(
  { db, published, next }: Step,
  { runId, startedAt, complete, verdict, counts }: Activation,
): void {
  keepUpdatedDuringRun({ db, next });
  noteVanished(db, next);
  const versions = count(db, 'SELECT count(*) AS n FROM directory_member WHERE from_generation = ?', next);
  const replacing = `SELECT count(*) AS n FROM directory_member n WHERE from_generation = ? AND EXISTS
    (SELECT 1 FROM directory_member o WHERE o.user_id = n.user_id AND o.from_generation <= ? AND o.to_generation > ?)`;
  const changed = published === 0 ? 0 : count(db, replacing, next, published, published);
  const ended = count(
    db,
    `SELECT count(*) AS n FROM directory_member WHERE to_generation < ${OPEN_END} AND to_generation = ?`,
    next,
  );
  const added = versions - changed;
  const removed = ended - changed;
  const people = headOf(db).people + added - removed;
  writeCounts(db, counts);
  if (verdict.administratorsComplete) {
    const { administrators } = db.get<{ administrators: string | null }>(
      'SELECT administrators FROM directory_run WHERE id = ?',
      runId,
    )!;
    writeAdministrators(db, JSON.parse(administrators ?? '[]') as { userId: string; main: boolean }[]);
  }
  db.run(
    `UPDATE directory_head SET generation = ?, revision = revision + 1, people = ?, as_of = ?,
       complete_as_of = CASE WHEN ? = 1 THEN ? ELSE complete_as_of END`,
    next,
    people,
    startedAt,
    complete ? 1 : 0,
    startedAt,
  );
  db.run(
    `UPDATE directory_run SET state = ?, ended_at = ?, added = ?, changed = ?, removed = ?, people = ?, departments = ?,
       calls = ?, progress = NULL WHERE id = ?`,
    complete ? 'complete' : 'partial',
    Date.now(),
    added,
    changed,
    removed,
    people,
    counts.size,
    verdict.calls,
    runId,
  );
}

/** People about whom we were told while the run was at it: what was told is newer than what it read. */
function keepUpdatedDuringRun({ db, next }: Pick<Step, 'db' | 'next'>): void {
  const touched = '(SELECT user_id FROM directory_touched)';
  const rows = db.all<MemberRow>(
    `SELECT id, user_id, record FROM directory_member WHERE user_id IN ${touched} AND from_generation = ?`,
    next,
  );
  for (const row of rows) deleteMember(db, row);
  for (const table of ['directory_membership', 'directory_role_member']) {
    db.run(`DELETE FROM ${table} WHERE user_id IN ${touched} AND from_generation = ?`, next);
  }
  for (const table of ['directory_member', 'directory_role_member']) {
    db.run(
      `UPDATE ${table} SET to_generation = ${OPEN_END} WHERE user_id IN ${touched} AND to_generation = ?`,
      next,
    );
  }
  // Only what is no more keeps nobody.
  const stands = `EXISTS (SELECT 1 FROM directory_department d
    WHERE d.department_id = place.department_id AND d.from_generation <= ? AND d.to_generation > ?)`;
  db.run(
    `UPDATE directory_membership AS place SET to_generation = ${OPEN_END}
     WHERE user_id IN ${touched} AND to_generation = ? AND ${stands}`,
    next,
    next,
    next,
  );
  db.run(
    `INSERT INTO directory_membership (department_id, position, user_id, from_generation, leader)
     SELECT department_id, ${LAST_POSITION}, user_id, ?, leader
     FROM (SELECT user_id, value ->> 0 AS department_id, value ->> 1 AS leader
       FROM directory_touched, json_each(places)) AS place WHERE ${stands}`,
    next,
    next,
    next,
  );
}

function writeCounts(db: Database, counts: Map<number, Count>): void {
  const before = new Map(
    db
      .all<{ department_id: number; own: number; below: number; below_public: number }>(
        'SELECT * FROM directory_count',
      )
      .map((row) => [row.department_id, row]),
  );
  for (const [id, { own, below, public: open }] of counts) {
    const old = before.get(id);
    before.delete(id);
    if (old?.own === own && old.below === below && old.below_public === open) continue;
    db.run('INSERT OR REPLACE INTO directory_count VALUES (?, ?, ?, ?)', id, own, below, open);
  }
  for (const id of before.keys()) db.run('DELETE FROM directory_count WHERE department_id = ?', id);
}

/** Ends a run that changes nothing, and takes back what it wrote. */
export async function endRun(
  db: Database,
  write: Guarded,
  { runId, state, calls }: { runId: number; state: 'failed' | 'shrunk'; calls: number },
): Promise<StoredRun> {
  const { people, departments } = db.get<{ people: number; departments: number }>(
    `SELECT (SELECT count(*) FROM directory_seen_member) AS people,
       (SELECT count(*) FROM directory_seen_department) AS departments`,
  )!;
  write(() => {
    db.run(
      `UPDATE directory_run SET state = ?, ended_at = ?, calls = ?, people = ?, departments = ?, progress = NULL
       WHERE id = ?`,
      state,
      Date.now(),
      calls,
      people,
      departments,
      runId,
    );
  });
  await dropUnpublished(db, write);
  return readRun(db, runId);
}

/**
 * Removes what belongs to no snapshot any more: rows of generations that were never published, and rows that ended
 * before the published one began. Those that ended with it stay: somebody may still be reading the one before.
 */
export async function dropUnpublished(db: Database, write: Guarded): Promise<void> {
  const { generation, last_generation } = headOf(db);
  const previous = db.get<{ generation: number | null }>(
    "SELECT max(generation) AS generation FROM directory_run WHERE state IN ('complete', 'partial') AND generation < ?",
    generation,
  );
  const floor = previous?.generation ?? 0;
  const dead = db.all<MemberRow>(
    `SELECT id, user_id, record FROM directory_member WHERE from_generation > ?
     UNION SELECT id, user_id, record FROM directory_member WHERE to_generation < ${OPEN_END} AND to_generation <= ?`,
    generation,
    floor,
  );
  await inChunks(write, dead, (row) => deleteMember(db, row), CHUNK / 5);
  for (const table of [
    'directory_membership',
    'directory_department',
    'directory_role',
    'directory_role_member',
  ]) {
    write(() => {
      db.run(`DELETE FROM ${table} WHERE from_generation > ?`, generation);
      db.run(`DELETE FROM ${table} WHERE to_generation < ${OPEN_END} AND to_generation <= ?`, floor);
    });
    await breathe();
  }
  for (const table of [
    'directory_member',
    'directory_membership',
    'directory_department',
    'directory_role',
    'directory_role_member',
  ]) {
    write(() =>
      db.run(
        `UPDATE ${table} SET to_generation = ${OPEN_END}
         WHERE to_generation < ${OPEN_END} AND to_generation > ? AND to_generation <= ?`,
        generation,
        last_generation,
      ),
    );
  }
  write(() => {
    db.run('DELETE FROM directory_run WHERE id <= (SELECT max(id) FROM directory_run) - 500');
  });
}

async function inChunks<T>(
  write: Guarded,
  items: readonly T[],
  action: (item: T) => unknown,
  size = CHUNK,
): Promise<void> {
  for (let at = 0; at < items.length; at += size) {
    write(() => {
      for (const item of items.slice(at, at + size)) action(item);
    });
    await breathe();
  }
}
