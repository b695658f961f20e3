import 'server-only';
import { observeDatabase } from '../metrics';
import type { Database } from './database';

/** A database whose operations are timed. */
export function measured<D extends Database>(db: D): D {
  const timed =
    <A extends unknown[], T>(
      operation: Parameters<typeof observeDatabase>[0],
      action: (...what: A) => Promise<T>,
    ) =>
    async (...what: A): Promise<T> => {
      const startedAt = performance.now();
      try {
        return await action(...what);
      } finally {
        observeDatabase(operation, performance.now() - startedAt);
      }
    };
  return {
    ...db,
    all: timed('read', db.all),
    get: timed('read', db.get),
    run: timed('write', db.run),
    transaction: timed('transaction', db.transaction),
    snapshot: timed('read', db.snapshot),
  };
}
