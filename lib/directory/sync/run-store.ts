import 'server-only';
import { singleton } from '../../singleton';
import type { Database } from '../../storage/database';
import { directoryDatabase } from '../../storage/databases';
import type { Missing } from '../mirror-state';
import { createDirectoryStore, type DirectoryStore } from '../store';
import { giveLease, isLeased, keepLease, takeLease, writeUnderLease } from './lease';
import { type Loss, readLoss } from './loss';
import { publish } from './publish';
import { readDepartmentIds, unseenDepartments } from './read-departments';
import { disputedPeople, unseenPeople } from './read-people';
import { writeResults } from './reading';
import type { Lease, NewTask, RunStarter, StoredRun, Task, TaskResult, Verdict } from './run';
import {
  countDone,
  countRead,
  currentRun,
  endWithout,
  insertRun,
  insertTasks,
  openTasks,
  readRuns,
  requireRun,
  toRun,
} from './runs';

/** What a sync works with: the published mirror, and its own run beside it. */
export interface SyncStore extends DirectoryStore {
  /** The right to run until its time has passed, or null while somebody else has it. */
  takeLease(ttlMs: number): Promise<Lease | null>;
  /** @throws LeaseLostError */
  keepLease(lease: Lease, ttlMs: number): Promise<void>;
  giveLease(lease: Lease): Promise<void>;
  /** Whether anybody holds the lease. */
  isLeased(): Promise<boolean>;
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
  /** What the latest reading would take away; of use while it was not applied. */
  loss(): Promise<Loss>;
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

/** For a run's own tables, which may be long, and for a publication. */
const LONG_MS = 10 * 60_000;
const TASKS_AT_ONCE = 500;

/** @param open the database, asked for each time */
export function createSyncStore(open: () => Database): SyncStore {
  return { ...createDirectoryStore(open), ...leaseOf(open), ...readingOf(open), ...endOf(open) };
}

type Part<Names extends keyof SyncStore> = Pick<SyncStore, Names>;

function leaseOf(open: () => Database): Part<'takeLease' | 'keepLease' | 'giveLease' | 'isLeased'> {
  return {
    takeLease: (ttlMs) => takeLease(open(), ttlMs),
    keepLease: (lease, ttlMs) => keepLease(open(), lease, ttlMs),
    giveLease: (lease) => giveLease(open(), lease),
    isLeased: () => isLeased(open()),
  };
}

function readingOf(open: () => Database) {
  return {
    openRun: (lease, { startedBy, resumeWithinMs }) =>
      writeUnderLease(
        open(),
        lease,
        async (tx) => {
          const before = await currentRun(tx);
          if (before && Date.now() - before.touched_at <= resumeWithinMs) {
            return {
              run: toRun(before),
              resumed: true,
              tasks: await openTasks(tx),
              done: await countDone(tx),
            };
          }
          if (before) await endWithout(tx, before.id, 'failed', before.calls);
          const run = await insertRun(tx, startedBy);
          return { run, resumed: false, tasks: await openTasks(tx), done: 0 };
        },
        LONG_MS,
      ),
    record: (lease, batch) => writeUnderLease(open(), lease, (tx) => writeResults(tx, batch)),
    saveProgress: (lease, progress, calls) =>
      writeUnderLease(open(), lease, async (tx) => {
        await tx.run(
          "UPDATE directory_run SET progress = ?, calls = ?, touched_at = ? WHERE state = 'running'",
          JSON.stringify(progress),
          calls,
          Date.now(),
        );
      }),
    addTasks: async (lease, tasks) => {
      const added: Task[] = [];
      for (let at = 0; at < tasks.length; at += TASKS_AT_ONCE) {
        const some = tasks.slice(at, at + TASKS_AT_ONCE);
        added.push(...(await writeUnderLease(open(), lease, (tx) => insertTasks(tx, some))));
      }
      return added;
    },
    seenIn: async (departmentId) => {
      const sql = 'SELECT user_id FROM run_place WHERE department_id = ?';
      const rows = await open().all<{ user_id: string }>(sql, departmentId);
      return new Set(rows.map(({ user_id }) => user_id));
    },
    seenDepartment: async (id) =>
      (await open().get<{ name: string }>('SELECT name FROM run_department WHERE department_id = ?', id)) ??
      null,
    seenDepartments: () => readDepartmentIds(open()),
    seenRole: async (id) =>
      (await open().get<{ name: string }>('SELECT name FROM run_role WHERE role_id = ?', id)) ?? null,
    unseen: async () => {
      const found: string[] = [];
      for await (const people of unseenPeople(open())) found.push(...people.map(({ user_id }) => user_id));
      return found;
    },
    unseenDepartments: () => unseenDepartments(open()),
    disputed: () => disputedPeople(open()),
    loss: () => readLoss(open()),
    countSeen: () => countRead(open()),
    runMissing: async () => JSON.parse((await requireRun(open())).missing) as Missing[],
  } satisfies Partial<SyncStore>;
}

function endOf(open: () => Database): Part<'publish' | 'fail' | 'runs'> {
  return {
    publish: (lease, verdict) => writeUnderLease(open(), lease, (tx) => publish(tx, verdict), LONG_MS),
    fail: (lease, missing, calls) =>
      writeUnderLease(open(), lease, async (tx) => {
        const { id } = await requireRun(tx);
        await tx.run('UPDATE directory_run SET missing = ? WHERE id = ?', JSON.stringify(missing), id);
        return endWithout(tx, id, 'failed', calls);
      }),
    runs: (limit) => readRuns(open(), limit),
  };
}

/** The one directory of this process, with its runs. */
export const syncStore = singleton('directory-sync', () => createSyncStore(directoryDatabase));
