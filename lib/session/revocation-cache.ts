import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';
import { within } from '../within';
import { noteReplaced } from './replaced-sessions';
import type { Position, SessionStore, SessionVersion } from './session-store';

/**
 * `ended`: for certain. `stale`: made after what this process has seen. `unknown`: the store has been silent for too
 * long, so that it is not known.
 */
export type Verdict = 'valid' | 'ended' | 'stale' | 'unknown';

type Checked = SessionVersion & { id: string; userId: string; expiresAt: number };

/** What a process remembers of the store, so that a request need not ask it. */
export interface RevocationCache {
  /** From memory alone. */
  check(session: Checked): Verdict;
  /** As `check`; asks the store where this process is stale, or has never asked. */
  verify(session: Checked): Promise<'valid' | 'ended' | 'unknown'>;
  /**
   * Fetches what has changed: one fetch serves every caller that asked before it began. Never throws.
   *
   * @returns whether the store answered
   */
  refresh(): Promise<boolean>;
  /** A session that this process itself ended. */
  end(session: Pick<Checked, 'id'>): void;
  /**
   * Ends sessions in this process alone, as long as the store cannot be told: those that a person, or all people, have
   * now. What they open later stands.
   *
   * @returns takes it back, once the store knows
   */
  hold(userIds: readonly string[] | 'everybody'): () => void;
  /** Whether the store has answered lately, and takes what has to be written. */
  isFresh(): boolean;
  /** Whether the store did not answer when it was asked last. */
  isSilent(): boolean;
  /** When an older copy was noticed in the database's place; Unix time in ms. */
  restoredAt(): number | undefined;
  /** Whether the store has ever answered. */
  hasLooked(): boolean;
  close(): void;
}

interface ViewOptions {
  store: Pick<SessionStore, 'changesSince'>;
  /** From one poll to the next. */
  pollMs?: number;
  /** After so long a silence no session is accepted. */
  staleMs?: number;
  /** A monotonic clock, in ms. */
  now?: () => number;
  /** False once the store has refused to be written for too long: then endings get lost, and no session is accepted. */
  isWritable?: () => boolean;
  onSilence?: (error: unknown) => void;
  onAnswer?: () => void;
  /**
   * The store is an older copy of the database: it lacks what it had reached. Called until it is noticed there.
   *
   * @param isKnown whether this process knows what was ended since
   */
  onOlder?: (reached: Position, isKnown: boolean) => Promise<unknown>;
}

/** By person the generation, and the epoch, up to which sessions are over. */
interface Hold {
  people: ReadonlyMap<string, number>;
  everybody: number;
}

const POLL_MS = 500;
const STALE_MS = 60_000;
/** A poll that takes longer has failed. */
const POLL_TIMEOUT_MS = 5000;
/** No session lives longer than a week. Not by its own expiry: a clock that is ahead would revive it when set right. */
const KEEP_MS = 8 * 86_400_000;
const TIDY_EVERY = 1000;
/** Changes that an older copy can lack. */
const MAX_LOST = 1_000_000_000;

/**
 * Numbers, not clocks: a session says under which numbers it was made, and one that another instance made with a fast
 * clock ends like any other. The only clock here measures the store's silence.
 */
export function createRevocationCache({
  store,
  pollMs = POLL_MS,
  staleMs = STALE_MS,
  now = () => performance.now(),
  isWritable = () => true,
  onSilence,
  onAnswer,
  onOlder,
}: ViewOptions): RevocationCache {
  let sequence = -1;
  let epoch = -1;
  let databaseId = -1;
  let restoredAt: number | undefined;
  let generations = new Map<string, number>();
  /** Id to when this process learned of it. */
  let ended = new Map<string, number>();
  let answeredAt = Number.NEGATIVE_INFINITY;
  let silent = false;
  let polls = 0;
  let closed = false;
  let polling = Promise.resolve(true);
  let queued: Promise<boolean> | undefined;

  async function fetchChanges(): Promise<void> {
    const askedAt = now();
    const ask = (since: number) => within(store.changesSince(since), POLL_TIMEOUT_MS, tooLate);
    let changes = await ask(sequence);
    if (changes.databaseId === databaseId && changes.sequence < sequence && changes.epoch <= epoch) {
      // What is known of the state that is lost stands until everybody has been ended in the copy, too.
      void onOlder?.({ sequence, epoch }, true);
      throw new Error('the database is an older copy of itself');
    }
    if (changes.databaseId !== databaseId || changes.epoch !== epoch) {
      // Generations of another history, or of before an older copy, are worth nothing.
      if (sequence !== -1) changes = await ask(-1);
      generations = new Map();
      ended = new Map();
    }
    for (const { userId, generation } of changes.people) generations.set(userId, generation);
    for (const { id, reason } of changes.sessions) {
      ended.set(id, askedAt);
      if (reason === 'replaced') noteReplaced(id);
    }
    ({ sequence, epoch, databaseId } = changes);
    restoredAt = changes.restoredAt ?? undefined;
    answeredAt = askedAt;
    if (silent) onAnswer?.();
    silent = false;
    if (++polls % TIDY_EVERY === 0) tidy();
  }

  function tidy(): void {
    const before = now() - KEEP_MS;
    for (const [id, learnedAt] of ended) if (learnedAt < before) ended.delete(id);
  }

  function refresh(): Promise<boolean> {
    queued ??= outsideRequest(() =>
      polling.then(() => {
        queued = undefined;
        polling = fetchChanges().then(
          () => true,
          (error: unknown) => {
            if (!silent) onSilence?.(error);
            silent = true;
            return false;
          },
        );
        return polling;
      }),
    );
    return queued;
  }

  const isFresh = () => now() - answeredAt <= staleMs && isWritable();

  const generationOf = (userId: string) => generations.get(userId) ?? 0;

  function check(session: Checked): Verdict {
    if (!isFresh()) return 'unknown';
    if (ended.has(session.id) || isHeld(session) || session.epoch < epoch) return 'ended';
    if (session.databaseId !== databaseId) return 'ended';
    // Up to its sequence this process knows everything.
    if (session.sequence > sequence) return 'stale';
    return session.epoch === epoch && session.generation === generationOf(session.userId) ? 'valid' : 'ended';
  }

  const holds = new Set<Hold>();

  function isHeld({ userId, generation, epoch: madeUnder }: Checked): boolean {
    for (const { people, everybody } of holds) {
      if (madeUnder <= everybody || generation <= (people.get(userId) ?? -1)) return true;
    }
    return false;
  }

  function hold(userIds: readonly string[] | 'everybody'): () => void {
    const isEverybody = userIds === 'everybody';
    const people = isEverybody ? [] : userIds.map((id) => [id, generationOf(id)] as const);
    const held = { people: new Map(people), everybody: isEverybody ? epoch : Number.NEGATIVE_INFINITY };
    holds.add(held);
    return () => holds.delete(held);
  }

  async function poll(): Promise<void> {
    while (!closed) {
      await refresh();
      await delay(pollMs, undefined, { ref: false });
    }
  }
  poll();

  return {
    check,
    async verify(session) {
      const verdict = check(session);
      if (verdict !== 'stale' && sequence !== -1) return verdict;
      const isAnswered = await refresh();
      const again = check(session);
      if (again !== 'stale') return again;
      if (!isAnswered) return 'unknown';
      // No copy is that old: a number that was made up, with a key that is not secret any more, must not become ours.
      if (session.sequence - sequence > MAX_LOST || session.epoch - epoch > MAX_LOST) return 'ended';
      // The store itself is behind the session: the seal is genuine, so the store is an older copy.
      await onOlder?.({ sequence: session.sequence, epoch: Math.max(session.epoch, epoch) }, false);
      return 'ended';
    },
    refresh,
    end: ({ id }) => {
      ended.set(id, now());
    },
    hold,
    isFresh,
    isSilent: () => silent,
    restoredAt: () => restoredAt,
    hasLooked: () => sequence !== -1,
    close: () => {
      closed = true;
    },
  };
}

function tooLate(): never {
  throw new Error('the store of revocations does not answer');
}
