import 'server-only';
import { within } from '../within';
import type { Statements, Transaction } from './database';

/** Between two waits for the disk: durable transactions that come meanwhile share the next one. */
const GROUP_MS = 10;
/** What is locked for one is locked for all of them; other processes wait for it. */
const MAX_GROUP = 50;

/** One at a time, in the order in which they came. @throws where the turn does not come in time */
export function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return async function inTurn<T>(timeoutMs: number, work: (giveUpAt: number) => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + timeoutMs;
    const before = last;
    let end = (): void => undefined;
    last = new Promise<void>((resolve) => {
      end = resolve;
    });
    let isTurn = false;
    const turn = before.then(() => {
      isTurn = true;
    });
    await within(turn, timeoutMs);
    if (!isTurn) {
      // Those behind still wait for the one before.
      void turn.then(end);
      throw new Error('the database is busy: the turn of a write did not come');
    }
    try {
      return await work(giveUpAt);
    } finally {
      end();
    }
  };
}

interface Waiting {
  work(tx: Transaction): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Durable transactions that come together become one, each in a savepoint of its own.
 *
 * @param transact runs a durable transaction
 */
export function createGroup(transact: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>) {
  const waiting: Waiting[] = [];
  let isScheduled = false;
  let wroteAt = Number.NEGATIVE_INFINITY;

  function schedule(): void {
    isScheduled = true;
    setTimeout(write, Math.max(0, wroteAt + GROUP_MS - performance.now()));
  }

  async function write(): Promise<void> {
    const members = waiting.splice(0, MAX_GROUP);
    try {
      const outcomes = await transact((tx) => runAll(tx, members));
      for (const [index, { resolve, reject }] of members.entries()) {
        const outcome = outcomes[index]!;
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value);
      }
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
    wroteAt = performance.now();
    isScheduled = false;
    if (waiting.length > 0) schedule();
  }

  return <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      if (!isScheduled) schedule();
    });
}

type Outcome = { value: unknown } | { error: unknown };

async function runAll(tx: Transaction, members: readonly Waiting[]): Promise<Outcome[]> {
  const [only] = members;
  if (members.length === 1 && only) return [{ value: await only.work(tx) }];
  const outcomes: Outcome[] = [];
  await tx.script('SAVEPOINT member');
  for (const { work } of members) {
    try {
      outcomes.push({ value: await work(tx) });
    } catch (error) {
      // Where the connection itself is gone this fails too, and with it the whole group.
      await tx.script('ROLLBACK TO SAVEPOINT member');
      outcomes.push({ error });
    }
    await tx.script('RELEASE SAVEPOINT member; SAVEPOINT member');
  }
  return outcomes;
}

/** Statements that fail once the transaction is over. */
export function endable<S extends Statements>(statements: S): { tx: S; end(): void } {
  let over = false;
  const guarded = new Proxy(statements, {
    get(target, name, receiver) {
      if (over) throw new Error('the transaction is over: a statement of it was not awaited');
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return {
    tx: guarded,
    end: () => {
      over = true;
    },
  };
}
