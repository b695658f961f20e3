import 'server-only';
import type { Database, Statements } from '../storage/database';
import { noteLeavers } from '../storage/leavers';
import { createQueue } from '../storage/transaction-queue';
import { type DepartmentRules, LAST_POSITION, type NotedMember, type StoredMember } from './model';
import { personRow, toMember } from './read';
import { recordText, removePeople, sortInTexts, writePeople } from './rows';

/**
 * Changes of one person or department in what is published, between two runs. What is reported while a run is at it is
 * newer than what the run reads: its publication leaves it alone.
 */

/**
 * A transaction that writes to the directory. One follows the other, on every machine: a person who is reported gone
 * cannot be seen in a publication that is not committed yet, and would come back.
 */
export function writeDirectory<T>(
  db: Database,
  work: (tx: Statements) => Promise<T>,
  timeoutMs = TURN_MS,
): Promise<T> {
  let inTurn = queues.get(db);
  if (!inTurn) {
    inTurn = createQueue();
    queues.set(db, inTurn);
  }
  // Those of this process wait here: there each would hold a connection meanwhile.
  return inTurn(timeoutMs, () => db.transaction(work, { lock: 'directory', timeoutMs }));
}

/** A publication of a large company takes some seconds. */
const TURN_MS = 60_000;
const queues = new WeakMap<Database, ReturnType<typeof createQueue>>();

export function note(db: Database, member: NotedMember, at: number): Promise<boolean> {
  return writeDirectory(db, async (tx) => {
    if (!(await isPublished(tx))) {
      // Not gone after all: what the run reads of them stands.
      await tx.run('DELETE FROM run_told_person WHERE user_id = ?', member.userId);
      return false;
    }
    await writeDetail(tx, member, at);
    const known = await knownDepartments(tx, member.departments);
    const elsewhere = member.departments.filter(({ id }) => !known.has(id));
    await markPerson(tx, member.userId, elsewhere);
    const row = await personRow(tx, member.userId);
    const isSameRecord = row?.record === recordText(member.record);
    if (!isSameRecord) {
      await writePeople(tx, [{ person: member, before: row }]);
      await sortInTexts(tx);
    }
    const isMoved = await writePlaces(tx, member.userId, {
      before: row ? toMember(row).departments : [],
      after: member.departments.filter(({ id }) => known.has(id)),
    });
    if (!row || isMoved) await countMove(tx, row ? 0 : 1);
    return (await writeRoles(tx, member)) || !isSameRecord || isMoved;
  });
}

/** @param areSessionsEnded those that begin from now on are of a person who came back */
export function forget(db: Database, userId: string, areSessionsEnded: boolean): Promise<boolean> {
  return writeDirectory(db, async (tx) => {
    const row = await personRow(tx, userId);
    // A run under way may have read, and sessions may be left of, a person who is not published.
    if (!areSessionsEnded) await noteLeavers(tx, [userId]);
    await markPerson(tx, userId, []);
    if (!row) return false;
    await removePeople(tx, [row]);
    await countMove(tx, -1);
    return true;
  });
}

export function noteDepartment(
  db: Database,
  id: number,
  name: string,
  rules: DepartmentRules,
): Promise<boolean> {
  return writeDirectory(db, async (tx) => {
    await tx.run(
      `INSERT INTO run_told_department (department_id) SELECT CAST(? AS BIGINT)
       WHERE ${RUN_UNDER_WAY} ON CONFLICT DO NOTHING`,
      id,
    );
    const text = JSON.stringify(rules);
    const changed = await tx.run(
      `UPDATE directory_department SET name = ?, rules = ?
       WHERE department_id = ? AND (name <> ? OR rules <> ?)`,
      name,
      text,
      id,
      name,
      text,
    );
    if (changed > 0) await tx.run('UPDATE directory_head SET revision = revision + 1');
    return changed > 0;
  });
}

export interface Administrator {
  userId: string;
  main: boolean;
}

export function noteAdministrators(db: Database, list: readonly Administrator[]): Promise<void> {
  return writeDirectory(db, (tx) => writeAdministrators(tx, list));
}

/** Writes what differs. */
export async function writeAdministrators(tx: Statements, list: readonly Administrator[]): Promise<void> {
  const { table, rows } = tx.dialect;
  const wanted = rows(list.map(({ userId, main }) => ({ user_id: userId, main: main ? 1 : 0 })));
  const columns = { user_id: 'text', main: 'integer' } as const;
  await tx.run(
    `DELETE FROM directory_administrator WHERE NOT EXISTS (SELECT 1 FROM ${table('w', columns)}
       WHERE w.user_id = directory_administrator.user_id AND w.main = directory_administrator.main)`,
    wanted,
  );
  await tx.run(
    `INSERT INTO directory_administrator (user_id, main) SELECT w.user_id, w.main FROM ${table('w', columns)}
     WHERE true ON CONFLICT DO NOTHING`,
    wanted,
  );
  await tx.run('UPDATE directory_head SET administrators_at = ?', Date.now());
}

/** People whose own records say that they are no administrators, whatever the last list said. */
export async function dismissAdministrators(tx: Statements, userIds: readonly string[]): Promise<void> {
  await tx.run(
    `DELETE FROM directory_administrator WHERE ${tx.dialect.isIn('user_id')}`,
    tx.dialect.list(userIds),
  );
}

const RUN_UNDER_WAY = "EXISTS (SELECT 1 FROM directory_run WHERE state = 'running')";

async function isPublished(tx: Statements): Promise<boolean> {
  return (await tx.get('SELECT 1 AS found FROM directory_head WHERE as_of IS NOT NULL')) !== undefined;
}

/** @param elsewhere their places in departments that only a run under way may know */
async function markPerson(
  tx: Statements,
  userId: string,
  elsewhere: StoredMember['departments'],
): Promise<void> {
  await tx.run(
    `INSERT INTO run_told_person (user_id, places) SELECT CAST(? AS TEXT), CAST(? AS TEXT) WHERE ${RUN_UNDER_WAY}
     ON CONFLICT (user_id) DO UPDATE SET places = excluded.places`,
    userId,
    JSON.stringify(elsewhere),
  );
}

async function writeDetail(tx: Statements, member: NotedMember, at: number): Promise<void> {
  await tx.run(
    `INSERT INTO directory_detail (user_id, manager_user_id, checked_at) VALUES (?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET manager_user_id = excluded.manager_user_id, checked_at = excluded.checked_at`,
    member.userId,
    member.managerUserId ?? null,
    at,
  );
}

async function knownDepartments(
  tx: Statements,
  departments: StoredMember['departments'],
): Promise<Set<number>> {
  const rows = await tx.all<{ id: number }>(
    `SELECT department_id AS id FROM directory_department WHERE ${tx.dialect.isIn('department_id')}`,
    tx.dialect.list(departments.map(({ id }) => id)),
  );
  return new Set(rows.map(({ id }) => id));
}

async function countMove(tx: Statements, people: -1 | 0 | 1): Promise<void> {
  await tx.run('UPDATE directory_head SET moves = moves + 1, people = people + ?', people);
}

interface Move {
  before: StoredMember['departments'];
  after: StoredMember['departments'];
}

/** @returns whether anything changed */
async function writePlaces(tx: Statements, userId: string, { before, after }: Move): Promise<boolean> {
  const old = new Map(before.map(({ id, leader }) => [id, leader]));
  const now = new Map(after.map(({ id, leader }) => [id, leader]));
  const left = [...old.keys()].filter((id) => !now.has(id));
  const changed = [...now].filter(([id, leader]) => old.get(id) !== leader);
  if (left.length > 0) {
    await tx.run(
      `DELETE FROM directory_place WHERE user_id = ? AND ${tx.dialect.isIn('department_id')}`,
      userId,
      tx.dialect.list(left),
    );
  }
  for (const [id, leader] of changed) {
    await tx.run(
      `INSERT INTO directory_place (user_id, department_id, position, leader) VALUES (?, ?, ?, ?)
       ON CONFLICT (user_id, department_id) DO UPDATE SET leader = excluded.leader`,
      userId,
      id,
      LAST_POSITION,
      leader ? 1 : 0,
    );
  }
  return left.length > 0 || changed.length > 0;
}

/** @returns whether anything changed */
async function writeRoles(tx: Statements, { userId, roles }: NotedMember): Promise<boolean> {
  const rows = await tx.all<{ id: number }>(
    'SELECT role_id AS id FROM directory_role_member WHERE user_id = ?',
    userId,
  );
  const old = new Set(rows.map(({ id }) => id));
  const now = new Set(roles.map(({ id }) => id));
  if (now.size === old.size && [...now].every((id) => old.has(id))) return false;
  await tx.run('DELETE FROM directory_role_member WHERE user_id = ?', userId);
  for (const { id, name, groupName } of roles) {
    await tx.run(
      'INSERT INTO directory_role (role_id, name, group_name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      id,
      name,
      groupName,
    );
    await tx.run(
      'INSERT INTO directory_role_member (user_id, role_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
      userId,
      id,
    );
  }
  return true;
}
