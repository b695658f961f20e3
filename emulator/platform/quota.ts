import type { Clock } from './clock';

/** What counts against the company's calls of a month. */
export interface Quota {
  /** Counts a call. False when the month has none left: then it does not count. */
  take(limit: number | null): boolean;
  /** Calls of this month that count. */
  used(): number;
  reset(): void;
}

/** @see https://open.dingtalk.com/document/orgapp/api-call-quota */
export function createQuota(clock: Clock): Quota {
  const counts = new Map<string, number>();
  const month = () => new Date(clock.now() + 8 * 3_600_000).toISOString().slice(0, 7);
  return {
    take(limit) {
      const used = counts.get(month()) ?? 0;
      if (limit !== null && used >= limit) return false;
      counts.set(month(), used + 1);
      return true;
    },
    used: () => counts.get(month()) ?? 0,
    reset: () => counts.clear(),
  };
}
