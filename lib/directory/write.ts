import 'server-only';
import { OPEN_END } from '../storage/directory-schema';
import { noteLeavers } from '../storage/leavers';
import type { Database } from '../storage/sqlite';
import { type DepartmentRules, LAST_POSITION, type NotedMember, type StoredMember } from './model';
import { headOf, memberRow, toMember } from './read';
import { deleteMember, insertMembers, recordText } from './rows';

/** Changes of one person or department in the published snapshot, between two runs. Each is one transaction. */

export function note(db: Database, member: NotedMember, at: number): boolean {
  return db.write(() => {
    const { generation } = headOf(db);
    if (generation === 0) {
      // Not gone after all: what the run reads of them stands.
      db.run('DELETE FROM directory_touched WHERE user_id = ?', member.userId);
      return false;
    }
    db.run(
      `INSERT INTO directory_detail VALUES (?, ?, ?)
       ON CONFLICT (user_id) DO UPDATE SET manager_user_id = excluded.manager_user_id, checked_at = excluded.checked_at`,
      member.userId,
      member.managerUserId ?? null,
      at,
    );
    const row = memberRow(db, member.userId, generation);
    const before = row && toMember(db, row, generation);
    const isKnown = ({ id }: { id: number }) => knowsDepartment(db, id, generation);
    const departments = member.departments.filter(isKnown);
    const elsewhere = member.departments.filter((place) => !isKnown(place));
    placeElsewhere(db, member.userId, elsewhere);
    const text = recordText(member.record);
    const sameRecord = row?.record === text;
    const samePlaces = before !== undefined && placesText(before.departments) === placesText(departments);
    const rolesChanged = noteRoles(db, member, { generation, elsewhere });
    if (sameRecord && samePlaces) return rolesChanged;
    touch(db, member.userId, elsewhere);
    if (!sameRecord) {
      if (row) deleteMember(db, row);
      else db.run('UPDATE directory_head SET people = people + 1');
      insertMembers(db, [member], generation);
    }
    if (!samePlaces) noteMemberships(db, member.userId, { before, departments, generation });
    return true;
  });
}

export function forget(db: Database, userId: string): boolean {
  return db.write(() => {
    const { generation } = headOf(db);
    const row = memberRow(db, userId, generation);
    // A run under way may have read, and sessions may be left of, somebody who is not published.
    noteLeavers(db, [userId]);
    touch(db, userId, []);
    if (!row) return false;
    const before = toMember(db, row, generation);
    deleteMember(db, row);
    db.run('UPDATE directory_head SET people = people - 1');
    noteMemberships(db, userId, { before, departments: [], generation });
    db.run(
      'DELETE FROM directory_role_member WHERE user_id = ? AND from_generation <= ?',
      userId,
      generation,
    );
    db.run('DELETE FROM directory_administrator WHERE user_id = ?', userId);
    db.run('DELETE FROM directory_detail WHERE user_id = ?', userId);
    return true;
  });
}

export function noteDepartment(db: Database, id: number, name: string, rules: DepartmentRules): boolean {
  return db.write(() => {
    const { generation } = headOf(db);
    // A run under way may have read, or be about to publish, what was before.
    db.run(
      'UPDATE directory_seen_department SET name = ?, rules = ? WHERE department_id = ?',
      name,
      JSON.stringify(rules),
      id,
    );
    const changed = db.run(
      `UPDATE directory_department SET name = ?, record = ?
       WHERE department_id = ? AND to_generation > ? AND (name <> ? OR record <> ?)`,
      name,
      JSON.stringify(rules),
      id,
      generation,
      name,
      JSON.stringify(rules),
    );
    if (changed > 0) db.run('UPDATE directory_head SET revision = revision + 1');
    return changed > 0;
  });
}

export function noteAdministrators(db: Database, list: readonly { userId: string; main: boolean }[]): void {
  db.write(() => writeAdministrators(db, list));
}

/** Writes what differs. Inside the caller's transaction. */
export function writeAdministrators(db: Database, list: readonly { userId: string; main: boolean }[]): void {
  const wanted = JSON.stringify(list.map(({ userId, main }) => [userId, main ? 1 : 0]));
  db.run(
    `DELETE FROM directory_administrator WHERE NOT EXISTS
       (SELECT 1 FROM json_each(?) WHERE value ->> 0 = user_id AND value ->> 1 = main)`,
    wanted,
  );
  db.run(
    'INSERT OR IGNORE INTO directory_administrator SELECT value ->> 0, value ->> 1 FROM json_each(?)',
    wanted,
  );
  db.run('UPDATE directory_head SET administrators_at = ?', Date.now());
}

/** @param confirmedAfter a list that is older is not believed; Unix time in ms */
export function isMainAdministrator(db: Database, userId: string, confirmedAfter: number): boolean {
  return (
    db.get(
      `SELECT 1 FROM directory_administrator, directory_head
       WHERE user_id = ? AND main = 1 AND administrators_at >= ?`,
      userId,
      confirmedAfter,
    ) !== undefined
  );
}

/** People whose own records say that they are no administrators, whatever the last list said. */
export function dismissAdministrators(db: Database, userIds: readonly string[]): void {
  db.run(
    'DELETE FROM directory_administrator WHERE user_id IN (SELECT value FROM json_each(?))',
    JSON.stringify(userIds),
  );
}

/**
 * What a run under way has read of this person is older: the published rows shall outlive its publication.
 *
 * @param elsewhere their places in departments that only the run may know
 */
function touch(db: Database, userId: string, elsewhere: StoredMember['departments']): void {
  db.run(
    `INSERT OR IGNORE INTO directory_touched (user_id) SELECT ?
     WHERE EXISTS (SELECT 1 FROM directory_run WHERE state = 'running')`,
    userId,
  );
  placeElsewhere(db, userId, elsewhere);
}

function placeElsewhere(db: Database, userId: string, places: StoredMember['departments']): void {
  db.run(
    'UPDATE directory_touched SET places = ? WHERE user_id = ?',
    JSON.stringify(places.map(({ id, leader }) => [id, leader ? 1 : 0])),
    userId,
  );
}

function knowsDepartment(db: Database, id: number, generation: number): boolean {
  return (
    db.get(
      'SELECT 1 FROM directory_department WHERE department_id = ? AND from_generation <= ? AND to_generation > ?',
      id,
      generation,
      generation,
    ) !== undefined
  );
}

function placesText(departments: StoredMember['departments']): string {
  const sorted = [...departments].sort((a, b) => a.id - b.id);
  return sorted.map(({ id, leader }) => `${id}${leader ? '*' : ''}`).join();
}

interface Move {
  before: StoredMember | undefined;
  departments: StoredMember['departments'];
  generation: number;
}

function noteMemberships(db: Database, userId: string, { before, departments, generation }: Move): void {
  const old = new Map((before?.departments ?? []).map(({ id, leader }) => [id, leader]));
  const now = new Map(departments.map(({ id, leader }) => [id, leader]));
  const visible = 'user_id = ? AND department_id = ? AND from_generation <= ? AND to_generation > ?';
  for (const id of old.keys()) {
    if (!now.has(id)) {
      db.run(`DELETE FROM directory_membership WHERE ${visible}`, userId, id, generation, generation);
    }
  }
  for (const [id, leader] of now) {
    const flag = leader ? 1 : 0;
    if (!old.has(id)) {
      db.run(
        'INSERT INTO directory_membership (department_id, position, user_id, from_generation, leader) VALUES (?, ?, ?, ?, ?)',
        id,
        LAST_POSITION,
        userId,
        generation,
        flag,
      );
    } else if (old.get(id) !== leader) {
      db.run(
        `UPDATE directory_membership SET leader = ?, to_generation = ${OPEN_END} WHERE ${visible}`,
        flag,
        userId,
        id,
        generation,
        generation,
      );
    }
  }
  moveCounts(db, { from: [...old.keys()], to: [...now.keys()], generation });
}

/** Keeps the departments' counts right: each ancestor counts a person once, however many of its departments they are in. */
function moveCounts(
  db: Database,
  { from, to, generation }: { from: number[]; to: number[]; generation: number },
): void {
  const [before, after] = [upwards(db, from, generation), upwards(db, to, generation)];
  const shift = (column: 'own' | 'below' | 'below_public', ids: Iterable<number>, by: number) => {
    for (const id of ids) {
      db.run(`UPDATE directory_count SET ${column} = ${column} + ? WHERE department_id = ?`, by, id);
    }
  };
  const without = (some: Set<number>, others: Set<number>) => [...some].filter((id) => !others.has(id));
  shift('own', without(new Set(from), new Set(to)), -1);
  shift('own', without(new Set(to), new Set(from)), 1);
  shift('below', without(before.all, after.all), -1);
  shift('below', without(after.all, before.all), 1);
  shift('below_public', without(before.open, after.open), -1);
  shift('below_public', without(after.open, before.open), 1);
  db.run('UPDATE directory_head SET revision = revision + 1');
}

/** All ancestors of some departments, and those that are reached from one that nobody hides. */
function upwards(db: Database, ids: number[], generation: number): { all: Set<number>; open: Set<number> } {
  const all = new Set<number>();
  const open = new Set<number>();
  for (const id of ids) {
    const path: number[] = [];
    let hidden = false;
    for (let at: number | null = id; at !== null && path.length < 64; ) {
      const row: { parent_id: number | null; record: string } | undefined = db.get(
        `SELECT parent_id, record FROM directory_department
         WHERE department_id = ? AND from_generation <= ? AND to_generation > ?`,
        at,
        generation,
        generation,
      );
      if (!row) break;
      path.push(at);
      hidden ||= (JSON.parse(row.record) as DepartmentRules).hidden;
      at = row.parent_id;
    }
    for (const ancestor of path) {
      all.add(ancestor);
      if (!hidden) open.add(ancestor);
    }
  }
  return { all, open };
}

interface Told {
  generation: number;
  elsewhere: StoredMember['departments'];
}

function noteRoles(db: Database, member: NotedMember, { generation, elsewhere }: Told): boolean {
  const now = new Set(member.roles.map(({ id }) => id));
  const old = new Set(
    db
      .all<{ role_id: number }>(
        'SELECT role_id FROM directory_role_member WHERE user_id = ? AND from_generation <= ? AND to_generation > ?',
        member.userId,
        generation,
        generation,
      )
      .map(({ role_id }) => role_id),
  );
  if (now.size === old.size && [...now].every((id) => old.has(id))) return false;
  touch(db, member.userId, elsewhere);
  db.run(
    'DELETE FROM directory_role_member WHERE user_id = ? AND from_generation <= ?',
    member.userId,
    generation,
  );
  for (const { id, name, groupName } of member.roles) {
    db.run(
      `INSERT OR IGNORE INTO directory_role (role_id, from_generation, name, group_name)
       SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM directory_role
         WHERE role_id = ? AND from_generation <= ? AND to_generation > ?)`,
      id,
      generation,
      name,
      groupName,
      id,
      generation,
      generation,
    );
    db.run(
      'INSERT OR REPLACE INTO directory_role_member (user_id, role_id, from_generation) VALUES (?, ?, ?)',
      member.userId,
      id,
      generation,
    );
  }
  return true;
}
