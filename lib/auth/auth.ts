import 'server-only';
import { randomUUID } from 'node:crypto';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { config } from '../config';
import { AppError } from '../errors';
import { ADDRESS_HEADER, TARGET_HEADER } from '../http/internal-headers';
import { corpIdInTarget, loginAddress } from '../http/login-address';
import { safeReturnTo } from '../http/return-to';
import { unavailableAddress } from '../http/unavailable';
import { type Session, sessionCookies } from '../session/session-cookie';
import { sessions } from '../session/sessions';
import { admissionOf, RuleRefusal } from './access/admission';
import { leastOf, type Verdict } from './access/decide';
import { noteEnded, noteRefusedAccess, noteRefusedByRule, noteRefusedCookie } from './refusals';

/**
 * The session of the visitor, or null. Checked once while a page is rendered, however often layout, page and data
 * access ask; each call checks anew in a route handler, where React's `cache()` does nothing.
 *
 * @throws AppError `sessions-unknown` while it is not known which sessions have ended
 */
export const currentMember = cache(async (): Promise<Session | null> => {
  const opened = await sessionCookies().open((await headers()).get('cookie'));
  if (!opened.session) {
    noteRefusedCookie(opened.reason);
    return null;
  }
  const verdict = await sessions().verify(opened.session);
  if (verdict === 'unknown') throw new AppError('sessions-unknown');
  if (verdict === 'valid') return opened.session;
  noteEnded(opened.session);
  return null;
});

/** As `currentMember`, and null where the sessions are unknown: for what is shown around a page, never for the page. */
export async function perhapsMember(): Promise<Session | null> {
  return currentMember().catch((error: unknown) => {
    if (error instanceof AppError) return null;
    throw error;
  });
}

interface MemberRequirement {
  /** For what is sensitive: the member must have signed in within so many minutes. */
  signedInWithinMinutes?: number | undefined;
}

/** What administration and export require: a sign-in as recent as `STEP_UP_MINUTES`. */
export function stepUp(): MemberRequirement {
  return { signedInWithinMinutes: config().stepUpMinutes };
}

/**
 * The session of a member who may have the address that is asked for.
 *
 * @throws AppError `not-signed-in`, `not-permitted` (a RuleRefusal), `sign-in-too-old`
 */
export async function requireMember(requirement: MemberRequirement = {}): Promise<Session> {
  const session = await currentMember();
  if (!session) throw new AppError('not-signed-in');
  const verdict = await admissionOf(session.userId, [await askedAddress()]);
  if (!verdict.admitted) throw new RuleRefusal(session, verdict);
  if (!isRecent(session, leastOf(requirement.signedInWithinMinutes, verdict.recent)))
    throw new AppError('sign-in-too-old');
  return session;
}

/** Path of the request, whatever `proxy.ts` made of it; empty, which no rule lets in, where the header is missing. */
async function askedAddress(): Promise<string> {
  return (await headers()).get(ADDRESS_HEADER) ?? '';
}

/**
 * For pages: the visitor's session, or a redirect to the sign-in page and back to the exact address afterwards. A
 * workbench link of another company is not answered with this company's session.
 */
export async function pageMember({ signedInWithinMinutes }: MemberRequirement = {}): Promise<Session> {
  const target = safeReturnTo((await headers()).get(TARGET_HEADER));
  const linkedCorpId = corpIdInTarget(target);
  const session = await currentMember().catch((error: unknown) => {
    if (error instanceof AppError && error.problem === 'sessions-unknown') return 'unknown' as const;
    throw error;
  });
  // A page cannot set a status of its own.
  if (session === 'unknown') redirect(unavailableAddress(target) as '/');
  if (!session || !isOurCorp(linkedCorpId))
    redirect(loginAddress({ next: target, linkedCorpId }) as '/login');
  const verdict = await admissionOf(session.userId, [await askedAddress(), target]);
  if (!verdict.admitted) return denyPage(session, verdict);
  const within = leastOf(signedInWithinMinutes, verdict.recent);
  if (isRecent(session, within)) return session;
  redirect(loginAddress({ next: target, linkedCorpId, within }) as '/login');
}

/** For pages that the member may not see: redirects to an address that answers 403, which a page itself cannot. */
export async function denyPage(session: Session, verdict?: Verdict): Promise<never> {
  const address = safeReturnTo((await headers()).get(TARGET_HEADER));
  const requestId = randomUUID();
  if (verdict) noteRefusedByRule({ session, verdict, address, requestId });
  else noteRefusedAccess({ userId: session.userId, address, requestId });
  redirect(deniedAddress(requestId, address) as '/');
}

/** The address that answers 403. @param next where its "try again" leads */
export function deniedAddress(requestId: string, next: string): string {
  return `/denied?${new URLSearchParams({ request: requestId, next })}`;
}

/** Whether a session began in the last so many minutes; true for undefined. */
export function isRecent(session: Session, minutes: number | undefined): boolean {
  return minutes === undefined || Date.now() / 1000 - session.issuedAt < minutes * 60;
}

/** True when a link, or a body, names no company or ours. */
export function isOurCorp(corpId: string | null | undefined): boolean {
  return corpId === null || corpId === undefined || corpId === config().corpId;
}
