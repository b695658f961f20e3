import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Database } from '../../storage/sqlite';
import type { Missing, SkippedDepartment } from '../mirror-state';
import { LAST_POSITION, type NotedMember } from '../model';
import { headOf, type MemberRow } from '../read';
import { deleteMember, insertMembers, recordText } from '../rows';
import type { NewMember } from '../search-keys';
import { dismissAdministrators } from '../write';
import type { NewTask, RunStarter, RunState, StoredRun, Task, TaskResult } from './run';

/** What a run writes while it reads: its steps, what it has seen, and the next generation of what has changed. */

const TASKS_AT_ONCE = 500;

interface RunRow {
  id: number;
  generation: number;
  state: RunState;
  started_by: RunStarter;
  started_at: number;
  touched_at: number;
  ended_at: number | null;
  added: number;
  changed: number;
  removed: number;
  people: number;
  departments: number;
  calls: number;
  missing: string;
  skipped: string;
  administrators: string | null;
  progress: string | null;
}

export function currentRun(db: Database): RunRow | undefined {
  return db.get<RunRow>("SELECT * FROM directory_run WHERE state = 'running' ORDER BY id DESC LIMIT 1");
}

export function toRun(row: RunRow): StoredRun {
  return {
    id: row.id,
    state: row.state,
    startedBy: row.started_by,
    startedAt: row.started_at,
    touchedAt: row.touched_at,
    endedAt: row.ended_at ?? undefined,
    added: row.added,
    changed: row.changed,
    removed: row.removed,
    people: row.people,
    departments: row.departments,
    calls: row.calls,
    missing: JSON.parse(row.missing) as Missing[],
    skipped: JSON.parse(row.skipped) as SkippedDepartment[],
    progress: row.progress === null ? undefined : (JSON.parse(row.progress) as unknown),
  };
}

export function readRun(db: Database, id: number): StoredRun {
  return toRun(db.get<RunRow>('SELECT * FROM directory_run WHERE id = ?', id)!);
}

export function insertRun(db: Database, startedBy: RunStarter): StoredRun {
  return db.write(() => {
    for (const table of [
      'task',
      'seen_department',
      'seen_member',
      'seen_membership',
      'seen_role',
      'seen_role_member',
      'touched',
    ]) {
      db.run(`DELETE FROM directory_${table}`);
    }
    db.run('UPDATE directory_head SET last_generation = last_generation + 1');
    const now = Date.now();
    db.run(
      "INSERT INTO directory_run (generation, state, started_by, started_at, touched_at) VALUES (?, 'running', ?, ?, ?)",
      headOf(db).last_generation,
      startedBy,
      now,
      now,
    );
    addTask(db, { kind: 'range', subject: '' });
    return toRun(currentRun(db)!);
  });
}

interface TaskRow extends Omit<Task, 'kind'> {
  kind: Task['kind'];
}

export function openTasks(db: Database): Task[] {
  return db.all<TaskRow>(
    'SELECT id, kind, subject, cursor, pass FROM directory_task WHERE done = 0 ORDER BY id',
  );
}

export function countDone(db: Database): number {
  return db.get<{ n: number }>('SELECT count(*) AS n FROM directory_task WHERE done = 1')!.n;
}

/** @returns the task, or undefined when it was there before */
export function addTask(db: Database, { kind, subject }: NewTask): Task | undefined {
  if (db.run('INSERT OR IGNORE INTO directory_task (kind, subject) VALUES (?, ?)', kind, subject) === 0) {
    return undefined;
  }
  return db.get<TaskRow>(
    'SELECT id, kind, subject, cursor, pass FROM directory_task WHERE kind = ? AND subject = ?',
    kind,
    subject,
  );
}

/** Adds tasks some hundreds at a time, so that nobody waits. @returns those that are new */
export async function addTasks(
  db: Database,
  write: <T>(action: () => T) => T,
  wishes: readonly NewTask[],
): Promise<Task[]> {
  const added: Task[] = [];
  for (let at = 0; at < wishes.length; at += TASKS_AT_ONCE) {
    const some = wishes.slice(at, at + TASKS_AT_ONCE);
    added.push(...write(() => some.flatMap((wish) => addTask(db, wish) ?? [])));
    await breathe();
  }
  return added;
}

/** Writes what some tasks brought. Inside the caller's transaction. @returns the tasks that are new */
export function writeResults(db: Database, batch: readonly { task: Task; result: TaskResult }[]): Task[] {
  const run = currentRun(db)!;
  const generations: Generations = { published: headOf(db).generation, next: run.generation };
  const unwritten: Unwritten = [];
  const flush = () => insertMembers(db, unwritten.splice(0), generations.next);
  const added = batch.flatMap(({ task, result }) => {
    // What takes back what was written must find it.
    if (result.left !== undefined) flush();
    return writeResult(db, { task, result, generations, unwritten });
  });
  flush();
  return added;
}

interface Writing {
  task: Task;
  result: TaskResult;
  generations: Generations;
  unwritten: Unwritten;
}

function writeResult(db: Database, { task, result, generations, unwritten }: Writing): Task[] {
  if (result.again) forgetDepartmentPeople(db, result.again.departmentId, generations);
  const cut = writeDepartments(db, result);
  if (result.people) writePeople(db, result.people, { generations, unwritten });
  if (result.found) writeFound(db, result.found, { generations, unwritten });
  if (result.moved) forgetPlaces(db, result.moved, generations);
  if (result.kept) keepPeople(db, result.kept, generations);
  if (result.notAdministrators?.length) dismissAdministrators(db, result.notAdministrators);
  if (result.left !== undefined) forgetPerson(db, result.left, generations.next);
  for (const role of result.roles ?? []) {
    db.run('INSERT OR REPLACE INTO directory_seen_role VALUES (?, ?, ?)', role.id, role.name, role.groupName);
  }
  if (result.roleMembers) {
    db.run(
      'INSERT OR IGNORE INTO directory_seen_role_member SELECT ?, value FROM json_each(?)',
      result.roleMembers.roleId,
      JSON.stringify(result.roleMembers.userIds),
    );
  }
  if (result.gone !== undefined) dropDepartment(db, result.gone, generations);
  noteOnRun(db, { ...result, skipped: [...(result.skipped ?? []), ...cut] });
  moveOn(db, task, result);
  return (result.tasks ?? []).flatMap((wish) => addTask(db, wish) ?? []);
}

/** @returns departments that were listed below themselves, and keep the place that they have */
function writeDepartments(db: Database, { departments = [], rules }: TaskResult): SkippedDepartment[] {
  const cut: SkippedDepartment[] = [];
  for (const { id, parentId, position, name } of departments) {
    if (parentId !== undefined && isAbove(db, id, parentId)) {
      cut.push({ id, name, why: 'cycle' });
      continue;
    }
    db.run(
      // A department authorised by itself may lie below another one: its parent knows its place.
      `INSERT INTO directory_seen_department (department_id, parent_id, position, name) VALUES (?, ?, ?, ?)
       ON CONFLICT (department_id) DO UPDATE SET parent_id = excluded.parent_id, position = excluded.position,
         name = excluded.name WHERE parent_id IS NULL AND excluded.parent_id IS NOT NULL`,
      id,
      parentId ?? null,
      position,
      name,
    );
  }
  if (!rules) return cut;
  db.run(
    "UPDATE directory_seen_department SET rules = ?, name = coalesce(nullif(?, ''), name) WHERE department_id = ?",
    JSON.stringify(rules.rules),
    rules.name,
    rules.departmentId,
  );
  return cut;
}

/** Whether a department is another one, or above it, as far as the run has seen. */
function isAbove(db: Database, id: number, below: number): boolean {
  if (id === below) return true;
  return (
    db.get(
      `WITH RECURSIVE path (id) AS (
         SELECT parent_id FROM directory_seen_department WHERE department_id = ?
         UNION SELECT d.parent_id FROM directory_seen_department d JOIN path ON d.department_id = path.id
       ) SELECT 1 FROM path WHERE id = ?`,
      below,
      id,
    ) !== undefined
  );
}

interface Generations {
  published: number;
  next: number;
}

/** Who is written at the end of the transaction, all by one statement. */
type Unwritten = NewMember[];

interface SeenMember extends NewMember {
  departmentIds?: number[] | undefined;
}

function writePeople(
  db: Database,
  people: NonNullable<TaskResult['people']>,
  { generations, unwritten }: { generations: Generations; unwritten: Unwritten },
): void {
  seeMembers(db, people.list, { generations, unwritten });
  const { departmentId } = people;
  if (departmentId === undefined) return;
  const places = people.list.map(({ userId, leader }, at) => ({
    userId,
    leader,
    position: people.position + at,
  }));
  seePlaces(db, departmentId, { places, generations });
}

/** A person is written once, however many lists they are in, and only when they changed. */
function seeMembers(
  db: Database,
  people: readonly SeenMember[],
  { generations: { published }, unwritten }: { generations: Generations; unwritten: Unwritten },
): void {
  const ids = JSON.stringify(people.map(({ userId }) => userId));
  const told = people.map(({ userId, departmentIds }) => ({
    userId,
    departments: departmentIds?.length ? JSON.stringify(departmentIds) : null,
  }));
  const fresh = new Set(
    db
      .all<{ user_id: string }>(
        `INSERT OR IGNORE INTO directory_seen_member (user_id, departments)
         SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true RETURNING user_id`,
        JSON.stringify(told.map(({ userId, departments }) => [userId, departments])),
      )
      .map(({ user_id }) => user_id),
  );
  for (const { userId, departments } of told) {
    if (departments === null || fresh.has(userId)) continue;
    db.run(
      'UPDATE directory_seen_member SET departments = ? WHERE user_id = ? AND departments IS NOT ?',
      departments,
      userId,
      departments,
    );
  }
  if (fresh.size === 0) return;
  const before = new Map(
    db
      .all<MemberRow>(
        `SELECT m.id, m.user_id, m.record FROM json_each(?) j CROSS JOIN directory_member m ON m.user_id = j.value
         WHERE m.from_generation <= ? AND m.to_generation > ?`,
        ids,
        published,
        published,
      )
      .map((row) => [row.user_id, row.record]),
  );
  for (const person of people) {
    // Once, even if one answer holds them twice.
    if (!fresh.delete(person.userId)) continue;
    if (before.get(person.userId) !== recordText(person.record)) unwritten.push(person);
  }
}

interface Place {
  userId: string;
  leader: boolean;
  position: number;
}

function seePlaces(
  db: Database,
  departmentId: number,
  { places, generations: { published, next } }: { places: readonly Place[]; generations: Generations },
): void {
  const ids = JSON.stringify(places.map(({ userId }) => userId));
  const fresh = new Set(
    db
      .all<{ user_id: string }>(
        `INSERT OR IGNORE INTO directory_seen_membership SELECT ?, value FROM json_each(?) WHERE true
         RETURNING user_id`,
        departmentId,
        ids,
      )
      .map(({ user_id }) => user_id),
  );
  const before = new Map(
    db
      .all<{ user_id: string; position: number; leader: number }>(
        `SELECT m.user_id, m.position, m.leader FROM json_each(?) j
         CROSS JOIN directory_membership m ON m.user_id = j.value
         WHERE m.department_id = ? AND m.from_generation <= ? AND m.to_generation > ?`,
        ids,
        departmentId,
        published,
        published,
      )
      .map((row) => [row.user_id, row]),
  );
  const changed = places.filter(({ userId, position, leader }) => {
    if (!fresh.delete(userId)) return false;
    const old = before.get(userId);
    return old?.position !== position || (old.leader === 1) !== leader;
  });
  if (changed.length === 0) return;
  db.run(
    `INSERT OR REPLACE INTO directory_membership (department_id, position, user_id, from_generation, leader)
     SELECT ?, value ->> 0, value ->> 1, ?, value ->> 2 FROM json_each(?)`,
    departmentId,
    next,
    JSON.stringify(changed.map(({ userId, position, leader }) => [position, userId, leader ? 1 : 0])),
  );
}

/** Somebody who moved while the lists were read: what DingTalk says of them now is newer than any list. */
function writeFound(
  db: Database,
  person: NotedMember,
  { generations, unwritten }: { generations: Generations; unwritten: Unwritten },
): void {
  const departmentIds = person.departments.map(({ id }) => id);
  seeMembers(db, [{ ...person, departmentIds }], { generations, unwritten });
  const others = 'user_id = ? AND department_id NOT IN (SELECT value FROM json_each(?))';
  const wanted = [person.userId, JSON.stringify(departmentIds)] as const;
  db.run(`DELETE FROM directory_seen_membership WHERE ${others}`, ...wanted);
  db.run(
    `DELETE FROM directory_membership WHERE ${others} AND from_generation = ?`,
    ...wanted,
    generations.next,
  );
  for (const { id, leader } of person.departments) {
    if (!db.get('SELECT 1 FROM directory_seen_department WHERE department_id = ?', id)) continue;
    seePlaces(db, id, { places: [{ userId: person.userId, leader, position: LAST_POSITION }], generations });
  }
}

function forgetDepartmentPeople(db: Database, departmentId: number, { next }: Generations): void {
  db.run('DELETE FROM directory_seen_membership WHERE department_id = ?', departmentId);
  db.run(
    'DELETE FROM directory_membership WHERE department_id = ? AND from_generation = ?',
    departmentId,
    next,
  );
}

function forgetPlaces(
  db: Database,
  { departmentId, userIds }: NonNullable<TaskResult['moved']>,
  { next }: Generations,
): void {
  const some = 'department_id = ? AND user_id IN (SELECT value FROM json_each(?))';
  const values = [departmentId, JSON.stringify(userIds)] as const;
  db.run(`DELETE FROM directory_seen_membership WHERE ${some}`, ...values);
  db.run(`DELETE FROM directory_membership WHERE ${some} AND from_generation = ?`, ...values, next);
}

/** People who are there though nothing was read of them: as they are published, they are not gone. */
function keepPeople(
  db: Database,
  { userIds, departmentId }: NonNullable<TaskResult['kept']>,
  { published }: Generations,
): void {
  const ids = JSON.stringify(userIds);
  db.run('INSERT OR IGNORE INTO directory_seen_member (user_id) SELECT value FROM json_each(?)', ids);
  db.run(
    `INSERT OR IGNORE INTO directory_seen_membership SELECT m.department_id, m.user_id
     FROM json_each(?) j CROSS JOIN directory_membership m ON m.user_id = j.value
     WHERE m.from_generation <= ? AND m.to_generation > ? AND (? IS NULL OR m.department_id = ?)`,
    ids,
    published,
    published,
    departmentId ?? null,
    departmentId ?? null,
  );
}

/** It was dissolved while the run was at it. Where its people are now is asked after. */
function dropDepartment(db: Database, departmentId: number, generations: Generations): void {
  forgetDepartmentPeople(db, departmentId, generations);
  db.run('DELETE FROM directory_seen_department WHERE department_id = ?', departmentId);
}

/** Whatever the run read of somebody is taken back. Inside the caller's transaction. */
export function forgetPerson(db: Database, userId: string, next: number): void {
  db.run('DELETE FROM directory_seen_membership WHERE user_id = ?', userId);
  db.run('DELETE FROM directory_seen_member WHERE user_id = ?', userId);
  db.run('DELETE FROM directory_membership WHERE user_id = ? AND from_generation = ?', userId, next);
  const rows = db.all<MemberRow>(
    'SELECT id, user_id, record FROM directory_member WHERE user_id = ? AND from_generation = ?',
    userId,
    next,
  );
  for (const row of rows) deleteMember(db, row);
}

function noteOnRun(
  db: Database,
  { missing, unreadable = [], skipped = [], administrators }: TaskResult,
): void {
  const lacking = [...(missing ? [missing] : []), ...unreadable];
  if (lacking.length === 0 && skipped.length === 0 && !administrators) return;
  const run = currentRun(db)!;
  const set = (column: 'missing' | 'skipped' | 'administrators', value: unknown) =>
    db.run(`UPDATE directory_run SET ${column} = ? WHERE id = ?`, JSON.stringify(value), run.id);
  if (lacking.length > 0) {
    const named = [...(JSON.parse(run.missing) as Missing[]), ...lacking];
    set('missing', [...new Map(named.map((one) => [JSON.stringify(one), one])).values()]);
  }
  if (skipped.length > 0) {
    const named = [...(JSON.parse(run.skipped) as SkippedDepartment[]), ...skipped];
    set('skipped', [...new Map(named.map((department) => [department.id, department])).values()]);
  }
  if (administrators) set('administrators', administrators);
}

function moveOn(db: Database, task: Task, result: TaskResult): void {
  if (result.again) {
    db.run('UPDATE directory_task SET cursor = 0, pass = ? WHERE id = ?', task.pass + 1, task.id);
  } else if (result.next) {
    db.run('UPDATE directory_task SET cursor = ? WHERE id = ?', result.next.cursor, task.id);
  } else {
    db.run('UPDATE directory_task SET done = 1 WHERE id = ?', task.id);
  }
}
