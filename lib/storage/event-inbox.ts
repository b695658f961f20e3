import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { Database } from './sqlite';
import type { StoreParts } from './writer';

/** What has to be read from DingTalk again: an event's own content is never taken over. */
export type RefreshTarget =
  | { what: 'member'; id: string }
  | { what: 'department'; id: number }
  | { what: 'administrators' }
  /** A whole sync run. */
  | { what: 'directory' };

/** A refresh that is due. @see completeRefresh */
interface RefreshJob {
  target: RefreshTarget;
  /** One more each time that the target is enqueued. */
  version: number;
}

export type EventInbox = ReturnType<typeof createEventInbox>;

/** Events, and the refreshes that they make necessary. */
export function createEventInbox({ db, writer: { write, writeDurably }, now }: StoreParts) {
  return {
    /** Whether an event was applied. */
    knowsEvent: async (id: string) => knowsEvent(db, id),
    enqueueRefresh: (targets: readonly RefreshTarget[]) => write(() => enqueueRefresh(db, targets, now())),
    /** Refreshes that are due, and were enqueued so long ago at least. */
    refreshJobs: async (olderThanMs: number) => readRefreshJobs(db, now() - olderThanMs),
    /** The version of a target, 0 where no refresh is due: to be read before the target is. */
    refreshVersion: async (target: RefreshTarget) => versionOf(db, target),
    /** Removes a job, unless the target was enqueued again meanwhile. */
    completeRefresh: async (job: RefreshJob) => {
      if (job.version > 0) await write(() => completeRefresh(db, job));
    },
    /** Keeps undelivered events, which DingTalk lists once, until they are completed. */
    storeMissed: async (events: readonly DirectoryEvent[]) => {
      if (events.length > 0) await writeDurably(() => storeMissed(db, events));
    },
    missed: async (limit: number) => readMissed(db, limit),
    completeMissed: (id: string) => write(() => completeMissed(db, id)),
  };
}

export function knowsEvent(db: Database, id: string): boolean {
  return db.get('SELECT 1 FROM revocation_event WHERE id = ?', id) !== undefined;
}

/** @param at Unix time in ms. @returns false when the event was known already */
export function rememberEvent(
  db: Database,
  { id, deduplicationKeys }: Pick<DirectoryEvent, 'id' | 'deduplicationKeys'>,
  at: number,
): boolean {
  const insert = (name: string) =>
    db.run('INSERT OR IGNORE INTO revocation_event VALUES (?, ?)', name, at) > 0;
  if (!insert(id)) return false;
  for (const key of deduplicationKeys) insert(key);
  return true;
}

/** A target that is enqueued while it is being read gets a new version, and is read again: the reading may be too old. */
export function enqueueRefresh(db: Database, targets: readonly RefreshTarget[], at: number): void {
  for (const target of targets) {
    db.run(
      `INSERT INTO stale VALUES (?, ?, 1, ?)
       ON CONFLICT (key) DO UPDATE SET mark = mark + 1, at = excluded.at`,
      keyOf(target),
      JSON.stringify(target),
      at,
    );
  }
}

function readRefreshJobs(db: Database, before: number): RefreshJob[] {
  return db
    .all<{ stale: string; mark: number }>('SELECT stale, mark FROM stale WHERE at <= ? ORDER BY at', before)
    .map(({ stale, mark }) => ({ target: JSON.parse(stale) as RefreshTarget, version: mark }));
}

function versionOf(db: Database, target: RefreshTarget): number {
  return db.get<{ mark: number }>('SELECT mark FROM stale WHERE key = ?', keyOf(target))?.mark ?? 0;
}

function completeRefresh(db: Database, { target, version }: RefreshJob): void {
  db.run('DELETE FROM stale WHERE key = ? AND mark = ?', keyOf(target), version);
}

/** One for each target. */
export function keyOf(target: RefreshTarget): string {
  return 'id' in target ? `${target.what} ${target.id}` : target.what;
}

function storeMissed(db: Database, events: readonly DirectoryEvent[]): void {
  for (const event of events) {
    db.run('INSERT OR IGNORE INTO missed_event VALUES (?, ?)', event.id, JSON.stringify(event));
  }
}

function readMissed(db: Database, limit: number): DirectoryEvent[] {
  return db
    .all<{ event: string }>('SELECT event FROM missed_event LIMIT ?', limit)
    .map(({ event }) => JSON.parse(event) as DirectoryEvent);
}

function completeMissed(db: Database, id: string): void {
  db.run('DELETE FROM missed_event WHERE id = ?', id);
}
