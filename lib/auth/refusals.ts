import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import { LRUCache } from 'lru-cache';
import { log } from '../log';
import { KEY_USED, type NoSessionReason, SESSION_REFUSED, type Session } from '../session/session-cookie';
import { singleton } from '../singleton';
import { record } from '../storage/audit-log';

/** Who was refused what, in the log and in the audit. */

const QUIET = new Set<NoSessionReason>(['absent', 'expired']);
const REFUSALS_EVERY_MS = 10_000;
/** `ended`: it was a session of ours, and was ended before its time. */
type Refusal = NoSessionReason | 'ended';
const refusals = singleton('refusals', () => new Map<Refusal, { count: number; since: number }>());
const endedSeen = singleton('ended-seen', () => new LRUCache<string, true>({ max: 10_000 }));

/** What `proxy.ts` and the opening of seals tell, which must not load the database. Called once, at boot. */
export function watchSessions(): void {
  subscribe(SESSION_REFUSED, (reason) => noteRefusedCookie(reason as NoSessionReason));
  subscribe(KEY_USED, (keyId) => record({ event: 'key-used', detail: keyId as string }));
}

/** Fails closed, but not silently: many broken cookies are a broken key rotation, or an attack. */
export function noteRefusedCookie(reason: NoSessionReason): void {
  if (!QUIET.has(reason)) noteRefusal(reason);
}

/** Once for each session: a page that is open somewhere asks again and again. */
export function noteEnded(session: Session): void {
  if (endedSeen().has(session.id)) return;
  endedSeen().set(session.id, true);
  noteRefusal('ended', session);
}

/** Anybody can send broken cookies, and on the day of a change of keys everybody does: a line for many, with their number. */
function noteRefusal(reason: Refusal, session?: Session): void {
  const { count, since } = refusals().get(reason) ?? { count: 0, since: Number.NEGATIVE_INFINITY };
  const isTime = performance.now() - since >= REFUSALS_EVERY_MS;
  if (isTime) log().warn({ event: 'session-refused', reason, count: count + 1 });
  record({ event: 'session-refused', reason, userId: session?.userId, sessionId: session?.id });
  refusals().set(reason, isTime ? { count: 0, since: performance.now() } : { count: count + 1, since });
}

export interface RefusedAccess {
  userId: string | undefined;
  /** Path and query; the query is not written down. */
  address: string;
  /** What the person is shown; undefined where the request leaves a line of its own. */
  requestId?: string | undefined;
}

/** A member asked for what is not for them. */
export function noteRefusedAccess({ userId, address, requestId }: RefusedAccess): void {
  const path = address.replace(/[?#].*$/s, '');
  if (requestId !== undefined) log().warn({ event: 'access-refused', requestId, userId, path });
  record({ event: 'access-refused', userId, reason: 'not-permitted', detail: path });
}
