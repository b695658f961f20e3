import 'server-only';
import type { Statements } from '../../storage/database';
import type { Missing, SkippedDepartment } from '../mirror-state';
import type { NewTask, RunStarter, RunState, StoredRun, Task, TaskResult } from './run';

/** The history of runs, and the steps of the one under way. */

export interface RunRow {
  id: number;
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

const KEPT_RUNS = 500;

function currentRun(db: Statements): Promise<RunRow | undefined> {
  return db.get<RunRow>("SELECT * FROM directory_run WHERE state = 'running' ORDER BY id DESC LIMIT 1");
}

/** @throws where no run is under way */
export async function requireRun(db: Statements): Promise<RunRow> {
  const run = await currentRun(db);
  if (!run) throw new Error('no run is under way');
  return run;
}

function toRun(row: RunRow): StoredRun {
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

export async function readRuns(db: Statements, limit: number): Promise<StoredRun[]> {
  return (await db.all<RunRow>('SELECT * FROM directory_run ORDER BY id DESC LIMIT ?', limit)).map(toRun);
}

const OF_A_RUN = [
  'task',
  'department',
  'person',
  'key',
  'text',
  'place',
  'role',
  'role_member',
  'told_person',
  'told_department',
];

/** Goes on with the run that was interrupted, or begins one. */
export async function openRun(
  tx: Statements,
  { startedBy, resumeWithinMs }: { startedBy: RunStarter; resumeWithinMs: number },
): Promise<{ run: StoredRun; resumed: boolean; tasks: Task[]; done: number }> {
  const before = await currentRun(tx);
  if (before && Date.now() - before.touched_at <= resumeWithinMs)
    return { run: toRun(before), resumed: true, tasks: await openTasks(tx), done: await countDone(tx) };
  if (before) await endWithout(tx, before.id, 'failed', before.calls);
  return {
    run: await insertRun(tx, startedBy),
    resumed: false,
    tasks: await insertTasks(tx, [{ kind: 'range', subject: '' }]),
    done: 0,
  };
}

async function insertRun(tx: Statements, startedBy: RunStarter): Promise<StoredRun> {
  await forgetReading(tx);
  await tx.run(
    `INSERT INTO directory_run (id, state, started_by, started_at, touched_at)
     SELECT coalesce(max(id), 0) + 1, 'running', CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT)
     FROM directory_run`,
    startedBy,
    Date.now(),
    Date.now(),
  );
  await tx.run(`DELETE FROM directory_run WHERE id <= (SELECT max(id) FROM directory_run) - ${KEPT_RUNS}`);
  return toRun(await requireRun(tx));
}

async function forgetReading(tx: Statements): Promise<void> {
  for (const table of OF_A_RUN) await tx.run(`DELETE FROM run_${table}`);
}

/**
 * What it has read is forgotten; of a refused run only when the next one begins, because administrators look at what it
 * would take away.
 *
 * @returns the run as it ended
 */
export async function endRun(
  tx: Statements,
  id: number,
  end: Pick<StoredRun, 'state' | 'added' | 'changed' | 'removed' | 'people' | 'departments' | 'calls'>,
): Promise<StoredRun> {
  await tx.run(
    `UPDATE directory_run SET state = ?, ended_at = ?, added = ?, changed = ?, removed = ?, people = ?,
       departments = ?, calls = ?, progress = NULL WHERE id = ?`,
    end.state,
    Date.now(),
    end.added,
    end.changed,
    end.removed,
    end.people,
    end.departments,
    end.calls,
    id,
  );
  if (end.state !== 'shrunk') await forgetReading(tx);
  const row = await tx.get<RunRow>('SELECT * FROM directory_run WHERE id = ?', id);
  return toRun(row as RunRow);
}

/** Ends a run that changes nothing. */
export async function endWithout(
  tx: Statements,
  id: number,
  state: 'failed' | 'shrunk',
  calls: number,
): Promise<StoredRun> {
  const read = await countRead(tx);
  return endRun(tx, id, { state, added: 0, changed: 0, removed: 0, calls, ...read });
}

export async function failRun(tx: Statements, missing: Missing[], calls: number): Promise<StoredRun> {
  const { id } = await requireRun(tx);
  await tx.run('UPDATE directory_run SET missing = ? WHERE id = ?', JSON.stringify(missing), id);
  return endWithout(tx, id, 'failed', calls);
}

export async function saveProgress(tx: Statements, progress: unknown, calls: number): Promise<void> {
  await tx.run(
    "UPDATE directory_run SET progress = ?, calls = ?, touched_at = ? WHERE state = 'running'",
    JSON.stringify(progress),
    calls,
    Date.now(),
  );
}

export async function countRead(db: Statements): Promise<{ people: number; departments: number }> {
  const row = await db.get<{ people: number; departments: number }>(
    `SELECT (SELECT count(*) FROM run_person) AS people, (SELECT count(*) FROM run_department) AS departments`,
  );
  return row ?? { people: 0, departments: 0 };
}

/** What the run has read of a department or a role. */
export async function nameOf(
  db: Statements,
  what: 'department' | 'role',
  id: number,
): Promise<{ name: string } | null> {
  return (await db.get<{ name: string }>(`SELECT name FROM run_${what} WHERE ${what}_id = ?`, id)) ?? null;
}

export async function seenIn(db: Statements, departmentId: number): Promise<Set<string>> {
  const sql = 'SELECT user_id FROM run_place WHERE department_id = ?';
  return new Set((await db.all<{ user_id: string }>(sql, departmentId)).map(({ user_id }) => user_id));
}

// ── Steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function openTasks(db: Statements): Promise<Task[]> {
  return db.all<Task>(
    'SELECT kind, subject, cursor, pass FROM run_task WHERE done = 0 ORDER BY kind, subject',
  );
}

async function countDone(db: Statements): Promise<number> {
  const row = await db.get<{ done: number }>('SELECT count(*) AS done FROM run_task WHERE done = 1');
  return row?.done ?? 0;
}

/** @returns those that are new */
export async function insertTasks(tx: Statements, tasks: readonly NewTask[]): Promise<Task[]> {
  if (tasks.length === 0) return [];
  const { table, rows } = tx.dialect;
  return tx.all<Task>(
    `INSERT INTO run_task (kind, subject)
     SELECT t.kind, t.subject FROM ${table('t', { kind: 'text', subject: 'text' })} WHERE true
     ON CONFLICT DO NOTHING RETURNING kind, subject, cursor, pass`,
    rows(tasks),
  );
}

const MOVE = { kind: 'text', subject: 'text', cursor: 'integer', pass: 'integer', done: 'integer' } as const;

/** To where they go on, or to their end. */
export async function moveTasks(
  tx: Statements,
  batch: readonly { task: Task; result: Pick<TaskResult, 'again' | 'next'> }[],
): Promise<void> {
  const { table, rows } = tx.dialect;
  const moves = batch.map(({ task: { kind, subject, cursor, pass }, result: { again, next } }) => {
    if (again) return { kind, subject, cursor: 0, pass: pass + 1, done: 0 };
    return { kind, subject, cursor: next?.cursor ?? cursor, pass, done: next ? 0 : 1 };
  });
  await tx.run(
    `UPDATE run_task AS t SET cursor = n.cursor, pass = n.pass, done = n.done FROM ${table('n', MOVE)}
     WHERE t.kind = n.kind AND t.subject = n.subject`,
    rows(moves),
  );
}
