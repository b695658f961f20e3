import 'server-only';
import type pg from 'pg';
import { within } from '../within';
import type { Parameter } from './database';
import { withoutNul } from './dialect';
import type { createSilence } from './silence';

/** The server's own deadline comes first, so that it is the server that ends a statement. */
const GRACE_MS = 500;

export type Session = ReturnType<typeof createSession>;

interface SessionOptions {
  /** When the connection was asked for: the wait is a part of the first deadline. */
  askedAt: number;
  silence: ReturnType<typeof createSilence>;
}

/** A connection for as long as it is lent. */
export function createSession(client: pg.PoolClient, { askedAt, silence }: SessionOptions) {
  let waitedMs = performance.now() - askedAt;
  let silent = false;
  let broken = false;

  async function answer<R>(query: Promise<R>, timeoutMs: number): Promise<R> {
    const leftMs = Math.max(1, timeoutMs + GRACE_MS - waitedMs);
    waitedMs = 0;
    // What is heard of it after its end, such as that it was broken off, is no answer.
    const answered = query.finally(() => {
      if (!silent) silence.noteAnswer();
    });
    return within(answered, leftMs, () => {
      silent = true;
      silence.noteSilence();
      throw new Error('the database did not answer in time');
    });
  }

  return {
    query: (sql: string, values: readonly Parameter[], timeoutMs: number) =>
      answer(client.query({ text: toNumbered(sql), values: values.map(toPlain) }), timeoutMs),
    /** Several statements, or one, without values. */
    script: (sql: string, timeoutMs: number): Promise<unknown> => answer(client.query(sql), timeoutMs),
    /** In an unknown state: it is closed, not used again. */
    breakOff: () => {
      broken = true;
    },
    isSpent: () => broken || silent,
    isSilent: () => silent,
    giveBack: () => client.release(broken || silent),
  };
}

const numbered = new Map<string, string>();

/** `?` as PostgreSQL has it: `$1`, `$2` … Texts in quotes stay as they are. */
function toNumbered(sql: string): string {
  const known = numbered.get(sql);
  if (known !== undefined) return known;
  let count = 0;
  const text = sql.replace(/'(?:[^']|'')*'|\?/g, (found) => (found === '?' ? `$${++count}` : found));
  numbered.set(sql, text);
  return text;
}

function toPlain(value: Parameter): unknown {
  return typeof value === 'string' ? withoutNul(value) : value;
}
