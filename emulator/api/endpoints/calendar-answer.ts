import type { Occurrence, StoredEvent } from '../../platform/calendar/event';
import { wireTime } from '../../platform/calendar/event';
import type { Json } from '../../platform/json';
import type { Platform } from '../../platform/platform';

/** An event as a person's calendar answers it. */
export function eventRecord(
  platform: Platform,
  event: StoredEvent,
  { viewer, maxAttendees = 100, day }: { viewer: string; maxAttendees?: number; day?: Occurrence },
): Record<string, Json> {
  const instance = day && event.recurrence ? day : undefined;
  return {
    id: instance ? platform.calendar.instanceId(instance) : event.id,
    summary: event.summary,
    description: event.description,
    start: wireTime(instance?.startTime ?? event.start),
    end: wireTime(instance?.endTime ?? event.end),
    originStart: instance
      ? { dateTime: new Date(instance.start).toISOString().replace('.000Z', 'Z') }
      : undefined,
    isAllDay: event.isAllDay,
    recurrence: event.recurrence as unknown as Json,
    attendees: attendeeRecords(platform, event, viewer).slice(0, maxAttendees),
    organizer: person(platform, event.organizer, viewer, { responseStatus: 'accepted' }),
    location: event.location === undefined ? undefined : { displayName: event.location, meetingRooms: [] },
    // Numbers in requests, texts in answers.
    reminders: event.reminders.map(({ method, minutes }) => ({ method, minutes: String(minutes) })),
    createTime: new Date(event.createdAt).toISOString(),
    updateTime: new Date(event.updatedAt).toISOString(),
    status: event.isCancelled ? 'cancelled' : 'confirmed',
    seriesMasterId: instance ? event.id : '',
    onlineMeetingInfo: event.onlineMeeting,
    richTextDescription: event.richText === undefined ? undefined : { text: event.richText },
  };
}

/** The organizer first. */
export function attendeeRecords(platform: Platform, event: StoredEvent, viewer: string): Json[] {
  const others = [...event.attendees].filter(([id]) => id !== event.organizer);
  return [
    person(platform, event.organizer, viewer, { responseStatus: 'accepted', isOptional: false }),
    ...others.map(([id, { response, isOptional }]) =>
      person(platform, id, viewer, { responseStatus: response, isOptional }),
    ),
  ];
}

function person({ company }: Platform, id: string, viewer: string, more: Record<string, Json>): Json {
  return { id, displayName: company.personByUnionid(id)?.name ?? '', self: id === viewer, ...more };
}
