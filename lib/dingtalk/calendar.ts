import { z } from 'zod';
import { type CalendarEvent, type EventTime, toCalendarEvent, toWireTime } from './calendar-event';
import type { Client } from './client';
import { DingTalkError, EVENT_GONE_CODES } from './errors';
import type { DingTalkRequest } from './request';

export type { Attendee, CalendarEvent, EventTime } from './calendar-event';

/**
 * People's primary calendars. A person is meant by their unionId. Every call here counts against the company's monthly
 * quota of DingTalk.
 *
 * @see https://open.dingtalk.com/document/development/calendar-overview
 */
export const CALENDAR = '/v1.0/calendar/users/{unionId}/calendars/primary';
const EVENTS = `${CALENDAR}/events`;
const EVENT = `${EVENTS}/{eventId}`;

/** The most people that one call may invite or take away. */
export const MAX_ATTENDEES = 500;

/** What the caller may say about each call. */
export type CallOptions = Pick<DingTalkRequest<unknown>, 'budget' | 'onSend'>;

/** An event to be made. */
export interface EventDraft {
  /** At most 2048 characters. */
  title: string;
  time: EventTime;
  /** At most 5000 characters. */
  description?: string | undefined;
  location?: string | undefined;
  /** At most {@link MAX_ATTENDEES}, without the organizer. */
  attendees?: readonly { unionId: string; isOptional?: boolean }[] | undefined;
  /** Minutes before the beginning; empty: none; absent: DingTalk's own, 15. */
  reminderMinutes?: readonly number[] | undefined;
}

/**
 * Makes an event in the organizer's calendar and invites the attendees, whom DingTalk tells.
 *
 * @param idempotencyKey the same key within a day makes one event: of the form, not of the attempt
 * @throws DingTalkError `flowLimit` beyond 100 a day and person, `permissionDeny` outside the app's range,
 * `idempotencyProcessing` while the same key is at work
 * @see https://open.dingtalk.com/document/development/create-event
 */
export async function createEvent(
  client: Client,
  organizer: string,
  draft: EventDraft & { idempotencyKey: string },
  options: CallOptions = {},
): Promise<CalendarEvent> {
  const { idempotencyKey, ...event } = draft;
  return client.call({
    host: 'api',
    method: 'POST',
    path: EVENTS,
    pathValues: { unionId: organizer },
    body: toWireDraft(event),
    idempotencyKey,
    schema: eventSchema,
    repeatable: true,
    ...options,
  });
}

/** What may be changed of an event; what is undefined stays. */
type EventChange = { [Field in keyof Omit<EventDraft, 'attendees'>]?: EventDraft[Field] | undefined };

/**
 * Changes what is given, and leaves the rest; for attendees see {@link changeAttendees}. Not for series.
 *
 * @param organizer whose event it is: no one but the organizer may
 * @throws DingTalkError `itemNotFound`
 * @see https://open.dingtalk.com/document/development/modify-event
 */
export async function changeEvent(
  client: Client,
  organizer: string,
  { id, ...change }: { id: string } & EventChange,
  options: CallOptions = {},
): Promise<CalendarEvent> {
  return client.call({
    host: 'api',
    method: 'PUT',
    path: EVENT,
    pathValues: { unionId: organizer, eventId: id },
    // Without the id in the body too, DingTalk refuses it.
    body: { id, ...toWireDraft(change) },
    schema: eventSchema,
    repeatable: true,
    ...options,
  });
}

/** Invites people to an event, and takes others away. One call for each 500 people and direction. @throws DingTalkError */
export async function changeAttendees(
  client: Client,
  organizer: string,
  { id, add = [], remove = [] }: { id: string; add?: readonly string[]; remove?: readonly string[] },
  options: CallOptions = {},
): Promise<void> {
  const pathValues = { unionId: organizer, eventId: id };
  const send = (path: string, body: object) =>
    client.call({ host: 'api', method: 'POST', path, pathValues, body, ...WITHOUT_ANSWER, ...options });
  for (const ids of inParts(remove)) {
    await send(`${EVENT}/attendees/batchRemove`, {
      attendeesToRemove: ids.map((unionId) => ({ id: unionId })),
    });
  }
  for (const ids of inParts(add)) {
    await send(`${EVENT}/attendees`, {
      attendeesToAdd: ids.map((unionId) => ({ id: unionId, isOptional: false })),
    });
  }
}

/**
 * Cancels an event for all attendees; DingTalk notifies them; for an attendee, takes it out of their own calendar.
 *
 * @returns false when there was no such event any more
 * @throws DingTalkError
 * @see https://open.dingtalk.com/document/development/delete-event
 */
export async function cancelEvent(
  client: Client,
  unionId: string,
  eventId: string,
  options: CallOptions = {},
): Promise<boolean> {
  const query = { pushNotification: 'true' };
  const pathValues = { unionId, eventId };
  try {
    await client.call({
      host: 'api',
      method: 'DELETE',
      path: EVENT,
      pathValues,
      query,
      ...WITHOUT_ANSWER,
      ...options,
    });
    return true;
  } catch (error) {
    if (error instanceof DingTalkError && EVENT_GONE_CODES.includes(error.code)) return false;
    throw error;
  }
}

/** One event as a person's calendar has it. @throws DingTalkError `itemNotFound`, `instanceNotExist` */
export async function getEvent(
  client: Client,
  unionId: string,
  eventId: string,
  options: CallOptions = {},
): Promise<CalendarEvent> {
  return client.call({
    host: 'api',
    method: 'GET',
    path: EVENT,
    pathValues: { unionId, eventId },
    query: { maxAttendees: String(MAX_ATTENDEES) },
    schema: eventSchema,
    repeatable: true,
    ...options,
  });
}

const WITHOUT_ANSWER = { schema: z.unknown(), mayBeEmpty: true, repeatable: true } as const;

const eventSchema = z.unknown().transform((value, context) => {
  const event = toCalendarEvent(value);
  if (event) return event;
  context.addIssue('no event');
  return z.NEVER;
});

function toWireDraft({
  title,
  time,
  description,
  location,
  attendees,
  reminderMinutes,
}: EventChange & Pick<EventDraft, 'attendees'>) {
  return {
    ...(title === undefined ? {} : { summary: title }),
    ...(time === undefined ? {} : toWireTime(time)),
    ...(description === undefined ? {} : { description }),
    ...(location === undefined ? {} : { location: { displayName: location } }),
    ...(attendees === undefined
      ? {}
      : { attendees: attendees.map(({ unionId, isOptional = false }) => ({ id: unionId, isOptional })) }),
    ...(reminderMinutes === undefined
      ? {}
      : { reminders: reminderMinutes.map((minutes) => ({ method: 'dingtalk', minutes })) }),
  };
}

function inParts(unionIds: readonly string[]): string[][] {
  const parts = Math.ceil(unionIds.length / MAX_ATTENDEES);
  return Array.from({ length: parts }, (_, part) =>
    unionIds.slice(part * MAX_ATTENDEES, (part + 1) * MAX_ATTENDEES),
  );
}
