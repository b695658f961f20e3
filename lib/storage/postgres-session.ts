import 'server-only';
import type pg from 'pg';
import { within } from '../within';
import type { Parameter } from './database';
import { cleanText, toNumbered } from './dialect';
import { type Silence, SilentError } from './silence';

/** The server's own deadline comes first, so that it is the server that ends a statement. */
const GRACE_MS = 500;
const UNREAD_MS = 50;

export type Session = ReturnType<typeof createSession>;

/**
 * A connection for as long as it is lent.
 *
 * @param askedAt when it was asked for, by `process.hrtime`: the wait is a part of the first deadline
 * @param requestMs what has a longer deadline goes on where the server is found silent
 */
export function createSession(
  client: pg.PoolClient,
  { askedAt, silence, requestMs }: { askedAt: bigint; silence: Silence; requestMs: number },
) {
  let waitedMs = Number(process.hrtime.bigint() - askedAt) / 1e6;
  let silent = false;
  let broken = false;

  async function answer<R>(query: Promise<R>, timeoutMs: number): Promise<R> {
    const leftMs = Math.max(1, timeoutMs + GRACE_MS - waitedMs);
    waitedMs = 0;
    const giveUp = (): never => {
      silence.note();
      throw new SilentError();
    };
    // Where this process itself was busy for so long, the answer may lie there, unread.
    const inTime = within(query, leftMs, () => within(query, UNREAD_MS, giveUp));
    try {
      return await (timeoutMs > requestMs ? inTime : silence.untilFound(inTime));
    } catch (error) {
      silent ||= error instanceof SilentError;
      throw error;
    }
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

function toPlain(value: Parameter): unknown {
  return typeof value === 'string' ? cleanText(value) : value;
}
