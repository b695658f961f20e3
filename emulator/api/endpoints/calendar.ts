import { randomUUID } from 'node:crypto';
import { type Answer, v1Answer, v1Refusal } from '../../platform/answers';
import type { Platform } from '../../platform/platform';
import { attendeeRecords, eventRecord } from './calendar-answer';
import { type CalendarCall, calendar } from './calendar-call';
import { fieldsOf, Invalid, readEvent, readPeople } from './calendar-input';
import { listEvents, viewEvents } from './calendar-lists';
import { readSchedule } from './calendar-schedule';
import { type Endpoint, v1 } from './endpoint';

const PRIMARY = '/v1.0/calendar/users/{userId}/calendars/{calendarId}';
const EVENT = `${PRIMARY}/events/{eventId}`;
const READ = { token: 'app', counted: true, permission: 'Calendar.Event.Read', method: 'GET' } as const;
const WRITE = { token: 'app', counted: true, permission: 'Calendar.Event.Write' } as const;

/** @see https://open.dingtalk.com/document/development/calendar-overview */
export const calendarEndpoints: Endpoint[] = [
  v1(`${PRIMARY}/events`, WRITE, calendar(create)),
  v1(`${PRIMARY}/events`, READ, calendar(listEvents)),
  v1(`${PRIMARY}/eventsview`, READ, calendar(viewEvents)),
  v1(EVENT, READ, calendar(get)),
  v1(EVENT, { ...WRITE, method: 'PUT' }, calendar(change)),
  v1(EVENT, { ...WRITE, method: 'DELETE' }, calendar(remove)),
  v1(`${EVENT}/attendees`, READ, calendar(listAttendees)),
  v1(`${EVENT}/attendees`, WRITE, calendar(invite)),
  v1(`${EVENT}/attendees/batchRemove`, WRITE, calendar(uninvite)),
  v1(`${EVENT}/respond`, WRITE, calendar(respond)),
  v1(
    '/v1.0/calendar/users/{userId}/querySchedule',
    { ...WRITE, permission: 'Calendar.EventSchedule.Read' },
    calendar(readSchedule),
  ),
];

function create(call: CalendarCall): Answer {
  const { platform, body, viewer } = call;
  const { attendees = [], ...event } = readEvent(body.fields, false);
  const { onlineMeetingInfo } = body.fields;
  const stored = platform.calendar.create(
    {
      organizer: viewer,
      description: '',
      richText: undefined,
      recurrence: undefined,
      location: undefined,
      ...(event as Required<Pick<typeof event, 'summary' | 'start' | 'end' | 'isAllDay' | 'reminders'>>),
      attendees: new Map(
        known(platform, attendees).map(({ id, isOptional }) => [id, { isOptional, response: 'needsAction' }]),
      ),
      onlineMeeting: onlineMeetingInfo ? newMeeting() : undefined,
    },
    call.clientToken && `${viewer} ${call.clientToken}`,
  );
  return v1Answer(eventRecord(platform, stored, { viewer }));
}

function newMeeting() {
  const conferenceId = randomUUID();
  return {
    type: 'dingtalk',
    conferenceId,
    url: `dingtalk://dingtalkclient/page/videoConfFromCalendar?confId=${conferenceId}`,
  };
}

/** Who is not in the company is left out without a word (assumed). */
function known<T extends { id: string }>({ company }: Platform, people: readonly T[]): T[] {
  return people.filter(({ id }) => company.personByUnionid(id));
}

function get({ platform, parameters, query, viewer }: CalendarCall): Answer {
  const event = platform.calendar.find(viewer, parameters.eventId!);
  return v1Answer(
    eventRecord(platform, event, { viewer, maxAttendees: Number(query.get('maxAttendees') ?? 100) }),
  );
}

function change({ platform, parameters, body, viewer }: CalendarCall): Answer {
  const { calendar } = platform;
  const stored = calendar.find(viewer, parameters.eventId!);
  if (body.fields.id !== parameters.eventId) throw new Invalid('Event id summary cannot be blank');
  const { attendees, ...wanted } = readEvent(body.fields, true);
  if (attendees) {
    Object.assign(wanted, {
      attendees: new Map(
        known(platform, attendees).map(({ id, isOptional }) => [
          id,
          { isOptional, response: stored.attendees.get(id)?.response ?? 'needsAction' },
        ]),
      ),
    });
  }
  if (body.fields.onlineMeetingInfo) wanted.onlineMeeting = newMeeting();
  const event = calendar.change(viewer, parameters.eventId!, wanted as object);
  return v1Answer(eventRecord(platform, event, { viewer }));
}

const NOTHING = (): Answer => ({ ...v1Answer({}), body: Buffer.alloc(0) });

function remove({ platform, parameters, viewer }: CalendarCall): Answer {
  platform.calendar.remove(viewer, parameters.eventId!);
  return NOTHING();
}

function listAttendees({ platform, parameters, query, viewer }: CalendarCall): Answer {
  const size = Number(query.get('maxResults') ?? 100);
  if (!(size >= 0 && size <= 500))
    return v1Refusal(
      400,
      'invalidParameter.event.maxResults.invalid',
      'maxResults size must within range [0,500]',
    );
  const all = attendeeRecords(platform, platform.calendar.find(viewer, parameters.eventId!), viewer);
  const from = Number(query.get('nextToken') ?? 0) || 0;
  const nextToken = from + size < all.length ? String(from + size) : undefined;
  return v1Answer({ nextToken, attendees: all.slice(from, from + size) });
}

function invite({ platform, parameters, body, viewer }: CalendarCall): Answer {
  const people = known(platform, readPeople(body.fields.attendeesToAdd));
  platform.calendar.invite(viewer, parameters.eventId!, people);
  return NOTHING();
}

function uninvite({ platform, parameters, body, viewer }: CalendarCall): Answer {
  const people = readPeople(body.fields.attendeesToRemove).map(({ id }) => id);
  platform.calendar.uninvite(viewer, parameters.eventId!, people);
  return NOTHING();
}

function respond({ platform, parameters, body, viewer }: CalendarCall): Answer {
  const { responseStatus } = fieldsOf(body.fields);
  if (
    responseStatus !== 'accepted' &&
    responseStatus !== 'declined' &&
    responseStatus !== 'tentative' &&
    responseStatus !== 'needsAction'
  )
    throw new Invalid('responseStatus invalid');
  platform.calendar.respond(viewer, parameters.eventId!, responseStatus);
  return NOTHING();
}
