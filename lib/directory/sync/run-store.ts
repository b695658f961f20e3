import 'server-only';
import { singleton } from '../../singleton';
import { database } from '../../storage/directory-file';
import type { Database } from '../../storage/sqlite';
import type { Missing } from '../mirror-state';
import { createDirectoryStore, type DirectoryStore } from '../store';
import { disputedPeople, seenDepartmentIds, unseenDepartments, unseenMembers } from './inconsistencies';
import { dropUnpublished, endRun, publish } from './publish';
import {
  type Lease,
  LeaseLostError,
  type NewTask,
  type RunStarter,
  type StoredRun,
  type Task,
  type TaskResult,
  type Verdict,
} from './run';
import { addTasks, countDone, currentRun, insertRun, openTasks, toRun, writeResults } from './staging';

/** What a sync works with: the published mirror, and its own run beside it. */
export interface SyncStore extends DirectoryStore {
  /** The right to run, or null while somebody else has it. @param isDead whether an owner is known to be gone */
  takeLease(owner: string, ttlMs: number, isDead: (owner: string) => boolean): Promise<Lease | null>;
  /** @throws LeaseLostError */
  keepLease(lease: Lease, ttlMs: number): Promise<void>;
  giveLease(lease: Lease): Promise<void>;
  /** Whether anybody holds the lease. */
  isLeased(isDead: (owner: string) => boolean): Promise<boolean>;
  /** Goes on with the run that a crash interrupted, or begins one. */
  openRun(
    lease: Lease,
    options: { startedBy: RunStarter; resumeWithinMs: number },
  ): Promise<{ run: StoredRun; resumed: boolean; tasks: Task[]; done: number }>;
  /** Writes what some tasks brought and moves them on, all or nothing. @returns the tasks that are new */
  record(lease: Lease, batch: readonly { task: Task; result: TaskResult }[]): Promise<Task[]>;
  saveProgress(lease: Lease, progress: unknown, calls: number): Promise<void>;
  /** User ids that the run read in a department. */
  seenIn(departmentId: number): Promise<Set<string>>;
  /** What the run knows of a department. */
  seenDepartment(departmentId: number): Promise<{ name: string } | null>;
  seenDepartments(): Promise<number[]>;
  seenRole(roleId: number): Promise<{ name: string } | null>;
  /** People of the published snapshot that the run did not see. */
  unseen(): Promise<string[]>;
  /**
   * Departments of the published snapshot that the run neither saw nor asked after; those below another such one
   * come once it was asked after, because it may show them itself.
   */
  unseenDepartments(): Promise<number[]>;
  /** People whose places are not the departments that DingTalk told with them, as far as the run knows these. */
  disputed(): Promise<string[]>;
  countSeen(): Promise<{ people: number; departments: number }>;
  /** @returns the tasks that are new */
  addTasks(lease: Lease, tasks: readonly NewTask[]): Promise<Task[]>;
  runMissing(): Promise<Missing[]>;
  /** Publishes the run's reading, or finds it shrunk and drops it. */
  publish(lease: Lease, verdict: Verdict): Promise<StoredRun>;
  /** Ends the run without a result. */
  fail(lease: Lease, missing: Missing[], calls: number): Promise<StoredRun>;
  /** Newest first. */
  runs(limit: number): Promise<StoredRun[]>;
}

/** The directory and its runs in a libsql database. */
export function createSyncStore(db: Database): SyncStore {
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
    ...createDirectoryStore(db),
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
      else await dropUnpublished(db, write);
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

/** The one directory of this process, with its runs. */
export const syncStore = singleton('directory-sync', () => createSyncStore(database()));
