import 'server-only';
import type { Database } from '../../storage/sqlite';
import { headOf } from '../read';
import { unseenMembers } from './inconsistencies';

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

const CHUNK = 500;

export async function readLoss(db: Database): Promise<Loss> {
  const { generation } = headOf(db);
  const userIds: string[] = [];
  for await (const { user_id } of unseenMembers(db)) userIds.push(user_id);
  const lost = new Map<number, number>();
  for (let at = 0; at < userIds.length; at += CHUNK) {
    const rows = db.all<{ id: number; people: number }>(
      `SELECT p.department_id AS id, count(*) AS people FROM json_each(?) j
       CROSS JOIN directory_membership p ON p.user_id = j.value
       WHERE p.from_generation <= ? AND p.to_generation > ? GROUP BY p.department_id`,
      JSON.stringify(userIds.slice(at, at + CHUNK)),
      generation,
      generation,
    );
    for (const { id, people } of rows) lost.set(id, (lost.get(id) ?? 0) + people);
  }
  const departments = db
    .all<{ id: number; name: string; own: number | null; is_gone: number }>(
      `SELECT d.department_id AS id, d.name, c.own, s.department_id IS NULL AS is_gone FROM directory_department d
       LEFT JOIN directory_count c ON c.department_id = d.department_id
       LEFT JOIN directory_seen_department s ON s.department_id = d.department_id
       WHERE d.from_generation <= ? AND d.to_generation > ?`,
      generation,
      generation,
    )
    .map(({ id, name, own, is_gone }) => ({
      ...{ id, name, before: own ?? 0, lost: lost.get(id) ?? 0, isGone: Boolean(is_gone) },
    }))
    .filter((one) => one.lost > 0 || one.isGone)
    .sort((a, b) => b.lost - a.lost || a.id - b.id);
  return { userIds, departments };
}
