import 'server-only';
import type { Statements } from '../storage/database';

/** Notes the keys of this process, where they are new. @param at Unix time in ms */
export async function noteKeys(db: Statements, ids: readonly string[], at = Date.now()): Promise<void> {
  for (const id of ids)
    await db.run('INSERT INTO session_key (id, first_used_at) VALUES (?, ?) ON CONFLICT DO NOTHING', id, at);
}

/** Since when each key is in use, Unix time in ms; those that no process has had yet are absent. */
export async function keyAges(db: Statements): Promise<ReadonlyMap<string, number>> {
  const sql = 'SELECT id, first_used_at AS "firstUsedAt" FROM session_key';
  const rows = await db.all<{ id: string; firstUsedAt: number }>(sql);
  return new Map(rows.map(({ id, firstUsedAt }) => [id, firstUsedAt]));
}
