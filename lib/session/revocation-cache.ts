import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';
import type { RevocationStore, Standing } from './session-store';

/**
 * `ended`: for certain. `behind`: made under a number that is newer than what this process has seen. `unknown`: the
 * store has been silent for too long, so that nobody can say.
 */
export type Verdict = 'valid' | 'ended' | 'behind' | 'unknown';

export type Checked = Standing & { id: string; userId: string; expiresAt: number };

/** What a process remembers of the store, so that a request need not ask it. */
export interface RevocationView {
  /** From memory alone. */
  check(session: Checked): Verdict;
  /** As `check`; looks into the store where this process is behind, or has not looked yet. */
  verify(session: Checked): Promise<'valid' | 'ended' | 'unknown'>;
  /** The numbers under which somebody's sessions are made, as far as this process has heard. */
  standingOf(userId: string): Standing;
  /** Looks for what is new, from now on: one look for all who ask before it begins. Never throws. */
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

export interface ViewOptions {
  store: Pick<RevocationStore, 'changesSince'>;
  /** From one look to the next. */
  pollMs?: number;
  /** After so long a silence nobody is let in. */
  staleMs?: number;
  /** A clock that nobody sets. */
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
/** A look that takes longer has failed. */
const LOOK_TIMEOUT_MS = 5000;
/** No session lives longer than a week. Not by its own expiry: a clock that is ahead would revive it when set right. */
const KEEP_MS = 8 * 86_400_000;
const TIDY_EVERY = 1000;

/**
 * Numbers, not clocks: a session says under which numbers it was made, and one that another instance made with a fast
 * clock ends like any other. The only clock here measures the store's silence.
 */
export function createView({
  store,
  pollMs = POLL_MS,
  staleMs = STALE_MS,
  now = () => performance.now(),
  isWritable = () => true,
  onSilence,
  onAnswer,
}: ViewOptions): RevocationView {
  let sequence = -1;
  let epoch = -1;
  let generations = new Map<string, number>();
  /** Id to when this process learned of it. */
  let ended = new Map<string, number>();
  let answeredAt = Number.NEGATIVE_INFINITY;
  let silent = false;
  let looks = 0;
  let closed = false;
  let looking = Promise.resolve();
  let coming: Promise<void> | undefined;

  async function look(): Promise<void> {
    const askedAt = now();
    let changes = await inTime(store.changesSince(sequence));
    if (changes.sequence < sequence) {
      // Another, older state was put in its place: what was known of the newer one is worth nothing.
      changes = await inTime(store.changesSince(-1));
      generations = new Map();
      ended = new Map();
    }
    for (const { userId, generation } of changes.people) generations.set(userId, generation);
    for (const { id } of changes.sessions) ended.set(id, askedAt);
    ({ sequence, epoch } = changes);
    answeredAt = askedAt;
    if (silent) onAnswer?.();
    silent = false;
    if (++looks % TIDY_EVERY === 0) tidy();
  }

  function tidy(): void {
    const before = now() - KEEP_MS;
    for (const [id, learnedAt] of ended) if (learnedAt < before) ended.delete(id);
  }

  function refresh(): Promise<void> {
    coming ??= outsideRequest(() =>
      looking.then(() => {
        coming = undefined;
        looking = look().catch((error: unknown) => {
          if (!silent) onSilence?.(error);
          silent = true;
        });
        return looking;
      }),
    );
    return coming;
  }

  const isFresh = () => now() - answeredAt <= staleMs && isWritable();

  const standingOf = (userId: string): Standing => ({ generation: generations.get(userId) ?? 0, epoch });

  function check(session: Checked): Verdict {
    if (!isFresh()) return 'unknown';
    const { generation } = standingOf(session.userId);
    if (ended.has(session.id) || isHeld(session)) return 'ended';
    if (session.epoch === epoch && session.generation === generation) return 'valid';
    const isNewer = session.epoch > epoch || (session.epoch === epoch && session.generation > generation);
    return isNewer ? 'behind' : 'ended';
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
    const people = isEverybody ? [] : userIds.map((id) => [id, standingOf(id).generation] as const);
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
    standingOf,
    async verify(session) {
      let verdict = check(session);
      if (verdict === 'behind' || sequence === -1) {
        await refresh();
        verdict = check(session);
      }
      // The store itself does not know the number: it is an older copy, or the number is of another database.
      return verdict === 'behind' ? 'ended' : verdict;
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

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const error = new Error('the store of revocations does not answer');
    timer = setTimeout(reject, LOOK_TIMEOUT_MS, error).unref();
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
