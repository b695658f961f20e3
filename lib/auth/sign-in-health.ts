import 'server-only';
import { FAILS_SIGN_INS } from '../alarm';
import { config } from '../config';
import { findEmployee } from '../dingtalk/users';
import { dingTalkClient } from '../dingtalk-client';
import { toAppError } from '../dingtalk-problems';
import { AppError, type Problem } from '../errors';
import { messagesIn } from '../i18n';
import { log } from '../log';
import { inRegion } from '../region';
import type { Session } from '../session/session-cookie';
import { outsideRequest, singleton } from '../singleton';
import { within } from '../within';

/**
 * Whether sign-ins work, as far as this process knows: from a harmless call at the start, and from how sign-ins end.
 * For the body of `/api/ready`, never for its status: no other process of this app would fare better.
 */
export type SignInHealth = { ok: true } | { ok: false; reason: Problem; method?: Session['method'] };

/** No such person: an answer about them says that token, address and permission are in order. Not counted by DingTalk. */
const ABSENT_UNION_ID = 'dingpassReadinessCheck';
const CHECK_DEADLINE_MS = 5000;
/** While something is wrong, a request for readiness repeats the check after this time. */
const CHECK_AGAIN_MS = 5000;
/** The first answer waits so long for the check at the start. */
const MAX_WAIT_MS = 2500;

/** What is wrong for everybody, or with one sign-in method. */
type Scope = 'everybody' | 'oauth';

const health = singleton('sign-in-health', () => ({
  failures: new Map<Scope, Problem>(),
  checking: undefined as Promise<void> | undefined,
  checkedAt: Number.NEGATIVE_INFINITY,
  /** The last problem in the log. */
  logged: undefined as Problem | undefined,
}));

/** How sign-ins fare. Waits for the check at the start, a little; never throws. */
export async function signInHealth(): Promise<SignInHealth> {
  const state = health();
  const isDue = performance.now() - state.checkedAt > CHECK_AGAIN_MS;
  if (state.failures.has('everybody') && isDue) void checkSignIn();
  if (state.checking && state.checkedAt === Number.NEGATIVE_INFINITY)
    await within(state.checking, MAX_WAIT_MS);
  const reason =
    state.failures.get('everybody') ?? (dingTalkClient().isReachable() ? undefined : 'unreachable');
  if (reason) return { ok: false, reason };
  const oauthFailure = state.failures.get('oauth');
  return oauthFailure ? { ok: false, reason: oauthFailure, method: 'oauth' } : { ok: true };
}

/**
 * Fetches the app token and looks up a person who does not exist. What is wrong is logged, with its remedy. One check
 * at a time; never throws.
 */
export function checkSignIn(): Promise<void> {
  const state = health();
  // Others wait for it too, longer than the request for readiness that began it.
  state.checking ??= outsideRequest(() =>
    check().finally(() => {
      state.checking = undefined;
      state.checkedAt = performance.now();
    }),
  );
  return state.checking;
}

async function check(): Promise<void> {
  const budget = { signal: AbortSignal.timeout(CHECK_DEADLINE_MS), calls: 0 };
  try {
    await dingTalkClient().warm();
    await findEmployee(dingTalkClient(), ABSENT_UNION_ID, budget);
    found(undefined);
  } catch (error) {
    const failure = asFailure(error);
    // DingTalk looks at token, address and permission before it looks for the person.
    const isAnswered = failure.problem === 'not-member' || failure.problem === 'request-refused';
    found(isAnswered ? undefined : failure);
  }
}

function found(failure: AppError | undefined): void {
  settle('everybody', failure);
  logChange(failure);
}

/** A sign-in went well, or did not. The log has a line of it already. */
export function noteSignIn(method: Session['method'], error?: unknown): void {
  if (error === undefined) {
    settle('everybody', undefined);
    health().logged = undefined;
    if (method === 'oauth') settle('oauth', undefined);
    return;
  }
  if (!(error instanceof AppError) || !FAILS_SIGN_INS.has(error.problem)) return;
  const isOAuthOnly = /userAccessToken$|\/contact\/users\/me$/.test(error.detail.api ?? '');
  settle(isOAuthOnly ? 'oauth' : 'everybody', error);
}

function settle(scope: Scope, failure: AppError | undefined): void {
  const { failures } = health();
  if (failure) failures.set(scope, failure.problem);
  else failures.delete(scope);
}

/** Once for each change: a check is repeated as long as something is wrong. */
function logChange(failure: AppError | undefined): void {
  const state = health();
  if (state.logged === failure?.problem) return;
  state.logged = failure?.problem;
  if (failure) log().warn({ event: 'warm-up', ...failure.toLog(), ...explanationOf(failure.problem) });
  else log().info({ event: 'warm-up', outcome: 'ok' });
}

/** For the operator: why, and what to do. */
function explanationOf(problem: Problem): { cause: string; remedy: string } {
  const { cause, remedy } = messagesIn('en').problems[problem];
  const { region } = config();
  return { cause: inRegion(cause, region), remedy: inRegion(remedy, region) };
}

function asFailure(error: unknown): AppError {
  try {
    return toAppError(error);
  } catch {
    return new AppError('internal', {}, { cause: error });
  }
}
