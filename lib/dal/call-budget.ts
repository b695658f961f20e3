import 'server-only';
import { singleton } from '../singleton';

/** Counts in fixed windows: no timer and no closure of a request stays behind. */
interface Window {
  hasRoom(key: string): boolean;
  count(key: string): void;
}

/** What pages may ask DingTalk beside sign-ins, which share its 20 calls a second with them. */
export interface CallBudget {
  /** @returns whether a page of this member may ask DingTalk once more; if so, that counts */
  take(userId: string): boolean;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Everybody's pages together. */
const PER_SECOND = 4;
const PER_HOUR = 3600;
/** One member's. A question can cost DingTalk up to three calls: with a new token, and asked again. */
const MEMBER_PER_MINUTE = 15;
const MEMBER_PER_DAY = 300;
const EVERYBODY = '';

/** @param now milliseconds on a clock that never jumps */
export function createCallBudget(now: () => number = () => performance.now()): CallBudget {
  const member = [
    createWindow(MINUTE_MS, MEMBER_PER_MINUTE, now),
    createWindow(24 * HOUR_MS, MEMBER_PER_DAY, now),
  ];
  const everybody = [createWindow(SECOND_MS, PER_SECOND, now), createWindow(HOUR_MS, PER_HOUR, now)];
  return {
    take(userId) {
      const windows = [
        ...member.map((window) => ({ window, key: userId })),
        ...everybody.map((window) => ({ window, key: EVERYBODY })),
      ];
      // What one of them refuses counts in none.
      if (!windows.every(({ window, key }) => window.hasRoom(key))) return false;
      for (const { window, key } of windows) window.count(key);
      return true;
    },
  };
}

function createWindow(lengthMs: number, most: number, now: () => number): Window {
  let startedAt = now();
  let counts = new Map<string, number>();
  return {
    hasRoom(key) {
      if (now() - startedAt >= lengthMs) {
        startedAt = now();
        counts = new Map();
      }
      return (counts.get(key) ?? 0) < most;
    },
    count(key) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  };
}

/** The budget of this process. */
export const callBudget = singleton('call-budget', () => createCallBudget());
