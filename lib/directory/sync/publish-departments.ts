import 'server-only';
import { ROOT_DEPARTMENT_ID } from '../../dingtalk/departments';
import type { Statements } from '../../storage/database';
import type { DepartmentRules } from '../model';

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

interface Row {
  department_id: number;
  parent_id: number | null;
  position: number;
  name: string;
  rules: string;
}

const COLUMNS = {
  department_id: 'integer',
  parent_id: 'integer',
  position: 'integer',
  name: 'text',
  rules: 'text',
} as const;
const AT_ONCE = 500;

/** Departments are few: they are compared here. @param isComplete those that were not read are gone */
export async function publishDepartments(tx: Statements, isComplete: boolean): Promise<void> {
  const { table, rows, isIn, list } = tx.dialect;
  const published = await tx.all<Row>('SELECT * FROM directory_department');
  const before = new Map(published.map((row) => [row.department_id, row]));
  const read = await tx.all<Omit<Row, 'rules'> & { rules: string | null; told: number }>(
    `SELECT d.*, (SELECT count(*) FROM run_told_department t WHERE t.department_id = d.department_id) AS told
     FROM run_department d`,
  );
  const changed = read.flatMap(({ told, ...row }) => {
    const old = before.get(row.department_id);
    before.delete(row.department_id);
    // What was reported while the run read is newer.
    const isNewer = told > 0 && old !== undefined;
    const next: Row = {
      ...row,
      name: (isNewer ? old.name : row.name) || old?.name || String(row.department_id),
      rules:
        (isNewer ? old.rules : row.rules) ?? old?.rules ?? JSON.stringify(unknownRules(row.department_id)),
    };
    const isSame =
      old && Object.keys(COLUMNS).every((key) => old[key as keyof Row] === next[key as keyof Row]);
    return isSame ? [] : [next];
  });
  for (let at = 0; at < changed.length; at += AT_ONCE) {
    await tx.run(
      `INSERT INTO directory_department (department_id, parent_id, position, name, rules)
       SELECT d.department_id, d.parent_id, d.position, d.name, d.rules FROM ${table('d', COLUMNS)} WHERE true
       ON CONFLICT (department_id) DO UPDATE SET parent_id = excluded.parent_id, position = excluded.position,
         name = excluded.name, rules = excluded.rules`,
      rows(changed.slice(at, at + AT_ONCE)),
    );
  }
  if (isComplete && before.size > 0) {
    await tx.run(`DELETE FROM directory_department WHERE ${isIn('department_id')}`, list([...before.keys()]));
  }
}
