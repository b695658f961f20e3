import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';
import { within } from '../within';
import type { SessionStore, SessionVersion } from './session-store';

/**
 * `ended`: for certain. `behind`: made under a number that is newer than what this process has seen. `unknown`: the
 * store has been silent for too long, so that nobody can say.
 */
export type Verdict = 'valid' | 'ended' | 'stale' | 'unknown';

type Checked = SessionVersion & { id: string; userId: string; expiresAt: number };

/** What a process remembers of the store, so that a request need not ask it. */
export interface RevocationCache {
  /** From memory alone. */
  check(session: Checked): Verdict;
  /** As `check`; asks the store where this process is stale, or has never asked. */
  verify(session: Checked): Promise<'valid' | 'ended' | 'unknown'>;
  /** Fetches what has changed: one fetch serves every caller that asked before it began. Never throws. */
  refresh(): Promise<void>;
  /** A session that this process itself ended. */
  end(session: Pick<Checked, 'id' | 'expiresAt'>): void;
  /**
   * Ends sessions in this process alone, as long as the store cannot be told: those that somebody, or everybody, has
   * now. What they open later stands.
   *
   * @returns takes it back, once the store knows
   */
  hold(userIds: readonly string[] | 'everybody'): () => void;
  /** Whether the store has answered lately, and takes what has to be written. */
  isFresh(): boolean;
  /** Whether the store has ever answered. */
  hasLooked(): boolean;
  close(): void;
}

interface ViewOptions {
  store: Pick<SessionStore, 'changesSince'>;
  /** From one poll to the next. */
  pollMs?: number;
  /** After so long a silence nobody is let in. */
  staleMs?: number;
  /** A monotonic clock, in ms. */
  now?: () => number;
  /** False once the store has refused to be written for too long: then endings get lost, and nobody is let in. */
  isWritable?: () => boolean;
  onSilence?: (error: unknown) => void;
  onAnswer?: () => void;
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
}: ViewOptions): RevocationCache {
  let sequence = -1;
  let epoch = -1;
  let generations = new Map<string, number>();
  /** Id to when this process learned of it. */
  let ended = new Map<string, number>();
  let answeredAt = Number.NEGATIVE_INFINITY;
  let silent = false;
  let polls = 0;
  let closed = false;
  let polling = Promise.resolve();
  let queued: Promise<void> | undefined;

  async function fetchChanges(): Promise<void> {
    const askedAt = now();
    let changes = await within(store.changesSince(sequence), POLL_TIMEOUT_MS, tooLate);
    if (changes.sequence < sequence) {
      // Another, older state was put in its place: what was known of the newer one is worth nothing.
      changes = await within(store.changesSince(-1), POLL_TIMEOUT_MS, tooLate);
      generations = new Map();
      ended = new Map();
    }
    for (const { userId, generation } of changes.people) generations.set(userId, generation);
    for (const { id } of changes.sessions) ended.set(id, askedAt);
    ({ sequence, epoch } = changes);
    answeredAt = askedAt;
    if (silent) onAnswer?.();
    silent = false;
    if (++polls % TIDY_EVERY === 0) tidy();
  }

  function tidy(): void {
    const before = now() - KEEP_MS;
    for (const [id, learnedAt] of ended) if (learnedAt < before) ended.delete(id);
  }

  function refresh(): Promise<void> {
    queued ??= outsideRequest(() =>
      polling.then(() => {
        queued = undefined;
        polling = fetchChanges().catch((error: unknown) => {
          if (!silent) onSilence?.(error);
          silent = true;
        });
        return polling;
      }),
    );
    return queued;
  }

  const isFresh = () => now() - answeredAt <= staleMs && isWritable();

  const versionOf = (userId: string): SessionVersion => ({
    generation: generations.get(userId) ?? 0,
    epoch,
  });

  function check(session: Checked): Verdict {
    if (!isFresh()) return 'unknown';
    const { generation } = versionOf(session.userId);
    if (ended.has(session.id) || isHeld(session)) return 'ended';
    if (session.epoch === epoch && session.generation === generation) return 'valid';
    const isNewer = session.epoch > epoch || (session.epoch === epoch && session.generation > generation);
    return isNewer ? 'stale' : 'ended';
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
    const people = isEverybody ? [] : userIds.map((id) => [id, versionOf(id).generation] as const);
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
      let verdict = check(session);
      if (verdict === 'stale' || sequence === -1) {
        await refresh();
        verdict = check(session);
      }
      // The store itself does not know the number: it is an older copy, or the number is of another database.
      return verdict === 'stale' ? 'ended' : verdict;
    },
    refresh,
    end: ({ id }) => {
      ended.set(id, now());
    },
    hold,
    isFresh,
    hasLooked: () => sequence !== -1,
    close: () => {
      closed = true;
    },
  };
}

function tooLate(): never {
  throw new Error('the store of revocations does not answer');
}
