import 'server-only';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from './errors';
import { processWide } from './process-wide';

/** Failed sign-ins of one client in a window. An invented code costs the company one call of DingTalk's. */
const MAX_FAILURES = 20;
/** Failed sign-ins of everybody together: above the first, clients that failed before are turned away; above the second, all but those that have ever succeeded. */
const WARY_ABOVE = 150;
const CLOSED_ABOVE = 280;
const WINDOW_SECONDS = 60;
/** How many may wait behind one address: an office, not an attack. */
const MAX_WAITING = 400;
const EVERYBODY = 'everybody';

export interface Attempts {
  /**
   * Runs a sign-in of a client, if it may still try. Successes are free, however many; a client may have as many
   * sign-ins under way as it has failures left, so that a burst of invented codes cannot outrun the count.
   *
   * @param isFailure whether an error is the client's fault and counts
   * @throws AppError `too-many-attempts`
   */
  run<T>(client: string, isFailure: (error: unknown) => boolean, action: () => Promise<T>): Promise<T>;
}

/** In memory; give the limiter another store of rate-limiter-flexible to share the count between instances. */
export function createAttempts(): Attempts {
  const limiter = new RateLimiterMemory({ points: MAX_FAILURES, duration: WINDOW_SECONDS });
  const known = new LRUCache<string, true>({ max: 50_000, ttl: 24 * 3600 * 1000 });
  const lines = new Map<string, { underWay: number; waiting: (() => void)[] }>();

  async function failuresOf(key: string) {
    const state = await limiter.get(key);
    return { count: state?.consumedPoints ?? 0, msLeft: state?.msBeforeNext ?? WINDOW_SECONDS * 1000 };
  }

  /** How many more failures the client may have. @throws AppError when none */
  async function failuresLeft(client: string): Promise<number> {
    const [own, all] = await Promise.all([failuresOf(client), failuresOf(EVERYBODY)]);
    const refuse = (msLeft: number) =>
      new AppError('too-many-attempts', { retryAfterSeconds: Math.max(1, Math.ceil(msLeft / 1000)) });
    if (own.count >= MAX_FAILURES) throw refuse(own.msLeft);
    if (!known.has(client)) {
      if (all.count >= CLOSED_ABOVE || (all.count >= WARY_ABOVE && own.count > 0)) throw refuse(all.msLeft);
    }
    return MAX_FAILURES - own.count;
  }

  async function enter(client: string): Promise<void> {
    const line = lines.get(client) ?? { underWay: 0, waiting: [] };
    lines.set(client, line);
    try {
      for (;;) {
        const left = await failuresLeft(client);
        if (line.underWay < left) break;
        if (line.waiting.length >= MAX_WAITING)
          throw new AppError('too-many-attempts', { retryAfterSeconds: 5 });
        await new Promise<void>((resolve) => line.waiting.push(resolve));
      }
    } catch (error) {
      wakeNext(client);
      throw error;
    }
    line.underWay++;
  }

  /** The woken one looks at the count again, and passes the word on when it is refused. */
  function wakeNext(client: string): void {
    const line = lines.get(client);
    line?.waiting.shift()?.();
    if (line && line.underWay === 0 && line.waiting.length === 0) lines.delete(client);
  }

  function leave(client: string): void {
    const line = lines.get(client);
    if (line) line.underWay--;
    wakeNext(client);
  }

  return {
    async run(client, isFailure, action) {
      await enter(client);
      try {
        const value = await action();
        known.set(client, true);
        return value;
      } catch (error) {
        if (isFailure(error)) {
          await Promise.all([limiter.penalty(client), limiter.penalty(EVERYBODY)]);
        }
        throw error;
      } finally {
        leave(client);
      }
    },
  };
}

/** The attempts of this process. */
export const attempts = processWide('attempts', createAttempts);
