import 'server-only';
import { randomUUID } from 'node:crypto';
import type { Statements } from './database';

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

/** In the transaction that finds them. */
export async function noteLeavers(tx: Statements, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  const { table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO directory_leaver (user_id, note)
     SELECT l.user_id, l.note FROM ${table('l', { user_id: 'text', note: 'text' })} WHERE true
     ON CONFLICT (user_id) DO UPDATE SET note = excluded.note`,
    rows(userIds.map((userId) => ({ user_id: userId, note: randomUUID() }))),
  );
}

export function readLeavers(db: Statements, limit: number): Promise<LeaverNote[]> {
  return db.all<LeaverNote>(
    'SELECT user_id AS "userId", note FROM directory_leaver ORDER BY user_id LIMIT ?',
    limit,
  );
}

/** The notes about some people. */
export function leaverNotesOf(db: Statements, userIds: readonly string[]): Promise<LeaverNote[]> {
  const { isIn, list } = db.dialect;
  return db.all<LeaverNote>(
    `SELECT user_id AS "userId", note FROM directory_leaver WHERE ${isIn('user_id')}`,
    list(userIds),
  );
}

/** After their sessions have ended. A newer note about the same person stays. */
export async function settleLeavers(db: Statements, notes: readonly LeaverNote[]): Promise<void> {
  const { isIn, list } = db.dialect;
  await db.run(`DELETE FROM directory_leaver WHERE ${isIn('note')}`, list(notes.map(({ note }) => note)));
}
