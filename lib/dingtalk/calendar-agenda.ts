import { z } from 'zod';
import { CALENDAR, type CallOptions } from './calendar';
import { type CalendarEvent, overlaps, spanOf, toCalendarEvent } from './calendar-event';
import type { Client } from './client';
import { malformed } from './read';
import { toIso } from './time-zone';
import { toList, toText } from './wire-values';

const VIEW = `${CALENDAR}/eventsview`;
const PAGE_SIZE = 100;
const MAX_PAGES = 10;
const DAY_MS = 86_400_000;

/** From and before, Unix time in ms; whole days are those of the zone, an IANA name. */
export interface Window {
  from: number;
  until: number;
  timeZone: string;
}

export interface Agenda {
  /** In order of their beginning. */
  events: CalendarEvent[];
  /** False: there are more events than these, or some that could not be read. */
  isWhole: boolean;
}

const pageSchema = z.object({ nextToken: z.unknown().optional(), events: z.array(z.unknown()).nullish() });

/**
 * A person's agenda, series expanded, without what is cancelled. One call for each hundred events.
 *
 * @throws DingTalkError
 * @see https://open.dingtalk.com/document/development/query-event-view
 */
export async function listAgenda(
  client: Client,
  unionId: string,
  window: Window,
  options: CallOptions = {},
): Promise<Agenda> {
  const startOf = ({ time }: CalendarEvent) => spanOf(time, window.timeZone).start;
  const found = new Map<string, CalendarEvent>();
  const tokens = new Set<string>();
  let nextToken: string | undefined;
  let isWhole = true;
  do {
    const page = await client.call({
      host: 'api',
      method: 'GET',
      path: VIEW,
      pathValues: { unionId },
      query: { ...paddedBounds(window), maxResults: String(PAGE_SIZE), ...(nextToken ? { nextToken } : {}) },
      schema: pageSchema,
      repeatable: true,
      ...options,
    });
    const events = toList(page.events, toCalendarEvent);
    if (events.length < (page.events?.length ?? 0)) isWhole = false;
    for (const event of events) found.set(`${event.id} ${JSON.stringify(event.time)}`, event);
    nextToken = toText(page.nextToken);
    if (nextToken === undefined) break;
    // A page that leads back would be read for ever.
    if (tokens.has(nextToken)) throw malformed(VIEW, 'unexpected-cursor');
    tokens.add(nextToken);
  } while (tokens.size < MAX_PAGES);
  const events = [...found.values()]
    .filter(({ isCancelled, time }) => !isCancelled && overlaps(spanOf(time, window.timeZone), window))
    .sort((one, other) => startOf(one) - startOf(other) || (one.id < other.id ? -1 : 1));
  return { events, isWhole: isWhole && nextToken === undefined };
}

/** DingTalk does not know the reader's zone: what whole days fall into the window is decided here, of a day more on each side. */
function paddedBounds({ from, until, timeZone }: Window) {
  return { timeMin: toIso(from - DAY_MS, timeZone), timeMax: toIso(until + DAY_MS, timeZone) };
}
