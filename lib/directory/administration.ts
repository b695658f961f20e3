import 'server-only';
import type { MirrorState, Missing, SkippedDepartment, SyncProgress } from './mirror-state';

export type { SyncProgress };

/** What an administrator sees and does about the sync. Each function finds out who asks, and refuses others. */

export interface SyncRun {
  id: number;
  /** `shrunk`: read, but not taken over, because more than 20 % of the people were gone. */
  state: 'running' | 'interrupted' | 'complete' | 'partial' | 'failed' | 'shrunk';
  /** Who started it. */
  by: 'schedule' | 'admin' | 'command';
  startedAt: number;
  endedAt: number | undefined;
  added: number;
  changed: number;
  removed: number;
  people: number;
  departments: number;
  calls: number;
  missing: Missing[];
  skipped: SkippedDepartment[];
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
}

/** Whether whoever asks is an administrator: `ADMIN_USER_IDS`, or one of DingTalk's main administrators. */
export async function isAdministrator(): Promise<boolean> {
  throw new Error('not yet');
}

/** @throws AppError `not-signed-in`, `not-permitted` */
export async function syncStatus(): Promise<SyncStatus> {
  throw new Error('not yet');
}

/**
 * Starts a run in the background; false when one is under way already, here or in another process.
 *
 * @param acceptShrink take the result over even if more than 20 % of the people are gone
 * @throws AppError `not-signed-in`, `not-permitted`
 */
export async function startSyncNow(_options: { acceptShrink?: boolean } = {}): Promise<boolean> {
  throw new Error('not yet');
}
