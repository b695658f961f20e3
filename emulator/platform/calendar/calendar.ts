import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import type { Response, StoredEvent } from './event';
import { type CalendarChange, CalendarRefusal, createEventStore } from './event-store';

const MOST_A_DAY = 100;
const KEY_LIFE_MS = 86_400_000;

export type NewEvent = Omit<
  StoredEvent,
  'id' | 'removedFor' | 'isCancelled' | 'createdAt' | 'updatedAt' | 'version'
>;

export type CalendarStore = ReturnType<typeof createCalendarStore>;

/** Everybody's primary calendars: what people see in them, and do with their events. A person is a unionId. */
export function createCalendarStore(clock: Clock, onChange: (change: CalendarChange) => void) {
  const { save, find, ...store } = createEventStore(clock, onChange);
  const createdToday = new Map<string, number>();
  const keys = new Map<string, { event: StoredEvent; at: number }>();

  function own(person: string, id: string): StoredEvent {
    const event = find(person, id);
    if (event.organizer !== person) throw new CalendarRefusal('not-organizer');
    return event;
  }

  return {
    ...store,
    find,
    create(wanted: NewEvent, key: string | undefined): StoredEvent {
      const at = clock.now();
      const used = key === undefined ? undefined : keys.get(key);
      if (used && at - used.at < KEY_LIFE_MS) return used.event;
      const day = `${wanted.organizer} ${Math.floor((at + 8 * 3_600_000) / 86_400_000)}`;
      const created = createdToday.get(day) ?? 0;
      if (created >= MOST_A_DAY) throw new CalendarRefusal('flowLimit');
      createdToday.set(day, created + 1);
      const event = newEvent(wanted, at);
      if (key !== undefined) keys.set(key, { event, at });
      return save(event, 'create');
    },
    change(person: string, id: string, change: Partial<NewEvent>): StoredEvent {
      return save(Object.assign(own(person, id), change), 'update');
    },
    invite(person: string, id: string, people: readonly { id: string; isOptional: boolean }[]): void {
      const event = own(person, id);
      for (const { id: attendee, isOptional } of people) {
        event.removedFor.delete(attendee);
        event.attendees.set(
          attendee,
          event.attendees.get(attendee) ?? { isOptional, response: 'needsAction' },
        );
      }
      save(event, 'update');
    },
    uninvite(person: string, id: string, people: readonly string[]): void {
      const event = own(person, id);
      for (const attendee of people) event.attendees.delete(attendee);
      save(event, 'update');
    },
    respond(person: string, id: string, response: Response): void {
      const event = find(person, id);
      const attendee = event.attendees.get(person);
      if (!attendee) throw new CalendarRefusal('itemNotFound');
      attendee.response = response;
      save(event, 'update');
    },
    /** By the organizer for all, by an attendee out of the own calendar. */
    remove(person: string, id: string): void {
      const event = find(person, id);
      if (event.organizer === person) event.isCancelled = true;
      else event.removedFor.add(person);
      save(event, 'delete');
    },
    reset(): void {
      store.reset();
      createdToday.clear();
      keys.clear();
    },
  };
}

/** Its id is Base64 with everything in it that an address has to encode. */
function newEvent(wanted: NewEvent, at: number): StoredEvent {
  const id = Buffer.concat([Buffer.from([0xfb, 0xff, 0xbf]), randomBytes(13)]).toString('base64');
  const removedFor = new Set<string>();
  return { id, ...wanted, removedFor, isCancelled: false, createdAt: at, updatedAt: at, version: 0 };
}
