import type { Clock } from './clock';

/** Counts the calls of the app to each API within one second of the clock. */
export interface RateLimit {
  /** Counts a call. True when it is one more than `qps` allow in this second. */
  exceeds(api: string, qps: number): boolean;
  reset(): void;
}

/** @see https://open.dingtalk.com/document/orgapp/api-call-frequency-limit */
export function createRateLimit(clock: Clock): RateLimit {
  const windows = new Map<string, { second: number; count: number }>();
  return {
    exceeds(api, qps) {
      const second = Math.floor(clock.now() / 1000);
      const window = windows.get(api);
      if (window?.second !== second) {
        windows.set(api, { second, count: 1 });
        return false;
      }
      window.count += 1;
      return window.count > qps;
    },
    reset: () => windows.clear(),
  };
}
