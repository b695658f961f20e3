import 'server-only';
import type { Statements } from '../../storage/database';
import type { Missing, SkippedDepartment } from '../mirror-state';
import { dismissAdministrators } from '../write';
import { prepareNewcomers } from './newcomers';
import { writeDepartments } from './read-departments';
import {
  forgetPerson,
  forgetPlaces,
  forgetPlacesIn,
  keepPeople,
  writeFound,
  writePeople,
} from './read-people';
import type { Task, TaskResult } from './run';
import { insertTasks, moveTasks, requireRun } from './runs';

/**
 * Writes what some tasks brought, and moves them on. What only adds is written together: on a server every statement is
 * a way there and back.
 *
 * @returns the tasks that are new
 */
export async function writeResults(
  tx: Statements,
  batch: readonly { task: Task; result: TaskResult }[],
): Promise<Task[]> {
  const results = batch.map(({ result }) => result);
  const skipped: SkippedDepartment[] = [];
  let additions: TaskResult[] = [];
  for (const [at, result] of results.entries()) {
    additions.push(result);
    if (!doesCorrect(result) && at < results.length - 1) continue;
    skipped.push(...(await writeAdditions(tx, additions)));
    additions = [];
    await writeCorrections(tx, result);
  }
  await noteOnRun(tx, [...results, { skipped }]);
  await moveTasks(tx, batch);
  // All at once, in the order of the index: page by page it would take twice as long.
  await prepareNewcomers(tx, results.flatMap(peopleOf));
  return insertTasks(
    tx,
    results.flatMap(({ tasks = [] }) => tasks),
  );
}

function peopleOf({ people, found }: TaskResult): string[] {
  return [...(people?.list ?? []), ...(found ? [found] : [])].map(({ userId }) => userId);
}

/** @returns departments that are left out */
async function writeAdditions(tx: Statements, results: readonly TaskResult[]): Promise<SkippedDepartment[]> {
  const cut = await writeDepartments(tx, results);
  await writePeople(
    tx,
    results.flatMap(({ people }) => people ?? []),
  );
  const notAdministrators = results.flatMap((result) => result.notAdministrators ?? []);
  if (notAdministrators.length > 0) await dismissAdministrators(tx, notAdministrators);
  await writeRoles(tx, results);
  return cut;
}

/** Whether it takes back, or replaces, what was written before it. */
function doesCorrect({ again, found, moved, kept, left, gone }: TaskResult): boolean {
  const isMoved = moved !== undefined && moved.userIds.length > 0;
  return isMoved || [again, found, kept, left, gone].some((correction) => correction !== undefined);
}

async function writeCorrections(
  tx: Statements,
  { again, found, moved, kept, left, gone }: TaskResult,
): Promise<void> {
  if (again) await forgetPlacesIn(tx, again.departmentId);
  if (found) await writeFound(tx, found);
  if (moved) await forgetPlaces(tx, moved);
  if (kept) await keepPeople(tx, kept);
  if (left !== undefined) await forgetPerson(tx, left);
  if (gone !== undefined) await dropDepartment(tx, gone);
}

/** It was dissolved while the run was at it. Where its people are now is asked after. */
async function dropDepartment(tx: Statements, departmentId: number): Promise<void> {
  await forgetPlacesIn(tx, departmentId);
  await tx.run('DELETE FROM run_department WHERE department_id = ?', departmentId);
}

async function writeRoles(tx: Statements, results: readonly TaskResult[]): Promise<void> {
  for (const { id, name, groupName } of results.flatMap(({ roles = [] }) => roles)) {
    await tx.run(
      `INSERT INTO run_role (role_id, name, group_name) VALUES (?, ?, ?)
       ON CONFLICT (role_id) DO UPDATE SET name = excluded.name, group_name = excluded.group_name`,
      id,
      name,
      groupName,
    );
  }
  const members = results.flatMap(({ roleMembers }) =>
    (roleMembers?.userIds ?? []).map((userId) => ({ role_id: roleMembers?.roleId, user_id: userId })),
  );
  if (members.length === 0) return;
  const { table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO run_role_member (role_id, user_id)
     SELECT m.role_id, m.user_id FROM ${table('m', { role_id: 'integer', user_id: 'text' })}
     WHERE true ON CONFLICT DO NOTHING`,
    rows(members),
  );
}

async function noteOnRun(tx: Statements, results: readonly TaskResult[]): Promise<void> {
  const lacking = results.flatMap(({ missing, unreadable = [] }) => [
    ...(missing ? [missing] : []),
    ...unreadable,
  ]);
  const left = results.flatMap(({ skipped = [] }) => skipped);
  const administrators = results.findLast((result) => result.administrators)?.administrators;
  if (lacking.length === 0 && left.length === 0 && !administrators) return;
  const run = await requireRun(tx);
  const set = (column: 'missing' | 'skipped' | 'administrators', value: unknown) =>
    tx.run(`UPDATE directory_run SET ${column} = ? WHERE id = ?`, JSON.stringify(value), run.id);
  if (lacking.length > 0) {
    const named = [...(JSON.parse(run.missing) as Missing[]), ...lacking];
    await set('missing', [...new Map(named.map((one) => [JSON.stringify(one), one])).values()]);
  }
  if (left.length > 0) {
    const named = [...(JSON.parse(run.skipped) as SkippedDepartment[]), ...left];
    await set('skipped', [...new Map(named.map((department) => [department.id, department])).values()]);
  }
  if (administrators) await set('administrators', administrators);
}
