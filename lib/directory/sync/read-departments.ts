import 'server-only';
import type { Statements } from '../../storage/database';
import type { SkippedDepartment } from '../mirror-state';
import type { TaskResult } from './run';

/** What a run has read of departments. */

/** @returns departments that were listed below themselves, and keep the place that they have */
export async function writeDepartments(
  tx: Statements,
  { departments = [], rules }: TaskResult,
): Promise<SkippedDepartment[]> {
  const cut: SkippedDepartment[] = [];
  for (const { id, parentId, position, name } of departments) {
    if (parentId !== undefined && (await isAbove(tx, id, parentId))) {
      cut.push({ id, name, why: 'cycle' });
      continue;
    }
    await tx.run(
      // A department authorised by itself may lie below another one: its parent knows its place.
      `INSERT INTO run_department (department_id, parent_id, position, name) VALUES (?, ?, ?, ?)
       ON CONFLICT (department_id) DO UPDATE SET parent_id = excluded.parent_id, position = excluded.position,
         name = excluded.name WHERE run_department.parent_id IS NULL AND excluded.parent_id IS NOT NULL`,
      id,
      parentId ?? null,
      position,
      name,
    );
  }
  if (!rules) return cut;
  await tx.run(
    "UPDATE run_department SET rules = ?, name = coalesce(nullif(?, ''), name) WHERE department_id = ?",
    JSON.stringify(rules.rules),
    rules.name,
    rules.departmentId,
  );
  return cut;
}

/** Whether a department is another one, or above it, as far as the run has seen. */
async function isAbove(tx: Statements, id: number, below: number): Promise<boolean> {
  if (id === below) return true;
  const row = await tx.get(
    `WITH RECURSIVE path (id) AS (
       SELECT parent_id FROM run_department WHERE department_id = ?
       UNION SELECT d.parent_id FROM run_department d JOIN path ON d.department_id = path.id
     ) SELECT 1 AS found FROM path WHERE id = ?`,
    below,
    id,
  );
  return row !== undefined;
}

export async function readDepartmentIds(db: Statements): Promise<number[]> {
  const rows = await db.all<{ id: number }>('SELECT department_id AS id FROM run_department');
  return rows.map(({ id }) => id);
}

/** Published departments that were neither read nor asked after, the top-most of each branch. */
export async function unseenDepartments(db: Statements): Promise<number[]> {
  const rows = await db.all<{ department_id: number; parent_id: number | null }>(
    `SELECT department_id, parent_id FROM directory_department d
     WHERE NOT EXISTS (SELECT 1 FROM run_department r WHERE r.department_id = d.department_id)
       AND NOT EXISTS (SELECT 1 FROM run_task
         WHERE kind = 'department' AND subject = CAST(d.department_id AS TEXT))`,
  );
  const unseen = new Set(rows.map(({ department_id }) => department_id));
  return rows.flatMap(({ department_id, parent_id }) =>
    parent_id !== null && unseen.has(parent_id) ? [] : department_id,
  );
}
