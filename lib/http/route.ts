import 'server-only';
import { randomUUID } from 'node:crypto';
import { withBasePath } from '../base-path';
import { config } from '../config';
import type { RequestBudget } from '../dingtalk/request';
import { AppError, type OperatorDetail, type Problem, problems } from '../errors';
import { log, withoutSecrets } from '../log';
import { countSignIn } from '../metrics';
import { wasReplaced } from '../session/replaced-sessions';
import { sessionCookies } from '../session/session-cookie';
import { outsideRequest } from '../singleton';
import { record } from '../storage/audit-log';
import { explain, type WireError } from './error-response';
import { messagesFor } from './language';

export { readBytes, readForm, readJson } from './request-body';

/** The person has an answer within 8 s, so the calls behind it have a little less. */
const BUDGET_DEADLINE_MS = 7500;

/** What a handler has of its request besides the `Request`. */
export interface RequestContext {
  /** Shown to people, written in the log, sent as `x-request-id`. */
  requestId: string;
  budget: RequestBudget;
  /** Adds fields to the one line that the log gets of this request. */
  note(fields: Record<string, string | number | boolean | undefined>): void;
  /** Adds a `Set-Cookie` to the answer, whether the handler succeeds or fails. */
  setCookie(setCookie: string): void;
  /** Logs this failure, for a handler that answers it in its own way instead of throwing it. */
  fail(error: AppError): void;
}

type Handler = (request: Request, context: RequestContext) => Promise<Response>;

/**
 * Wraps a route handler: a request id, one log line, errors as JSON in the caller's language, and no caching of
 * anything that may depend on a session.
 *
 * @param event what the log calls it, such as `sign-in`; undefined logs only what is our or DingTalk's fault
 */
export function route(event: string | undefined, handler: Handler): (request: Request) => Promise<Response> {
  return async (request) => {
    const started = performance.now();
    const notes: Record<string, unknown> = {};
    const setCookies: string[] = [];
    let failure: unknown;
    // Most requests are answered long before.
    const signal = outsideRequest(() => AbortSignal.timeout(BUDGET_DEADLINE_MS));
    const context: RequestContext = {
      requestId: randomUUID(),
      budget: { signal, calls: 0 },
      note: (fields) => Object.assign(notes, fields),
      setCookie: (setCookie) => setCookies.push(setCookie),
      fail: (error) => {
        failure = error;
      },
    };
    let response: Response;
    try {
      response = await handler(request, context);
    } catch (error) {
      failure = error;
      response = await errorResponse(error, request, context.requestId);
    }
    addBasePath(response.headers);
    for (const cookie of setCookies) response.headers.append('set-cookie', cookie);
    response.headers.set('cache-control', 'private, no-store');
    response.headers.set('vary', 'cookie, accept-language');
    response.headers.set('x-request-id', context.requestId);
    const ms = Math.round(performance.now() - started);
    const line = {
      event: event ?? 'refusal',
      requestId: context.requestId,
      ms,
      upstreamCalls: context.budget.calls,
      ...notes,
    };
    if (event === 'sign-in') countSignIn(methodOf(request), outcomeOf(failure, response));
    if (failure !== undefined) {
      logFailure(failure, line, event !== undefined);
      if (event === 'sign-in') recordRefusal(failure, notes);
    } else if (event !== undefined) {
      log().info({ ...line, outcome: response.status < 400 ? 'ok' : 'refused' });
    }
    return response;
  };
}

/** Handlers name pages as the rest of the code does. */
function addBasePath(headers: Headers): void {
  const location = headers.get('location');
  if (location?.startsWith('/')) headers.set('location', withBasePath(location));
}

/** The way in, as the metrics call it, by the end of its address. */
const SIGN_IN_METHODS = {
  '/api/session': 'webview',
  '/api/oauth/callback': 'oauth',
  '/api/ticket': 'ticket',
  '/.dingpass/session': 'host',
};

function methodOf({ url }: Request): string {
  const { pathname } = new URL(url);
  return Object.entries(SIGN_IN_METHODS).find(([end]) => pathname.endsWith(end))?.[1] ?? 'other';
}

function outcomeOf(failure: unknown, { status }: Response): string {
  if (failure !== undefined) return failure instanceof AppError ? failure.code : 'INTERNAL';
  return status < 400 ? 'ok' : 'FETCHED_AHEAD';
}

/** A handler for methods that an address does not take. @param allowedMethods such as `GET, POST` */
export function refuseMethod(allowedMethods: string): (request: Request) => Promise<Response> {
  return route(undefined, async () => {
    throw new AppError('method-not-allowed', { allowedMethods });
  });
}

/**
 * Refuses what another site sent. The Origin must be exactly ours; where an old webview sends no `Sec-Fetch-Site`
 * that is enough, and where one is sent it must agree. A request without an Origin did not come from our page.
 */
export function assertSameOrigin(request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  const ours = request.headers.get('origin') === config().publicOrigin;
  if (!ours || (site !== null && site !== 'same-origin')) throw new AppError('cross-site');
}

/** Sets `Retry-After` where another attempt makes sense. */
export function setRetryAfter(headers: Headers, problem: Problem, detail: OperatorDetail): void {
  if (problems[problem].status !== 503 && problem !== 'too-many-attempts') return;
  headers.set('retry-after', String(detail.retryAfterSeconds ?? 5));
}

/** Whether the cookie in a request that was refused is of no use any more, and may be taken away. */
async function isUseless(request: Request): Promise<boolean> {
  const opened = await sessionCookies().open(request.headers.get('cookie'));
  return opened.session ? !wasReplaced(opened.session.id) : opened.reason !== 'absent';
}

async function errorResponse(failure: unknown, request: Request, requestId: string): Promise<Response> {
  const { problem, detail } = failure instanceof AppError ? failure : new AppError('internal');
  const headers = new Headers();
  setRetryAfter(headers, problem, detail);
  if (problem === 'not-signed-in' && (await isUseless(request)))
    headers.set('set-cookie', sessionCookies().clear());
  // What was unsupported may have been the encoding (RFC 9110, 15.5.16).
  if (problem === 'unsupported-media-type') headers.set('accept-encoding', 'identity');
  if (detail.allowedMethods) headers.set('allow', detail.allowedMethods);
  // The rest of such a body is not going to be read.
  if (problem === 'payload-too-large' || problem === 'request-timeout') headers.set('connection', 'close');
  const { messages } = messagesFor(request.headers);
  const { code, status } = problems[problem];
  const error: WireError = { code, requestId, ...explain(problem, messages, detail) };
  headers.set('content-type', 'application/json');
  // The operator's part repeats words of DingTalk's, which can be anything.
  return new Response(withoutSecrets(JSON.stringify({ error })), { status, headers });
}

function logFailure(failure: unknown, line: Record<string, unknown>, isEvent: boolean): void {
  if (!(failure instanceof AppError)) {
    log().error({ ...line, outcome: 'internal', err: failure });
    return;
  }
  const fields = { ...line, ...failure.toLog() };
  if (failure.status >= 500) log().error(fields);
  else if (isEvent) log().warn(fields);
}

function recordRefusal(failure: unknown, { method }: Record<string, unknown>): void {
  record({
    event: 'sign-in-refused',
    reason: failure instanceof AppError ? failure.problem : 'internal',
    detail: typeof method === 'string' ? method : undefined,
  });
}

/**
 * Whether a browser or a link scanner fetches this address before a person opens it. A one-time code must not be used up
 * by it.
 */
export function isFetchedAhead({ method, headers }: Request): boolean {
  return method === 'HEAD' || headers.has('sec-purpose') || headers.has('purpose') || headers.has('x-moz');
}
