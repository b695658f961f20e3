import 'server-only';
import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createCheckpoints } from './checkpoint';
import type { Database, Parameter, Statements, Transaction, TransactionOptions } from './database';
import { sqliteDialect } from './dialect';
import { CACHE, type Connection, connect, inTurns, statementsOf } from './sqlite-connection';
import { createGroup, createQueue, endable } from './transaction-queue';

/** One SQLite file. */
export interface SqliteDatabase extends Database {
  /** Writes a complete copy into a new file, while others go on reading and writing. @throws where the file exists */
  copyTo(path: string): void;
}

/** How long a write waits for its turn, and for those of other processes. */
const TURN_MS = 4000;
const READ_MS = 2000;
/** How long a new file waits for another process that makes it at the same moment. */
const OPEN_MS = 5000;
const MAX_READERS = 4;
const PRIVATE = 0o600;
/** Opens a file, and makes it when it is not there. @param path a file; not `:memory:`, which is one of each connection */
export async function openSqlite(path: string): Promise<SqliteDatabase> {
  keepPrivate(path);
  const writer = await whileBusy(performance.now() + OPEN_MS, () => connect(path, CACHE.writer));
  const reader = connect(path, CACHE.reader, 'reads');
  const file = identityOf(path);
  const assertInPlace = () => {
    if (identityOf(path) !== file)
      throw new Error('the database file was moved or replaced while it was open');
  };
  const snapshots = createReaders(() => connect(path, CACHE.snapshot, 'reads'));
  const checkpoints = createCheckpoints(path);
  const inTurn = createQueue();
  const inGroup = createGroup((work) =>
    inTurn(TURN_MS, (giveUpAt) => transact(writer, work, { giveUpAt, durable: true, assertInPlace })).finally(
      checkpoints.copyWhenLarge,
    ),
  );
  const read = <T>(action: () => T): Promise<T> =>
    whileBusy(performance.now() + READ_MS, () => {
      assertInPlace();
      return inTurns(action);
    });

  return {
    dialect: sqliteDialect,
    all: <T>(sql: string, ...values: Parameter[]) => read(() => reader.all<T>(sql, values)),
    get: <T>(sql: string, ...values: Parameter[]) => read(() => reader.get<T>(sql, values)),
    run: (sql, ...values) =>
      inTurn(TURN_MS, (giveUpAt) =>
        whileBusy(giveUpAt, () => {
          assertInPlace();
          return writer.run(sql, values);
        }),
      ).finally(checkpoints.copyWhenLarge),
    transaction: <T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}) => {
      const { durable = false, lock, timeoutMs = TURN_MS } = options;
      // What has a lock or a deadline of its own is long: it keeps nothing else waiting for its commit.
      if (durable && lock === undefined && options.timeoutMs === undefined) return inGroup(work);
      return inTurn(timeoutMs, (giveUpAt) =>
        transact(writer, work, { giveUpAt, durable, assertInPlace }),
      ).finally(checkpoints.copyWhenLarge);
    },
    snapshot: async (work) => {
      assertInPlace();
      const connection = await snapshots.take();
      try {
        return await readSnapshot(connection, work);
      } finally {
        snapshots.give(connection);
      }
    },
    copyTo: (target) => {
      if (existsSync(target)) throw new Error(`${target} exists`);
      keepPrivate(target);
      writer.run('VACUUM INTO ?', [target]);
    },
    // Synchronous up to its end: the last thing that a process does.
    close: async () => {
      for (const connection of [reader, ...snapshots.all(), checkpoints]) connection.close();
      try {
        // Nothing is copied while a transaction is under way, and nothing will commit it any more.
        if (writer.isInTransaction()) writer.script('ROLLBACK');
        // The one file has everything then. Where another process is at it, that one does it.
        writer.all('PRAGMA wal_checkpoint(TRUNCATE)', []);
      } finally {
        writer.close();
      }
    },
  };
}

async function transact<T>(
  connection: Connection,
  work: (tx: Transaction) => Promise<T>,
  { giveUpAt, durable, assertInPlace }: { giveUpAt: number; durable: boolean; assertInPlace(): void },
): Promise<T> {
  if (durable) connection.script('PRAGMA synchronous = FULL');
  try {
    await whileBusy(giveUpAt, () => {
      assertInPlace();
      connection.script('BEGIN IMMEDIATE');
    });
    const { tx, end } = endable(statementsOf(connection));
    try {
      const value = await work(tx);
      connection.script('COMMIT');
      return value;
    } finally {
      end();
      if (connection.isInTransaction()) connection.script('ROLLBACK');
    }
  } finally {
    if (durable) connection.script('PRAGMA synchronous = NORMAL');
  }
}

async function readSnapshot<T>(connection: Connection, work: (tx: Statements) => Promise<T>): Promise<T> {
  connection.script('BEGIN DEFERRED');
  const { tx, end } = endable(statementsOf(connection));
  try {
    return await work(tx);
  } finally {
    end();
    connection.script('ROLLBACK');
  }
}

/** Connections that are lent one by one; beyond the bound one waits for its turn. */
function createReaders(open: () => Connection) {
  const opened: Connection[] = [];
  const free: Connection[] = [];
  const waiting: ((connection: Connection) => void)[] = [];
  return {
    all: () => opened,
    async take(): Promise<Connection> {
      const connection = free.pop();
      if (connection) return connection;
      if (opened.length >= MAX_READERS) return new Promise((resolve) => waiting.push(resolve));
      const made = open();
      opened.push(made);
      return made;
    },
    give(connection: Connection): void {
      const next = waiting.shift();
      if (next) next(connection);
      else free.push(connection);
    },
  };
}

/** Tries again while another connection is writing. @throws what the last attempt threw */
async function whileBusy<T>(giveUpAt: number, action: () => T): Promise<Awaited<T>> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error;
      await delay(5 + Math.random() * 20);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /^SQLITE_BUSY/.test((error as Error & { code?: string }).code ?? '');
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
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
