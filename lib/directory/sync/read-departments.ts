import 'server-only';
import type { Statements } from '../../storage/database';
import type { SkippedDepartment } from '../mirror-state';
import type { FoundDepartment, TaskResult } from './run';

/** What a run has read of departments. */

const RULES = { department_id: 'integer', name: 'text', rules: 'text' } as const;
const PLACED = { department_id: 'integer', parent_id: 'integer', position: 'integer', name: 'text' } as const;

/** @returns departments that were listed below themselves, and keep the place that they have */
export async function writeDepartments(
  tx: Statements,
  results: readonly TaskResult[],
): Promise<SkippedDepartment[]> {
  const { table, rows } = tx.dialect;
  const cut = await insertDepartments(
    tx,
    results.flatMap(({ departments = [] }) => departments),
  );
  const told = results.flatMap(({ rules }) => rules ?? []);
  if (told.length === 0) return cut;
  const latest = new Map(told.map((rules) => [rules.departmentId, rules]));
  await tx.run(
    `UPDATE run_department AS d SET rules = n.rules, name = coalesce(nullif(n.name, ''), d.name)
     FROM ${table('n', RULES)} WHERE d.department_id = n.department_id`,
    rows(
      [...latest.values()].map(({ departmentId, name, rules }) => {
        return { department_id: departmentId, name, rules: JSON.stringify(rules) };
      }),
    ),
  );
  return cut;
}

async function insertDepartments(
  tx: Statements,
  found: readonly FoundDepartment[],
): Promise<SkippedDepartment[]> {
  if (found.length === 0) return [];
  const parents = await readParents(tx, found);
  const placed = new Map<number, FoundDepartment>();
  const cut: SkippedDepartment[] = [];
  for (const one of found) {
    const { id, parentId, name } = one;
    if (parentId !== undefined && isAbove(parents, id, parentId)) cut.push({ id, name, why: 'cycle' });
    // A department authorised by itself may lie below another one: its parent knows its place.
    else if (!parents.has(id) || (parents.get(id) === undefined && parentId !== undefined)) {
      parents.set(id, parentId);
      placed.set(id, one);
    }
  }
  const { table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO run_department (department_id, parent_id, position, name)
     SELECT n.department_id, n.parent_id, n.position, n.name FROM ${table('n', PLACED)} WHERE true
     ON CONFLICT (department_id) DO UPDATE SET parent_id = excluded.parent_id, position = excluded.position,
       name = excluded.name`,
    rows(
      [...placed.values()].map(({ id, parentId, position, name }) => {
        return { department_id: id, parent_id: parentId ?? null, position, name };
      }),
    ),
  );
  return cut;
}

/** Departments that the run has seen, with their parents. */
type Parents = Map<number, number | undefined>;

/** Of some departments, of those they are listed below, and of all above these. */
async function readParents(tx: Statements, found: readonly FoundDepartment[]): Promise<Parents> {
  const { isIn, list } = tx.dialect;
  const rows = await tx.all<{ department_id: number; parent_id: number | null }>(
    `WITH RECURSIVE above (department_id, parent_id) AS (
       SELECT department_id, parent_id FROM run_department WHERE ${isIn('department_id')}
       UNION SELECT d.department_id, d.parent_id FROM run_department d JOIN above ON d.department_id = above.parent_id
     ) SELECT department_id, parent_id FROM above`,
    list([...new Set(found.flatMap(({ id, parentId = id }) => [id, parentId]))]),
  );
  return new Map(rows.map(({ department_id, parent_id }) => [department_id, parent_id ?? undefined]));
}

/** Whether a department is another one, or above it. */
function isAbove(parents: Parents, id: number, below: number): boolean {
  const seen = new Set<number>();
  for (let at: number | undefined = below; at !== undefined && !seen.has(at); at = parents.get(at)) {
    if (at === id) return true;
    seen.add(at);
  }
  return false;
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
