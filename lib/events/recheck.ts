import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { refreshMember } from '../directory/refresh';
import type { RecheckLease, SealedSession } from '../session/session-store';
import { sessions } from '../session/sessions';
import { outsideRequest } from '../singleton';

/** Sessions that are older are asked about, once each. */
const OLD_AFTER_SECONDS = 3600;
const PAUSE_MS = 500;
/** After an outage. */
const RETRY_MS = 10 * 60_000;
const MAX_WAITING = 5000;

export interface SessionRecheck {
  /** A session was used. Costs nothing. */
  seen(session: SealedSession): void;
  close(): void;
}

export interface SessionRecheckOptions {
  /** The right to ask, once for all processes, and not for ever: whoever has it may die. */
  claim(session: SealedSession): Promise<RecheckLease>;
  /** DingTalk has answered. */
  settle(sessionId: string): Promise<void>;
  /** Whether DingTalk still has this person, active. @throws when it does not say */
  isStillThere(userId: string): Promise<boolean>;
  onGone(userId: string): Promise<unknown>;
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
export function createRecheck(options: SessionRecheckOptions): SessionRecheck {
  const { claim, settle, isStillThere, onGone, now = Date.now } = options;
  const { oldAfterSeconds = OLD_AFTER_SECONDS, pauseMs = PAUSE_MS, retryMs = RETRY_MS } = options;
  const waiting = new Map<string, SealedSession>();
  /** Asked about, or not to be asked about before this time. */
  const settled = new Map<string, number>();
  let busy = false;
  let closed = false;

  async function work(): Promise<void> {
    busy = true;
    for (const [id, session] of waiting) {
      if (closed) break;
      waiting.delete(id);
      const isAnswered = await ask(session).catch(() => false);
      settled.set(id, isAnswered ? Number.POSITIVE_INFINITY : now() + retryMs);
      await delay(pauseMs, undefined, { ref: false });
    }
    busy = false;
    while (settled.size > MAX_WAITING) settled.delete(settled.keys().next().value!);
  }

  /** @returns whether there is an answer, whoever got it */
  async function ask(session: SealedSession): Promise<boolean> {
    const claimed = await claim(session);
    if (claimed !== 'claimed') return claimed === 'settled';
    if (!(await isStillThere(session.userId))) await onGone(session.userId);
    await settle(session.id);
    return true;
  }

  return {
    seen(session) {
      const { id, issuedAt } = session;
      if (now() / 1000 - issuedAt < oldAfterSeconds || waiting.has(id) || waiting.size >= MAX_WAITING) return;
      if ((settled.get(id) ?? 0) > now()) return;
      waiting.set(id, session);
      if (!busy) void outsideRequest(work);
    },
    close: () => {
      closed = true;
    },
  };
}

/** Asks DingTalk about the owners of old sessions as these are used. Started at boot, once. */
export function startRecheck(): SessionRecheck {
  const { store, endPeople, onUse } = sessions();
  const net = createRecheck({
    claim: store.leaseRecheck,
    settle: store.completeRecheck,
    isStillThere: async (userId) => {
      const member = await refreshMember(userId);
      return member?.active === true;
    },
    onGone: (userId) => endPeople([userId], { reason: 'check', by: 'check' }),
  });
  onUse(net.seen);
  return net;
}
