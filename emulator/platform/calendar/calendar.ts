import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import { type Occurrence, occurrencesOf, type Response, type StoredEvent, spanOf } from './event';

const MOST_A_DAY = 100;
const KEY_LIFE_MS = 86_400_000;

/** Why the calendar refuses. */
export type CalendarProblem = 'itemNotFound' | 'instanceNotExist' | 'flowLimit' | 'not-organizer';
export class CalendarRefusal extends Error {
  readonly problem: CalendarProblem;
  constructor(problem: CalendarProblem) {
    super(problem);
    this.problem = problem;
  }
}

export type NewEvent = Omit<
  StoredEvent,
  'id' | 'removedFor' | 'isCancelled' | 'createdAt' | 'updatedAt' | 'version'
>;

/** Something happened to an event. */
export interface CalendarChange {
  event: StoredEvent;
  changeType: 'create' | 'update' | 'delete';
}

export type CalendarStore = ReturnType<typeof createCalendarStore>;

/** Everybody's primary calendars. A person is a unionId. */
export function createCalendarStore(clock: Clock, onChange: (change: CalendarChange) => void = () => {}) {
  const events = new Map<string, StoredEvent>();
  /** Ids of a series' single days. */
  const instances = new Map<string, { eventId: string; start: number }>();
  const createdToday = new Map<string, number>();
  const keys = new Map<string, { eventId: string; at: number }>();
  let version = 0;

  function touch(event: StoredEvent, changeType: CalendarChange['changeType']): StoredEvent {
    version += 1;
    event.version = version;
    event.updatedAt = clock.now();
    onChange({ event, changeType });
    return event;
  }

  /** An event in a person's calendar. @throws CalendarRefusal */
  function find(person: string, id: string): StoredEvent {
    const event = events.get(instances.get(id)?.eventId ?? id);
    if (!event || !isIn(event, person)) throw new CalendarRefusal('itemNotFound');
    if (event.isCancelled || event.removedFor.has(person)) throw new CalendarRefusal('instanceNotExist');
    return event;
  }

  function own(person: string, id: string): StoredEvent {
    const event = find(person, id);
    if (event.organizer !== person) throw new CalendarRefusal('not-organizer');
    return event;
  }

  return {
    create(wanted: NewEvent, key: string | undefined): StoredEvent {
      const used = key === undefined ? undefined : keys.get(key);
      if (used && clock.now() - used.at < KEY_LIFE_MS) return events.get(used.eventId)!;
      const day = `${wanted.organizer} ${Math.floor((clock.now() + 8 * 3_600_000) / 86_400_000)}`;
      if ((createdToday.get(day) ?? 0) >= MOST_A_DAY) throw new CalendarRefusal('flowLimit');
      createdToday.set(day, (createdToday.get(day) ?? 0) + 1);
      const at = clock.now();
      const rest = {
        removedFor: new Set<string>(),
        isCancelled: false,
        createdAt: at,
        updatedAt: at,
        version,
      };
      const event: StoredEvent = { id: newId(), ...wanted, ...rest };
      events.set(event.id, event);
      if (key !== undefined) keys.set(key, { eventId: event.id, at });
      return touch(event, 'create');
    },
    find,
    change(person: string, id: string, change: Partial<NewEvent>): StoredEvent {
      return touch(Object.assign(own(person, id), change), 'update');
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
      touch(event, 'update');
    },
    uninvite(person: string, id: string, people: readonly string[]): void {
      const event = own(person, id);
      for (const attendee of people) event.attendees.delete(attendee);
      touch(event, 'update');
    },
    respond(person: string, id: string, response: Response): void {
      const event = find(person, id);
      const attendee = event.attendees.get(person);
      if (!attendee) throw new CalendarRefusal('itemNotFound');
      attendee.response = response;
      touch(event, 'update');
    },
    /** By the organizer for all, by an attendee out of the own calendar. */
    remove(person: string, id: string): void {
      const event = find(person, id);
      if (event.organizer === person) event.isCancelled = true;
      else event.removedFor.add(person);
      touch(event, 'delete');
    },
    /** Everything that was ever in a person's calendar, cancelled or not. */
    of: (person: string) => [...events.values()].filter((event) => isIn(event, person)),
    /** What is in a person's calendar before a moment, series day by day, in order. */
    occurrences(person: string, until: number): Occurrence[] {
      return [...events.values()]
        .filter((event) => isIn(event, person) && !event.isCancelled && !event.removedFor.has(person))
        .flatMap((event) => [...occurrencesOf(event, until)])
        .sort((one, other) => one.start - other.start);
    },
    /** The id of a series' single day. */
    instanceId({ event, start }: Occurrence): string {
      if (!event.recurrence) return event.id;
      const id = createHash('sha256').update(`${event.id} ${start}`).digest('base64');
      instances.set(id, { eventId: event.id, start });
      return id;
    },
    version: () => version,
    spanOf,
    reset(): void {
      for (const kept of [events, instances, createdToday, keys]) kept.clear();
      version = 0;
    },
  };
}

function isIn(event: StoredEvent, person: string): boolean {
  return event.organizer === person || event.attendees.has(person);
}

/** Base64 with everything in it that an address has to encode. */
function newId(): string {
  return Buffer.concat([Buffer.from([0xfb, 0xff, 0xbf]), randomBytes(13)]).toString('base64');
}
