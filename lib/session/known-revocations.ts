import 'server-only';
import { noteReplaced } from './replaced-sessions';
import type { RevocationChanges, SessionVersion } from './session-store';

export type KnownRevocations = ReturnType<typeof createKnownRevocations>;

export type Checked = SessionVersion & { id: string; userId: string; expiresAt: number };

/** By person the generation, and the epoch, up to which sessions are over. */
interface Hold {
  people: ReadonlyMap<string, number>;
  everybody: number;
}

/** No session lives longer than a week. Not by its own expiry: a clock that is ahead would revive it when set right. */
const KEEP_MS = 8 * 86_400_000;

/**
 * What a process knows of ended sessions. Numbers, not clocks: a session says under which numbers it was made, and one
 * that another instance made with a fast clock ends like any other. Times are of a monotonic clock, in ms.
 */
export function createKnownRevocations() {
  /** Up to which change everything is known; -1: nothing yet. */
  let position = { sequence: -1, epoch: -1, databaseId: -1 };
  let restoredAt: number | undefined;
  let generations = new Map<string, number>();
  /** Id to when this process learned of it. */
  let ended = new Map<string, number>();
  const holds = new Set<Hold>();

  const generationOf = (userId: string) => generations.get(userId) ?? 0;

  function isHeld({ userId, generation, epoch }: Checked): boolean {
    for (const { people, everybody } of holds) {
      if (epoch <= everybody || generation <= (people.get(userId) ?? -1)) return true;
    }
    return false;
  }

  return {
    position: () => position,
    restoredAt: () => restoredAt,

    add({ people, sessions, ...changes }: RevocationChanges, at: number): void {
      for (const { userId, generation } of people) generations.set(userId, generation);
      for (const { id, reason } of sessions) {
        ended.set(id, at);
        if (reason === 'replaced') noteReplaced(id);
      }
      position = changes;
      restoredAt = changes.restoredAt ?? undefined;
    },

    /** Holds stay: what they end, the store does not know yet. */
    clear(): void {
      generations = new Map();
      ended = new Map();
    },

    /** Drops what no session lives long enough to need. */
    tidy(at: number): void {
      for (const [id, learnedAt] of ended) if (learnedAt < at - KEEP_MS) ended.delete(id);
    },

    end(id: string, at: number): void {
      ended.set(id, at);
    },

    /** `stale`: made after what is known. */
    check(session: Checked): 'valid' | 'ended' | 'stale' {
      const { sequence, epoch, databaseId } = position;
      if (ended.has(session.id) || isHeld(session) || session.epoch < epoch) return 'ended';
      if (session.databaseId !== databaseId) return 'ended';
      // Up to its sequence this process knows everything.
      if (session.sequence > sequence) return 'stale';
      return session.epoch === epoch && session.generation === generationOf(session.userId)
        ? 'valid'
        : 'ended';
    },

    /** Ends the sessions that these people, or all, have now. @returns takes it back */
    hold(userIds: readonly string[] | 'everybody'): () => void {
      const isEverybody = userIds === 'everybody';
      const people = isEverybody ? [] : userIds.map((id) => [id, generationOf(id)] as const);
      const everybody = isEverybody ? position.epoch : Number.NEGATIVE_INFINITY;
      const held = { people: new Map(people), everybody };
      holds.add(held);
      return () => holds.delete(held);
    },
  };
}
