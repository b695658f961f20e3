import 'server-only';
import type { Database } from '../database';
import { headOf, type MemberRow, memberRow } from './libsql-reading';
import { deleteMember, insertMember, recordText } from './libsql-rows';
import { LAST_POSITION } from './libsql-single';
import type { Missing, SkippedDepartment } from './mirror-state';
import type {
  FoundPerson,
  NewTask,
  NotedMember,
  RunStarter,
  RunState,
  StoredRun,
  Task,
  TaskResult,
} from './store';

/** What a run writes while it reads: its steps, what it has seen, and the next generation of what has changed. */

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

/** Writes what a task brought. Inside the caller's transaction. */
export function writeResult(db: Database, task: Task, result: TaskResult): Task[] {
  const run = currentRun(db)!;
  const published = headOf(db).generation;
  const generations: Generations = { published, next: run.generation };
  if (result.again) forgetDepartmentPeople(db, result.again.departmentId, generations);
  for (const { id, parentId, position, name } of result.departments ?? []) {
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
  if (result.rules) {
    db.run(
      "UPDATE directory_seen_department SET rules = ?, name = coalesce(nullif(?, ''), name) WHERE department_id = ?",
      JSON.stringify(result.rules.rules),
      result.rules.name,
      result.rules.departmentId,
    );
  }
  if (result.people) writePeople(db, result.people, generations);
  if (result.found) writeFound(db, result.found, generations);
  for (const role of result.roles ?? []) {
    db.run('INSERT OR REPLACE INTO directory_seen_role VALUES (?, ?, ?)', role.id, role.name, role.groupName);
  }
  for (const userId of result.roleMembers?.userIds ?? []) {
    db.run(
      'INSERT OR IGNORE INTO directory_seen_role_member VALUES (?, ?)',
      result.roleMembers!.roleId,
      userId,
    );
  }
  if (result.gone !== undefined) dropDepartment(db, result.gone, generations);
  noteOnRun(db, run, result);
  moveOn(db, task, result);
  return (result.tasks ?? []).flatMap((wish) => addTask(db, wish) ?? []);
}

interface Generations {
  published: number;
  next: number;
}

function writePeople(
  db: Database,
  people: NonNullable<TaskResult['people']>,
  generations: Generations,
): void {
  let { position } = people;
  for (const person of people.list) {
    seeMember(db, person, generations);
    if (people.departmentId !== undefined) {
      seeMembership(db, { ...person, departmentId: people.departmentId, position: position++ }, generations);
    }
  }
}

/** A person is written once, however many lists they are in, and only when they changed. */
function seeMember(
  db: Database,
  person: Pick<FoundPerson, 'userId' | 'record'>,
  { published, next }: Generations,
): void {
  if (db.run('INSERT OR IGNORE INTO directory_seen_member VALUES (?)', person.userId) === 0) return;
  const before = memberRow(db, person.userId, published);
  if (before?.record === recordText(person.record)) return;
  insertMember(db, person.userId, person.record, next);
}

function seeMembership(
  db: Database,
  place: { departmentId: number; userId: string; position: number; leader: boolean },
  { published, next }: Generations,
): void {
  const { departmentId, userId, position } = place;
  if (db.run('INSERT OR IGNORE INTO directory_seen_membership VALUES (?, ?)', departmentId, userId) === 0)
    return;
  const leader = place.leader ? 1 : 0;
  const before = db.get<{ position: number; leader: number }>(
    `SELECT position, leader FROM directory_membership
     WHERE user_id = ? AND department_id = ? AND from_generation <= ? AND to_generation > ?`,
    userId,
    departmentId,
    published,
    published,
  );
  if (before?.position === position && before.leader === leader) return;
  db.run(
    'INSERT OR REPLACE INTO directory_membership (department_id, position, user_id, from_generation, leader) VALUES (?, ?, ?, ?, ?)',
    departmentId,
    position,
    userId,
    next,
    leader,
  );
}

/** Somebody whom no list showed, but DingTalk knows: they moved while the lists were read. */
function writeFound(db: Database, person: NotedMember, generations: Generations): void {
  seeMember(db, person, generations);
  for (const { id, leader } of person.departments) {
    if (!db.get('SELECT 1 FROM directory_seen_department WHERE department_id = ?', id)) continue;
    seeMembership(
      db,
      { departmentId: id, userId: person.userId, position: LAST_POSITION, leader },
      generations,
    );
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

/** It was dissolved while the run was at it. Who was seen only there has to be seen elsewhere. */
function dropDepartment(db: Database, departmentId: number, generations: Generations): void {
  const people = db.all<{ user_id: string }>(
    'SELECT user_id FROM directory_seen_membership WHERE department_id = ?',
    departmentId,
  );
  forgetDepartmentPeople(db, departmentId, generations);
  db.run('DELETE FROM directory_seen_department WHERE department_id = ?', departmentId);
  for (const { user_id } of people) {
    if (db.get('SELECT 1 FROM directory_seen_membership WHERE user_id = ?', user_id)) continue;
    db.run('DELETE FROM directory_seen_member WHERE user_id = ?', user_id);
    const rows = db.all<MemberRow>(
      'SELECT id, user_id, record FROM directory_member WHERE user_id = ? AND from_generation = ?',
      user_id,
      generations.next,
    );
    for (const row of rows) deleteMember(db, row);
  }
}

function noteOnRun(db: Database, run: RunRow, result: TaskResult): void {
  if (result.missing) {
    const missing = [...(JSON.parse(run.missing) as Missing[]), result.missing];
    db.run('UPDATE directory_run SET missing = ? WHERE id = ?', JSON.stringify(missing), run.id);
  }
  if (result.skipped && result.skipped.length > 0) {
    const skipped = [...(JSON.parse(run.skipped) as SkippedDepartment[]), ...result.skipped];
    db.run('UPDATE directory_run SET skipped = ? WHERE id = ?', JSON.stringify(skipped), run.id);
  }
  if (result.administrators) {
    db.run(
      'UPDATE directory_run SET administrators = ? WHERE id = ?',
      JSON.stringify(result.administrators),
      run.id,
    );
  }
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
