import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';
import { within } from '../within';
import { type Checked, createKnownRevocations, type KnownRevocations } from './known-revocations';
import type { Position, SessionStore } from './session-store';

/**
 * `ended`: for certain. `stale`: made after what this process has seen. `unknown`: the store has been silent for too
 * long, so that it is not known.
 */
export type Verdict = 'valid' | 'ended' | 'stale' | 'unknown';

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

const POLL_MS = 500;
const STALE_MS = 60_000;
/** A poll that takes longer has failed. */
const POLL_TIMEOUT_MS = 5000;
const TIDY_EVERY = 1000;
/** Changes that an older copy can lack. */
const MAX_LOST = 1_000_000_000;

/** Keeps what is known of ended sessions up to date. The only clock here measures the store's silence. */
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
  const known = createKnownRevocations();
  let answeredAt = Number.NEGATIVE_INFINITY;
  let silent = false;
  let polls = 0;
  let polling = Promise.resolve(true);
  let queued: Promise<boolean> | undefined;

  async function fetchOnce(): Promise<void> {
    const askedAt = now();
    await fetchChanges(known, { store, onOlder }, askedAt);
    answeredAt = askedAt;
    if (silent) onAnswer?.();
    silent = false;
    if (++polls % TIDY_EVERY === 0) known.tidy(now());
  }

  function refresh(): Promise<boolean> {
    queued ??= outsideRequest(() =>
      polling.then(() => {
        queued = undefined;
        polling = fetchOnce().then(
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

  const check = (session: Checked): Verdict => (isFresh() ? known.check(session) : 'unknown');
  const hasLooked = () => known.position().sequence !== -1;

  const close = pollEvery(pollMs, refresh);

  return {
    check,
    async verify(session) {
      const verdict = check(session);
      if (verdict !== 'stale' && hasLooked()) return verdict;
      const isAnswered = await refresh();
      const again = check(session);
      if (again !== 'stale') return again;
      if (!isAnswered) return 'unknown';
      const { sequence, epoch } = known.position();
      // No copy is that old: a number that was made up, with a key that is not secret any more, must not become ours.
      if (session.sequence - sequence > MAX_LOST || session.epoch - epoch > MAX_LOST) return 'ended';
      // The store itself is behind the session: the seal is genuine, so the store is an older copy.
      await onOlder?.({ sequence: session.sequence, epoch: Math.max(session.epoch, epoch) }, false);
      return 'ended';
    },
    refresh,
    end: ({ id }) => known.end(id, now()),
    hold: known.hold,
    isFresh,
    isSilent: () => silent,
    restoredAt: known.restoredAt,
    hasLooked,
    close,
  };
}

/** Adds to what is known what has changed since. @throws when the store does not answer, or is an older copy */
async function fetchChanges(
  known: KnownRevocations,
  { store, onOlder }: { store: ViewOptions['store']; onOlder: ViewOptions['onOlder'] | undefined },
  askedAt: number,
): Promise<void> {
  const { sequence, epoch, databaseId } = known.position();
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
    known.clear();
  }
  known.add(changes, askedAt);
}

/** @returns ends it */
function pollEvery(ms: number, refresh: () => Promise<unknown>): () => void {
  let closed = false;
  async function poll(): Promise<void> {
    while (!closed) {
      await refresh();
      await delay(ms, undefined, { ref: false });
    }
  }
  void poll();
  return () => {
    closed = true;
  };
}

function tooLate(): never {
  throw new Error('the store of revocations does not answer');
}
