import 'server-only';
import { requireAdministrator } from '../auth/administrator';
import type { MirrorState, SyncProgress } from '../directory/mirror-state';
import type { StoredRun } from '../directory/sync/run';
import { syncStore } from '../directory/sync/run-store';
import { nextSyncAt, startSync } from '../directory/sync/schedule';
import { type ReadingLoss, readingLoss } from './reading-loss';

export type { ReadingLoss, SyncProgress };

/** What an administrator sees and does about the sync. Each function finds out who asks, and refuses others. */

export interface SyncRun extends Omit<StoredRun, 'state' | 'startedBy' | 'touchedAt' | 'progress'> {
  /** `shrunk`: read, but not taken over, because more than 20 % of the people were gone. */
  state: StoredRun['state'] | 'interrupted';
  by: StoredRun['startedBy'];
  /** Only while it runs. */
  progress: SyncProgress | undefined;
}

export interface SyncStatus {
  state: MirrorState;
  /** The run under way, in whatever process. */
  running: SyncRun | undefined;
  /** When the next one begins by itself; undefined: never, or now. */
  nextAt: number | undefined;
  /** Newest first, at most 20. */
  history: SyncRun[];
  /** What the last run would have taken away, where it was therefore not applied. */
  loss: ReadingLoss | undefined;
}

const HISTORY = 20;

/** @throws AppError `not-signed-in`, `not-permitted` */
export async function syncStatus(): Promise<SyncStatus> {
  await requireAdministrator();
  const store = syncStore();
  const [{ revision: _, moves: __, ...state }, runs] = [await store.state(), await store.runs(HISTORY)];
  const alive = await store.isLeased();
  const history = runs.map((run) => toSyncRun(run, alive));
  const running = history.find((run) => run.state === 'running');
  const loss = running ? undefined : await readingLoss(runs[0]);
  return { state, running, nextAt: running ? undefined : nextSyncAt(runs), history, loss };
}

/**
 * Starts a run in the background, and returns when it shows; false when one is under way already, here or in another process.
 *
 * @param acceptShrink take the result over even if more than 20 % of the people are gone
 * @throws AppError `not-signed-in`, `not-permitted`
 */
export async function startSyncNow({ acceptShrink }: { acceptShrink: boolean }): Promise<boolean> {
  await requireAdministrator();
  return startSync('admin', acceptShrink);
}

function toSyncRun({ progress, touchedAt: _, startedBy, ...run }: StoredRun, alive: boolean): SyncRun {
  const running = run.state === 'running';
  return {
    ...run,
    by: startedBy,
    state: running && !alive ? 'interrupted' : run.state,
    progress: running ? (progress as SyncProgress | undefined) : undefined,
  };
}
