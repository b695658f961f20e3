import 'server-only';
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Database, Parameter, Transaction, TransactionOptions } from './database';
import { postgresDialect } from './dialect';
import { createSession, type Session } from './postgres-session';
import { createSilence, SilentError } from './silence';
import { createGroup, endable } from './transaction-queue';

interface PostgresOptions {
  /** Connections of this process, at most. */
  poolSize: number;
  /** For a statement that a request waits for, the wait for a connection included. */
  statementMs?: number;
}

const STATEMENT_MS = 2000;
/** A machine that is cut off in the middle of a transaction must not keep its locks. */
const IDLE_IN_TRANSACTION_MS = 5000;
const IDLE_CONNECTION_MS = 30_000;
const ATTEMPTS = 3;

/**
 * A PostgreSQL database, 14 or newer. Works through PgBouncer in transaction mode: what is set is set for one
 * transaction, statements have no names, locks end with the transaction.
 *
 * @param url `postgres://user:password@host:port/database?sslmode=…`
 */
export async function openPostgres(
  url: string,
  { poolSize, statementMs = STATEMENT_MS }: PostgresOptions,
): Promise<Database> {
  // Only where it is used: it takes memory.
  const { default: driver } = await import('pg');
  const connections = createConnections(() => createPool(driver, url, poolSize, statementMs), statementMs);

  async function transact<T>(
    begin: string,
    work: (tx: Transaction) => Promise<T>,
    timeoutMs: number,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await connections.use((session) => inTransaction(session, begin, work, timeoutMs));
      } catch (error) {
        if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      }
    }
  }

  const read = async <T>(sql: string, values: readonly Parameter[]) =>
    (await connections.use((session) => session.query(sql, values, statementMs))).rows as T[];
  const transaction = <T>(
    work: (tx: Transaction) => Promise<T>,
    { lock, timeoutMs }: TransactionOptions = {},
  ) => transact(beginOf({ lock, timeoutMs: timeoutMs ?? statementMs }), work, timeoutMs ?? statementMs);
  const inGroup = createGroup(transaction);

  return {
    dialect: postgresDialect,
    all: <T>(sql: string, ...values: Parameter[]) => read<T>(sql, values),
    get: async <T>(sql: string, ...values: Parameter[]) => (await read<T>(sql, values))[0],
    // As a transaction, so that the server ends what takes too long.
    run: (sql, ...values) => transaction((tx) => tx.run(sql, ...values)),
    transaction: (work, options = {}) =>
      options.durable && options.lock === undefined && options.timeoutMs === undefined
        ? inGroup(work)
        : transaction(work, options),
    snapshot: (work, { timeoutMs = statementMs } = {}) =>
      transact(beginOf({ timeoutMs, mode: 'ISOLATION LEVEL REPEATABLE READ READ ONLY' }), work, timeoutMs),
    close: connections.close,
  };
}

/** Lends connections, each for one piece of work. @param requestMs the limit of a statement that a request waits for */
function createConnections(newPool: () => pg.Pool, requestMs: number) {
  let pool = newPool();

  /** A server that is silent on one connection may be on all: the next statements get new ones. */
  function forget(silent: pg.Pool): void {
    if (silent !== pool) return;
    pool = newPool();
    void silent.end().catch(() => undefined);
  }

  const silence = createSilence(() => onConnection((session) => session.script('SELECT 1', requestMs)));

  async function onConnection<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const from = pool;
    const askedAt = process.hrtime.bigint();
    const connecting = from.connect();
    const client = await silence.untilFound(connecting).catch((error: Error) => {
      // It may come all the same.
      connecting.then((late) => late.release(true)).catch(() => undefined);
      return whenNotConnected(error);
    });
    const session = createSession(client, { askedAt, silence, requestMs });
    try {
      return await work(session);
    } finally {
      session.giveBack();
      if (session.isSilent()) forget(from);
    }
  }

  /** Where all connections are lent, the server is not silent: it has enough to say. */
  function whenNotConnected(error: Error): never {
    if (error.message !== 'Connection terminated due to connection timeout') throw error;
    silence.note();
    throw new SilentError();
  }

  return {
    /** @throws SilentError where the server has been silent, without waiting for it again */
    async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
      silence.assertNotSilent();
      return onConnection(work);
    },
    close(): Promise<void> {
      silence.close();
      return pool.end();
    },
  };
}

function createPool({ Pool, types }: typeof pg, url: string, max: number, statementMs: number): pg.Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: statementMs,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'dingpass',
    types: {
      // `bigint` and `numeric` (of `sum`) as numbers: none of ours is beyond 2⁵³.
      getTypeParser: (oid, format) =>
        oid === types.builtins.INT8 || oid === types.builtins.NUMERIC
          ? Number
          : types.getTypeParser(oid, format as 'text'),
    },
  });
  // A connection that breaks is noticed by its next statement; without listeners it would end the process.
  const ignore = () => undefined;
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

async function inTransaction<T>(
  session: Session,
  begin: string,
  work: (tx: Transaction) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const query = (sql: string, values: readonly Parameter[]) => session.query(sql, values, timeoutMs);
  const all = async <R>(sql: string, ...values: Parameter[]) => (await query(sql, values)).rows as R[];
  const { tx, end } = endable<Transaction>({
    dialect: postgresDialect,
    all,
    get: async <R>(sql: string, ...values: Parameter[]) => (await all<R>(sql, ...values))[0],
    run: async (sql, ...values) => (await query(sql, values)).rowCount ?? 0,
    script: async (sql) => void (await session.script(sql, timeoutMs)),
  });
  try {
    await session.script(begin, timeoutMs);
    const value = await work(tx);
    end();
    const { command } = await session.query('COMMIT', [], timeoutMs);
    // PostgreSQL answers a COMMIT after a statement that failed by undoing everything, and says so here alone.
    if (command !== 'COMMIT')
      throw new Error('a statement of the transaction had failed: nothing was written');
    return value;
  } catch (error) {
    end();
    if (!session.isSpent()) await session.script('ROLLBACK', timeoutMs).catch(session.breakOff);
    throw error;
  }
}

function beginOf({
  lock,
  timeoutMs,
  mode,
}: {
  lock?: string | undefined;
  timeoutMs: number;
  mode?: string;
}): string {
  return [
    `BEGIN ${mode ?? ''}`,
    `SET LOCAL statement_timeout = ${timeoutMs}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${Math.max(IDLE_IN_TRANSACTION_MS, timeoutMs)}`,
    'SET LOCAL synchronous_commit = on',
    ...(lock === undefined ? [] : [`SELECT pg_advisory_xact_lock(${lockKey(lock)})`]),
  ].join('; ');
}

function lockKey(name: string): bigint {
  return createHash('sha256').update(`dingpass ${name}`).digest().readBigInt64BE();
}

/** Deadlock, or a conflict of snapshots: the transaction was undone, and may be tried again. */
function isConflict(error: unknown): boolean {
  return /^40(001|P01)$/.test((error as { code?: string } | null)?.code ?? '');
}

const OLDEST_VERSION = 140_000;

/** @throws where the server is older than PostgreSQL 14, or its database does not keep Chinese */
export async function assertSupported(db: Database): Promise<void> {
  const { version, encoding } = (await db.get<{ version: string; encoding: string }>(
    "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
  ))!;
  if (Number(version) < OLDEST_VERSION)
    throw new Error('PostgreSQL 14 or newer is needed / 需要 PostgreSQL 14 或更新版本');
  if (encoding !== 'UTF8')
    throw new Error(`the database's encoding must be UTF8, not ${encoding} / 数据库编码必须是 UTF8`);
}
