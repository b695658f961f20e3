import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Database } from '../../storage/sqlite';
import { headOf } from '../read';

/** What the lists of a run leave in doubt: who and what was not seen, and people whose lists do not agree. */

const CHUNK = 2000;
const STANDS = 'from_generation <= ? AND to_generation > ?';

/**
 * People of the published generation whom the run did not see, some thousand rows at a time. A row that is marked
 * already stands as well.
 */
export async function* unseenMembers(db: Database): AsyncIterable<{ id: number; user_id: string }> {
  const published = headOf(db).generation;
  for (let after = 0; ; ) {
    const rows = db.all<{ id: number; user_id: string; unseen: number }>(
      `SELECT id, user_id, NOT EXISTS (SELECT 1 FROM directory_seen_member s WHERE s.user_id = m.user_id) AS unseen
       FROM directory_member m WHERE id > ? AND ${STANDS} ORDER BY id LIMIT ${CHUNK}`,
      after,
      published,
      published,
    );
    for (const row of rows) if (row.unseen === 1) yield row;
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    await breathe();
  }
}

/** Departments of the published generation that were neither seen nor asked after, the top-most of each branch. */
export function unseenDepartments(db: Database): number[] {
  const published = headOf(db).generation;
  const rows = db.all<{ department_id: number; parent_id: number | null }>(
    `SELECT department_id, parent_id FROM directory_department d WHERE ${STANDS}
       AND NOT EXISTS (SELECT 1 FROM directory_seen_department s WHERE s.department_id = d.department_id)
       AND NOT EXISTS (SELECT 1 FROM directory_task WHERE kind = 'department' AND subject = CAST(d.department_id AS TEXT))`,
    published,
    published,
  );
  const unseen = new Set(rows.map(({ department_id }) => department_id));
  return rows.flatMap(({ department_id, parent_id }) =>
    parent_id !== null && unseen.has(parent_id) ? [] : department_id,
  );
}

interface Places {
  user_id: string;
  /** Departments that DingTalk told with them, as JSON. */
  departments: string | null;
  placed: string | null;
  /** Authorised singly: they need no department. */
  single: number;
}

async function* seenPlaces(db: Database): AsyncIterable<Places> {
  for (let after = ''; ; ) {
    const rows = db.all<Places>(
      `SELECT user_id, departments,
         (SELECT group_concat(department_id) FROM directory_seen_membership s WHERE s.user_id = m.user_id) AS placed,
         EXISTS (SELECT 1 FROM directory_task WHERE kind = 'person' AND subject = m.user_id) AS single
       FROM directory_seen_member m WHERE user_id > ? ORDER BY user_id LIMIT ${CHUNK}`,
      after,
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.user_id;
    await breathe();
  }
}

/** People with other places than DingTalk told of, or with none. */
export async function disputedPeople(db: Database): Promise<string[]> {
  const known = new Set(seenDepartmentIds(db));
  const disputed: string[] = [];
  for await (const { user_id, departments, placed, single } of seenPlaces(db)) {
    const places = new Set(placed?.split(',').map(Number));
    const told = new Set((JSON.parse(departments ?? '[]') as number[]).filter((id) => known.has(id)));
    const agree =
      departments === null || (told.size === places.size && [...told].every((id) => places.has(id)));
    if (!agree || (places.size === 0 && single === 0)) disputed.push(user_id);
  }
  return disputed;
}

/** People whom a page showed in a department that they, or that itself, has left since. */
export async function placelessPeople(db: Database): Promise<string[]> {
  const placeless: string[] = [];
  for await (const { user_id, placed, single } of seenPlaces(db)) {
    if (placed === null && single === 0) placeless.push(user_id);
  }
  return placeless;
}

export function seenDepartmentIds(db: Database): number[] {
  return db
    .all<{ department_id: number }>('SELECT department_id FROM directory_seen_department')
    .map(({ department_id }) => department_id);
}
