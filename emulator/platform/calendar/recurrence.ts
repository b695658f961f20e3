import { later } from './zone';

/** How often an event comes, in DingTalk's words. */
export interface Recurrence {
  pattern: {
    type: 'daily' | 'weekly' | 'absoluteMonthly' | 'relativeMonthly' | 'absoluteYearly';
    interval: number;
    dayOfMonth?: number | undefined;
    daysOfWeek?: string | undefined;
    index?: 'first' | 'second' | 'third' | 'fourth' | 'last' | undefined;
    firstDayOfWeek?: string | undefined;
  };
  range: {
    type: 'noEnd' | 'endDate' | 'numbered';
    endDate?: string | undefined;
    numberOfOccurrences?: number | undefined;
  };
}

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const INDEXES = ['first', 'second', 'third', 'fourth'];
/** A series without an end is looked at no further. */
const MOST_DAYS = 366 * 60;

/**
 * The days on which a series comes, from its first day to a last one. Days that a month does not have are left out, and
 * the first day counts only where the pattern has it (both assumed).
 *
 * @param first `yyyy-MM-dd` @param until the last day of interest
 */
export function* daysOf(first: string, { pattern, range }: Recurrence, until: string): Generator<string> {
  const end = range.type === 'endDate' && range.endDate ? range.endDate.slice(0, 10) : undefined;
  const last = end !== undefined && end < until ? end : until;
  const most = range.type === 'numbered' ? (range.numberOfOccurrences ?? 1) : Number.POSITIVE_INFINITY;
  let count = 0;
  for (const day of candidates(first, pattern, last)) {
    if (day < first || day > last) continue;
    count += 1;
    if (count > most) return;
    yield day;
  }
}

/** In order; some may be before the first day or after the last. */
function* candidates(first: string, pattern: Recurrence['pattern'], last: string): Generator<string> {
  const { type, interval } = pattern;
  const [year, month, date] = first.split('-').map(Number) as [number, number, number];
  const limit = later(first, MOST_DAYS) < last ? later(first, MOST_DAYS) : last;
  if (type === 'daily') {
    for (let day = first; day <= limit; day = later(day, interval)) yield day;
  } else if (type === 'weekly') {
    const wanted = (pattern.daysOfWeek ?? WEEKDAYS[weekdayOf(first)]!).split(',').map((name) => name.trim());
    const startsOn = WEEKDAYS.indexOf(pattern.firstDayOfWeek ?? 'sunday');
    const week = later(first, -((weekdayOf(first) - startsOn + 7) % 7));
    for (let at = week; at <= limit; at = later(at, 7 * interval)) {
      for (let more = 0; more < 7; more++) {
        const day = later(at, more);
        if (wanted.includes(WEEKDAYS[weekdayOf(day)]!)) yield day;
      }
    }
  } else {
    const step = type === 'absoluteYearly' ? 12 * interval : interval;
    for (let at = month - 1; ; at += step) {
      const start = dayOf(year, at, 1);
      if (start > limit) return;
      const day =
        type === 'relativeMonthly'
          ? relativeDay(start, pattern)
          : dayInMonth(start, pattern.dayOfMonth ?? date);
      if (day) yield day;
    }
  }
}

function dayOf(year: number, month: number, date: number): string {
  return new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10);
}

function weekdayOf(day: string): number {
  return new Date(`${day}T00:00Z`).getUTCDay();
}

/** Undefined where the month is shorter. @param start the first of the month */
function dayInMonth(start: string, date: number): string | undefined {
  const day = later(start, date - 1);
  return day.slice(0, 7) === start.slice(0, 7) ? day : undefined;
}

function relativeDay(
  start: string,
  { index = 'first', daysOfWeek = 'monday' }: Recurrence['pattern'],
): string | undefined {
  const wanted = daysOfWeek.split(',').map((name) => name.trim());
  const fitting = Array.from({ length: 31 }, (_, more) => later(start, more)).filter(
    (day) => day.slice(0, 7) === start.slice(0, 7) && wanted.includes(WEEKDAYS[weekdayOf(day)]!),
  );
  return index === 'last' ? fitting.at(-1) : fitting[INDEXES.indexOf(index)];
}
