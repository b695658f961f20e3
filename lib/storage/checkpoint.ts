import 'server-only';
import { statSync } from 'node:fs';
import AsyncLibsql from 'libsql/promise';

const LARGE_BYTES = 64 * 2 ** 20;
/** The file's size after everything in it was copied. */
export const KEPT_BYTES = 16 * 2 ** 20;

/**
 * Copies the WAL into the database file on a thread of libsql's: after a publication that is some hundred megabytes, and
 * the commit that does it would hold the event loop up for seconds.
 */
export function createCheckpoints(path: string) {
  let connection: AsyncLibsql | undefined;
  let isUnderWay = false;

  async function copy(): Promise<void> {
    isUnderWay = true;
    try {
      connection ??= new AsyncLibsql(path, { timeout: 5 });
      await connection.exec('PRAGMA wal_checkpoint(PASSIVE)');
      // What was written meanwhile is little; after it the next write begins the WAL again.
      await connection.exec('PRAGMA wal_checkpoint(RESTART)');
    } catch {
      // Another process is at it, or a reader needs what is there: the next commit tries again.
    } finally {
      isUnderWay = false;
    }
  }

  return {
    /** To be called after a commit. */
    copyWhenLarge(): void {
      const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (size > LARGE_BYTES && !isUnderWay) void copy();
    },
    close: () => connection?.close(),
  };
}
