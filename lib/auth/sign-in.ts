import 'server-only';
import { isDeepStrictEqual } from 'node:util';
import { after } from 'next/server';
import { DingTalkError } from '../dingtalk/errors';
import { exchangeBrowserCode } from '../dingtalk/oauth';
import type { RequestBudget } from '../dingtalk/request';
import { type CodeOwner, exchangeCode, findEmployee, getMember, type Member } from '../dingtalk/users';
import { dingTalkClient } from '../dingtalk-client';
import { freshMember, noteMember } from '../directory/refresh';
import { AppError, isCodeApi, toAppError } from '../errors';
import type { RequestContext } from '../http/route';
import { noteReplaced } from '../session/replaced-sessions';
import { type Draft, type NewSession, type Session, sessionCookies } from '../session/session-cookie';
import type { SessionVersion } from '../session/session-store';
import { sessions } from '../session/sessions';
import { toClientKind } from '../session/user-agent';
import { currentMember } from './auth';
import { networkKey, rateLimitKey } from './client-ip';
import { knownDevices } from './known-device';
import { endMissingMember } from './missing-member';
import { attempts } from './rate-limit';
import { noteSignIn } from './sign-in-health';
import { usedCodes } from './used-codes';

/**
 * Trades a one-time code of either door for a session. Both doors lead to the same person: the member record of this
 * company, under the same limits and the same seal. Whatever session there was before is ended.
 *
 * @param door `client`: a code of the webview; `browser`: one of DingTalk's sign-in page. They are not interchangeable
 * @throws AppError
 */
export async function signIn(
  door: Session['door'],
  code: string,
  request: Request,
  trip: RequestContext,
): Promise<{ session: Session; setCookie: string }> {
  // Before anything is asked: an event that comes while DingTalk is asked overtakes this sign-in.
  const since = await sessions().sequence();
  const proven = await verifiedMember(door, code, request, trip);
  return sealFor(proven, { door, since, replaced: await currentMember(), request }, trip);
}

/**
 * As `signIn`, for a webview that starts cold: where the code is of the person whose session is there already, that
 * session stays as it is.
 */
export async function changeOver(
  code: string,
  request: Request,
  trip: RequestContext,
): Promise<{ session: Session; setCookie?: string }> {
  const since = await sessions().sequence();
  const proven = await verifiedMember('client', code, request, trip).catch(async (error: unknown) => {
    // DingTalk knows whoever holds the client, and they are not one of us: nor are they the one before them.
    if (error instanceof AppError && error.code in NOT_A_MEMBER) await endPreviousUsersSession();
    throw error;
  });
  const session = await currentMember();
  if (session?.userId === proven.member.userId) return { session };
  return sealFor(proven, { door: 'client', since, replaced: session, request }, trip);
}

/** Who holds the code, and the seal that was begun for them meanwhile. */
interface VerifiedMember {
  member: Member;
  early: EarlySeal | undefined;
}

async function verifiedMember(
  door: Session['door'],
  code: string,
  { headers }: Request,
  trip: RequestContext,
): Promise<VerifiedMember> {
  trip.note({ door });
  const options = {
    isFailure: isFailedAttempt,
    isUnanswered: isUnansweredExchange,
    signal: trip.budget.signal,
    network: networkKey(headers),
    device: await knownDevices().deviceIn(headers.get('cookie')),
  };
  return attempts().run(rateLimitKey(headers), options, async () => {
    try {
      const member = await once(code, () => memberBehind(door, code, trip.budget));
      noteSignIn(door);
      return member;
    } catch (error) {
      const failure = toAppError(error);
      noteSignIn(door, failure);
      throw failure;
    }
  });
}

interface SignInContext {
  door: Session['door'];
  /** The latest change of the sessions when this sign-in began. */
  since: number;
  /** The session that was there before. */
  replaced: Session | null;
  request: Request;
}

/** A session as it will most likely be. */
interface EarlySeal {
  person: NewSession;
  draft: Draft;
  standing: SessionVersion;
  sealed: Promise<{ session: Session; setCookie: string }>;
}

/**
 * Sealing takes half a dozen turns of the thread pool, so it is begun while DingTalk is still asked. Nobody gets this
 * seal unless what is in it turns out to be so.
 */
function sealEarly(person: NewSession): EarlySeal {
  const draft = sessionCookies().draft(person);
  const standing = sessions().view.standingOf(person.userId);
  const sealed = sessionCookies().seal(draft, standing);
  sealed.catch(() => undefined);
  return { person, draft, standing, sealed };
}

function toPerson({ userId, unionId, name = userId }: CodeOwner, door: Session['door']): NewSession {
  return { userId, unionId, name, door };
}

async function sealFor(
  { member, early }: VerifiedMember,
  { door, since, replaced, request }: SignInContext,
  trip: RequestContext,
) {
  const { userId } = member;
  const person = toPerson(member, door);
  const likely = isDeepStrictEqual(early?.person, person) ? early : undefined;
  const draft = likely?.draft ?? sessionCookies().draft(person);
  const client = toClientKind(request.headers.get('user-agent'));
  const standing = await sessions().open(
    { ...draft, client },
    {
      since,
      replaces: replaced ?? undefined,
      line: { event: 'sign-in', userId, sessionId: draft.id, detail: `${door} ${client}` },
    },
  );
  if (replaced) noteReplaced(replaced.id);
  const device = await knownDevices().remember(request.headers.get('cookie'));
  if (device) trip.setCookie(device);
  trip.note({ userId, sessionId: draft.id });
  return likely && isDeepStrictEqual(likely.standing, standing)
    ? likely.sealed
    : sessionCookies().seal(draft, standing);
}

async function endPreviousUsersSession(): Promise<void> {
  const session = await currentMember();
  if (session) await sessions().endSession(session, { reason: 'replaced', by: session.userId });
}

const NOT_A_MEMBER = { NOT_MEMBER: true, NOT_ALLOWED: true };

/**
 * Signs out the session in a request, if there is one. The answer takes the cookie away even where the store is
 * silent: the person may be leaving a shared computer.
 *
 * @throws AppError `sessions-unknown`
 */
export async function signOut(request: Request, trip: RequestContext): Promise<void> {
  trip.setCookie(sessionCookies().clear());
  const cookie = request.headers.get('cookie');
  const { session } = await sessionCookies().open(cookie);
  sessionCookies().forget(cookie);
  if (!session || (await sessions().verify(session)) === 'ended') return;
  trip.note({ userId: session.userId, sessionId: session.id });
  await sessions().endSession(session, { reason: 'signed-out', by: session.userId });
}

async function memberBehind(
  door: Session['door'],
  code: string,
  undertaking: RequestBudget,
): Promise<VerifiedMember> {
  const owner =
    door === 'client'
      ? await exchangeCode(dingTalkClient(), code, undertaking)
      : await employeeBehind(code, undertaking);
  const known = await freshMember(owner.userId);
  const early = known ? undefined : sealEarly(toPerson(owner, door));
  const member = known ?? (await askMember(owner.userId, undertaking));
  if (member.active !== true) throw new AppError('member-inactive');
  return { member, early };
}

/** What DingTalk says about somebody; the staff directory learns of it when they have their answer. */
async function askMember(userId: string, undertaking: RequestBudget): Promise<Member> {
  try {
    const member = await getMember(dingTalkClient(), userId, { budget: undertaking });
    after(() => noteMember(member));
    return member;
  } catch (error) {
    if (error instanceof DingTalkError && error.isPersonGone) await endMissingMember(userId);
    throw error;
  }
}

async function employeeBehind(code: string, undertaking: RequestBudget): Promise<CodeOwner> {
  const { unionId } = await exchangeBrowserCode(dingTalkClient(), code, undertaking);
  const employee = await findEmployee(dingTalkClient(), unionId, undertaking);
  if (!employee) throw new AppError('not-member', { hint: 'external-contact' });
  return { ...employee, unionId };
}

/**
 * Whether a failed sign-in can be an invented code, or a stranger's. Colleagues whom the company has not let in yet
 * must not shut out the others behind their address. DingTalk refuses some inventions with codes that nobody has
 * listed: they cost a call as well.
 */
function isFailedAttempt(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  const { problem, detail } = error;
  if (problem === 'code-refused' || problem === 'not-member') return true;
  return /^(unknown-answer|request-refused)$/.test(problem) && isCodeApi(detail.api);
}

/** Whether DingTalk was asked about a code and nothing came back in time. */
function isUnansweredExchange(error: unknown): boolean {
  if (!(error instanceof AppError && error.cause instanceof DingTalkError)) return false;
  const { api, mayHaveHadEffect } = error.cause.detail;
  return mayHaveHadEffect && isCodeApi(api);
}

/** Keeps a code from being handed in twice, unless the first time provably left it as it was. */
async function once<T>(code: string, action: () => Promise<T>): Promise<T> {
  if (!usedCodes().consume(code)) throw new AppError('code-refused', { hint: 'used-before' });
  try {
    return await action();
  } catch (error) {
    if (error instanceof DingTalkError && error.leavesCodeUnused) usedCodes().release(code);
    throw error;
  }
}
