import 'server-only';

/** Days and hours of a time zone. Times are Unix time in ms, days are written `2026-11-27`. */

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

/** Whether this machine knows a time zone by this name, such as `Asia/Shanghai`. */
export function isTimeZone(name: string): boolean {
  try {
    // An offset would not follow the law's changes of summer time.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** The day on which a moment is. */
export function localDay(at: number, timeZone: string): string {
  return new Date(at + offsetAt(at, timeZone)).toISOString().slice(0, 10);
}

/** The hour of a moment's day, 0 to 23. */
export function localHour(at: number, timeZone: string): number {
  return new Date(at + offsetAt(at, timeZone)).getUTCHours();
}

/** When a day begins; undefined for what is no day. */
export function startOfDay(day: string, timeZone: string): number | undefined {
  const written = /^[12]\d{3}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(written)) return undefined;
  // The offset in force shortly before that may be another one than on the day.
  const [before, after] = [
    written - offsetAt(written - DAY_MS / 2, timeZone),
    written - offsetAt(written + DAY_MS / 2, timeZone),
  ];
  // 30 February would be read as 2 March.
  return [Math.min(before, after), Math.max(before, after)].find((at) => localDay(at, timeZone) === day);
}

/** The day that many days later; earlier for a negative number. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the time zone's clock is ahead of UTC at a moment. */
function offsetAt(at: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
      ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
  return local - Math.floor(at / 1000) * 1000;
}
