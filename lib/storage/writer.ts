import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { type Database, isBusy } from './sqlite';

/** How long a write waits for those of other processes. */
const WRITE_TIMEOUT_MS = 4000;
/** Between two waits for the disk: durable writes that come meanwhile share the next one. */
const GROUP_MS = 10;
const DELETED_AT_ONCE = 500;
const PAUSE_MS = 20;

/** Writes that wait for other processes without blocking the event loop. */
interface Writer {
  write<T>(action: () => T): Promise<T>;
  /** As `write`, and on the disk when it resolves. Actions that come together share a transaction, and fail together. */
  writeDurably<T>(action: () => T): Promise<T>;
  /**
   * Deletes rows in chunks: one statement would block the event loop, and other processes, for as long as it takes.
   *
   * @param where a condition with `?` for the values
   */
  deleteAll(table: string, where: string, ...values: (string | number)[]): Promise<void>;
}

/** What a store is made of. */
export interface StoreParts {
  db: Database;
  writer: Writer;
  /** Unix time in ms. */
  now: () => number;
}

interface Waiting {
  action: () => unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** @param assertUsable called before each attempt; what it throws fails the write */
export function createWriter(db: Database, assertUsable: () => void = () => undefined): Writer {
  const attempt = <T>(transaction: (action: () => T) => T, action: () => T) =>
    whileBusy(() => {
      assertUsable();
      return transaction(action);
    });
  const write = <T>(action: () => T) => attempt(db.write<T>, action);

  let group: Waiting[] = [];
  let wroteAt = Number.NEGATIVE_INFINITY;

  async function writeGroup(): Promise<void> {
    const waiting = group;
    group = [];
    try {
      const values = await attempt(db.writeDurably<unknown[]>, () => waiting.map(({ action }) => action()));
      for (const [index, { resolve }] of waiting.entries()) resolve(values[index]);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    } finally {
      wroteAt = performance.now();
    }
  }

  return {
    write,
    writeDurably<T>(action: () => T) {
      return new Promise<T>((resolve, reject) => {
        group.push({ action, resolve: resolve as (value: unknown) => void, reject });
        if (group.length === 1) setTimeout(writeGroup, Math.max(0, wroteAt + GROUP_MS - performance.now()));
      });
    },
    async deleteAll(table, where, ...values) {
      const sql = `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${where} LIMIT ${DELETED_AT_ONCE})`;
      while ((await write(() => db.run(sql, ...values))) === DELETED_AT_ONCE) await delay(PAUSE_MS);
    },
  };
}

/** Tries again while another connection is writing. @throws what the last attempt threw, after `WRITE_TIMEOUT_MS` */
async function whileBusy<T>(action: () => T): Promise<T> {
  for (const giveUpAt = performance.now() + WRITE_TIMEOUT_MS; ; ) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error;
      await delay(5 + Math.random() * 20);
    }
  }
}
