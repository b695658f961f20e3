import { createHash } from 'node:crypto';
import type { Clock } from '../clock';
import { type Occurrence, occurrencesOf, type StoredEvent } from './event';

/** Why the calendar refuses. */
export type CalendarProblem = 'itemNotFound' | 'instanceNotExist' | 'flowLimit' | 'not-organizer';
export class CalendarRefusal extends Error {
  readonly problem: CalendarProblem;
  constructor(problem: CalendarProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** Something happened to an event. */
export interface CalendarChange {
  event: StoredEvent;
  changeType: 'create' | 'update' | 'delete';
}

/** The events of all calendars, and which of them a person sees. */
export function createEventStore(clock: Clock, onChange: (change: CalendarChange) => void) {
  const events = new Map<string, StoredEvent>();
  /** Ids of a series' single days, each with the id of its event. */
  const instances = new Map<string, string>();
  let version = 0;

  /** Everything that was ever in a person's calendar, cancelled or not. */
  const of = (person: string) => [...events.values()].filter((event) => isIn(event, person));

  return {
    of,
    /** Keeps an event that is new or has changed, under the next version. */
    save(event: StoredEvent, changeType: CalendarChange['changeType']): StoredEvent {
      version += 1;
      event.version = version;
      event.updatedAt = clock.now();
      events.set(event.id, event);
      onChange({ event, changeType });
      return event;
    },
    /** An event in a person's calendar. @throws CalendarRefusal */
    find(person: string, id: string): StoredEvent {
      const event = events.get(instances.get(id) ?? id);
      if (!event || !isIn(event, person)) throw new CalendarRefusal('itemNotFound');
      if (event.isCancelled || event.removedFor.has(person)) throw new CalendarRefusal('instanceNotExist');
      return event;
    },
    /** What is in a person's calendar before a moment, series day by day, in order. */
    occurrences(person: string, until: number): Occurrence[] {
      return of(person)
        .filter((event) => !event.isCancelled && !event.removedFor.has(person))
        .flatMap((event) => [...occurrencesOf(event, until)])
        .sort((one, other) => one.start - other.start);
    },
    /** The id of a series' single day. */
    instanceId({ event, start }: Occurrence): string {
      if (!event.recurrence) return event.id;
      const id = createHash('sha256').update(`${event.id} ${start}`).digest('base64');
      instances.set(id, event.id);
      return id;
    },
    version: () => version,
    reset(): void {
      events.clear();
      instances.clear();
      version = 0;
    },
  };
}

function isIn(event: StoredEvent, person: string): boolean {
  return event.organizer === person || event.attendees.has(person);
}
