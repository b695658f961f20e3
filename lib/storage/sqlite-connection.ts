import 'server-only';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Libsql from 'libsql';
import { KEPT_BYTES } from './checkpoint';
import type { Parameter, Transaction } from './database';
import { sqliteDialect } from './dialect';

/**
 * A connection to a SQLite file. Its calls are synchronous, and libsql waits inside them: so none waits there for more
 * than some milliseconds, and what has to wait for another process does so between two calls.
 */

const BUSY_TIMEOUT_MS = 5;
/**
 * In KiB. A commit writes what the writer's has that is new, and the event loop stands still meanwhile. A snapshot is
 * read once, from its beginning to its end.
 */
export const CACHE = { writer: 16_000, reader: 32_000, snapshot: 4000 };
/** After so much work in synchronous calls the event loop has a turn. */
const MAX_BUSY_MS = 10;

export type Connection = ReturnType<typeof connect>;

export function connect(path: string, cacheKib: number, use: 'reads' | 'writes' = 'writes') {
  const native = new Libsql(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    if (use === 'writes') native.exec('PRAGMA journal_mode = WAL');
    native.exec('PRAGMA synchronous = NORMAL');
    native.exec(`PRAGMA cache_size = -${cacheKib}`);
    // The commit would wait for it.
    native.exec('PRAGMA wal_autocheckpoint = 0');
    native.exec(`PRAGMA journal_size_limit = ${KEPT_BYTES}`);
    if (use === 'reads') native.exec('PRAGMA query_only = ON');
  } catch (error) {
    native.close();
    throw error;
  }
  const prepared = new Map<string, Libsql.Statement<unknown[]>>();
  const statement = (sql: string) => {
    let known = prepared.get(sql);
    if (!known) {
      known = native.prepare(sql);
      prepared.set(sql, known);
    }
    return known;
  };
  let isClosed = false;
  return {
    all: <T>(sql: string, values: readonly Parameter[]) => statement(sql).all(values) as T[],
    get: <T>(sql: string, values: readonly Parameter[]) => {
      const row = statement(sql).get(values) as (T & { _metadata?: unknown }) | undefined;
      // libsql tells its time in a row that is got alone: no two would be the same.
      if (row) delete row._metadata;
      return row;
    },
    run: (sql: string, values: readonly Parameter[]) => statement(sql).run(values).changes,
    script: (sql: string) => void native.exec(sql),
    // libsql ends the whole process where a closed connection is asked.
    isInTransaction: () => !isClosed && native.inTransaction,
    close: () => {
      isClosed = true;
      prepared.clear();
      native.close();
    },
  };
}

export function statementsOf(connection: Connection): Transaction {
  return {
    dialect: sqliteDialect,
    all: <T>(sql: string, ...values: Parameter[]) => inTurns(() => connection.all<T>(sql, values)),
    get: <T>(sql: string, ...values: Parameter[]) => inTurns(() => connection.get<T>(sql, values)),
    run: (sql, ...values) => inTurns(() => connection.run(sql, values)),
    script: (sql) => inTurns(() => connection.script(sql)),
  };
}

let busyMs = 0;

/** A long transaction, or many queries one after the other, let everything else have its turn between two calls. */
export async function inTurns<T>(call: () => T): Promise<T> {
  const startedAt = performance.now();
  const value = call();
  busyMs += performance.now() - startedAt;
  if (busyMs > MAX_BUSY_MS) {
    busyMs = 0;
    await nextTurn();
  }
  return value;
}
