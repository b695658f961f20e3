import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { refreshMember } from '../directory/refresh';
import type { RecheckLease, SealedSession } from '../session/session-store';
import { sessions } from '../session/sessions';
import { outsideRequest } from '../singleton';

/** The owners of older sessions are asked about, once for each session. */
const OLD_AFTER_SECONDS = 3600;
const PAUSE_MS = 500;
/** After an outage. */
const RETRY_MS = 10 * 60_000;
const MAX_WAITING = 5000;

interface RecheckOptions {
  /** The right to ask, for one process at a time and not for ever: the process may end. */
  claim(session: SealedSession): Promise<RecheckLease>;
  /** DingTalk has answered. */
  settle(sessionId: string): Promise<void>;
  /** Whether DingTalk still has this person, active. @throws when it does not say */
  isStillThere(userId: string): Promise<boolean>;
  onGone(userId: string): Promise<unknown>;
  pauseMs?: number;
  retryMs?: number;
  /** Unix time in ms. */
  now?: () => number;
}

/**
 * Finds leavers without an event: asks DingTalk about the owner of each session that has grown old, in the background,
 * one at a time. A call that fails ends no session.
 */
export function createRecheck(options: RecheckOptions) {
  const { claim, settle, isStillThere, onGone, now = Date.now } = options;
  const { pauseMs = PAUSE_MS, retryMs = RETRY_MS } = options;
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

  /** @returns whether there is an answer, of this process or another */
  async function ask(session: SealedSession): Promise<boolean> {
    const claimed = await claim(session);
    if (claimed !== 'claimed') return claimed === 'settled';
    if (!(await isStillThere(session.userId))) await onGone(session.userId);
    await settle(session.id);
    return true;
  }

  return {
    /** A session was used. Costs nothing. */
    seen(session: SealedSession): void {
      const { id, issuedAt } = session;
      if (now() / 1000 - issuedAt < OLD_AFTER_SECONDS || waiting.has(id) || waiting.size >= MAX_WAITING)
        return;
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
export function startRecheck(): void {
  const { store, endPeople, onUse } = sessions();
  const { seen } = createRecheck({
    claim: store.leaseRecheck,
    settle: store.completeRecheck,
    isStillThere: async (userId) => {
      const member = await refreshMember(userId);
      return member?.active === true;
    },
    onGone: (userId) => endPeople([userId], { reason: 'check', by: 'check' }),
  });
  onUse(seen);
}
