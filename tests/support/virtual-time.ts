import { setImmediate as turn } from 'node:timers/promises';

/** A clock that stands still until it is wound on: an hour of timers in a second. */
export function createVirtualTime() {
  let now = 0;
  let lastId = 0;
  const due = new Map<number, { at: number; run: () => void }>();

  function next(until: number): [number, { at: number; run: () => void }] | undefined {
    let found: [number, { at: number; run: () => void }] | undefined;
    for (const entry of due) if (entry[1].at <= until && (!found || entry[1].at < found[1].at)) found = entry;
    return found;
  }

  return {
    now: () => now,
    timers: {
      set(run: () => void, ms: number): unknown {
        lastId += 1;
        due.set(lastId, { at: now + ms, run });
        return lastId;
      },
      clear: (timer: unknown) => void due.delete(timer as number),
    },
    /** Timers that wait. */
    pending: () => due.size,
    /** Winds on, timer by timer; promises settle between them. */
    async advance(ms: number): Promise<void> {
      const until = now + ms;
      await turn();
      for (let entry = next(until); entry; entry = next(until)) {
        due.delete(entry[0]);
        now = Math.max(now, entry[1].at);
        entry[1].run();
        await turn();
      }
      now = until;
    },
  };
}

export type VirtualTime = ReturnType<typeof createVirtualTime>;
