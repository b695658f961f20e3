import { setTimeout as delay } from 'node:timers/promises';

/**
 * Starts actions at a fixed rate, whether or not the earlier ones are done: who is slow cannot make the load lighter.
 * An action that is late says so itself.
 */
export async function pace<T>(
  { count, perSecond }: { count: number; perSecond: number },
  action: (index: number) => Promise<T>,
): Promise<T[]> {
  const started = performance.now();
  const running: Promise<T>[] = [];
  for (let index = 0; index < count; index++) {
    const due = started + (index * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 1) await delay(wait);
    running.push(action(index));
  }
  return Promise.all(running);
}

/** The value below which this share of the values lies; of an even number of values the upper middle one. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
