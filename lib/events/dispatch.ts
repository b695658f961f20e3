import 'server-only';
import { forgetCalendars } from '../calendar-cache';
import type { DirectoryEvent } from '../dingtalk/event';
import type { EventEffect } from '../session/session-store';
import type { RefreshTarget } from '../storage/event-inbox';

/** What became of an event. Every outcome is acknowledged: DingTalk need not send the event again. */
export type Outcome =
  | 'done'
  /** Came before. */
  | 'duplicate'
  /** Of another company. */
  | 'foreign'
  /** Names no person and no department: never read as all of them. */
  | 'empty'
  | 'unknown';

const NONE: EventEffect = { left: [], refresh: [] };
const ADMINISTRATORS: RefreshTarget = { what: 'administrators' };
const DIRECTORY: RefreshTarget = { what: 'directory' };
export const toMembers = (userIds: readonly string[]): RefreshTarget[] =>
  userIds.map((id) => ({ what: 'member', id }));

/**
 * What an event changes: sessions end at once where people left; everything else is read from DingTalk again, because
 * events may arrive late, twice and in any order.
 */
export function effectOf({ type, userIds, departmentIds, roleIds }: DirectoryEvent): EventEffect {
  const members = toMembers(userIds);
  const refresh = (...targets: RefreshTarget[]): EventEffect => ({ left: [], refresh: targets });
  switch (type) {
    case 'member-left':
      // Read again too: they may have come back before the event arrived.
      return { left: userIds, refresh: members };
    case 'member-joined':
    case 'member-changed':
    case 'member-activated':
      return refresh(...members);
    case 'admin-added':
    case 'admin-removed':
      return userIds.length > 0 ? refresh(ADMINISTRATORS, ...members) : NONE;
    case 'department-changed':
      return refresh(...departmentIds.map((id): RefreshTarget => ({ what: 'department', id })));
    case 'department-removed':
      return departmentIds.length > 0 ? refresh(DIRECTORY) : NONE;
    case 'role-changed':
      // Without people, the roles themselves were made, renamed or removed.
      if (userIds.length > 0) return refresh(...members);
      return roleIds.length > 0 ? refresh(DIRECTORY) : NONE;
    case 'company-changed':
      return refresh(DIRECTORY);
    case 'calendar-changed':
    case 'unknown':
      return NONE;
  }
}

export interface DispatcherOptions {
  corpId: string;
  /**
   * Makes the effect durable, once for each event.
   *
   * @returns false when the event was known already: then nothing was done
   */
  apply(event: DirectoryEvent, effect: EventEffect): Promise<boolean>;
}

export type Dispatcher = ReturnType<typeof createDispatcher>;

export function createDispatcher({ corpId, apply }: DispatcherOptions) {
  const counts = { done: 0, duplicate: 0, foreign: 0, empty: 0, unknown: 0, failed: 0 };
  const inFlight = new Map<string, Promise<Outcome>>();

  async function handle(event: DirectoryEvent): Promise<Outcome> {
    if (event.corpId !== undefined && event.corpId !== corpId) return 'foreign';
    if (event.type === 'unknown') return 'unknown';
    if (event.type === 'calendar-changed') {
      forgetCalendars(event.unionIds);
      return event.unionIds.length > 0 ? 'done' : 'empty';
    }
    const effect = effectOf(event);
    if (!(await apply(event, effect))) return 'duplicate';
    return effect.refresh.length > 0 ? 'done' : 'empty';
  }

  return {
    /**
     * Applies an event once, however often and by whichever way it comes, and resolves when its effect is durable.
     *
     * @throws what `apply` throws: the event is not acknowledged, and DingTalk sends it again
     */
    async dispatch(event: DirectoryEvent): Promise<Outcome> {
      const first = inFlight.get(event.id);
      const handled = first ?? handle(event).finally(() => inFlight.delete(event.id));
      if (!first) inFlight.set(event.id, handled);
      try {
        const outcome = await handled;
        const own = first && outcome === 'done' ? 'duplicate' : outcome;
        counts[own] += 1;
        return own;
      } catch (error) {
        counts.failed += 1;
        throw error;
      }
    },
    /** Events by outcome since the start; `failed` counts those at which `apply` threw. */
    counts: () => ({ ...counts }),
  };
}
