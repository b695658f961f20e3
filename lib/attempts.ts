import 'server-only';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from './errors';
import { outsideRequest, processWide } from './process-wide';

/** Failed sign-ins of one client in a window. An invented code costs the company one call of DingTalk's. */
const MAX_FAILURES = 20;
/** Failed sign-ins of everybody together: above the first, clients that failed before are turned away; above the second, all but those that have ever succeeded. */
const WARY_ABOVE = 150;
const CLOSED_ABOVE = 280;
const WINDOW_SECONDS = 60;
/** Failures and sign-ins under way together: what clients that never succeeded may cost in a window, burst or not. */
const MAX_STRANGERS = 300;
/** How many may wait behind one address, or for all the strangers: an office, not an attack. */
const MAX_WAITING = 400;
const EVERYBODY = 'everybody';

export interface AttemptOptions {
  /** Whether an error is the client's fault and counts. */
  isFailure(error: unknown): boolean;
  signal?: AbortSignal | undefined;
}

export interface Attempts {
  /**
   * Runs a sign-in of a client, if it may still try. Successes are free, however many; a client may have as many
   * sign-ins under way as it has failures left, so that a burst of invented codes cannot outrun the count, and so
   * may all clients together that have never succeeded.
   *
   * @throws AppError `too-many-attempts`, or `overloaded` when `signal` ends the wait for a turn
   */
  run<T>(client: string, options: AttemptOptions, action: () => Promise<T>): Promise<T>;
}

/** Sign-ins under way, and those that wait until there are fewer. */
interface Line {
  /** Everyone between coming and going: a line that nobody uses is forgotten. */
  users: number;
  underWay: number;
  waiting: (() => void)[];
}

/** Waits until somebody in the line is done. @throws AppError `overloaded` when the signal comes first */
function turn(line: Line, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = () => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = () => {
      line.waiting = line.waiting.filter((other) => other !== go);
      reject(new AppError('overloaded'));
    };
    if (signal?.aborted) return reject(new AppError('overloaded'));
    line.waiting.push(go);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** In memory; give the limiter another store of rate-limiter-flexible to share the count between instances. */
export function createAttempts(): Attempts {
  const limiter = new RateLimiterMemory({ points: MAX_FAILURES, duration: WINDOW_SECONDS });
  const known = new LRUCache<string, true>({ max: 50_000, ttl: 24 * 3600 * 1000 });
  const lines = new Map<string, Line>();

  async function failuresOf(key: string) {
    const state = await limiter.get(key);
    return { count: state?.consumedPoints ?? 0, msLeft: state?.msBeforeNext ?? WINDOW_SECONDS * 1000 };
  }

  /** How many more failures the client, and all strangers, may have. @throws AppError when it may have none */
  async function failuresLeft(client: string): Promise<{ own: number; strangers: number }> {
    const [own, all] = await Promise.all([failuresOf(client), failuresOf(EVERYBODY)]);
    const refuse = (msLeft: number) =>
      new AppError('too-many-attempts', { retryAfterSeconds: Math.max(1, Math.ceil(msLeft / 1000)) });
    if (own.count >= MAX_FAILURES) throw refuse(own.msLeft);
    const left = MAX_FAILURES - own.count;
    if (known.has(client)) return { own: left, strangers: Number.POSITIVE_INFINITY };
    if (all.count >= CLOSED_ABOVE || (all.count >= WARY_ABOVE && own.count > 0)) throw refuse(all.msLeft);
    return { own: left, strangers: MAX_STRANGERS - all.count };
  }

  /** Waits for a place in a line, and gives it back at the end. */
  async function inLine<T>(
    key: string,
    signal: AbortSignal | undefined,
    places: () => Promise<number>,
    action: () => Promise<T>,
  ): Promise<T> {
    const line = lines.get(key) ?? { users: 0, underWay: 0, waiting: [] };
    lines.set(key, line);
    line.users++;
    try {
      for (;;) {
        const left = await places();
        if (line.underWay < left) break;
        if (line.waiting.length >= MAX_WAITING)
          throw new AppError('too-many-attempts', { retryAfterSeconds: 5 });
        await turn(line, signal);
      }
      line.underWay++;
      try {
        return await action();
      } finally {
        line.underWay--;
      }
    } finally {
      // The woken one looks at the count again, and passes the word on when it is refused.
      line.waiting.shift()?.();
      if (--line.users === 0) lines.delete(key);
    }
  }

  /** A timer ends the window. */
  const penalize = (key: string) => limiter.penalty(key);

  async function attempt<T>(
    client: string,
    isFailure: (error: unknown) => boolean,
    action: () => Promise<T>,
  ): Promise<T> {
    try {
      const value = await action();
      known.set(client, true);
      return value;
    } catch (error) {
      if (isFailure(error)) await outsideRequest(() => Promise.all([client, EVERYBODY].map(penalize)));
      throw error;
    }
  }

  return {
    run(client, { isFailure, signal }, action) {
      const own = async () => (await failuresLeft(client)).own;
      const strangers = async () => (await failuresLeft(client)).strangers;
      return inLine(client, signal, own, () => {
        const mine = () => attempt(client, isFailure, action);
        return known.has(client) ? mine() : inLine(EVERYBODY, signal, strangers, mine);
      });
    },
  };
}

/** The attempts of this process. */
export const attempts = processWide('attempts', createAttempts);
