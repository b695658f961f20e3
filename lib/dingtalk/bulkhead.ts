import { DingTalkError } from './errors';

const MAX_IN_FLIGHT = 20;
const MAX_WAITING = 200;

/** Limits the calls under way and the calls that wait for one of them to end. */
export interface Bulkhead {
  /** @throws DingTalkError `too-many-in-flight`, or `waited-too-long` when `signal` ends the wait */
  run<T>(api: string, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T>;
}

export function createBulkhead(): Bulkhead {
  let inFlight = 0;
  const waiting = new Set<() => void>();

  async function acquire(api: string, signal: AbortSignal | undefined): Promise<void> {
    const refusal = (code: string) =>
      new DingTalkError('unreachable', { api, code, mayHaveHadEffect: false });
    if (signal?.aborted) throw refusal('waited-too-long');
    if (inFlight < MAX_IN_FLIGHT) {
      inFlight++;
      return;
    }
    if (waiting.size >= MAX_WAITING) throw refusal('too-many-in-flight');
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(start);
        reject(refusal('waited-too-long'));
      };
      waiting.add(start);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Passes the place to the call that waits longest, so that the count does not change. */
  function release(): void {
    const [next] = waiting;
    if (next === undefined) {
      inFlight--;
    } else {
      waiting.delete(next);
      next();
    }
  }

  return {
    async run(api, signal, action) {
      await acquire(api, signal);
      try {
        return await action();
      } finally {
        release();
      }
    },
  };
}
