import 'server-only';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { record } from './audit/recorder';
import { config } from './config';
import type { Undertaking } from './dingtalk/client';
import { AppError, type OperatorDetail, type Problem, problems } from './errors';
import { explain, type WireError } from './explanation';
import { log, withoutSecrets } from './log';
import { messagesIn, preferredLanguage } from './messages';
import { outsideRequest } from './process-wide';
import { sessions } from './session';

/** A sign-in needs a few hundred bytes. */
const MAX_BODY_BYTES = 16 * 1024;
const BODY_DEADLINE_MS = 5000;
/** The person has an answer within 8 s, so the calls behind it have a little less. */
const UNDERTAKING_DEADLINE_MS = 7500;

/** One request's way through the house. */
export interface Trip {
  /** Shown to people, written in the log, sent as `x-request-id`. */
  requestId: string;
  undertaking: Undertaking;
  /** Adds fields to the one line that the log gets of this request. */
  note(fields: Record<string, string | number | boolean | undefined>): void;
  /** Has the log tell this failure, for a handler that answers it in its own way instead of throwing it. */
  fail(error: AppError): void;
}

type Handler = (request: Request, trip: Trip) => Promise<Response>;

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
    let failure: unknown;
    // Most requests are answered long before.
    const signal = outsideRequest(() => AbortSignal.timeout(UNDERTAKING_DEADLINE_MS));
    const trip: Trip = {
      requestId: randomUUID(),
      undertaking: { signal, calls: 0 },
      note: (fields) => Object.assign(notes, fields),
      fail: (error) => {
        failure = error;
      },
    };
    let response: Response;
    try {
      response = await handler(request, trip);
    } catch (error) {
      failure = error;
      response = errorResponse(error, request, trip.requestId);
    }
    response.headers.set('cache-control', 'private, no-store');
    response.headers.set('vary', 'cookie, accept-language');
    response.headers.set('x-request-id', trip.requestId);
    const ms = Math.round(performance.now() - started);
    const line = {
      event: event ?? 'refusal',
      requestId: trip.requestId,
      ms,
      upstreamCalls: trip.undertaking.calls,
      ...notes,
    };
    if (failure !== undefined) logFailure(failure, line, event !== undefined);
    if (failure !== undefined && event === 'sign-in') recordRefusal(failure, notes);
    else if (event !== undefined) log().info({ ...line, outcome: 'ok' });
    return response;
  };
}

/** A handler for methods that an address does not take. @param allowedMethods such as `GET, POST` */
export function refuseMethod(allowedMethods: string): (request: Request) => Promise<Response> {
  return route(undefined, async () => {
    throw new AppError('method-not-allowed', { allowedMethods });
  });
}

/**
 * Reads a small JSON body: type first, then size and time while it arrives, then shape.
 *
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `request-timeout`, `bad-request`
 */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new AppError('unsupported-media-type');
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES)
    throw new AppError('payload-too-large');
  const parsed = schema.safeParse(parseJson(await readBytes(request)));
  if (!parsed.success) {
    const hint = parsed.error.issues[0]?.path.join('.') || undefined;
    throw new AppError('bad-request', { hint });
  }
  return parsed.data;
}

/**
 * Reads a small form, as a page without JavaScript sends it.
 *
 * @throws AppError `unsupported-media-type`, `payload-too-large`, `request-timeout`, `bad-request`
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type))
    throw new AppError('unsupported-media-type');
  return new URLSearchParams(Buffer.from(await readBytes(request)).toString('utf8'));
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

/** Says when another attempt makes sense, where one does. */
export function setRetryAfter(headers: Headers, problem: Problem, detail: OperatorDetail): void {
  if (problems[problem].status !== 503 && problem !== 'too-many-attempts') return;
  headers.set('retry-after', String(detail.retryAfterSeconds ?? 5));
}

function errorResponse(failure: unknown, request: Request, requestId: string): Response {
  const { problem, detail } = failure instanceof AppError ? failure : new AppError('internal');
  const headers = new Headers();
  setRetryAfter(headers, problem, detail);
  // A cookie that opens nothing is of no use to anybody.
  if (problem === 'not-signed-in' && request.headers.get('cookie')?.includes(sessions().cookieName)) {
    headers.set('set-cookie', sessions().clear());
  }
  if (detail.allowedMethods) headers.set('allow', detail.allowedMethods);
  // The rest of such a body is not going to be read.
  if (problem === 'payload-too-large' || problem === 'request-timeout') headers.set('connection', 'close');
  const messages = messagesIn(preferredLanguage(request.headers.get('accept-language')));
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

function recordRefusal(failure: unknown, { door }: Record<string, unknown>): void {
  record({
    event: 'sign-in-refused',
    reason: failure instanceof AppError ? failure.problem : 'internal',
    detail: typeof door === 'string' ? door : undefined,
  });
}

/**
 * Reads a body that is bounded in size and time.
 *
 * @throws AppError `payload-too-large`, `request-timeout`, `bad-request`
 */
export async function readBytes(
  request: Request,
  { maxBytes = MAX_BODY_BYTES }: { maxBytes?: number } = {},
): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('request-timeout')), BODY_DEADLINE_MS);
  });
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), deadline]);
      if (done) return Buffer.concat(chunks);
      bytes += value.byteLength;
      if (bytes > maxBytes) throw new AppError('payload-too-large');
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error instanceof AppError ? error : new AppError('bad-request', {}, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new AppError('bad-request', { hint: 'json' });
  }
}
