import type { Clock } from './clock';

const KEPT = 1000;

/** One call as the list shows it: never a token, a code, a secret or a query. */
export interface CallEntry {
  /** ISO 8601, by the emulator's clock. */
  at: string;
  method: string;
  /** The endpoint's path, with `{…}` where a value stands in it. */
  path: string;
  /** `ok`, an errcode (`40078`, `88/40014`), a code of v1.0, an HTTP status, or `fault:<kind>`. */
  outcome: string;
}

/** Counts and lists the calls to DingTalk's endpoints, those that a fault answered included. */
export interface CallLog {
  /** Counts a call at once, so that an unanswered one is counted too. Returns a way to say how it ended. */
  begin(method: string, path: string): (outcome: string) => void;
  total(): number;
  byEndpoint(): Record<string, number>;
  /** The last 1000, oldest first. */
  recent(): CallEntry[];
  reset(): void;
}

/** Makes an empty log. */
export function createCallLog(clock: Clock): CallLog {
  const counts = new Map<string, number>();
  let entries: CallEntry[] = [];
  let total = 0;
  return {
    begin(method, path) {
      total += 1;
      counts.set(path, (counts.get(path) ?? 0) + 1);
      const entry = { at: new Date(clock.now()).toISOString(), method, path, outcome: 'pending' };
      entries.push(entry);
      if (entries.length > KEPT * 2) entries = entries.slice(-KEPT);
      return (outcome) => {
        entry.outcome = outcome;
      };
    },
    total: () => total,
    byEndpoint: () => Object.fromEntries(counts),
    recent: () => entries.slice(-KEPT).map((entry) => ({ ...entry })),
    reset() {
      counts.clear();
      entries = [];
      total = 0;
    },
  };
}
