import 'server-only';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RLWrapperTimeouts,
} from 'rate-limiter-flexible';
import type { Database } from '../storage/database';

/** Counts failures of a key. @param points how many in a window of so many seconds */
export type LimiterFactory = (points: number, seconds: number) => RateLimiterAbstract;

/** How long a sign-in waits for the count of others. */
const WAIT_MS = 500;

export const memoryLimiter: LimiterFactory = (points, duration) =>
  new RateLimiterMemory({ points, duration });

/**
 * Counts that all processes share. While the database does not answer, each process counts by itself: a limit that
 * nothing counts would be none, and one that waits would keep all clients out.
 */
export function sharedLimiter(db: Database): LimiterFactory {
  const storeClient = { query: (query: LibraryQuery) => runQuery(db, query) };
  return (points, duration) =>
    new RLWrapperTimeouts({
      timeoutMs: WAIT_MS,
      limiter: new RateLimiterPostgres({
        storeClient,
        storeType: 'pool',
        tableName: 'failed_attempt',
        tableCreated: true,
        keyPrefix: `${duration}s`,
        points,
        duration,
        clearExpiredByTimeout: true,
        insuranceLimiter: memoryLimiter(points, duration),
      }),
    });
}

/** A statement as the library gives it to `pg`. SQLite understands it too. */
interface LibraryQuery {
  text: string;
  values: (string | number | null)[];
}

/** The library's names of statements are left out: PgBouncer would give them to another connection. */
async function runQuery(db: Database, { text, values }: LibraryQuery) {
  const given: (string | number | null)[] = [];
  const sql = text.replace(/\$(\d)/g, (_, number: string) => {
    given.push(values[Number(number) - 1] ?? null);
    return '?';
  });
  const rows = /^\s*SELECT/.test(sql)
    ? await db.all(sql, ...given)
    : await db.transaction((tx) => tx.all(sql, ...given));
  return { rows, rowCount: rows.length };
}
