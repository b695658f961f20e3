import { addDays, isDate, isTimeZone, toInstant, toIso } from './time-zone';
import { toFields, toFlag, toList, toText } from './wire-values';

/** When an event takes place: a span of time, or whole days, wherever the reader is. */
export type EventTime =
  /** Unix time in ms; the end does not belong to it. `timeZone` is an IANA name. */
  | { kind: 'timed'; start: number; end: number; timeZone: string }
  /** `yyyy-MM-dd`; both days belong to it. DingTalk's own end is a day later. */
  | { kind: 'all-day'; firstDay: string; lastDay: string };

export interface Attendee {
  unionId: string;
  name: string | undefined;
  response: 'accepted' | 'declined' | 'tentative' | 'none';
  isOptional: boolean;
  /** The person whose calendar was read. */
  isSelf: boolean;
}

/** An event of a calendar. What DingTalk does not tell is absent. */
export interface CalendarEvent {
  id: string;
  title: string;
  description: string | undefined;
  location: string | undefined;
  time: EventTime;
  isCancelled: boolean;
  /** One of a series, or the series itself: DingTalk's client changes those, this library only reads them. */
  isSeries: boolean;
  organizer: { unionId: string; name: string | undefined; isSelf: boolean } | undefined;
  attendees: Attendee[];
}

/** Where no zone is given, and none that exists, it is DingTalk's own. */
const DEFAULT_TIME_ZONE = 'Asia/Shanghai';

/** @returns undefined for what has no id or no time that can be read */
export function toCalendarEvent(value: unknown): CalendarEvent | undefined {
  const wire = toFields(value);
  const id = toText(wire.id);
  const time = toEventTime(wire);
  if (id === undefined || time === undefined) return undefined;
  return {
    id,
    title: toText(wire.summary) ?? '',
    description: toText(wire.description),
    // Seen as an object and as a text.
    location: toText(toFields(wire.location).displayName) ?? toText(wire.location),
    time,
    isCancelled: wire.status === 'cancelled',
    isSeries:
      toText(wire.seriesMasterId) !== undefined || 'type' in toFields(toFields(wire.recurrence).pattern),
    organizer: toOrganizer(wire.organizer),
    attendees: toList(wire.attendees, toAttendee),
  };
}

/** Reads `start` and `end`. Samples of the documentation have a date and a time in one: then `isAllDay` decides. */
export function toEventTime(wire: Readonly<Record<string, unknown>>): EventTime | undefined {
  const [start, end] = [toFields(wire.start), toFields(wire.end)];
  const isAllDay = toFlag(wire.isAllDay) ?? toText(start.dateTime) === undefined;
  const firstDay = toText(start.date);
  if (isAllDay && firstDay !== undefined) {
    if (!isDate(firstDay)) return undefined;
    const after = toText(end.date);
    const lastDay = after !== undefined && isDate(after) && after > firstDay ? addDays(after, -1) : firstDay;
    return { kind: 'all-day', firstDay, lastDay };
  }
  const timeZone = toZone(start.timeZone) ?? toZone(end.timeZone) ?? DEFAULT_TIME_ZONE;
  const from = toMoment(start.dateTime, timeZone);
  if (from === undefined) return undefined;
  return {
    kind: 'timed',
    start: from,
    end: Math.max(from, toMoment(end.dateTime, timeZone) ?? from),
    timeZone,
  };
}

/** `start`, `end` and `isAllDay` as DingTalk takes them: one form, one zone, and whole days end a day later. */
export function toWireTime(time: EventTime) {
  if (time.kind === 'all-day') {
    return { isAllDay: true, start: { date: time.firstDay }, end: { date: addDays(time.lastDay, 1) } };
  }
  const { timeZone } = time;
  const moment = (at: number) => ({ dateTime: toIso(at, timeZone), timeZone });
  return { isAllDay: false, start: moment(time.start), end: moment(time.end) };
}

/** Unix time in ms. */
export interface Span {
  start: number;
  end: number;
}

/** From when to when an event is, for a reader in a zone: whole days begin at the reader's midnight. */
export function spanOf(time: EventTime, timeZone: string): Span {
  if (time.kind === 'timed') return { start: time.start, end: time.end };
  return {
    start: toInstant(time.firstDay, timeZone),
    end: toInstant(addDays(time.lastDay, 1), timeZone),
  };
}

/** Whether a span has some of a window in it; one without any length, whether it is in it. */
export function overlaps(span: Span, window: { from: number; until: number }): boolean {
  if (span.start >= window.until) return false;
  return span.end > window.from || (span.start === span.end && span.start === window.from);
}

function toMoment(value: unknown, timeZone: string): number | undefined {
  const text = toText(value);
  if (text === undefined || text.length > 40) return undefined;
  const hasOffset = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  try {
    const at = hasOffset ? Date.parse(text) : toInstant(text, timeZone);
    return Number.isNaN(at) ? undefined : at;
  } catch {
    return undefined;
  }
}

function toZone(value: unknown): string | undefined {
  const name = toText(value);
  return name !== undefined && name.length <= 64 && isTimeZone(name) ? name : undefined;
}

function toOrganizer(value: unknown): CalendarEvent['organizer'] {
  const { id, displayName, self } = toFields(value);
  const unionId = toText(id);
  if (unionId === undefined) return undefined;
  return { unionId, name: toText(displayName), isSelf: toFlag(self) === true };
}

function toAttendee(item: unknown): Attendee | undefined {
  const wire = toFields(item);
  const unionId = toText(wire.id);
  if (unionId === undefined) return undefined;
  const { responseStatus } = wire;
  const hasAnswered =
    responseStatus === 'accepted' || responseStatus === 'declined' || responseStatus === 'tentative';
  return {
    unionId,
    name: toText(wire.displayName),
    response: hasAnswered ? responseStatus : 'none',
    isOptional: toFlag(wire.isOptional) === true,
    isSelf: toFlag(wire.self) === true,
  };
}
