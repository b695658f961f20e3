import 'server-only';
import { requireMember } from '../auth/auth';
import { config } from '../config';
import { addDays, isDate, toInstant, toWallTime } from '../dingtalk/time-zone';
import { type FreeBusy, freeBusy, type PersonBusy } from './free-busy';

/** When a meeting could begin. */
export interface Slot {
  /** Unix time in ms. */
  start: number;
  /** As addresses have it: `2026-12-07T09:30`, on the company's clock. */
  value: string;
  isPast: boolean;
  /** Who of the people is busy for some of the meeting's length. */
  busy: PersonBusy[];
}

export interface MeetingWeek extends FreeBusy {
  timeZone: string;
  /** `yyyy-MM-dd`, Monday first. */
  days: string[];
  /** By time of day, `09:30`: one for each day. */
  rows: { time: string; slots: Slot[] }[];
  /** Of whom DingTalk does not tell when they are busy. */
  unknown: PersonBusy[];
  /** Mondays; undefined: no further. */
  previous: string | undefined;
  next: string | undefined;
}

export const LENGTHS = [30, 60, 90, 120] as const;
/** With the member who books; more of them are more than one call. */
export const MAX_PEOPLE = 20;
const FIRST_HOUR = 8;
const LAST_HOUR = 20;
const STEP_MINUTES = 30;
const WEEKS_AHEAD = 12;
const MINUTE_MS = 60_000;

/**
 * A week in which the member who asks and colleagues could meet.
 *
 * @param options.week any day of it; this week where it is none that can be shown
 * @throws AppError as {@link freeBusy}
 */
export async function meetingWeek(options: {
  userIds: readonly string[];
  week: string;
  lengthMinutes: number;
}): Promise<MeetingWeek> {
  const { userId } = await requireMember();
  const { timeZone } = config();
  const now = Date.now();
  const current = mondayOf(toWallTime(now, timeZone).slice(0, 10));
  const last = addDays(current, 7 * WEEKS_AHEAD);
  const wanted = isDate(options.week) ? mondayOf(options.week) : current;
  const monday = wanted < current || wanted > last ? current : wanted;
  const days = Array.from({ length: 7 }, (_, day) => addDays(monday, day));
  const window = {
    from: toInstant(monday, timeZone),
    until: toInstant(addDays(monday, 7), timeZone),
    timeZone,
  };
  const found = await freeBusy([userId, ...options.userIds].slice(0, MAX_PEOPLE), window);
  const rows = timesOfDay().map((time) => ({
    time,
    slots: days.map((day) => toSlot(`${day}T${time}`, { ...options, timeZone, now, people: found.people })),
  }));
  return {
    ...found,
    timeZone,
    days,
    rows,
    unknown: found.people.filter(({ busy }) => busy === undefined),
    previous: monday > current ? addDays(monday, -7) : undefined,
    next: monday < last ? addDays(monday, 7) : undefined,
  };
}

/** The slot of an address; undefined where it is none. */
export function slotAt(week: MeetingWeek, value: string): Slot | undefined {
  return week.rows.flatMap(({ slots }) => slots).find((slot) => slot.value === value && !slot.isPast);
}

function toSlot(
  value: string,
  {
    timeZone,
    now,
    people,
    lengthMinutes,
  }: { timeZone: string; now: number; people: PersonBusy[]; lengthMinutes: number },
): Slot {
  const start = toInstant(value, timeZone);
  const end = start + lengthMinutes * MINUTE_MS;
  const isBusy = ({ busy = [] }: PersonBusy) => busy.some((span) => span.start < end && span.end > start);
  return { start, value, isPast: start < now, busy: people.filter(isBusy) };
}

function timesOfDay(): string[] {
  const count = ((LAST_HOUR - FIRST_HOUR) * 60) / STEP_MINUTES;
  return Array.from({ length: count }, (_, at) => {
    const minutes = FIRST_HOUR * 60 + at * STEP_MINUTES;
    return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  });
}

export function mondayOf(day: string): string {
  return addDays(day, -((new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7));
}
