/** Wall-clock time in a time zone: dates are `yyyy-MM-dd`, times `yyyy-MM-ddTHH:mm:ss`, instants Unix time in ms. */

const HOUR_MS = 3_600_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** @param name such as `Asia/Shanghai` */
export function isTimeZone(name: string): boolean {
  // Node takes offsets such as `+08:00` too, DingTalk does not.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatIn(name);
    return true;
  } catch {
    return false;
  }
}

/** The wall clock at an instant. @param timeZone an IANA name @throws RangeError for another one */
export function toWallTime(at: number, timeZone: string): string {
  return new Date(at + offsetAt(at, timeZone)).toISOString().slice(0, 19);
}

/**
 * The instant of a wall-clock time. One that the zone skips is taken by the offset before the change, one that comes
 * twice is the first.
 *
 * @param wall `yyyy-MM-dd`, or with `THH:mm`, or with seconds
 * @throws RangeError when it is no time
 */
export function toInstant(wall: string, timeZone: string): number {
  const asUtc = Date.parse(`${wall}${wall.length === 10 ? 'T00:00' : ''}Z`);
  // 30 February is read as 2 March.
  const isTime = /^[\d-]{10}(T\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(wall) && isDate(wall.slice(0, 10));
  if (!isTime || Number.isNaN(asUtc)) throw new RangeError('not a time');
  const before = offsetAt(asUtc - 24 * HOUR_MS, timeZone);
  const after = offsetAt(asUtc + 24 * HOUR_MS, timeZone);
  const fits = [before, after].filter((offset) => offsetAt(asUtc - offset, timeZone) === offset);
  return asUtc - (fits.length > 0 ? Math.max(...fits) : before);
}

/** An instant as DingTalk takes it: `2026-01-05T10:00:00+08:00`. */
export function toIso(at: number, timeZone: string): string {
  // An offset with seconds, as zones had them before there was standard time, cannot be written.
  const minutes = Math.round(offsetAt(at, timeZone) / 60_000);
  const wall = new Date(at + minutes * 60_000).toISOString().slice(0, 19);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${wall}${minutes < 0 ? '-' : '+'}${pad(hours)}:${pad(rest)}`;
}

/** @param date `yyyy-MM-dd` */
export function addDays(date: string, days: number): string {
  const at = new Date(`${date}T00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** Whether a text is a date of the calendar, such as not `2026-02-30`. */
export function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00Z`);
  if (!/^[1-9]\d{3}-\d\d-\d\d$/.test(text) || Number.isNaN(at)) return false;
  return new Date(at).toISOString().slice(0, 10) === text;
}

/** How far the wall clock is ahead of UTC, in ms. */
function offsetAt(at: number, timeZone: string): number {
  const second = Math.floor(at / 1000) * 1000;
  const parts = Object.fromEntries(
    formatIn(timeZone)
      .formatToParts(second)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second: seconds } = parts as Record<string, number>;
  return Date.UTC(year!, month! - 1, day, hour, minute, seconds) - second;
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone, ...digits, ...time });
    // A visitor can name many spellings of a zone.
    if (formats.size < 1000) formats.set(timeZone, format);
  }
  return format;
}
