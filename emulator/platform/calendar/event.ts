import type { Json } from '../json';
import type { Recurrence } from './recurrence';
import { daysOf } from './recurrence';
import { clockIn, later, momentIn } from './zone';

/** A time as DingTalk writes it: one of the two forms. */
export interface WireTime {
  date?: string | undefined;
  dateTime?: string | undefined;
  timeZone?: string | undefined;
}

/** An answer to an invitation. */
export type Response = 'needsAction' | 'accepted' | 'declined' | 'tentative';

/** An event as it is kept: with those whom it concerns, by unionId. */
export interface StoredEvent {
  id: string;
  organizer: string;
  summary: string;
  description: string;
  richText: string | undefined;
  start: WireTime;
  end: WireTime;
  isAllDay: boolean;
  recurrence: Recurrence | undefined;
  location: string | undefined;
  reminders: { method: string; minutes: number }[];
  attendees: Map<string, { isOptional: boolean; response: Response }>;
  /** Attendees who took it out of their calendars. */
  removedFor: Set<string>;
  isCancelled: boolean;
  onlineMeeting: { type: string; conferenceId: string; url: string } | undefined;
  createdAt: number;
  updatedAt: number;
  /** Counts changes of all events, for `syncToken`. */
  version: number;
}

/** An event on one of its days. */
export interface Occurrence {
  event: StoredEvent;
  start: number;
  end: number;
  startTime: WireTime;
  endTime: WireTime;
}

/** Days without a zone are those of Beijing (assumed). */
const HOME = 'Asia/Shanghai';
const DAY_MS = 86_400_000;

/** When an event begins and ends, the first time if it comes often. */
export function spanOf({ start, end }: Pick<StoredEvent, 'start' | 'end'>): { start: number; end: number } {
  const at = ({ date, dateTime }: WireTime) =>
    date === undefined ? Date.parse(dateTime ?? '') : momentIn(HOME, `${date}T00:00:00`);
  return { start: at(start), end: at(end) };
}

/** Every time that an event comes before a moment. A series keeps its time of day in its own zone. */
export function* occurrencesOf(event: StoredEvent, until: number): Generator<Occurrence> {
  const { recurrence } = event;
  const span = spanOf(event);
  if (!recurrence) {
    yield { event, ...span, startTime: event.start, endTime: event.end };
    return;
  }
  const zone = event.start.timeZone ?? HOME;
  const first = event.start.date ?? clockIn(zone, span.start).slice(0, 10);
  const lastDay = clockIn(zone, until + DAY_MS).slice(0, 10);
  for (const day of daysOf(first, recurrence, lastDay)) {
    const moved = event.isAllDay ? moveDays(event, day) : moveTime(event, { zone, span, day });
    yield { event, ...spanOf(moved), startTime: moved.start, endTime: moved.end };
  }
}

function moveDays({ start, end }: StoredEvent, day: string): { start: WireTime; end: WireTime } {
  const days = (Date.parse(end.date!) - Date.parse(start.date!)) / DAY_MS;
  return { start: { date: day }, end: { date: later(day, days) } };
}

function moveTime(
  { start, end }: StoredEvent,
  { zone, span, day }: { zone: string; span: { start: number; end: number }; day: string },
): { start: WireTime; end: WireTime } {
  const from = momentIn(zone, `${day}${clockIn(zone, span.start).slice(10)}`);
  const write = (at: number, like: WireTime) => ({ dateTime: written(at, zone), timeZone: like.timeZone });
  return { start: write(from, start), end: write(from + span.end - span.start, end) };
}

/** With the zone's offset, as DingTalk writes it. */
function written(at: number, zone: string): string {
  const clock = clockIn(zone, at);
  const minutes = Math.round((Date.parse(`${clock}Z`) - at) / 60_000);
  const part = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  return `${clock}${minutes < 0 ? '-' : '+'}${part(minutes / 60)}:${part(minutes % 60)}`;
}

/** Fields of a time as they are answered, without those that are not there. */
export function wireTime({ date, dateTime, timeZone }: WireTime): Json {
  return date === undefined ? { dateTime, timeZone } : { date };
}
