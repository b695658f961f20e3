import 'server-only';
import { singleton } from '../singleton';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** A question can cost DingTalk up to three calls: with a new token, and asked again. */
const PAGES = { perSecond: 4, perHour: 3600, memberPerMinute: 15, memberPerDay: 300 };
/** Each of them is one of the company's few thousand calls of a month. */
const CALENDAR = { perSecond: 15, perHour: 600, memberPerMinute: 12, memberPerDay: 60 };
const ALL = '';

/**
 * How many calls pages may send to DingTalk beside sign-ins, which share its 20 calls a second with them.
 *
 * @param now milliseconds on a clock that never jumps
 */
export function createCallBudget(now: () => number = () => performance.now(), limits = PAGES) {
  const member = [
    createWindow(MINUTE_MS, limits.memberPerMinute, now),
    createWindow(24 * HOUR_MS, limits.memberPerDay, now),
  ];
  const all = [createWindow(SECOND_MS, limits.perSecond, now), createWindow(HOUR_MS, limits.perHour, now)];
  return {
    /** @returns whether a page of this member may send one more call; if so, it counts */
    take(userId: string): boolean {
      // What one of them refuses counts in none.
      if (!member.every((window) => window.hasRoom(userId)) || !all.every((window) => window.hasRoom(ALL)))
        return false;
      for (const window of member) window.count(userId);
      for (const window of all) window.count(ALL);
      return true;
    },
  };
}

/** Counts in a fixed window: no timer and no closure of a request stays behind. */
function createWindow(lengthMs: number, most: number, now: () => number) {
  let startedAt = now();
  let counts = new Map<string, number>();
  return {
    hasRoom(key: string): boolean {
      if (now() - startedAt >= lengthMs) {
        startedAt = now();
        counts = new Map();
      }
      return (counts.get(key) ?? 0) < most;
    },
    count(key: string): void {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}

/** The budget of this process's pages. */
export const callBudget = singleton('call-budget', () => createCallBudget());

/** The budget of this process's calendar pages, whose calls count against the company's quota. */
export const calendarBudget = singleton('calendar-budget', () => createCallBudget(undefined, CALENDAR));
