import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';

/** Sessions that are older are asked about, once each. */
const OLD_AFTER_SECONDS = 3600;
const PAUSE_MS = 500;
/** After an outage. */
const RETRY_MS = 10 * 60_000;
const MAX_WAITING = 5000;

export interface SafetyNet {
  /** A session was used. Costs nothing. */
  seen(session: { id: string; userId: string; issuedAt: number }): void;
  close(): void;
}

export interface SafetyNetOptions {
  /** The right to ask, once for all processes. */
  claim(sessionId: string): Promise<boolean>;
  giveBack(sessionId: string): Promise<void>;
  /** Whether DingTalk still has this person, active. @throws when it does not say */
  isStillThere(userId: string): Promise<boolean>;
  onGone(userId: string): Promise<void>;
  oldAfterSeconds?: number;
  pauseMs?: number;
  retryMs?: number;
  /** Unix time in ms. */
  now?: () => number;
}

/**
 * For leavers of whom no event told: the owner of a session that has grown old is asked about, in the background, one
 * at a time. An answer that does not come ends nothing.
 */
export function createSafetyNet(options: SafetyNetOptions): SafetyNet {
  const { claim, giveBack, isStillThere, onGone, now = Date.now } = options;
  const { oldAfterSeconds = OLD_AFTER_SECONDS, pauseMs = PAUSE_MS, retryMs = RETRY_MS } = options;
  const waiting = new Map<string, string>();
  /** Asked about, or not to be asked about before this time. */
  const settled = new Map<string, number>();
  let busy = false;
  let closed = false;

  async function work(): Promise<void> {
    busy = true;
    for (const [id, userId] of waiting) {
      if (closed) break;
      waiting.delete(id);
      settled.set(id, Number.POSITIVE_INFINITY);
      await ask(id, userId).catch(() => settled.set(id, now() + retryMs));
      await delay(pauseMs, undefined, { ref: false });
    }
    busy = false;
    while (settled.size > MAX_WAITING) settled.delete(settled.keys().next().value!);
  }

  async function ask(id: string, userId: string): Promise<void> {
    if (!(await claim(id))) return;
    try {
      if (!(await isStillThere(userId))) await onGone(userId);
    } catch (error) {
      await giveBack(id);
      throw error;
    }
  }

  return {
    seen({ id, userId, issuedAt }) {
      if (now() / 1000 - issuedAt < oldAfterSeconds || waiting.has(id) || waiting.size >= MAX_WAITING) return;
      if ((settled.get(id) ?? 0) > now()) return;
      waiting.set(id, userId);
      if (!busy) void work();
    },
    close: () => {
      closed = true;
    },
  };
}
