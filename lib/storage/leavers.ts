import 'server-only';
import { OPEN_END } from './directory-schema';
import type { Database } from './sqlite';

/**
 * People who are gone and whose sessions are still to be ended. A leaver is noted in the transaction that finds them, so
 * that a crash before their sessions end loses no one. The note is removed in the transaction that ends the sessions: it
 * must not end those that they begin afterwards.
 */

export function noteLeavers(db: Database, userIds: readonly string[]): void {
  for (const userId of userIds) db.run('INSERT OR IGNORE INTO directory_leaver VALUES (?)', userId);
}

/** In the transaction that moves the head: who ends with the generation before, or is in the next one inactive. */
export function noteVanished(db: Database, next: number): void {
  db.run(
    `INSERT OR IGNORE INTO directory_leaver
     SELECT user_id FROM directory_member o WHERE to_generation < ${OPEN_END} AND to_generation = ? AND NOT EXISTS
       (SELECT 1 FROM directory_member n WHERE n.user_id = o.user_id AND n.from_generation = ?)`,
    next,
    next,
  );
  db.run(
    `INSERT OR IGNORE INTO directory_leaver
     SELECT n.user_id FROM directory_member n
     JOIN directory_member o ON o.user_id = n.user_id AND o.to_generation < ${OPEN_END} AND o.to_generation = ?
     WHERE n.from_generation = ? AND json_extract(n.record, '$.active') = 0
       AND json_extract(o.record, '$.active') = 1`,
    next,
    next,
  );
}

export function readLeavers(db: Database, limit: number): string[] {
  return db
    .all<{ user_id: string }>('SELECT user_id FROM directory_leaver LIMIT ?', limit)
    .map(({ user_id }) => user_id);
}

/** In the transaction that ends their sessions. @returns whether they were noted */
export function settleLeaver(db: Database, userId: string): boolean {
  return db.run('DELETE FROM directory_leaver WHERE user_id = ?', userId) > 0;
}
