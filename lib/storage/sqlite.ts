import 'server-only';
import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import Libsql from 'libsql';
import { sqliteDialect } from './dialect';
import { FIRST_VERSION, type Migration } from './migrations';

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
  /**
   * As `write`, and on the disk when it returns: it, and everything written before, outlives a power cut. A plain
   * `write` outlives the process, however it ends. Some milliseconds.
   */
  writeDurably<T>(action: () => T): T;
  /** Every query of the action sees the same state. */
  read<T>(action: () => T): T;
  /** False once the file was moved, deleted or replaced: other processes then read and write another file. */
  isInPlace(): boolean;
  /** Copies what is still in the WAL into the file, so that the one file is complete. Nothing while another process writes. */
  checkpoint(): void;
  /** Writes a complete copy into a new file, while others go on reading and writing. @throws where the file exists */
  copyTo(path: string): void;
  close(): void;
}

/** How long a writer waits for another process's. */
const BUSY_TIMEOUT_MS = 5000;
const PRIVATE = 0o600;
/** How long for another process's migration, which may fill a large company's index anew. */
const MIGRATION_TIMEOUT_MS = 120_000;

/**
 * Opens a database file, makes it when it is not there, and takes the migrations that it has not taken yet. Another
 * process on the same file does no harm: it waits for its turn, and finds the work done.
 *
 * @param path a file, or `:memory:`
 */
export function openDatabase(
  path: string,
  migrations: readonly Migration[],
  { busyTimeoutMs = BUSY_TIMEOUT_MS }: { busyTimeoutMs?: number } = {},
): Database {
  if (path !== ':memory:') keepPrivate(path);
  const connection = new Libsql(path, { timeout: busyTimeoutMs });
  connection.exec(`PRAGMA busy_timeout = ${MIGRATION_TIMEOUT_MS}`);
  whenFree(() => connection.exec('PRAGMA journal_mode = WAL'));
  connection.exec('PRAGMA synchronous = NORMAL');
  connection.exec('PRAGMA cache_size = -48000');
  // Pages are copied back, and waited for, every 64 MB.
  connection.exec('PRAGMA wal_autocheckpoint = 16000');
  const database = wrap(connection, path);
  migrate(database, connection, migrations);
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  return database;
}

/**
 * Processes that make the file at the same moment: SQLite itself does not wait for the change to WAL. Holds up the
 * process, which has nothing else to do yet.
 */
function whenFree(action: () => void): void {
  for (const giveUpAt = performance.now() + BUSY_TIMEOUT_MS; ; ) {
    try {
      action();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function wrap(connection: Libsql.Database, path: string): Database {
  const file = identityOf(path);
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
    writeDurably: (action) => {
      connection.exec('PRAGMA synchronous = FULL');
      try {
        return connection.transaction(action).immediate();
      } finally {
        connection.exec('PRAGMA synchronous = NORMAL');
      }
    },
    read: (action) => connection.transaction(action).deferred(),
    isInPlace: () => identityOf(path) === file,
    checkpoint: () => {
      // Where another process is at it, that one does it.
      connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    },
    copyTo: (target) => {
      if (existsSync(target)) throw new Error(`${target} exists`);
      keepPrivate(target);
      connection.prepare('VACUUM INTO ?').run([target]);
    },
    close: () => {
      statements.clear();
      connection.close();
    },
  };
}

/** A file of version 0.1: it is kept aside, not changed. Its message says what to do. */
class OldDatabaseError extends Error {
  constructor() {
    super(
      'it was made by version 0.1; run npm run database -- --begin-anew · 由 0.1 版创建，请执行 npm run database -- --begin-anew',
    );
    this.name = 'OldDatabaseError';
  }
}

function migrate(database: Database, connection: Libsql.Database, migrations: readonly Migration[]): void {
  connection.exec('CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, taken_at INTEGER NOT NULL)');
  const taken = () =>
    new Set(database.all<{ name: string }>('SELECT name FROM migration').map((row) => row.name));
  if (migrations.every(({ name }) => taken().has(name))) return;
  if (taken().has(FIRST_VERSION)) throw new OldDatabaseError();
  database.write(() => {
    const before = taken();
    for (const { name, sql } of migrations) {
      if (before.has(name)) continue;
      connection.exec(typeof sql === 'string' ? sql : sql(sqliteDialect));
      database.run('INSERT INTO migration (name, taken_at) VALUES (?, ?)', name, Date.now());
    }
  });
}

/**
 * For this system user alone, in a folder of whatever mode: SQLite gives its WAL the mode that the file has. A file that
 * is there is not opened: closing it again would release the locks that this process holds on it.
 */
function keepPrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', PRIVATE));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      chmodSync(file, PRIVATE);
    } catch {
      // Not there yet, or another system user's, who has decided about its mode.
    }
  }
}

function identityOf(path: string): string | undefined {
  if (path === ':memory:') return path;
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

/** Whether a statement failed because another connection is writing: it may be tried again. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /^SQLITE_BUSY/.test((error as Error & { code?: string }).code ?? '');
}
