import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { Database } from './sqlite';

/** What an event says has changed: it is read again, whatever the event tells of it. */
export type Stale =
  | { what: 'member'; id: string }
  | { what: 'department'; id: number }
  | { what: 'administrators' }
  /** Nothing less than a whole run tells. */
  | { what: 'directory' };

/** An event of DingTalk's, and what has to be read again because of it. */
export interface Told {
  event: Pick<DirectoryEvent, 'id' | 'twins'>;
  stale?: readonly Stale[] | undefined;
}

/** Something that has to be read again. @see settleOwed */
export interface Owed {
  stale: Stale;
  /** Another one each time that it is said. */
  mark: number;
}

/** What DingTalk's events leave behind, in the transactions that act on them. */

export function knowsEvent(db: Database, id: string): boolean {
  return db.get('SELECT 1 FROM revocation_event WHERE id = ?', id) !== undefined;
}

/** Remembers an event, and what has to be read again because of it. @returns false when it was known already */
export function rememberEvent(db: Database, { event, stale = [] }: Told, at: number): boolean {
  const insert = (id: string) => db.run('INSERT OR IGNORE INTO revocation_event VALUES (?, ?)', id, at) > 0;
  if (!insert(event.id)) return false;
  for (const twin of event.twins) insert(twin);
  owe(db, stale, at);
  return true;
}

/** What is said anew while it is being read is owed again: the reading may have been before. */
export function owe(db: Database, stale: readonly Stale[], at: number): void {
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

export function readOwed(db: Database, before: number): Owed[] {
  return db
    .all<{ stale: string; mark: number }>('SELECT stale, mark FROM stale WHERE at <= ? ORDER BY at', before)
    .map(({ stale, mark }) => ({ stale: JSON.parse(stale) as Stale, mark }));
}

export function markOf(db: Database, stale: Stale): number {
  return db.get<{ mark: number }>('SELECT mark FROM stale WHERE key = ?', keyOf(stale))?.mark ?? 0;
}

export function settleOwed(db: Database, { stale, mark }: Owed): void {
  db.run('DELETE FROM stale WHERE key = ? AND mark = ?', keyOf(stale), mark);
}

function keyOf(stale: Stale): string {
  return 'id' in stale ? `${stale.what} ${stale.id}` : stale.what;
}

export function keepMissed(db: Database, events: readonly DirectoryEvent[]): void {
  for (const event of events) {
    db.run('INSERT OR IGNORE INTO missed_event VALUES (?, ?)', event.id, JSON.stringify(event));
  }
}

export function readMissed(db: Database, limit: number): DirectoryEvent[] {
  return db
    .all<{ event: string }>('SELECT event FROM missed_event LIMIT ?', limit)
    .map(({ event }) => JSON.parse(event) as DirectoryEvent);
}

export function settleMissed(db: Database, id: string): void {
  db.run('DELETE FROM missed_event WHERE id = ?', id);
}
