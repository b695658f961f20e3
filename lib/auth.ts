import 'server-only';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { config } from './config';
import type { Undertaking } from './dingtalk/client';
import { DingTalkError } from './dingtalk/errors';
import { type CodeOwner, exchangeCode, getMember, type Member, type WireLanguage } from './dingtalk/users';
import { AppError, fromDingTalk } from './errors';
import { log } from './log';
import { platform } from './platform';
import { safeReturnTo } from './return-to';
import { type Session, sessions } from './session';
import { spentCodes } from './spent-codes';
import { TARGET_HEADER } from './target-header';

/**
 * Turns the webview's one-time code into a member of this company.
 *
 * @param code single use, 5 minutes; spent by this call unless it provably had no effect
 * @throws AppError
 */
export async function signIn(code: string, undertaking: Undertaking): Promise<Member> {
  return translated(async () => {
    const { userId } = await exchangeOnce(code, undertaking);
    return activeMember(await getMember(platform(), userId, { undertaking }));
  });
}

/** Whether a failed sign-in is the doing of whoever tried: these are counted, DingTalk's and our own faults are not. */
export function isFailedAttempt(error: unknown): boolean {
  return error instanceof AppError && error.status < 500;
}

async function exchangeOnce(code: string, undertaking: Undertaking): Promise<CodeOwner> {
  if (!spentCodes().spend(code)) throw new AppError('code-refused', { hint: 'used-before' });
  try {
    return await exchangeCode(platform(), code, undertaking);
  } catch (error) {
    if (error instanceof DingTalkError && !error.mayHaveSpentCode) spentCodes().giveBack(code);
    throw error;
  }
}

const QUIET = new Set(['absent', 'expired']);

/** The session of whoever asks, or null. */
export async function currentMember(): Promise<Session | null> {
  const opened = await sessions().open((await headers()).get('cookie'));
  if (opened.session) return opened.session;
  // Fails closed, but not silently: many of these are a broken key rotation, or somebody at the lock.
  if (!QUIET.has(opened.reason)) log().warn({ event: 'session-refused', reason: opened.reason });
  return null;
}

/** The session of whoever asks. @throws AppError `not-signed-in` */
export async function requireMember(): Promise<Session> {
  const session = await currentMember();
  if (!session) throw new AppError('not-signed-in');
  return session;
}

/** For pages: the session of whoever asks, or off to the sign-in page and back to the exact address afterwards. */
export async function pageMember(): Promise<Session> {
  return (await currentMember()) ?? redirect(signInAddress((await headers()).get(TARGET_HEADER)));
}

/** What DingTalk says about whoever asks, right now. @throws AppError */
export async function currentProfile(language: WireLanguage): Promise<Member> {
  const { userId } = await requireMember();
  return translated(() => getMember(platform(), userId, { language }));
}

/** The company in a workbench link, under either spelling that is in use. */
export function corpIdIn(parameters: URLSearchParams): string | null {
  return parameters.get('corpid') ?? parameters.get('corpId');
}

/** True when a link, or a body, names no company or ours. */
export function isOurCorp(corpId: string | null | undefined): boolean {
  return corpId === null || corpId === undefined || corpId === config().corpId;
}

function signInAddress(target: string | null): `/login?${string}` {
  const next = safeReturnTo(target);
  const query = new URLSearchParams({ next });
  const corpId = corpIdIn(new URLSearchParams(next.split('?')[1]?.split('#')[0]));
  if (corpId !== null) query.set('corpid', corpId);
  return `/login?${query}`;
}

function activeMember(member: Member): Member {
  if (member.active === false) throw new AppError('member-inactive');
  return member;
}

async function translated<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof DingTalkError ? fromDingTalk(error) : error;
  }
}
