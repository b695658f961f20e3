import 'server-only';
import { attempts } from './attempts';
import { currentMember } from './auth';
import { clientKey } from './client-address';
import type { Undertaking } from './dingtalk/client';
import { DingTalkError } from './dingtalk/errors';
import { exchangeBrowserCode } from './dingtalk/oauth';
import { exchangeCode, findEmployee, getMember, type Member } from './dingtalk/users';
import { endedSessions } from './ended-sessions';
import { AppError, rethrowAsAppError } from './errors';
import type { Trip } from './http';
import { platform } from './platform';
import { type Session, sessions } from './session';
import { spentCodes } from './spent-codes';

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
  trip: Trip,
): Promise<{ session: Session; setCookie: string }> {
  const member = await provenMember(door, code, request, trip);
  await endSession();
  return sealFor(member, door, trip);
}

/**
 * As `signIn`, for a webview that starts cold: where the code is of the person whose session is there already, that
 * session stays as it is.
 */
export async function changeOver(
  code: string,
  request: Request,
  trip: Trip,
): Promise<{ session: Session; setCookie?: string }> {
  const member = await provenMember('client', code, request, trip).catch(async (error: unknown) => {
    // DingTalk knows whoever holds the client, and they are not one of us: nor are they the one before them.
    if (error instanceof AppError && error.code in NOT_ONE_OF_US) await endSession();
    throw error;
  });
  const session = await currentMember();
  if (session?.userId === member.userId) return { session };
  if (session) endedSessions().end(session);
  return sealFor(member, 'client', trip);
}

function provenMember(door: Session['door'], code: string, request: Request, trip: Trip): Promise<Member> {
  trip.note({ door });
  const options = { isFailure: isFailedAttempt, signal: trip.undertaking.signal };
  return attempts().run(clientKey(request.headers), options, () =>
    once(code, () => memberBehind(door, code, trip.undertaking)).catch(rethrowAsAppError),
  );
}

async function sealFor({ userId, unionId, name = userId }: Member, door: Session['door'], trip: Trip) {
  const sealed = await sessions().seal({ userId, unionId, name, door });
  trip.note({ userId, sessionId: sealed.session.id });
  return sealed;
}

const NOT_ONE_OF_US = { NOT_MEMBER: true, NOT_ALLOWED: true };

/** Signs out whoever asks. @returns the `Set-Cookie` value that removes the cookie */
export async function signOut(trip: Trip): Promise<string> {
  const session = await endSession();
  trip.note({ userId: session?.userId, sessionId: session?.id });
  return sessions().clear();
}

async function endSession(): Promise<Session | null> {
  const session = await currentMember();
  if (session) endedSessions().end(session);
  return session;
}

async function memberBehind(door: Session['door'], code: string, undertaking: Undertaking): Promise<Member> {
  const owner =
    door === 'client'
      ? await exchangeCode(platform(), code, undertaking)
      : await employeeBehind(code, undertaking);
  const member = await getMember(platform(), owner.userId, { undertaking });
  if (member.active === false) throw new AppError('member-inactive');
  return member;
}

async function employeeBehind(code: string, undertaking: Undertaking): Promise<{ userId: string }> {
  const { unionId } = await exchangeBrowserCode(platform(), code, undertaking);
  const employee = await findEmployee(platform(), unionId, undertaking);
  if (!employee) throw new AppError('not-member', { hint: 'external-contact' });
  return employee;
}

/**
 * Whether a failed sign-in can be an invented code, or a stranger's. Colleagues whom the company has not let in yet
 * must not shut out the others behind their address.
 */
function isFailedAttempt(error: unknown): boolean {
  return error instanceof AppError && (error.problem === 'code-refused' || error.problem === 'not-member');
}

/** Keeps a code from being handed in twice, unless the first time provably left it as it was. */
async function once<T>(code: string, action: () => Promise<T>): Promise<T> {
  if (!spentCodes().spend(code)) throw new AppError('code-refused', { hint: 'used-before' });
  try {
    return await action();
  } catch (error) {
    if (error instanceof DingTalkError && error.leavesCodeUnused) spentCodes().giveBack(code);
    throw error;
  }
}
