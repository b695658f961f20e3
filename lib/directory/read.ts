import 'server-only';
import type { Database, Statements } from '../storage/database';
import { countPeopleOf } from './counts';
import type { MirrorState, Missing } from './mirror-state';
import type {
  DepartmentRules,
  DirectoryState,
  PersonRecord,
  StoredDepartment,
  StoredDetail,
  StoredMember,
  StoredRole,
} from './model';

/** Queries of what is published. Each is one statement, or one snapshot: it sees one state. */

export interface PersonRow {
  id: number;
  user_id: string;
  record: string;
  /** `department:leader`, with commas between them. */
  places: string | null;
}

/** A person with all places, of `directory_person m`. */
export function personColumns({ dialect }: Statements): string {
  const place = dialect.joined("p.department_id || ':' || p.leader");
  return `m.id, m.user_id, m.record, (SELECT ${place} FROM directory_place p WHERE p.user_id = m.user_id) AS places`;
}

export function toMember({ user_id, record, places }: PersonRow): StoredMember {
  const departments = (places === null ? [] : places.split(',')).map((place) => {
    const [id, leader] = place.split(':');
    return { id: Number(id), leader: leader === '1' };
  });
  return {
    userId: user_id,
    record: JSON.parse(record) as PersonRecord,
    departments: departments.sort((a, b) => a.id - b.id),
  };
}

export async function readState(db: Statements): Promise<DirectoryState> {
  const row = await db.get<{
    revision: number;
    moves: number;
    people: number;
    departments: number;
    as_of: number | null;
    complete_as_of: number | null;
    state: MirrorState['state'] | 'shrunk' | null;
    missing: string | null;
  }>(
    `SELECT h.*, r.state, r.missing FROM directory_head h LEFT JOIN directory_run r
     ON r.id = (SELECT max(id) FROM directory_run WHERE state <> 'running')`,
  );
  if (!row) throw new Error('the directory has no head');
  const state = row.state === 'shrunk' ? 'failed' : (row.state ?? 'none');
  return {
    state: row.as_of === null && state !== 'failed' ? 'none' : state,
    asOf: row.as_of ?? undefined,
    ageSeconds: row.as_of === null ? undefined : Math.max(0, Math.round((Date.now() - row.as_of) / 1000)),
    completeAsOf: row.complete_as_of ?? undefined,
    people: row.people,
    departments: row.departments,
    missing: JSON.parse(row.missing ?? '[]') as Missing[],
    revision: row.revision,
    moves: row.moves,
  };
}

export async function readRevision(db: Statements): Promise<number> {
  const row = await db.get<{ revision: number }>('SELECT revision FROM directory_head');
  return row?.revision ?? 0;
}

/** All departments with their counts, and the state that these are of. */
export function readTree(db: Database): Promise<{ state: DirectoryState; departments: StoredDepartment[] }> {
  return db.snapshot(async (tx) => {
    const rows = await tx.all<{
      department_id: number;
      parent_id: number | null;
      position: number;
      name: string;
      rules: string;
    }>('SELECT * FROM directory_department');
    const departments = rows.map((row) => ({
      ...(JSON.parse(row.rules) as DepartmentRules),
      id: row.department_id,
      parentId: row.parent_id ?? undefined,
      position: row.position,
      name: row.name,
    }));
    const counts = await countPeopleOf(tx, departments);
    return {
      state: await readState(tx),
      departments: departments.map((one, at) => ({ ...one, ...counts[at]! })),
    };
  });
}

export async function readMembersOf(
  db: Statements,
  departmentId: number,
  page: { offset: number; limit: number },
): Promise<(StoredMember & { leader: boolean })[]> {
  const rows = await db.all<PersonRow & { leader: number }>(
    `SELECT ${personColumns(db)}, o.leader FROM (
       SELECT position, user_id, leader FROM directory_place WHERE department_id = ?
       ORDER BY position, user_id LIMIT ? OFFSET ?) o
     JOIN directory_person m ON m.user_id = o.user_id ORDER BY o.position, o.user_id`,
    departmentId,
    page.limit,
    page.offset,
  );
  return rows.map((row) => ({ ...toMember(row), leader: row.leader === 1 }));
}

/** How many people some departments have together, each counted once. */
export async function countPeople(db: Statements, departmentIds: readonly number[]): Promise<number> {
  const row = await db.get<{ people: number }>(
    `SELECT count(DISTINCT user_id) AS people FROM directory_place WHERE ${db.dialect.isIn('department_id')}`,
    db.dialect.list(departmentIds),
  );
  return row?.people ?? 0;
}

export function personRow(db: Statements, userId: string): Promise<PersonRow | undefined> {
  return db.get<PersonRow>(`SELECT ${personColumns(db)} FROM directory_person m WHERE m.user_id = ?`, userId);
}

export async function readMember(db: Statements, userId: string): Promise<StoredMember | null> {
  const row = await personRow(db, userId);
  return row ? toMember(row) : null;
}

export async function readMembers(db: Statements, userIds: readonly string[]): Promise<StoredMember[]> {
  const rows = await db.all<PersonRow>(
    `SELECT ${personColumns(db)} FROM directory_person m WHERE ${db.dialect.isIn('m.user_id')}`,
    db.dialect.list(userIds),
  );
  return rows.map(toMember);
}

/** In one snapshot. @param visit gets some people at a time, and holds the snapshot while it works */
export function readEverybody(
  db: Database,
  visit: (members: StoredMember[]) => void | Promise<void>,
): Promise<void> {
  return db.snapshot(async (tx) => {
    for (let after = -1; ; ) {
      const rows = await tx.all<PersonRow>(
        `SELECT ${personColumns(tx)} FROM directory_person m WHERE m.id > ? ORDER BY m.id LIMIT ${AT_ONCE}`,
        after,
      );
      const last = rows.at(-1);
      if (!last) return;
      await visit(rows.map(toMember));
      after = last.id;
    }
  });
}

const AT_ONCE = 500;

interface RoleRow {
  role_id: number;
  name: string;
  group_name: string;
}

const toRole = ({ role_id, name, group_name }: RoleRow): StoredRole => ({
  id: role_id,
  name,
  groupName: group_name,
});

export async function readRolesOf(db: Statements, userId: string): Promise<StoredRole[]> {
  const rows = await db.all<RoleRow>(
    `SELECT r.role_id, r.name, r.group_name FROM directory_role_member m
     JOIN directory_role r ON r.role_id = m.role_id WHERE m.user_id = ? ORDER BY r.role_id`,
    userId,
  );
  return rows.map(toRole);
}

export async function readRoles(db: Statements): Promise<StoredRole[]> {
  return (await db.all<RoleRow>('SELECT * FROM directory_role ORDER BY role_id')).map(toRole);
}

/** What the run that is published could not read: a failed one after it says nothing about it. */
export async function readLacking(db: Statements): Promise<Missing[]> {
  const run = await db.get<{ missing: string }>(
    "SELECT missing FROM directory_run WHERE state IN ('complete', 'partial') ORDER BY id DESC LIMIT 1",
  );
  return JSON.parse(run?.missing ?? '[]') as Missing[];
}

export async function readDetail(db: Statements, userId: string): Promise<StoredDetail | null> {
  const row = await db.get<{ manager_user_id: string | null; checked_at: number }>(
    'SELECT manager_user_id, checked_at FROM directory_detail WHERE user_id = ?',
    userId,
  );
  return row ? { managerUserId: row.manager_user_id ?? undefined, checkedAt: row.checked_at } : null;
}

/** @param confirmedAfter a list that is older is not believed; Unix time in ms */
export async function isMainAdministrator(
  db: Statements,
  userId: string,
  confirmedAfter: number,
): Promise<boolean> {
  const row = await db.get(
    `SELECT 1 AS found FROM directory_administrator, directory_head
     WHERE user_id = ? AND main = 1 AND administrators_at >= ?`,
    userId,
    confirmedAfter,
  );
  return row !== undefined;
}
