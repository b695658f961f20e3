import type { NewEvent } from '../../platform/calendar/calendar';
import { spanOf, type WireTime } from '../../platform/calendar/event';
import { type Recurrence, WEEKDAYS } from '../../platform/calendar/recurrence';
import { isZone } from '../../platform/calendar/zone';

/** What `invalidParameter` says is wrong. */
export class Invalid extends Error {}

type Fields = Record<string, unknown>;
/** What a body says of an event; absent fields stay. */
export type EventInput = Partial<Omit<NewEvent, 'organizer' | 'attendees'>> & {
  attendees?: { id: string; isOptional: boolean }[];
};

const MOST_ATTENDEES = 500;

/** Reads the body of a new or a changed event. @throws Invalid */
export function readEvent(fields: Fields, isChange: boolean): EventInput {
  const has = (name: string) => fields[name] !== undefined && fields[name] !== null;
  if (Object.keys(fields).length === 0) throw new Invalid('Event must be provided.');
  const input: EventInput = {};
  if (has('summary') || !isChange)
    input.summary = readText(fields.summary, 2048, 'Event summary cannot be blank');
  if (has('description'))
    input.description = readText(fields.description, 5000, 'description is too long', true);
  if (has('richTextDescription')) input.richText = String(fieldsOf(fields.richTextDescription).text ?? '');
  if (has('location')) input.location = String(fieldsOf(fields.location).displayName ?? '');
  if (has('start') || has('end') || has('isAllDay') || !isChange) Object.assign(input, readTimes(fields));
  if (has('recurrence')) input.recurrence = readRecurrence(fieldsOf(fields.recurrence));
  if (has('attendees')) input.attendees = readPeople(fields.attendees);
  if (has('reminders') || !isChange)
    input.reminders = readReminders(fields.reminders, input.isAllDay === true);
  return input;
}

/** `[{id, isOptional}]`. @throws Invalid */
export function readPeople(value: unknown): { id: string; isOptional: boolean }[] {
  const people = listOf(value).map((item) => {
    const { id, isOptional } = fieldsOf(item);
    if (typeof id !== 'string' || id === '') throw new Invalid('attendee id cannot be blank');
    return { id, isOptional: isOptional === true };
  });
  if (people.length > MOST_ATTENDEES) throw new Invalid('exceedMaxReceiverSize');
  return people;
}

function readTimes({ start, end, isAllDay }: Fields): Pick<NewEvent, 'start' | 'end' | 'isAllDay'> {
  if (start === undefined) throw new Invalid('Event start time not set.');
  if (end === undefined) throw new Invalid('Event end time not set.');
  const allDay = isAllDay === true;
  const times = {
    start: readTime(start, allDay, 'start'),
    end: readTime(end, allDay, 'end'),
    isAllDay: allDay,
  };
  if (times.start.timeZone !== times.end.timeZone)
    throw new Invalid('start and end timeZone must be the same');
  const span = spanOf(times);
  if (allDay ? span.end <= span.start : span.end < span.start)
    throw new Invalid('end time must be after start time');
  return times;
}

function readTime(value: unknown, isAllDay: boolean, name: string): WireTime {
  const { date, dateTime, timeZone } = fieldsOf(value);
  if (isAllDay) {
    if (dateTime !== undefined || timeZone !== undefined)
      throw new Invalid(`${name}: an all-day event has only a date`);
    if (!/^\d{4}-\d\d-\d\d$/.test(String(date)) || Number.isNaN(Date.parse(String(date))))
      throw new Invalid(`${name}.date must be yyyy-MM-dd`);
    return { date: String(date) };
  }
  if (date !== undefined) throw new Invalid(`${name}: date and dateTime exclude each other`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(String(dateTime)))
    throw new Invalid(`${name}.dateTime must be ISO-8601 with an offset`);
  if (typeof timeZone !== 'string' || !isZone(timeZone))
    throw new Invalid(`${name}.timeZone is not a time zone`);
  return { dateTime: String(dateTime), timeZone };
}

function readRecurrence(fields: Fields): Recurrence {
  const [pattern, range] = [fieldsOf(fields.pattern), fieldsOf(fields.range)];
  const { type, interval, daysOfWeek } = pattern;
  if (!['daily', 'weekly', 'absoluteMonthly', 'relativeMonthly', 'absoluteYearly'].includes(String(type)))
    throw new Invalid('Recurrence pattern type invalid');
  if (!(Number(interval) >= 1 && Number(interval) <= 365))
    throw new Invalid('Recurrence interval must between [1, 365]');
  if (
    daysOfWeek !== undefined &&
    !String(daysOfWeek)
      .split(',')
      .every((day) => WEEKDAYS.includes(day.trim()))
  )
    throw new Invalid('Recurrence daysOfWeek invalid');
  if (!['noEnd', 'endDate', 'numbered'].includes(String(range.type)))
    throw new Invalid('Recurrence range type invalid');
  if (
    range.type === 'numbered' &&
    !(Number(range.numberOfOccurrences) >= 1 && Number(range.numberOfOccurrences) <= 99)
  )
    throw new Invalid('Recurrence range numberOfOccurrences must between [1, 99]');
  return { pattern, range } as unknown as Recurrence;
}

/** Absent: a quarter of an hour before, or the day before at nine. */
function readReminders(value: unknown, isAllDay: boolean): NewEvent['reminders'] {
  if (value === undefined || value === null) return [{ method: 'dingtalk', minutes: isAllDay ? 900 : 15 }];
  return listOf(value).map((item) => ({ method: 'dingtalk', minutes: Number(fieldsOf(item).minutes ?? 15) }));
}

function readText(value: unknown, most: number, message: string, mayBeEmpty = false): string {
  const text = typeof value === 'string' ? value : '';
  if ((text.trim() === '' && !mayBeEmpty) || text.length > most) throw new Invalid(message);
  return text;
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
