import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import { LRUCache } from 'lru-cache';
import { log } from '../log';
import type { NoSessionReason } from '../session/sealed-sessions';
import { KEY_USED, SESSION_REFUSED, type Session } from '../session/session-cookie';
import { outsideRequest, singleton } from '../singleton';
import type { AuditLine } from '../storage/audit-line';
import { record } from '../storage/audit-log';
import { nameOf, type Verdict } from './access/decide';

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

/** Any client can send broken cookies, and after a change of keys all do: one line for many, with their number. */
function noteRefusal(reason: Refusal, session?: Session): void {
  const { count, since } = refusals().get(reason) ?? { count: 0, since: Number.NEGATIVE_INFINITY };
  const isTime = performance.now() - since >= REFUSALS_EVERY_MS;
  if (isTime) log().warn({ event: 'session-refused', reason, count: count + 1 });
  record({ event: 'session-refused', reason, userId: session?.userId, sessionId: session?.id });
  refusals().set(reason, isTime ? { count: 0, since: performance.now() } : { count: count + 1, since });
}

interface RefusedAccess {
  userId: string | undefined;
  /** Path and query; the query is not written down. */
  address: string;
  /** What the person is shown; undefined where the request leaves a line of its own. */
  requestId?: string | undefined;
}

const HOUR_MS = 3_600_000;
const MAX_REFUSED = 10_000;

interface CountedRefusal {
  line: AuditLine;
  more: number;
}

/** By session and rule, of the last hour. What is pushed out is written first. */
const refusedByRule = singleton(
  'refused-by-rule',
  () =>
    new LRUCache<string, CountedRefusal>({
      max: MAX_REFUSED,
      dispose: ({ line, more }) => {
        if (more > 0) record({ ...line, count: more });
      },
    }),
);

/** A member asked for what a rule keeps from them. The audit has a line at once, and one an hour later that counts the others. */
export function noteRefusedByRule({
  session,
  verdict: { rule, because },
  address,
  requestId,
}: Omit<RefusedAccess, 'userId'> & { session: Session; verdict: Verdict }): void {
  const path = address.replace(/[?#].*$/s, '');
  const { id: sessionId, userId } = session;
  const name = rule ? nameOf(rule) : because;
  log().warn({ event: 'access-refused', requestId, userId, path, rule: name, line: rule?.line });
  const key = `${sessionId} ${name}`;
  const counted = refusedByRule().get(key);
  if (counted) {
    counted.more++;
    return;
  }
  const line: AuditLine = {
    event: 'access-refused',
    userId,
    sessionId,
    reason: 'not-permitted',
    detail: rule ? `${path} · ${name} (${rule.line})` : `${path} · ${name}`,
  };
  record(line);
  refusedByRule().set(key, { line, more: 0 });
  outsideRequest(() => setTimeout(() => refusedByRule().delete(key), HOUR_MS).unref());
}

/** Writes what was only counted so far, before the process ends. */
export function flushRefusals(): void {
  refusedByRule().clear();
}

/** A member asked for what is not for them. */
export function noteRefusedAccess({ userId, address, requestId }: RefusedAccess): void {
  const path = address.replace(/[?#].*$/s, '');
  if (requestId !== undefined) log().warn({ event: 'access-refused', requestId, userId, path });
  record({ event: 'access-refused', userId, reason: 'not-permitted', detail: path });
}
