import 'server-only';
import { LRUCache } from 'lru-cache';
import type { Agenda, Window } from './dingtalk/calendar-agenda';
import type { Busy } from './dingtalk/calendar-busy';
import { singleton } from './singleton';

/** What this process remembers of calendars: each question to DingTalk is one of the month's few thousand calls. */

/** Where DingTalk reports changes, they are known sooner; elsewhere a page is at most so old. */
const REMEMBERED_MS = 5 * 60_000;
const MAX_REMEMBERED = 5000;

/** With when it was asked for, Unix time in ms. */
export type RememberedAgenda = Agenda & { unionId: string; asOf: number };
export type RememberedBusy = Busy & { asOf: number };

const create = <T extends object>() => new LRUCache<string, T>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

/** The key of both: person and window. */
export function calendarKey(unionId: string, { from, until, timeZone }: Window): string {
  return JSON.stringify([unionId, from, until, timeZone]);
}

export const agendas = singleton('calendar-agendas', () => create<RememberedAgenda>());
export const busyTimes = singleton('calendar-busy', () => create<RememberedBusy>());

/** Their calendars have changed, or will in a moment. */
export function forgetCalendars(unionIds: readonly string[]): void {
  const changed = new Set(unionIds);
  for (const cache of [agendas(), busyTimes()]) {
    for (const [key, { unionId }] of cache.entries()) if (changed.has(unionId)) cache.delete(key);
  }
}
