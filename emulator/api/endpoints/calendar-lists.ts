import { type Answer, v1Answer } from '../../platform/answers';
import { type Occurrence, occurrencesOf, type StoredEvent } from '../../platform/calendar/event';
import { eventRecord } from './calendar-answer';
import type { CalendarCall } from './calendar-call';
import { Invalid } from './calendar-input';

const YEAR_MS = 366 * 86_400_000;
/** A view that has no end is looked at no further. */
const FAR_MS = 366 * 86_400_000;

/** What overlaps a window, series day by day. @see https://open.dingtalk.com/document/development/query-event-view */
export function viewEvents(call: CalendarCall): Answer {
  const { platform, query, viewer } = call;
  const { from, until } = readBounds(query, platform.clock.now());
  const found = platform.calendar
    .occurrences(viewer, until)
    .filter(({ start, end }) => end >= from && start < until);
  return pageOf(call, found);
}

/**
 * What begins within bounds of at most a year. Of a series the days up to now.
 *
 * @see https://open.dingtalk.com/document/development/query-event-list
 */
export function listEvents(call: CalendarCall): Answer {
  const { platform, query, viewer } = call;
  const { calendar, clock } = platform;
  const since = readSyncToken(query.get('syncToken'));
  const showsDeleted = query.get('showDeleted') === 'true' || since !== undefined;
  const { from, until } = readBounds(query, clock.now(), since === undefined ? 0 : Number.NEGATIVE_INFINITY);
  if (query.has('timeMin') && query.has('timeMax') && until - from > YEAR_MS)
    throw new Invalid('the time range must not exceed one year');
  const isGone = ({ isCancelled, removedFor }: StoredEvent) => isCancelled || removedFor.has(viewer);
  const found = calendar
    .of(viewer)
    .filter(
      (event) => (showsDeleted || !isGone(event)) && event.version > (since ?? Number.NEGATIVE_INFINITY),
    )
    .filter((event) => !query.get('seriesMasterId') || event.id === query.get('seriesMasterId'))
    .flatMap((event) => [...occurrencesOf(event, event.recurrence ? Math.min(until, clock.now()) : until)])
    .filter(({ start }) => start >= from && start < until)
    .sort((one, other) => one.start - other.start);
  const syncToken = query.has('timeMax')
    ? undefined
    : Buffer.from(`sync ${calendar.version()}`).toString('base64');
  return pageOf(call, found, syncToken);
}

function pageOf({ platform, query, viewer }: CalendarCall, all: Occurrence[], syncToken?: string): Answer {
  const size = readSize(query, 'maxResults');
  const maxAttendees = readSize(query, 'maxAttendees');
  const offset =
    Number(
      Buffer.from(query.get('nextToken') ?? '', 'base64')
        .toString()
        .split(' ')[1] ?? 0,
    ) || 0;
  const isLast = offset + size >= all.length;
  return v1Answer({
    nextToken: isLast ? null : Buffer.from(`page ${offset + size}`).toString('base64'),
    events: all
      .slice(offset, offset + size)
      .map((day) => eventRecord(platform, day.event, { viewer, maxAttendees, day })),
    syncToken: isLast ? syncToken : undefined,
  });
}

function readSize(query: URLSearchParams, name: string): number {
  const size = Number(query.get(name) ?? 100);
  if (!(size >= 1 && size <= 100)) throw new Invalid(`${name} must between [1, 100]`);
  return size;
}

function readBounds(query: URLSearchParams, now: number, fallback = now) {
  const read = (name: string, otherwise: number) => {
    const text = query.get(name);
    if (text === null) return otherwise;
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw new Invalid(`${name} must be ISO-8601`);
    return at;
  };
  const from = read('timeMin', fallback);
  return { from, until: read('timeMax', Math.max(from, now) + FAR_MS) };
}

function readSyncToken(token: string | null): number | undefined {
  if (token === null) return undefined;
  const version = /^sync (\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1];
  if (version === undefined) throw new Invalid('syncToken invalid');
  return Number(version);
}
