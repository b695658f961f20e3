import 'server-only';
import type { Statements } from '../../storage/database';
import { LAST_POSITION, type NotedMember } from '../model';
import { recordText } from '../rows';
import type { NewMember } from '../search-keys';
import { dropNewcomers } from './newcomers';
import { readDepartmentIds } from './read-departments';
import type { TaskResult } from './run';

/** What a run has read of people and their places. */

interface ReadPerson extends NewMember {
  departmentIds?: number[] | undefined;
}

interface Place {
  userId: string;
  departmentId: number;
  position: number;
  leader: boolean;
}

export async function writePeople(
  tx: Statements,
  found: readonly NonNullable<TaskResult['people']>[],
): Promise<void> {
  await insertPeople(
    tx,
    found.flatMap(({ list }) => list),
  );
  await insertPlaces(
    tx,
    found.flatMap(({ departmentId, position, list }) =>
      departmentId === undefined
        ? []
        : list.map(({ userId, leader }, at) => ({ userId, departmentId, position: position + at, leader })),
    ),
  );
}

const PERSON = { number: 'integer', user_id: 'text', record: 'text', departments: 'text' } as const;

/** The first list that has somebody tells their record, and the last one that tells them their departments. */
async function insertPeople(tx: Statements, people: readonly ReadPerson[]): Promise<void> {
  if (people.length === 0) return;
  const { table, rows } = tx.dialect;
  const once = new Map<string, ReadPerson>();
  for (const person of people) {
    const { record } = once.get(person.userId) ?? person;
    const { departmentIds } = person.departmentIds?.length ? person : (once.get(person.userId) ?? person);
    once.set(person.userId, { ...person, record, departmentIds });
  }
  const told = [...once.values()].map(({ userId, record, departmentIds }, number) => ({
    number,
    user_id: userId,
    record: recordText(record),
    departments: departmentIds?.length ? JSON.stringify(departmentIds) : null,
  }));
  await tx.run(
    `INSERT INTO run_person (user_id, record, departments)
     SELECT n.user_id, nullif(n.record, coalesce(p.record, '')), n.departments FROM ${table('n', PERSON)}
     LEFT JOIN directory_person p ON p.user_id = n.user_id WHERE true ORDER BY n.number
     ON CONFLICT (user_id) DO UPDATE SET departments = excluded.departments WHERE excluded.departments IS NOT NULL`,
    rows(told),
  );
}

const PLACE = { user_id: 'text', department_id: 'integer', position: 'integer', leader: 'integer' } as const;

async function insertPlaces(tx: Statements, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return;
  const { table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO run_place (user_id, department_id, position, leader)
     SELECT n.user_id, n.department_id, n.position, n.leader FROM ${table('n', PLACE)} WHERE true
     ON CONFLICT DO NOTHING`,
    rows(
      places.map(({ userId, departmentId, position, leader }) => ({
        user_id: userId,
        department_id: departmentId,
        position,
        leader: leader ? 1 : 0,
      })),
    ),
  );
}

/** Somebody who moved while the lists were read: what DingTalk says of them now is newer than any list. */
export async function writeFound(tx: Statements, person: NotedMember): Promise<void> {
  const { isIn, list } = tx.dialect;
  const departmentIds = person.departments.map(({ id }) => id);
  await insertPeople(tx, [{ ...person, departmentIds }]);
  await tx.run(
    `DELETE FROM run_place WHERE user_id = ? AND NOT (${isIn('department_id')})`,
    person.userId,
    list(departmentIds),
  );
  const known = new Set(await readDepartmentIds(tx));
  const places = person.departments.filter(({ id }) => known.has(id));
  await insertPlaces(
    tx,
    places.map(({ id, leader }) => ({
      userId: person.userId,
      departmentId: id,
      leader,
      position: LAST_POSITION,
    })),
  );
}

export async function forgetPlacesIn(tx: Statements, departmentId: number): Promise<void> {
  await tx.run('DELETE FROM run_place WHERE department_id = ?', departmentId);
}

export async function forgetPlaces(
  tx: Statements,
  { departmentId, userIds }: NonNullable<TaskResult['moved']>,
): Promise<void> {
  await tx.run(
    `DELETE FROM run_place WHERE department_id = ? AND ${tx.dialect.isIn('user_id')}`,
    departmentId,
    tx.dialect.list(userIds),
  );
}

/** Whatever the run read of somebody is taken back. */
export async function forgetPerson(tx: Statements, userId: string): Promise<void> {
  await dropNewcomers(tx, [userId]);
  await tx.run('DELETE FROM run_place WHERE user_id = ?', userId);
  await tx.run('DELETE FROM run_person WHERE user_id = ?', userId);
}

/** People who are there though nothing was read of them: as they are published, they are not gone. */
export async function keepPeople(
  tx: Statements,
  { userIds, departmentId }: NonNullable<TaskResult['kept']>,
): Promise<void> {
  const { isIn, list, table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO run_person (user_id) SELECT k.user_id FROM ${table('k', { user_id: 'text' })} WHERE true
     ON CONFLICT DO NOTHING`,
    rows(userIds.map((userId) => ({ user_id: userId }))),
  );
  const only = departmentId === undefined ? '' : 'AND department_id = ?';
  await tx.run(
    `INSERT INTO run_place SELECT user_id, department_id, position, leader FROM directory_place
     WHERE ${isIn('user_id')} ${only} ON CONFLICT DO NOTHING`,
    list(userIds),
    ...(departmentId === undefined ? [] : [departmentId]),
  );
}

// ── What the lists leave in doubt ──────────────────────────────────────────────────────────────────────────────────

const AT_ONCE = 2000;

/** A published person; of these the run did not see whom it yields. */
export interface UnseenPerson {
  id: number;
  user_id: string;
  record: string;
}

/** Published people whom the run did not see, and about whom nothing was reported meanwhile. Some at a time. */
export async function* unseenPeople(db: Statements): AsyncIterable<UnseenPerson[]> {
  for (let after = -1; ; ) {
    const row = await db.get<{ last: number | null }>(
      `SELECT max(id) AS last FROM
         (SELECT id FROM directory_person WHERE id > ? ORDER BY id LIMIT ${AT_ONCE}) people`,
      after,
    );
    if (!row || row.last === null) return;
    const unseen = await db.all<UnseenPerson>(
      `SELECT id, user_id, record FROM directory_person p WHERE id > ? AND id <= ?
         AND NOT EXISTS (SELECT 1 FROM run_person r WHERE r.user_id = p.user_id)
         AND NOT EXISTS (SELECT 1 FROM run_told_person t WHERE t.user_id = p.user_id) ORDER BY id`,
      after,
      row.last,
    );
    if (unseen.length > 0) yield unseen;
    after = row.last;
  }
}

interface Places {
  user_id: string;
  /** Departments that DingTalk told with them, as JSON. */
  departments: string | null;
  placed: string | null;
  /** Authorised singly: they need no department. */
  single: number;
}

async function* placesOf(db: Statements): AsyncIterable<Places> {
  for (let after = ''; ; ) {
    const rows = await db.all<Places>(
      `SELECT user_id, departments,
         (SELECT ${db.dialect.joined('department_id')} FROM run_place p WHERE p.user_id = r.user_id) AS placed,
         (SELECT count(*) FROM run_task WHERE kind = 'person' AND subject = r.user_id) AS single
       FROM run_person r WHERE user_id > ? ORDER BY user_id LIMIT ${AT_ONCE}`,
      after,
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last) return;
    after = last.user_id;
  }
}

/** People with other places than DingTalk told of, or with none. */
export async function disputedPeople(db: Statements): Promise<string[]> {
  const known = new Set(await readDepartmentIds(db));
  const disputed: string[] = [];
  for await (const { user_id, departments, placed, single } of placesOf(db)) {
    const places = new Set(placed?.split(',').map(Number));
    const told = new Set((JSON.parse(departments ?? '[]') as number[]).filter((id) => known.has(id)));
    const agree =
      departments === null || (told.size === places.size && [...told].every((id) => places.has(id)));
    if (!agree || (places.size === 0 && single === 0)) disputed.push(user_id);
  }
  return disputed;
}

/** People whom a page showed in a department that they, or that itself, has left since. */
export async function placelessPeople(db: Statements): Promise<string[]> {
  const placeless: string[] = [];
  for await (const { user_id, placed, single } of placesOf(db)) {
    if (placed === null && single === 0) placeless.push(user_id);
  }
  return placeless;
}
