import 'server-only';
import { processWide } from '../singleton';
import { type Database, database } from '../storage/database';
import { readLeavers } from '../storage/leavers';
import type { Missing } from './mirror-state';
import {
  countPeople,
  readDepartments,
  readDetail,
  readMember,
  readMembersOf,
  readPage,
  readRolesOf,
  readState,
} from './read';
import { find } from './search-index';
import { type DirectoryStore, type Lease, LeaseLostError } from './store';
import { disputedPeople, seenDepartmentIds, unseenDepartments, unseenMembers } from './sync/inconsistencies';
import { endRun, publish, sweep } from './sync/publish';
import { addTasks, countDone, currentRun, insertRun, openTasks, toRun, writeResults } from './sync/run-store';
import {
  dismissAdministrators,
  forget,
  isMainAdministrator,
  note,
  noteAdministrators,
  noteDepartment,
} from './write';

/** The directory in a libsql database: one file, nothing to install. */
export function createLibsqlStore(db: Database): DirectoryStore {
  const guardedBy =
    (lease: Lease) =>
    <T>(action: () => T): T =>
      db.write(() => {
        const { fence } = db.get<{ fence: number }>('SELECT fence FROM directory_lease')!;
        if (fence !== lease.fence) throw new LeaseLostError();
        return action();
      });
  const runOf = () => currentRun(db)!;

  return {
    state: async () => readState(db),
    departments: async () => readDepartments(db),
    membersOf: async (departmentId, page) => readMembersOf(db, departmentId, page),
    member: async (userId) => readMember(db, userId),
    members: async (userIds) => userIds.flatMap((userId) => readMember(db, userId) ?? []),
    rolesOf: async (userId) => readRolesOf(db, userId),
    detail: async (userId) => readDetail(db, userId),
    isMainAdministrator: async (userId, confirmedAfter = 0) =>
      isMainAdministrator(db, userId, confirmedAfter),
    find: (plan, options) => find(db, plan, options),
    countPeople: async (departmentIds) => countPeople(db, departmentIds),
    page: async (cursor, limit) => readPage(db, cursor, limit),

    note: async (member, at) => note(db, member, at),
    forget: async (userId) => forget(db, userId),
    noteAdministrators: async (list) => noteAdministrators(db, list),
    dismissAdministrators: async (userIds) => db.write(() => dismissAdministrators(db, userIds)),
    leavers: async (limit) => readLeavers(db, limit),
    noteDepartment: async (id, name, rules) => noteDepartment(db, id, name, rules),

    takeLease: async (owner, ttlMs, isDead) =>
      db.write(() => {
        const held = db.get<{ owner: string | null; until: number; fence: number }>(
          'SELECT * FROM directory_lease',
        )!;
        if (held.owner !== null && held.until > Date.now() && !isDead(held.owner)) return null;
        const fence = held.fence + 1;
        db.run(
          'UPDATE directory_lease SET owner = ?, until = ?, fence = ?',
          owner,
          Date.now() + ttlMs,
          fence,
        );
        return { owner, fence };
      }),
    keepLease: async (lease, ttlMs) =>
      guardedBy(lease)(() => {
        db.run('UPDATE directory_lease SET until = ?', Date.now() + ttlMs);
      }),
    giveLease: async (lease) =>
      guardedBy(lease)(() => {
        db.run('UPDATE directory_lease SET owner = NULL, until = 0');
      }),
    isLeased: async (isDead) => {
      const held = db.get<{ owner: string | null; until: number }>(
        'SELECT owner, until FROM directory_lease',
      )!;
      return held.owner !== null && held.until > Date.now() && !isDead(held.owner);
    },

    openRun: async (lease, { startedBy, resumeWithinMs }) => {
      const write = guardedBy(lease);
      const open = currentRun(db);
      if (open && Date.now() - open.touched_at <= resumeWithinMs) {
        return { run: toRun(open), resumed: true, tasks: openTasks(db), done: countDone(db) };
      }
      if (open) await endRun(db, write, { runId: open.id, state: 'failed', calls: open.calls });
      else await sweep(db, write);
      write(() => undefined);
      return { run: insertRun(db, startedBy), resumed: false, tasks: openTasks(db), done: 0 };
    },
    record: async (lease, batch) => guardedBy(lease)(() => writeResults(db, batch)),
    saveProgress: async (lease, progress, calls) =>
      guardedBy(lease)(() => {
        db.run(
          "UPDATE directory_run SET progress = ?, calls = ?, touched_at = ? WHERE state = 'running'",
          JSON.stringify(progress),
          calls,
          Date.now(),
        );
      }),
    seenIn: async (departmentId) =>
      new Set(
        db
          .all<{ user_id: string }>(
            'SELECT user_id FROM directory_seen_membership WHERE department_id = ?',
            departmentId,
          )
          .map(({ user_id }) => user_id),
      ),
    seenDepartment: async (departmentId) =>
      db.get<{ name: string }>(
        'SELECT name FROM directory_seen_department WHERE department_id = ?',
        departmentId,
      ) ?? null,
    seenRole: async (roleId) =>
      db.get<{ name: string }>('SELECT name FROM directory_seen_role WHERE role_id = ?', roleId) ?? null,
    seenDepartments: async () => seenDepartmentIds(db),
    unseen: async () => {
      const found: string[] = [];
      for await (const { user_id } of unseenMembers(db)) found.push(user_id);
      return found;
    },
    unseenDepartments: async () => unseenDepartments(db),
    disputed: async () => disputedPeople(db),
    countSeen: async () =>
      db.get<{ people: number; departments: number }>(
        `SELECT (SELECT count(*) FROM directory_seen_member) AS people,
           (SELECT count(*) FROM directory_seen_department) AS departments`,
      )!,
    addTasks: async (lease, tasks) => addTasks(db, guardedBy(lease), tasks),
    runMissing: async () => JSON.parse(runOf().missing) as Missing[],
    publish: async (lease, verdict) => publish(db, guardedBy(lease), verdict),
    fail: async (lease, missing, calls) => {
      const write = guardedBy(lease);
      const { id } = runOf();
      write(() => db.run('UPDATE directory_run SET missing = ? WHERE id = ?', JSON.stringify(missing), id));
      return endRun(db, write, { runId: id, state: 'failed', calls });
    },
    runs: async (limit) =>
      db
        .all<Parameters<typeof toRun>[0]>('SELECT * FROM directory_run ORDER BY id DESC LIMIT ?', limit)
        .map(toRun),
  };
}

/** The one directory of this process. */
export const directoryStore = processWide('directory', () => createLibsqlStore(database()));
