import { z } from 'zod';
import type { CallOptions } from './calendar';
import type { Window } from './calendar-agenda';
import { type Span, spanOf, toEventTime } from './calendar-event';
import type { Client } from './client';
import { toIso } from './time-zone';
import { toFields, toList } from './wire-values';

const SCHEDULE = '/v1.0/calendar/users/{unionId}/querySchedule';
/** The most people that one question about their free time may name. */
const SCHEDULE_SIZE = 20;

/** When a person is busy: spans in order that do not touch each other. Undefined: DingTalk does not say. */
export interface Busy {
  unionId: string;
  spans: Span[] | undefined;
}

const scheduleSchema = z.object({ scheduleInformation: z.array(z.unknown()) });

/**
 * When people are busy, what for DingTalk does not tell. One call for each twenty people.
 *
 * @param viewer in whose name is asked
 * @returns in the order of `unionIds`, clipped to the window
 * @throws DingTalkError
 * @see https://open.dingtalk.com/document/development/query-schedule
 */
export async function queryBusy(
  client: Client,
  viewer: string,
  { unionIds, ...window }: Window & { unionIds: readonly string[] },
  options: CallOptions = {},
): Promise<Busy[]> {
  const known = new Map<string, Busy['spans']>();
  const wanted = [...new Set(unionIds)];
  for (let at = 0; at < wanted.length; at += SCHEDULE_SIZE) {
    const { scheduleInformation } = await client.call({
      host: 'api',
      method: 'POST',
      path: SCHEDULE,
      pathValues: { unionId: viewer },
      body: {
        userIds: wanted.slice(at, at + SCHEDULE_SIZE),
        startTime: toIso(window.from, window.timeZone),
        endTime: toIso(window.until, window.timeZone),
      },
      schema: scheduleSchema,
      repeatable: true,
      ...options,
    });
    for (const item of scheduleInformation) {
      const { userId, error, scheduleItems } = toFields(item);
      const isKnown = error === undefined || error === null || error === '';
      if (typeof userId === 'string') known.set(userId, isKnown ? toSpans(scheduleItems, window) : undefined);
    }
  }
  return unionIds.map((unionId) => ({ unionId, spans: known.get(unionId) }));
}

/** @returns undefined where one of them cannot be read: a time that only looks free must not be offered */
function toSpans(items: unknown, window: Window): Busy['spans'] {
  if (items === undefined || items === null) return [];
  const spans = toList(items, (item) => {
    const time = toEventTime(toFields(item));
    return time && spanOf(time, window.timeZone);
  });
  if (!Array.isArray(items) || spans.length < items.length) return undefined;
  const clipped = spans
    .map(({ start, end }) => ({ start: Math.max(start, window.from), end: Math.min(end, window.until) }))
    .filter(({ start, end }) => start < end)
    .sort((one, other) => one.start - other.start);
  const merged: Span[] = [];
  for (const span of clipped) {
    const last = merged.at(-1);
    if (last && span.start <= last.end) last.end = Math.max(last.end, span.end);
    else merged.push(span);
  }
  return merged;
}
