import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { Database } from './sqlite';

/** What an event says has changed: it is read again, whatever the event tells of it. */
export type RefreshTarget =
  | { what: 'member'; id: string }
  | { what: 'department'; id: number }
  | { what: 'administrators' }
  /** Nothing less than a whole run tells. */
  | { what: 'directory' };

/** An event of DingTalk's, and what has to be read again because of it. */
export interface ReceivedEvent {
  event: Pick<DirectoryEvent, 'id' | 'deduplicationKeys'>;
  stale?: readonly RefreshTarget[] | undefined;
}

/** Something that has to be read again. @see completeRefresh */
export interface RefreshJob {
  stale: RefreshTarget;
  /** Another one each time that it is said. */
  mark: number;
}

/** What DingTalk's events leave behind, in the transactions that act on them. */

export function knowsEvent(db: Database, id: string): boolean {
  return db.get('SELECT 1 FROM revocation_event WHERE id = ?', id) !== undefined;
}

/** Remembers an event, and what has to be read again because of it. @returns false when it was known already */
export function rememberEvent(db: Database, { event, stale = [] }: ReceivedEvent, at: number): boolean {
  const insert = (id: string) => db.run('INSERT OR IGNORE INTO revocation_event VALUES (?, ?)', id, at) > 0;
  if (!insert(event.id)) return false;
  for (const twin of event.deduplicationKeys) insert(twin);
  enqueueRefresh(db, stale, at);
  return true;
}

/** What is said anew while it is being read is owed again: the reading may have been before. */
export function enqueueRefresh(db: Database, stale: readonly RefreshTarget[], at: number): void {
  for (const one of stale) {
    db.run(
      `INSERT INTO stale VALUES (?, ?, 1, ?)
       ON CONFLICT (key) DO UPDATE SET mark = mark + 1, at = excluded.at`,
      keyOf(one),
      JSON.stringify(one),
      at,
    );
  }
}

export function readRefreshJobs(db: Database, before: number): RefreshJob[] {
  return db
    .all<{ stale: string; mark: number }>('SELECT stale, mark FROM stale WHERE at <= ? ORDER BY at', before)
    .map(({ stale, mark }) => ({ stale: JSON.parse(stale) as RefreshTarget, mark }));
}

export function versionOf(db: Database, stale: RefreshTarget): number {
  return db.get<{ mark: number }>('SELECT mark FROM stale WHERE key = ?', keyOf(stale))?.mark ?? 0;
}

export function completeRefresh(db: Database, { stale, mark }: RefreshJob): void {
  db.run('DELETE FROM stale WHERE key = ? AND mark = ?', keyOf(stale), mark);
}

function keyOf(stale: RefreshTarget): string {
  return 'id' in stale ? `${stale.what} ${stale.id}` : stale.what;
}

export function storeMissed(db: Database, events: readonly DirectoryEvent[]): void {
  for (const event of events) {
    db.run('INSERT OR IGNORE INTO missed_event VALUES (?, ?)', event.id, JSON.stringify(event));
  }
}

export function readMissed(db: Database, limit: number): DirectoryEvent[] {
  return db
    .all<{ event: string }>('SELECT event FROM missed_event LIMIT ?', limit)
    .map(({ event }) => JSON.parse(event) as DirectoryEvent);
}

export function completeMissed(db: Database, id: string): void {
  db.run('DELETE FROM missed_event WHERE id = ?', id);
}
