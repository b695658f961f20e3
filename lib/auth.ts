import 'server-only';
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { record } from './audit/recorder';
import { config } from './config';
import { getMember, type Member, type WireLanguage } from './dingtalk/users';
import { isLeaver } from './directory/refresh';
import { AppError, toAppError } from './errors';
import { log } from './log';
import { platform } from './platform';
import { processWide } from './process-wide';
import { safeReturnTo } from './return-to';
import { endMissingMember, revocations } from './revocation/revocations';
import { type NoSessionReason, type Session, sessions } from './session';
import { TARGET_HEADER } from './target-header';

/** A page with most of its content at hand does not wait as long as a sign-in. */
const PROFILE_DEADLINE_MS = 5000;

const QUIET = new Set<NoSessionReason>(['absent', 'expired']);
const REFUSALS_EVERY_MS = 10_000;
/** `ended`: it was a session of ours, and was ended before its time. */
type Refusal = NoSessionReason | 'ended';
const refusals = processWide('refusals', () => new Map<Refusal, { count: number; since: number }>());

const endedSeen = processWide('ended-seen', () => new LRUCache<string, true>({ max: 10_000 }));

/** Anybody can send broken cookies, and on the day of a change of keys everybody does: a line for many, with their number. */
function noteRefusal(reason: Refusal, session?: Session): void {
  const { count, since } = refusals().get(reason) ?? { count: 0, since: Number.NEGATIVE_INFINITY };
  const isTime = performance.now() - since >= REFUSALS_EVERY_MS;
  if (isTime) log().warn({ event: 'session-refused', reason, count: count + 1 });
  record({ event: 'session-refused', reason, userId: session?.userId, sessionId: session?.id });
  refusals().set(reason, isTime ? { count: 0, since: performance.now() } : { count: count + 1, since });
}

/** Once for each session: a page that is open somewhere asks again and again. */
function noteEnded(session: Session): void {
  if (endedSeen().has(session.id)) return;
  endedSeen().set(session.id, true);
  noteRefusal('ended', session);
}

/**
 * The session of whoever asks, or null.
 *
 * @throws AppError `sessions-unknown` while nobody can tell which sessions have ended
 */
export async function currentMember(): Promise<Session | null> {
  const opened = await sessions().open((await headers()).get('cookie'));
  if (!opened.session) {
    // Fails closed, but not silently: many of these are a broken key rotation, or somebody at the lock.
    if (!QUIET.has(opened.reason)) noteRefusal(opened.reason);
    return null;
  }
  const verdict = await revocations().verify(opened.session);
  if (verdict === 'unknown') throw new AppError('sessions-unknown');
  if (verdict === 'valid') return opened.session;
  noteEnded(opened.session);
  return null;
}

/** As `currentMember`, where it does not matter that nobody can tell: for what is shown around a page, never for the page. */
export async function perhapsMember(): Promise<Session | null> {
  return currentMember().catch((error: unknown) => {
    if (error instanceof AppError) return null;
    throw error;
  });
}

export interface MemberRequirement {
  /** For what is sensitive: the member must have signed in within so many minutes. */
  signedInWithinMinutes?: number;
}

/** The session of whoever asks. @throws AppError `not-signed-in`, `sign-in-too-old` */
export async function requireMember(requirement: MemberRequirement = {}): Promise<Session> {
  const session = await currentMember();
  if (!session) throw new AppError('not-signed-in');
  if (!isRecent(session, requirement.signedInWithinMinutes)) throw new AppError('sign-in-too-old');
  return session;
}

/**
 * For pages: the session of whoever asks, or off to the sign-in page and back to the exact address afterwards. A
 * workbench link of another company is not answered with this company's session.
 */
export async function pageMember({ signedInWithinMinutes }: MemberRequirement = {}): Promise<Session> {
  const target = safeReturnTo((await headers()).get(TARGET_HEADER));
  const linkedCorpId = corpIdIn(new URLSearchParams(target.split('?')[1]?.split('#')[0]));
  const session = await currentMember().catch((error: unknown) => {
    if (error instanceof AppError && error.problem === 'sessions-unknown') return 'unknown' as const;
    throw error;
  });
  // A page cannot set a status of its own.
  if (session === 'unknown') redirect(`/unavailable?${new URLSearchParams({ next: target })}` as '/');
  if (session && isRecent(session, signedInWithinMinutes) && isOurCorp(linkedCorpId)) return session;
  const within = session ? signedInWithinMinutes : undefined;
  redirect(loginAddress({ next: target, linkedCorpId, within }) as '/login');
}

/** Where people sign in and then go on. @param within minutes, where the page asks for a sign-in as recent as that */
export function loginAddress({
  next,
  linkedCorpId,
  within,
}: {
  next: string;
  linkedCorpId: string | null;
  within?: number | undefined;
}): string {
  const query = new URLSearchParams({ next });
  if (linkedCorpId !== null) query.set('corpid', linkedCorpId);
  if (within !== undefined) query.set('within', String(within));
  return `/login?${query}`;
}

/** Whether a session began so lately. Every session is recent enough where nothing is asked. */
export function isRecent(session: Session, minutes: number | undefined): boolean {
  return minutes === undefined || Date.now() / 1000 - session.issuedAt < minutes * 60;
}

/** What DingTalk says about whoever asks, right now; or why it does not, with the id under which the log has it. */
export async function currentProfile(
  language: WireLanguage,
): Promise<{ profile: Member } | { failure: AppError; requestId: string }> {
  const { userId } = await requireMember();
  const undertaking = { signal: AbortSignal.timeout(PROFILE_DEADLINE_MS), calls: 0 };
  try {
    return { profile: await getMember(platform(), userId, { language, undertaking }) };
  } catch (error) {
    if (isLeaver(error)) await endMissingMember(userId);
    const failure = toAppError(error);
    const requestId = randomUUID();
    log().error({
      event: 'profile',
      requestId,
      userId,
      upstreamCalls: undertaking.calls,
      ...failure.toLog(),
    });
    return { failure, requestId };
  }
}

/** The company in a workbench link, under either spelling that is in use. */
export function corpIdIn(parameters: URLSearchParams): string | null {
  return parameters.get('corpid') ?? parameters.get('corpId');
}

/** True when a link, or a body, names no company or ours. */
export function isOurCorp(corpId: string | null | undefined): boolean {
  return corpId === null || corpId === undefined || corpId === config().corpId;
}
