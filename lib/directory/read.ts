import 'server-only';
import type { Database } from '../storage/sqlite';
import type { MirrorState, Missing } from './mirror-state';
import type {
  DepartmentRules,
  DirectoryState,
  PageCursor,
  PersonRecord,
  StoredDepartment,
  StoredDetail,
  StoredMember,
  StoredRole,
} from './model';

/** Queries of the published snapshot. Each runs inside one transaction, so that it sees one state. */

export interface MemberRow {
  id: number;
  user_id: string;
  record: string;
}

export function headOf(db: Database) {
  return db.get<{
    generation: number;
    last_generation: number;
    revision: number;
    people: number;
    as_of: number | null;
    complete_as_of: number | null;
  }>('SELECT * FROM directory_head')!;
}

export function readState(db: Database): DirectoryState {
  return db.read(() => {
    const head = headOf(db);
    const last = db.get<{ state: MirrorState['state'] | 'shrunk'; missing: string }>(
      "SELECT state, missing FROM directory_run WHERE state <> 'running' ORDER BY id DESC LIMIT 1",
    );
    const { departments } = db.get<{ departments: number }>(
      'SELECT count(*) AS departments FROM directory_department WHERE from_generation <= ? AND to_generation > ?',
      head.generation,
      head.generation,
    )!;
    const state = last?.state === 'shrunk' ? 'failed' : last?.state;
    return {
      state: head.generation === 0 && state !== 'failed' ? 'none' : (state ?? 'none'),
      asOf: head.as_of ?? undefined,
      ageSeconds: head.as_of === null ? undefined : Math.max(0, Math.round((Date.now() - head.as_of) / 1000)),
      completeAsOf: head.complete_as_of ?? undefined,
      people: head.people,
      departments,
      missing: JSON.parse(last?.missing ?? '[]') as Missing[],
      generation: head.generation,
      revision: head.revision,
    };
  });
}

interface DepartmentRow {
  department_id: number;
  parent_id: number | null;
  position: number;
  name: string;
  record: string;
  own: number | null;
  below: number | null;
  below_public: number | null;
}

export function readDepartments(db: Database): StoredDepartment[] {
  const { generation } = headOf(db);
  const rows = db.all<DepartmentRow>(
    `SELECT d.*, c.own, c.below, c.below_public FROM directory_department d
     LEFT JOIN directory_count c USING (department_id)
     WHERE d.from_generation <= ? AND d.to_generation > ?`,
    generation,
    generation,
  );
  return rows.map((row) => ({
    ...(JSON.parse(row.record) as DepartmentRules),
    id: row.department_id,
    parentId: row.parent_id ?? undefined,
    position: row.position,
    name: row.name,
    own: row.own ?? 0,
    below: row.below ?? 0,
    belowPublic: row.below_public ?? 0,
  }));
}

export function readMembersOf(
  db: Database,
  departmentId: number,
  page: { offset: number; limit: number },
): (StoredMember & { leader: boolean })[] {
  return db.read(() => {
    const { generation } = headOf(db);
    const rows = db.all<MemberRow & { leader: number }>(
      `SELECT m.id, m.user_id, m.record, p.leader FROM (
         SELECT position, user_id, leader FROM directory_membership
         WHERE department_id = ? AND from_generation <= ? AND to_generation > ?
         ORDER BY position, user_id LIMIT ? OFFSET ?) p
       CROSS JOIN directory_member m ON m.user_id = p.user_id AND m.from_generation <= ? AND m.to_generation > ?
       ORDER BY p.position, p.user_id`,
      departmentId,
      generation,
      generation,
      page.limit,
      page.offset,
      generation,
      generation,
    );
    return toMembers(db, rows, generation).map((member, at) => ({
      ...member,
      leader: rows[at]!.leader === 1,
    }));
  });
}

export function countPeople(db: Database, departmentIds: readonly number[]): number {
  return db.read(() => {
    const { generation } = headOf(db);
    return db.get<{ people: number }>(
      `SELECT count(DISTINCT p.user_id) AS people FROM json_each(?) j
       CROSS JOIN directory_membership p ON p.department_id = j.value
       WHERE p.from_generation <= ? AND p.to_generation > ?`,
      JSON.stringify(departmentIds),
      generation,
      generation,
    )!.people;
  });
}

export function memberRow(db: Database, userId: string, generation: number): MemberRow | undefined {
  return db.get<MemberRow>(
    `SELECT id, user_id, record FROM directory_member
     WHERE user_id = ? AND from_generation <= ? AND to_generation > ?`,
    userId,
    generation,
    generation,
  );
}

export function toMember(db: Database, row: MemberRow, generation: number): StoredMember {
  return toMembers(db, [row], generation)[0]!;
}

/** The rows as members, in their order, with the departments of all by one query. */
export function toMembers(db: Database, rows: readonly MemberRow[], generation: number): StoredMember[] {
  const members = rows.map(
    (row): StoredMember => ({
      userId: row.user_id,
      record: JSON.parse(row.record) as PersonRecord,
      departments: [],
    }),
  );
  const byId = new Map(members.map((member) => [member.userId, member]));
  const places = db.all<{ user_id: string; department_id: number; leader: number }>(
    `SELECT p.user_id, p.department_id, p.leader FROM json_each(?) j
     CROSS JOIN directory_membership p ON p.user_id = j.value
     WHERE p.from_generation <= ? AND p.to_generation > ? ORDER BY p.department_id`,
    JSON.stringify([...byId.keys()]),
    generation,
    generation,
  );
  for (const { user_id, department_id, leader } of places) {
    byId.get(user_id)?.departments.push({ id: department_id, leader: leader === 1 });
  }
  return members;
}

export function readMember(db: Database, userId: string): StoredMember | null {
  return db.read(() => {
    const { generation } = headOf(db);
    const row = memberRow(db, userId, generation);
    return row ? toMember(db, row, generation) : null;
  });
}

export function readRolesOf(db: Database, userId: string): StoredRole[] {
  return db.read(() => {
    const { generation } = headOf(db);
    const rows = db.all<{ role_id: number; name: string; group_name: string }>(
      `SELECT r.role_id, r.name, r.group_name FROM directory_role_member m JOIN directory_role r USING (role_id)
       WHERE m.user_id = ? AND m.from_generation <= ? AND m.to_generation > ?
         AND r.from_generation <= ? AND r.to_generation > ? ORDER BY r.role_id`,
      userId,
      generation,
      generation,
      generation,
      generation,
    );
    return rows.map((row) => ({ id: row.role_id, name: row.name, groupName: row.group_name }));
  });
}

export function readRoles(db: Database): StoredRole[] {
  const { generation } = headOf(db);
  return db
    .all<{ role_id: number; name: string; group_name: string }>(
      'SELECT role_id, name, group_name FROM directory_role WHERE from_generation <= ? AND to_generation > ? ORDER BY role_id',
      generation,
      generation,
    )
    .map((row) => ({ id: row.role_id, name: row.name, groupName: row.group_name }));
}

/** What the run that is published could not read: a failed one after it says nothing about it. */
export function readLacking(db: Database): Missing[] {
  const run = db.get<{ missing: string }>(
    "SELECT missing FROM directory_run WHERE state IN ('complete', 'partial') ORDER BY id DESC LIMIT 1",
  );
  return JSON.parse(run?.missing ?? '[]') as Missing[];
}

export function readDetail(db: Database, userId: string): StoredDetail | null {
  const row = db.get<{ manager_user_id: string | null; checked_at: number }>(
    'SELECT manager_user_id, checked_at FROM directory_detail WHERE user_id = ?',
    userId,
  );
  return row ? { managerUserId: row.manager_user_id ?? undefined, checkedAt: row.checked_at } : null;
}

/** A snapshot's rows stay for one more publication, so that a long reading ends with what it began with. */
export function readPage(
  db: Database,
  cursor: PageCursor | undefined,
  limit: number,
): { members: StoredMember[]; next: PageCursor | undefined } {
  return db.read(() => {
    const generation = cursor?.generation ?? headOf(db).generation;
    const rows = db.all<MemberRow>(
      `SELECT id, user_id, record FROM directory_member
       WHERE id > ? AND from_generation <= ? AND to_generation > ? ORDER BY id LIMIT ?`,
      cursor?.afterId ?? 0,
      generation,
      generation,
      limit,
    );
    const last = rows.at(-1);
    return {
      members: toMembers(db, rows, generation),
      next: last && rows.length === limit ? { generation, afterId: last.id } : undefined,
    };
  });
}
