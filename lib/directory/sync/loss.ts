import 'server-only';
import type { Statements } from '../../storage/database';
import { unseenPeople } from './read-people';

/** What the latest reading would take away from the published directory. It stays known until the next one begins. */
export interface Loss {
  /** People of the published directory that the reading does not have. */
  userIds: string[];
  /** Departments with such people, and those that the reading does not have; most people lost first. */
  departments: DepartmentLoss[];
}

export interface DepartmentLoss {
  id: number;
  name: string;
  /** People directly in it. */
  before: number;
  lost: number;
  /** The reading does not have the department itself. */
  isGone: boolean;
}

export async function readLoss(db: Statements): Promise<Loss> {
  const { isIn, list } = db.dialect;
  const userIds: string[] = [];
  const lost = new Map<number, number>();
  for await (const people of unseenPeople(db)) {
    const some = people.map(({ user_id }) => user_id);
    userIds.push(...some);
    const rows = await db.all<{ id: number; people: number }>(
      `SELECT department_id AS id, count(*) AS people FROM directory_place WHERE ${isIn('user_id')} GROUP BY department_id`,
      list(some),
    );
    for (const { id, people } of rows) lost.set(id, (lost.get(id) ?? 0) + people);
  }
  const departments = await db.all<{ id: number; name: string; own: number; gone: number }>(
    `SELECT d.department_id AS id, d.name,
       (SELECT count(*) FROM directory_place p WHERE p.department_id = d.department_id) AS own,
       CASE WHEN r.department_id IS NULL THEN 1 ELSE 0 END AS gone
     FROM directory_department d LEFT JOIN run_department r ON r.department_id = d.department_id`,
  );
  return {
    userIds,
    departments: departments
      .map(({ id, name, own, gone }) => ({
        id,
        name,
        before: own,
        lost: lost.get(id) ?? 0,
        isGone: gone === 1,
      }))
      .filter((one) => one.lost > 0 || one.isGone)
      .sort((a, b) => b.lost - a.lost || a.id - b.id),
  };
}
