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
import { insertTasks, moveTask, requireRun } from './runs';

/** Writes what some tasks brought, and moves them on. @returns the tasks that are new */
export async function writeResults(
  tx: Statements,
  batch: readonly { task: Task; result: TaskResult }[],
): Promise<Task[]> {
  const added: Task[] = [];
  for (const { task, result } of batch) {
    await writeResult(tx, result);
    await moveTask(tx, task, result);
    added.push(...(await insertTasks(tx, result.tasks ?? [])));
  }
  // All at once, in the order of the index: page by page it would take twice as long.
  await prepareNewcomers(
    tx,
    batch.flatMap(({ result }) => peopleOf(result)),
  );
  return added;
}

function peopleOf({ people, found }: TaskResult): string[] {
  return [...(people?.list ?? []), ...(found ? [found] : [])].map(({ userId }) => userId);
}

async function writeResult(tx: Statements, result: TaskResult): Promise<void> {
  if (result.again) await forgetPlacesIn(tx, result.again.departmentId);
  const cut = await writeDepartments(tx, result);
  if (result.people) await writePeople(tx, result.people);
  if (result.found) await writeFound(tx, result.found);
  if (result.moved) await forgetPlaces(tx, result.moved);
  if (result.kept) await keepPeople(tx, result.kept);
  if (result.notAdministrators?.length) await dismissAdministrators(tx, result.notAdministrators);
  if (result.left !== undefined) await forgetPerson(tx, result.left);
  await writeRoles(tx, result);
  if (result.gone !== undefined) await dropDepartment(tx, result.gone);
  await noteOnRun(tx, { ...result, skipped: [...(result.skipped ?? []), ...cut] });
}

/** It was dissolved while the run was at it. Where its people are now is asked after. */
async function dropDepartment(tx: Statements, departmentId: number): Promise<void> {
  await forgetPlacesIn(tx, departmentId);
  await tx.run('DELETE FROM run_department WHERE department_id = ?', departmentId);
}

async function writeRoles(tx: Statements, { roles = [], roleMembers }: TaskResult): Promise<void> {
  for (const { id, name, groupName } of roles) {
    await tx.run(
      `INSERT INTO run_role (role_id, name, group_name) VALUES (?, ?, ?)
       ON CONFLICT (role_id) DO UPDATE SET name = excluded.name, group_name = excluded.group_name`,
      id,
      name,
      groupName,
    );
  }
  if (!roleMembers) return;
  const { table, rows } = tx.dialect;
  const columns = { role_id: 'integer', user_id: 'text' } as const;
  await tx.run(
    `INSERT INTO run_role_member (role_id, user_id) SELECT m.role_id, m.user_id FROM ${table('m', columns)}
     WHERE true ON CONFLICT DO NOTHING`,
    rows(roleMembers.userIds.map((userId) => ({ role_id: roleMembers.roleId, user_id: userId }))),
  );
}

async function noteOnRun(
  tx: Statements,
  { missing, unreadable = [], skipped = [], administrators }: TaskResult,
): Promise<void> {
  const lacking = [...(missing ? [missing] : []), ...unreadable];
  if (lacking.length === 0 && skipped.length === 0 && !administrators) return;
  const run = await requireRun(tx);
  const set = (column: 'missing' | 'skipped' | 'administrators', value: unknown) =>
    tx.run(`UPDATE directory_run SET ${column} = ? WHERE id = ?`, JSON.stringify(value), run.id);
  if (lacking.length > 0) {
    const named = [...(JSON.parse(run.missing) as Missing[]), ...lacking];
    await set('missing', [...new Map(named.map((one) => [JSON.stringify(one), one])).values()]);
  }
  if (skipped.length > 0) {
    const named = [...(JSON.parse(run.skipped) as SkippedDepartment[]), ...skipped];
    await set('skipped', [...new Map(named.map((department) => [department.id, department])).values()]);
  }
  if (administrators) await set('administrators', administrators);
}
