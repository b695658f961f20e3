import 'server-only';
import { singleton } from '../../singleton';
import type { Database, Statements } from '../../storage/database';
import { directoryDatabase } from '../../storage/databases';
import type { Missing } from '../mirror-state';
import { createDirectoryStore } from '../store';
import { giveLease, isLeased, keepLease, takeLease, writeUnderLease } from './lease';
import { readLoss } from './loss';
import { publish } from './publish';
import { readDepartmentIds, unseenDepartments } from './read-departments';
import { disputedPeople, unseenPeople } from './read-people';
import { writeResults } from './reading';
import type { Lease, NewTask, RunStarter, Task, TaskResult, Verdict } from './run';
import {
  countRead,
  failRun,
  insertTasks,
  nameOf,
  openRun,
  readRuns,
  requireRun,
  saveProgress,
  seenIn,
} from './runs';

/** @see createSyncStore */
export type SyncStore = ReturnType<typeof createSyncStore>;

/** For a run's own tables, which may be long, and for a publication. */
const LONG_MS = 10 * 60_000;
const TASKS_AT_ONCE = 500;

/**
 * What a sync works with: the published mirror, and its own run beside it.
 *
 * @param open the database, asked for each time
 */
export function createSyncStore(open: () => Database) {
  const underLease = <T>(lease: Lease, work: (tx: Statements) => Promise<T>, timeoutMs?: number) =>
    writeUnderLease(open(), lease, work, timeoutMs);
  return {
    ...createDirectoryStore(open),
    /** The right to run until its time has passed, or null while somebody else has it. */
    takeLease: (ttlMs: number) => takeLease(open(), ttlMs),
    /** @throws LeaseLostError, as do all that take a lease */
    keepLease: (lease: Lease, ttlMs: number) => keepLease(open(), lease, ttlMs),
    giveLease: (lease: Lease) => giveLease(open(), lease),
    /** Whether anybody holds the lease. */
    isLeased: () => isLeased(open()),

    /** Goes on with the run that a crash interrupted, or begins one. */
    openRun: (lease: Lease, options: { startedBy: RunStarter; resumeWithinMs: number }) =>
      underLease(lease, (tx) => openRun(tx, options), LONG_MS),
    /** Writes what some tasks brought and moves them on, all or nothing. @returns the tasks that are new */
    record: (lease: Lease, batch: readonly { task: Task; result: TaskResult }[]) =>
      underLease(lease, (tx) => writeResults(tx, batch)),
    saveProgress: (lease: Lease, progress: unknown, calls: number) =>
      underLease(lease, (tx) => saveProgress(tx, progress, calls)),
    /** @returns the tasks that are new */
    async addTasks(lease: Lease, tasks: readonly NewTask[]): Promise<Task[]> {
      const added: Task[] = [];
      for (let at = 0; at < tasks.length; at += TASKS_AT_ONCE) {
        const some = tasks.slice(at, at + TASKS_AT_ONCE);
        added.push(...(await underLease(lease, (tx) => insertTasks(tx, some))));
      }
      return added;
    },

    /** User ids that the run read in a department. */
    seenIn: (departmentId: number) => seenIn(open(), departmentId),
    /** What the run knows of a department. */
    seenDepartment: (id: number) => nameOf(open(), 'department', id),
    seenDepartments: () => readDepartmentIds(open()),
    seenRole: (id: number) => nameOf(open(), 'role', id),
    /** People of the published snapshot that the run did not see. */
    async unseen(): Promise<string[]> {
      const found: string[] = [];
      for await (const people of unseenPeople(open())) found.push(...people.map(({ user_id }) => user_id));
      return found;
    },
    /**
     * Departments of the published snapshot that the run neither saw nor asked after; those below another such one
     * come once it was asked after, because it may show them itself.
     */
    unseenDepartments: () => unseenDepartments(open()),
    /** People whose places are not the departments that DingTalk told with them, as far as the run knows these. */
    disputed: () => disputedPeople(open()),
    /** What the latest reading would take away; of use while it was not applied. */
    loss: () => readLoss(open()),
    countSeen: () => countRead(open()),
    runMissing: async () => JSON.parse((await requireRun(open())).missing) as Missing[],

    /** Publishes the run's reading, or finds it shrunk and drops it. */
    publish: (lease: Lease, verdict: Verdict) => underLease(lease, (tx) => publish(tx, verdict), LONG_MS),
    /** Ends the run without a result. */
    fail: (lease: Lease, missing: Missing[], calls: number) =>
      underLease(lease, (tx) => failRun(tx, missing, calls)),
    /** Newest first. */
    runs: (limit: number) => readRuns(open(), limit),
  };
}

/** The one directory of this process, with its runs. */
export const syncStore = singleton('directory-sync', () => createSyncStore(directoryDatabase));
