import 'server-only';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { config } from './config';
import { directoryMigrations } from './directory/schema';
import { processWide } from './process-wide';

/** A step in the life of the database's shape. Its name is written down when it has been taken: never change either. */
export interface Migration {
  name: string;
  sql: string;
}

type Value = string | number | null;
type Row = Record<string, Value>;

/**
 * One SQLite file. Calls are synchronous: whatever runs between two `await`s of a caller is not interrupted, and a
 * long statement holds up everybody. Keep transactions to some milliseconds.
 */
export interface Database {
  /** @returns the number of rows that were written */
  run(sql: string, ...values: Value[]): number;
  get<T = Row>(sql: string, ...values: Value[]): T | undefined;
  all<T = Row>(sql: string, ...values: Value[]): T[];
  /** All or nothing, alone among writers. */
  write<T>(action: () => T): T;
  /** Every query of the action sees the same state. */
  read<T>(action: () => T): T;
  close(): void;
}

/** How long a writer waits for another process's. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens a database file, makes it when it is not there, and takes the migrations that it has not taken yet. Another
 * process on the same file does no harm: it waits for its turn, and finds the work done.
 *
 * @param path a file, or `:memory:`
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const connection = new Libsql(path, { timeout: BUSY_TIMEOUT_MS });
  connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec('PRAGMA synchronous = NORMAL');
  connection.exec('PRAGMA cache_size = -48000');
  // Pages are copied back, and waited for, every 16 MB.
  connection.exec('PRAGMA wal_autocheckpoint = 4000');
  const database = wrap(connection);
  migrate(database, connection, migrations);
  return database;
}

function wrap(connection: Libsql.Database): Database {
  const statements = new Map<string, Libsql.Statement<unknown[]>>();
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const all = <T>(sql: string, ...values: Value[]) => prepared(sql).all(values) as T[];
  return {
    run: (sql, ...values) => prepared(sql).run(values).changes,
    get: <T>(sql: string, ...values: Value[]) => {
      const row = prepared(sql).get(values) as (T & { _metadata?: unknown }) | undefined;
      // libsql tells its time in a row that is got alone: no two would be the same.
      if (row) delete row._metadata;
      return row;
    },
    all,
    write: (action) => connection.transaction(action).immediate(),
    read: (action) => connection.transaction(action).deferred(),
    close: () => {
      statements.clear();
      connection.close();
    },
  };
}

function migrate(database: Database, connection: Libsql.Database, migrations: readonly Migration[]): void {
  connection.exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, taken_at INTEGER NOT NULL)');
  const taken = () =>
    new Set(database.all<{ name: string }>('SELECT name FROM migration').map((row) => row.name));
  if (migrations.every(({ name }) => taken().has(name))) return;
  database.write(() => {
    const before = taken();
    for (const { name, sql } of migrations) {
      if (before.has(name)) continue;
      connection.exec(sql);
      database.run('INSERT INTO migration (name, taken_at) VALUES (?, ?)', name, Date.now());
    }
  });
}

/** The one database of this process: `dingpass.db` in `DATA_DIR`. */
export const database = processWide('database', () => {
  const { dataDir } = config();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return openDatabase(join(dataDir, 'dingpass.db'), [...directoryMigrations]);
});
