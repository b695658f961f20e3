import 'server-only';
import type { Client } from '../dingtalk/client';
import { DingTalkError } from '../dingtalk/errors';
import { exchangeBrowserCode } from '../dingtalk/oauth';
import type { RequestBudget } from '../dingtalk/request';
import { type CodeOwner, exchangeCode, findEmployee, getMember, type Member } from '../dingtalk/users';
import { dingTalkClient } from '../dingtalk-client';
import { isCodeApi, toAppError } from '../dingtalk-problems';
import { freshMember, noteMember } from '../directory/refresh';
import { AppError } from '../errors';
import type { RequestContext } from '../http/route';
import { noteReplaced } from '../session/replaced-sessions';
import { type Session, sessionCookies } from '../session/session-cookie';
import { sessions } from '../session/sessions';
import { toClientKind } from '../session/user-agent';
import { outsideRequest } from '../singleton';
import { currentMember } from './auth';
import { networkKey, rateLimitKey } from './client-ip';
import { knownDevices } from './known-device';
import { endMissingMember } from './missing-member';
import { attempts } from './rate-limit';
import { noteSignIn } from './sign-in-health';
import { usedCodes } from './used-values';

type CodeMethod = Exclude<Session['method'], 'ticket'>;

export interface SignInInput {
  /** `webview`: a code of the client; `oauth`: one of DingTalk's sign-in page. They are not interchangeable. */
  method: CodeMethod;
  code: string;
  request: Request;
  context: RequestContext;
  /**
   * For a webview that starts cold: the session that is there stays where the code is the same person's, and ends where
   * the code's owner is no member.
   */
  isAccountSwitch?: boolean | undefined;
  /** Whose code it is, where it is not the main app's: that of a protected host's own app. */
  app?: Client | undefined;
}

export interface SignedIn {
  session: Session;
  /** Absent: the session that was there stays. */
  setCookie?: string;
}

/**
 * Trades a one-time code of either kind for a session: both lead to the member record of this company, under the same
 * limits and the same seal. The session that was there before is ended.
 *
 * @throws AppError
 */
export async function signIn(input: SignInInput): Promise<SignedIn> {
  // Before DingTalk is asked: an event that comes meanwhile overtakes this sign-in.
  const since = await sessions().sequence();
  const member = await verifiedMember(input).catch(async (error: unknown) => {
    const isNotMember = error instanceof AppError && error.code in NOT_A_MEMBER;
    if (input.isAccountSwitch && isNotMember) await endPreviousUsersSession();
    throw error;
  });
  const previous = await currentMember();
  if (input.isAccountSwitch && previous?.userId === member.userId) return { session: previous };
  return openSession(member, previous, since, input);
}

/**
 * The active member of this company behind a one-time code, under the limits of sign-ins.
 *
 * @throws AppError
 */
export async function verifiedMember({ method, code, request, context, app }: SignInInput): Promise<Member> {
  const { headers } = request;
  context.note({ method });
  const options = {
    isFailure: isFailedAttempt,
    isUnanswered: isUnansweredExchange,
    signal: context.budget.signal,
    network: networkKey(headers),
    device: await knownDevices().deviceIn(headers.get('cookie')),
  };
  return attempts().run(rateLimitKey(headers), options, async () => {
    try {
      const member = await once(code, () => memberBehind(method, code, context.budget, app));
      noteSignIn(method);
      return member;
    } catch (error) {
      const failure = toAppError(error);
      noteSignIn(method, failure);
      throw failure;
    }
  });
}

/** @param since the latest change of the sessions when this sign-in began */
async function openSession(
  { userId, unionId, name = userId }: Member,
  previous: Session | null,
  since: number,
  { method, request, context }: SignInInput,
): Promise<SignedIn> {
  const draft = sessionCookies().draft({ userId, unionId, name, method });
  const client = toClientKind(request.headers.get('user-agent'));
  const version = await sessions().open(
    { ...draft, client },
    {
      since,
      replaces: previous ?? undefined,
      line: { event: 'sign-in', userId, sessionId: draft.id, detail: `${method} ${client}` },
    },
  );
  if (previous) noteReplaced(previous.id);
  const device = await knownDevices().remember(request.headers.get('cookie'));
  if (device) context.setCookie(device);
  context.note({ userId, sessionId: draft.id });
  return sessionCookies().seal(draft, version);
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
export async function signOut(request: Request, context: RequestContext): Promise<void> {
  context.setCookie(sessionCookies().clear());
  const cookie = request.headers.get('cookie');
  const { session } = await sessionCookies().open(cookie);
  sessionCookies().forget(cookie);
  if (!session || (await sessions().verify(session)) === 'ended') return;
  context.note({ userId: session.userId, sessionId: session.id });
  await sessions().endSession(session, { reason: 'signed-out', by: session.userId });
}

async function memberBehind(
  method: CodeMethod,
  code: string,
  budget: RequestBudget,
  app: Client = dingTalkClient(),
): Promise<Member> {
  const { userId } =
    method === 'webview' ? await exchangeCode(app, code, budget) : await employeeBehind(code, budget);
  const member = (await freshMember(userId)) ?? (await askMember(userId, budget));
  if (member.active !== true) throw new AppError('member-inactive');
  return member;
}

/** The directory takes the record over after the response. */
async function askMember(userId: string, budget: RequestBudget): Promise<Member> {
  try {
    const member = await getMember(dingTalkClient(), userId, { budget });
    // Not `after()` of Next: the gate has no request of Next's.
    outsideRequest(() => setImmediate(() => void noteMember(member)));
    return member;
  } catch (error) {
    if (error instanceof DingTalkError && error.isPersonGone) await endMissingMember(userId);
    throw error;
  }
}

async function employeeBehind(code: string, budget: RequestBudget): Promise<Pick<CodeOwner, 'userId'>> {
  const { unionId } = await exchangeBrowserCode(dingTalkClient(), code, budget);
  const employee = await findEmployee(dingTalkClient(), unionId, budget);
  if (!employee) throw new AppError('not-member', { hint: 'external-contact' });
  return employee;
}

/**
 * Whether a failed sign-in can be an invented code, or a stranger's: those count against the address. Colleagues who are
 * not active yet do not, or they would shut out the others behind it. DingTalk refuses some invented codes with
 * undocumented errors: those count too, because each costs a call.
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

/** Refuses a code that was used before, unless the first exchange provably left it unused. */
async function once<T>(code: string, action: () => Promise<T>): Promise<T> {
  if (!(await usedCodes().consume(code))) throw new AppError('code-refused', { hint: 'used-before' });
  try {
    return await action();
  } catch (error) {
    if (error instanceof DingTalkError && error.leavesCodeUnused)
      await usedCodes()
        .release(code)
        .catch(() => undefined);
    throw error;
  }
}
