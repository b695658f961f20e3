import type { EventControl } from '../event-hub';
import type { CalendarChange } from './event-store';

/** Emits `calendar_event_change` for every change of an event. @see https://open.dingtalk.com/document/development/calendar-events */
export function calendarEventsOf(events: EventControl): (change: CalendarChange) => void {
  return ({ event, changeType }) => {
    events.emit({
      type: 'calendar_event_change',
      details: {
        calendarEventId: event.id,
        calendarEventUpdateTime: event.updatedAt,
        calendarId: 'primary',
        unionIdList: [event.organizer, ...event.attendees.keys()],
        // Only `create` is documented.
        changeType,
        operator: { type: 'user' },
        legacyCalendarEventId: event.id,
      },
    });
  };
}
