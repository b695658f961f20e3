import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database';

const DELETED_AT_ONCE = 500;
const PAUSE_MS = 20;

/**
 * Deletes rows of a table that has an `id`, in chunks: one statement would keep other writers waiting for as long as it
 * takes, and on a file the event loop too.
 *
 * @param where a condition with `?` for the values
 */
export async function deleteInChunks(
  db: Database,
  table: string,
  where: string,
  ...values: (string | number)[]
): Promise<void> {
  const sql = `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${where} LIMIT ${DELETED_AT_ONCE})`;
  while ((await db.run(sql, ...values)) === DELETED_AT_ONCE) await delay(PAUSE_MS);
}
