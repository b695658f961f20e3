import 'server-only';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors';
import { outsideRequest, singleton } from '../singleton';
import { recordsDatabase } from '../storage/databases';
import { type LimiterFactory, sharedLimiter } from './failure-limiter';

/**
 * Failed sign-ins of one client, and of all clients of one network, in each window. An invented code costs the company
 * one call of DingTalk's, and those of a month are counted.
 */
const WINDOWS = [
  { seconds: 60, perClient: 20, perNetwork: 40 },
  { seconds: 3600, perClient: 100, perNetwork: 200 },
] as const;
/** Failed sign-ins of all clients together in a minute: above the first, clients that failed before are turned away; above the second, all but those that have ever succeeded. */
const SOFT_LIMIT = 150;
const HARD_LIMIT = 280;
/** Failures and sign-ins under way together: what clients that never succeeded may cost in a window, burst or not. */
const CONCURRENCY_LIMIT = 300;
/** How many may wait behind one address, or for all clients that never succeeded: an office, not an attack. */
const MAX_WAITING = 400;
const EVERYBODY = 'everybody';
/** How long a client counts as one that has succeeded. */
const KNOWN_SECONDS = 24 * 3600;

export interface AttemptOptions {
  /** Whether an error is the client's fault and counts. */
  isFailure(error: unknown): boolean;
  /**
   * Whether DingTalk was asked about the code and gave no answer. It may have been invented, and the question is spent:
   * of a client that never succeeded it counts among those of everybody, though not against the client.
   */
  isUnanswered(error: unknown): boolean;
  signal?: AbortSignal | undefined;
  /** A larger network that the client belongs to. */
  network?: string | undefined;
  /** A device that has succeeded before: it is counted by itself, whatever others do from its address. */
  device?: string | undefined;
}

export type Attempts = ReturnType<typeof createAttempts>;

/** Sign-ins under way, and those that wait until there are fewer. */
interface Semaphore {
  /** Sign-ins under way or waiting: at 0 the semaphore is dropped. */
  users: number;
  underWay: number;
  waiting: (() => void)[];
}

/** Waits until one of the sign-ins under way ends. @throws AppError `overloaded` when the signal comes first */
function acquire(semaphore: Semaphore, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = () => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = () => {
      semaphore.waiting = semaphore.waiting.filter((other) => other !== go);
      reject(new AppError('overloaded'));
    };
    if (signal?.aborted) return reject(new AppError('overloaded'));
    semaphore.waiting.push(go);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/**
 * Failures, and the clients that have succeeded, are counted where `limiter` counts them: together with other processes.
 * What is under way is counted by each process by itself: a burst of invented codes may cost as many questions in each.
 */
export function createAttempts(limiter: LimiterFactory) {
  const windows = WINDOWS.map((window) => ({
    ...window,
    limiter: limiter(window.perClient, window.seconds),
  }));
  const [minute] = windows as [(typeof windows)[number]];
  const successes = limiter(1, KNOWN_SECONDS);
  const known = new LRUCache<string, true>({ max: 50_000, ttl: KNOWN_SECONDS * 1000 });
  const semaphores = new Map<string, Semaphore>();

  async function failuresIn({ limiter, seconds }: (typeof windows)[number], key: string) {
    const state = await limiter.get(key);
    return { count: state?.consumedPoints ?? 0, msLeft: state?.msBeforeNext ?? seconds * 1000 };
  }

  /** How many more failures a client or network may have. @throws AppError when it may have none */
  async function failuresLeft(key: string, share: 'perClient' | 'perNetwork'): Promise<number> {
    const left = windows.map(async (window) => {
      const { count, msLeft } = await failuresIn(window, key);
      if (count >= window[share]) throw tooMany(msLeft);
      return window[share] - count;
    });
    return Math.min(...(await Promise.all(left)));
  }

  /** How many more failures all clients may have that never succeeded. @throws AppError when this one may have none */
  async function newClientsLeft(client: string): Promise<number> {
    const [own, all] = await Promise.all([failuresIn(minute, client), failuresIn(minute, EVERYBODY)]);
    if (all.count >= HARD_LIMIT || (all.count >= SOFT_LIMIT && own.count > 0)) throw tooMany(all.msLeft);
    return CONCURRENCY_LIMIT - all.count;
  }

  /** Runs an action while it holds a place of the semaphore. @param places how many there are at this moment */
  async function limited<T>(
    key: string,
    signal: AbortSignal | undefined,
    places: () => Promise<number>,
    action: () => Promise<T>,
  ): Promise<T> {
    const semaphore = semaphores.get(key) ?? { users: 0, underWay: 0, waiting: [] };
    semaphores.set(key, semaphore);
    semaphore.users++;
    try {
      for (;;) {
        const left = await places();
        if (semaphore.underWay < left) break;
        if (semaphore.waiting.length >= MAX_WAITING)
          throw new AppError('too-many-attempts', { retryAfterSeconds: 5 });
        await acquire(semaphore, signal);
      }
      semaphore.underWay++;
      try {
        return await action();
      } finally {
        semaphore.underWay--;
      }
    } finally {
      // The woken one reads the count again, and wakes the next when it is refused.
      semaphore.waiting.shift()?.();
      if (--semaphore.users === 0) semaphores.delete(key);
    }
  }

  /** Whether a client has succeeded before, here or in another process. */
  async function isKnown(client: string, { device }: AttemptOptions): Promise<boolean> {
    if (device !== undefined || known.has(client)) return true;
    if (!(await successes.get(client))) return false;
    known.set(client, true);
    return true;
  }

  function noteSuccess(client: string): void {
    if (known.has(client)) return;
    known.set(client, true);
    // Nobody waits for it: other processes learn that a client is known a moment later.
    void outsideRequest(() => successes.set(client, 1, KNOWN_SECONDS)).catch(() => undefined);
  }

  async function attempt<T>(client: string, options: AttemptOptions, action: () => Promise<T>): Promise<T> {
    const { isFailure, isUnanswered, network } = options;
    try {
      const value = await action();
      if (options.device === undefined) noteSuccess(client);
      return value;
    } catch (error) {
      if (isFailure(error)) await count([client, ...(network === undefined ? [] : [network])]);
      else if (isUnanswered(error) && !(await isKnown(client, options))) await count([]);
      throw error;
    }
  }

  /** Of everybody together only the minute is asked for. */
  async function count(keys: string[]): Promise<void> {
    await outsideRequest(() =>
      Promise.all([
        minute.limiter.penalty(EVERYBODY),
        ...windows.flatMap(({ limiter }) => keys.map((key) => limiter.penalty(key))),
      ]),
    );
  }

  return {
    /**
     * Runs a sign-in of a client, if it may still try. Successes are free, however many; a client may have as many
     * sign-ins under way as it has failures left, so that a burst of invented codes cannot outrun the count, and so
     * may all clients together that have never succeeded.
     *
     * @throws AppError `too-many-attempts`, or `overloaded` when `signal` ends the wait for a place
     */
    run<T>(address: string, options: AttemptOptions, action: () => Promise<T>): Promise<T> {
      const { signal, network, device } = options;
      const client = device === undefined ? address : `device ${device}`;
      const own = () => failuresLeft(client, 'perClient');
      const counted = () => attempt(client, options, action);
      const asNewClient = () =>
        limited(EVERYBODY, signal, () => own().then(() => newClientsLeft(client)), counted);
      return limited(client, signal, own, async () => {
        if (await isKnown(client, options)) return counted();
        if (network === undefined) return asNewClient();
        return limited(network, signal, () => failuresLeft(network, 'perNetwork'), asNewClient);
      });
    },
  };
}

function tooMany(msLeft: number): AppError {
  return new AppError('too-many-attempts', { retryAfterSeconds: Math.max(1, Math.ceil(msLeft / 1000)) });
}

/** The attempts of this process, counted with those of others. */
export const attempts = singleton('attempts', () => createAttempts(sharedLimiter(recordsDatabase())));
