import 'server-only';
import type { Dialect, Parameter } from './dialect';

export type { Parameter } from './dialect';

/** SQL with `?` for the values. Whole numbers have 64 bits, and come back as numbers; there are no booleans. */
export interface Statements {
  readonly dialect: Dialect;
  all<T>(sql: string, ...values: Parameter[]): Promise<T[]>;
  get<T>(sql: string, ...values: Parameter[]): Promise<T | undefined>;
  /** @returns the number of rows that were written */
  run(sql: string, ...values: Parameter[]): Promise<number>;
}

/** What is under way. It fails after its end: a statement that is not awaited would run in another transaction. */
export interface Transaction extends Statements {
  /** Several statements without values. */
  script(sql: string): Promise<void>;
}

export interface TransactionOptions {
  /**
   * On the disk when it resolves: it, and everything written before, outlives a power cut. Durable transactions that
   * come together share a wait for the disk; one that throws undoes its own work alone. Their work may run again after
   * a deadlock. Without: outlives the process, however it ends.
   */
  durable?: boolean;
  /** Transactions of one name follow each other, in whatever process they are. On a file all do. */
  lock?: string;
  /** For its turn and for each of its statements. Default: what a request waits for, 2 s; on a file 4 s for its turn. */
  timeoutMs?: number;
}

/**
 * A database: a SQLite file, or PostgreSQL. A statement outside a transaction is one by itself. The work of a
 * transaction uses `tx` and nothing else of the database: on a file it would wait for itself.
 */
export interface Database extends Statements {
  /** All or nothing. `work` may run again: it changes nothing outside. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Every query of the work sees the same state, and none may write. */
  snapshot<T>(work: (tx: Statements) => Promise<T>, options?: { timeoutMs?: number }): Promise<T>;
  close(): Promise<void>;
}
