import 'server-only';
import { AppError } from '../errors';
import type { Database } from './database';

export type UsedValues = ReturnType<typeof createUsedValues>;

const PRUNE_EVERY_MS = 60_000;

/**
 * Values that count once, in whatever process they are handed in. All functions throw AppError `sessions-unknown` where
 * the database does not answer: what cannot be known not to have been used is not let through.
 *
 * @param now Unix time in ms
 */
export function createUsedValues(db: Database, now: () => number = Date.now) {
  let prunedAt = Number.NEGATIVE_INFINITY;

  /** A flood of invented values leaves nothing behind for longer than they live. */
  async function prune(): Promise<void> {
    if (now() - prunedAt < PRUNE_EVERY_MS) return;
    prunedAt = now();
    await db.run('DELETE FROM used_value WHERE expires_at <= ?', now());
  }

  return {
    /**
     * Uses a value up. @param detail is found by those that come later
     * @returns whether this caller is the first, of all processes
     */
    async use(key: string, lifeMs: number, detail: string | null = null): Promise<boolean> {
      const written = await known(
        db.run(
          `INSERT INTO used_value VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE
           SET detail = excluded.detail, expires_at = excluded.expires_at WHERE used_value.expires_at <= ?`,
          key,
          detail,
          now() + lifeMs,
          now(),
        ),
      );
      // What is left over harms nobody: the next one tries again.
      void prune().catch(() => undefined);
      return written === 1;
    },
    /** @returns undefined where the value was not used */
    async detailOf(key: string): Promise<string | null | undefined> {
      const sql = 'SELECT detail FROM used_value WHERE key = ? AND expires_at > ?';
      const row = await known(db.get<{ detail: string | null }>(sql, key, now()));
      return row?.detail;
    },
    /** Notes something under a key, whatever was there. */
    async put(key: string, lifeMs: number, detail: string): Promise<void> {
      const sql = `INSERT INTO used_value VALUES (?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET detail = excluded.detail, expires_at = excluded.expires_at`;
      await known(db.run(sql, key, detail, now() + lifeMs));
    },
    /** It turned out not to have been used. */
    async release(key: string): Promise<void> {
      await known(db.run('DELETE FROM used_value WHERE key = ?', key));
    },
  };
}

function known<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw new AppError('sessions-unknown', {}, { cause: error });
  });
}
