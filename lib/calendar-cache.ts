import 'server-only';
import { LRUCache } from 'lru-cache';
import type { CalendarEvent } from './dingtalk/calendar-event';
import { singleton } from './singleton';

/** What this process remembers of calendars: each question to DingTalk is one of the month's few thousand calls. */

/** Where DingTalk reports changes, they are known sooner; elsewhere a page is at most so old. */
const REMEMBERED_MS = 5 * 60_000;
const MAX_REMEMBERED = 5000;

interface Remembered {
  unionId: string;
  /** When it was asked for, Unix time in ms. */
  asOf: number;
}
export interface RememberedAgenda extends Remembered {
  events: CalendarEvent[];
  isWhole: boolean;
}
export interface RememberedBusy extends Remembered {
  spans: { start: number; end: number }[] | undefined;
}

const create = <T extends object>() => new LRUCache<string, T>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

/** By person and window. */
export const agendas = singleton('calendar-agendas', () => create<RememberedAgenda>());
export const busyTimes = singleton('calendar-busy', () => create<RememberedBusy>());

/** Their calendars have changed, or will in a moment. */
export function forgetCalendars(unionIds: readonly string[]): void {
  const changed = new Set(unionIds);
  for (const cache of [agendas(), busyTimes()]) {
    for (const [key, { unionId }] of cache.entries()) if (changed.has(unionId)) cache.delete(key);
  }
}
