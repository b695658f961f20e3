import 'server-only';
import { randomUUID } from 'node:crypto';
import { OPEN_END } from './directory-schema';
import type { Database } from './sqlite';

/**
 * People who are gone and whose sessions are still to be ended: noted in the transaction of the directory that finds
 * them, so that a crash before their sessions end loses no one. Sessions are in another file: a note may be read again
 * after they ended, and its name keeps it from ending those that began afterwards.
 */

/** One finding that somebody is gone. */
export interface LeaverNote {
  userId: string;
  /** Of no other note, not of a later one about the same person either. */
  note: string;
}

const NOTE = `INSERT INTO directory_leaver (user_id, note) VALUES (?, ?)
  ON CONFLICT (user_id) DO UPDATE SET note = excluded.note`;

export function noteLeavers(db: Database, userIds: readonly string[]): void {
  for (const userId of userIds) db.run(NOTE, userId, randomUUID());
}

/** In the transaction that moves the head: who ends with the generation before, or is in the next one inactive. */
export function noteVanished(db: Database, next: number): void {
  db.run(
    `INSERT OR IGNORE INTO directory_leaver
     SELECT user_id, lower(hex(randomblob(16))) FROM directory_member o WHERE to_generation < ${OPEN_END} AND to_generation = ? AND NOT EXISTS
       (SELECT 1 FROM directory_member n WHERE n.user_id = o.user_id AND n.from_generation = ?)`,
    next,
    next,
  );
  db.run(
    `INSERT OR IGNORE INTO directory_leaver
     SELECT n.user_id, lower(hex(randomblob(16))) FROM directory_member n
     JOIN directory_member o ON o.user_id = n.user_id AND o.to_generation < ${OPEN_END} AND o.to_generation = ?
     WHERE n.from_generation = ? AND json_extract(n.record, '$.active') = 0
       AND json_extract(o.record, '$.active') = 1`,
    next,
    next,
  );
}

export function readLeavers(db: Database, limit: number): LeaverNote[] {
  return db.all<LeaverNote>('SELECT user_id AS userId, note FROM directory_leaver LIMIT ?', limit);
}

/** The notes about some people. */
export function leaverNotesOf(db: Database, userIds: readonly string[]): LeaverNote[] {
  return db.all<LeaverNote>(
    'SELECT user_id AS userId, note FROM directory_leaver WHERE user_id IN (SELECT value FROM json_each(?))',
    JSON.stringify(userIds),
  );
}

/** After their sessions have ended. A newer note about the same person stays. */
export function settleLeavers(db: Database, notes: readonly LeaverNote[]): void {
  for (const { note } of notes) db.run('DELETE FROM directory_leaver WHERE note = ?', note);
}
