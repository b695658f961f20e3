import 'server-only';
import type { Statements } from '../storage/database';
import type { StoredDepartment } from './model';

type Department = Pick<StoredDepartment, 'id' | 'parentId' | 'hidden'>;
type Counts = Pick<StoredDepartment, 'own' | 'below' | 'belowPublic'>;

/** Deeper than any tree of DingTalk's. */
const MAX_DEPTH = 64;
const AT_ONCE = 2000;

/**
 * How many people each department has; a person in several departments below it counts once.
 *
 * @param tx one snapshot
 * @returns in the order of the departments
 */
export async function countPeopleOf(tx: Statements, departments: readonly Department[]): Promise<Counts[]> {
  const pathOf = pathsIn(departments);
  const counts = new Map(departments.map(({ id }) => [id, { own: 0, below: 0, belowPublic: 0 }]));
  const rows = await tx.all<{ department_id: number; people: number }>(
    'SELECT department_id, count(*) AS people FROM directory_place GROUP BY department_id',
  );
  for (const { department_id, people } of rows) {
    const own = counts.get(department_id);
    if (!own) continue;
    own.own = people;
    const { ids, isHidden } = pathOf(department_id);
    for (const id of ids) add(counts.get(id), people, isHidden);
  }
  for await (const departmentIds of inSeveral(tx)) takeBack(counts, departmentIds.map(pathOf));
  return departments.map(({ id }) => counts.get(id)!);
}

function add(counts: Counts | undefined, people: number, isHidden: boolean): void {
  if (!counts) return;
  counts.below += people;
  if (!isHidden) counts.belowPublic += people;
}

/** A person of several departments was counted for each: above two of them, once too often. */
function takeBack(counts: Map<number, Counts>, paths: Path[]): void {
  const seen = new Set<number>();
  const seenOpenly = new Set<number>();
  for (const { ids, isHidden } of paths) {
    for (const id of ids) {
      const count = counts.get(id);
      if (!count) continue;
      if (seen.has(id)) count.below--;
      seen.add(id);
      if (isHidden) continue;
      if (seenOpenly.has(id)) count.belowPublic--;
      seenOpenly.add(id);
    }
  }
}

interface Path {
  /** The department and all that are above it. */
  ids: number[];
  /** One of them is hidden. */
  isHidden: boolean;
}

function pathsIn(departments: readonly Department[]): (id: number) => Path {
  const byId = new Map(departments.map((department) => [department.id, department]));
  const paths = new Map<number, Path>();
  return (id) => {
    const known = paths.get(id);
    if (known) return known;
    const path: Path = { ids: [], isHidden: false };
    for (let at = byId.get(id); at && path.ids.length < MAX_DEPTH; at = byId.get(at.parentId ?? 0)) {
      path.ids.push(at.id);
      path.isHidden ||= at.hidden;
    }
    paths.set(id, path);
    return path;
  };
}

/** The departments of each person who is in more than one. */
async function* inSeveral(tx: Statements): AsyncIterable<number[]> {
  for (let after = ''; ; ) {
    const rows = await tx.all<{ user_id: string; ids: string }>(
      `SELECT user_id, ${tx.dialect.joined('department_id')} AS ids FROM directory_place WHERE user_id > ?
       GROUP BY user_id HAVING count(*) > 1 ORDER BY user_id LIMIT ${AT_ONCE}`,
      after,
    );
    for (const { ids } of rows) yield ids.split(',').map(Number);
    const last = rows.at(-1);
    if (!last) return;
    after = last.user_id;
  }
}
