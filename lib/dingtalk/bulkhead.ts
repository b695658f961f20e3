import { DingTalkError } from './errors';

const MAX_IN_FLIGHT = 20;
const MAX_WAITING = 200;

/** Lets a bounded number of calls be under way and a bounded number wait; the next one is told that we are busy. */
export interface Bulkhead {
  /** @throws DingTalkError `too-many-in-flight`, or `waited-too-long` when `signal` ends the wait */
  run<T>(api: string, signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T>;
}

export function createBulkhead(): Bulkhead {
  let inFlight = 0;
  const waiting = new Set<() => void>();

  async function enter(api: string, signal: AbortSignal | undefined): Promise<void> {
    const refusal = (code: string) =>
      new DingTalkError('unreachable', { api, code, mayHaveHadEffect: false });
    if (signal?.aborted) throw refusal('waited-too-long');
    if (inFlight < MAX_IN_FLIGHT) {
      inFlight++;
      return;
    }
    if (waiting.size >= MAX_WAITING) throw refusal('too-many-in-flight');
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(turn);
        reject(refusal('waited-too-long'));
      };
      waiting.add(turn);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Hands the place to whoever waits longest, so that the count does not change. */
  function leave(): void {
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
      await enter(api, signal);
      try {
        return await action();
      } finally {
        leave();
      }
    },
  };
}
