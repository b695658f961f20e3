import 'server-only';
import { LRUCache } from 'lru-cache';
import type { DirectoryEvent, DirectoryEventType } from '../dingtalk/event';

/** What became of an event. All of them are acknowledged: DingTalk need not send it again. */
export type Outcome =
  | 'done'
  /** Came before. */
  | 'duplicate'
  /** Of another company. */
  | 'foreign'
  /** Names nobody and nothing: never read as everybody. */
  | 'empty'
  | 'unknown';

type Handler<T> = (ids: T[], event: DirectoryEvent) => Promise<void> | void;

/** What is done about events. Each resolves when it is durable; done twice, or late, it does no harm. */
export interface EventHandlers {
  onLeft: Handler<string>;
  /** Never revives an old session. */
  onJoined: Handler<string>;
  onChanged: Handler<string>;
  onActivated: Handler<string>;
  onAdminsAdded: Handler<string>;
  onAdminsRemoved: Handler<string>;
  onDepartmentsChanged: Handler<number>;
  onDepartmentsRemoved: Handler<number>;
  /** Who has which role, or what roles there are. */
  onRolesChanged(
    change: { roleIds: number[]; userIds: string[] },
    event: DirectoryEvent,
  ): Promise<void> | void;
  onCompanyChanged(event: DirectoryEvent): Promise<void> | void;
}

/**
 * Which events were dealt with. Two steps and not one: an event that is remembered before its effect is durable is
 * lost when the process dies between them.
 */
export interface EventMemory {
  knows(eventId: string): boolean | Promise<boolean>;
  /** The event's effect is durable. Where a handler has remembered it together with its effect, nothing is left to do. */
  remember(event: DirectoryEvent): void | Promise<void>;
}

export interface Dispatcher {
  /**
   * Deals with an event once, however often and by whichever way it comes, and resolves when its effect is durable.
   *
   * @throws whatever a handler throws: the event is not acknowledged, and comes again
   */
  dispatch(event: DirectoryEvent): Promise<Outcome>;
  /** How many events ended how since the start; `failed` are those that a handler threw at. */
  counts(): Record<Outcome | 'failed', number>;
}

/** Hands events to those who act on them. The order of events says nothing. */
export function createDispatcher(
  options: EventHandlers & { corpId: string; memory: EventMemory },
): Dispatcher {
  const { corpId, memory } = options;
  const counts = { done: 0, duplicate: 0, foreign: 0, empty: 0, unknown: 0, failed: 0 };
  const underWay = new Map<string, Promise<Outcome>>();

  async function handle(event: DirectoryEvent): Promise<Outcome> {
    if (event.corpId !== undefined && event.corpId !== corpId) return 'foreign';
    if (event.type === 'unknown') return 'unknown';
    if (await memory.knows(event.id)) return 'duplicate';
    const isEmpty = event.type !== 'company-changed' && idsOf(event).length === 0;
    if (!isEmpty) await actions[event.type](event);
    await memory.remember(event);
    return isEmpty ? 'empty' : 'done';
  }

  const actions: Record<Exclude<DirectoryEventType, 'unknown'>, (event: DirectoryEvent) => unknown> = {
    'member-left': (event) => options.onLeft(event.userIds, event),
    'member-joined': (event) => options.onJoined(event.userIds, event),
    'member-changed': (event) => options.onChanged(event.userIds, event),
    'member-activated': (event) => options.onActivated(event.userIds, event),
    'admin-added': (event) => options.onAdminsAdded(event.userIds, event),
    'admin-removed': (event) => options.onAdminsRemoved(event.userIds, event),
    'department-changed': (event) => options.onDepartmentsChanged(event.departmentIds, event),
    'department-removed': (event) => options.onDepartmentsRemoved(event.departmentIds, event),
    'role-changed': (event) =>
      options.onRolesChanged({ roleIds: event.roleIds, userIds: event.userIds }, event),
    'company-changed': (event) => options.onCompanyChanged(event),
  };

  return {
    async dispatch(event) {
      const twin = underWay.get(event.id);
      const flight = twin ?? handle(event).finally(() => underWay.delete(event.id));
      if (!twin) underWay.set(event.id, flight);
      try {
        const outcome = await flight;
        const ours = twin && outcome === 'done' ? 'duplicate' : outcome;
        counts[ours] += 1;
        return ours;
      } catch (error) {
        counts.failed += 1;
        throw error;
      }
    },
    counts: () => ({ ...counts }),
  };
}

/** A memory of this process only, bounded. @param options.ttlMs longer than a callback can be replayed */
export function createRecentEvents({ max = 20_000, ttlMs = 24 * 3_600_000 } = {}): EventMemory {
  const seen = new LRUCache<string, true>({ max, ttl: ttlMs });
  return {
    knows: (eventId) => seen.has(eventId),
    remember: ({ id, deduplicationKeys: twins }) => {
      for (const name of [id, ...twins]) seen.set(name, true);
    },
  };
}

function idsOf({ userIds, departmentIds, roleIds, type }: DirectoryEvent): unknown[] {
  if (type === 'department-changed' || type === 'department-removed') return departmentIds;
  return type === 'role-changed' ? [...roleIds, ...userIds] : userIds;
}
