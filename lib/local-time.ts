import 'server-only';
import { isDate, toInstant, toWallTime } from './dingtalk/time-zone';

/** Days and hours of a time zone. Times are Unix time in ms, days are written `2026-11-27`. @see dingtalk/time-zone.ts */

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** The day on which a moment is. */
export function localDay(at: number, timeZone: string): string {
  return toWallTime(at, timeZone).slice(0, 10);
}

/** The hour of a moment's day, 0 to 23. */
export function localHour(at: number, timeZone: string): number {
  return Number(toWallTime(at, timeZone).slice(11, 13));
}

/** When a day begins; undefined for what is no day, or for one that the time zone skipped. */
export function startOfDay(day: string, timeZone: string): number | undefined {
  const at = isDate(day) ? toInstant(day, timeZone) : undefined;
  return at !== undefined && localDay(at, timeZone) === day ? at : undefined;
}
