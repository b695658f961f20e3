import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { IDLE_CONNECTION_MS, type ProxyFor } from './agents';
import { DingTalkError, type DingTalkErrorDetail, type DingTalkErrorKind } from './errors';
import { createExpiring, type Expiring } from './expiring';
import { createBreaker, createBulkhead } from './guard';
import { createTransport, type Transport, type TransportAnswer, TransportError } from './transport';

export interface DingTalkOptions {
  /** Client ID of the console, formerly AppKey. */
  clientId: string;
  /** Client Secret of the console, formerly AppSecret. */
  clientSecret: string;
  /** Base of the new API, `https://api.dingtalk.com`. A path prefix is kept. */
  apiUrl: string;
  /** Base of the legacy API, `https://oapi.dingtalk.com`. A path prefix is kept. */
  oapiUrl: string;
  /** Limit of one call in ms, connection and body included. */
  timeoutMs?: number;
  /** Told every token that is learned, so that a log can keep it out. */
  onToken?: (token: string) => void;
  /** Through which proxy an address is asked; by default each is asked directly. */
  proxyFor?: ProxyFor;
  transport?: Transport;
  /** Pause before a repeated call in ms. */
  pauseMs?: () => number;
}

export interface DingTalkRequest<T> {
  /** `api`: the new dialect, token in a header. `oapi`: the legacy one, token in the query. */
  host: 'api' | 'oapi';
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Shape of the useful part: the bare object (`api`), `result` (`/topapi`), or the flat object (`oapi`). */
  schema: z.ZodType<T>;
  /** `app` (default) adds the app's access token. */
  token?: 'app' | 'none' | { user: string };
  /** True when a second identical call can do no harm. A code exchange is not repeatable. */
  repeatable: boolean;
  /** For an answer that may be larger than 1 MiB. @see WHOLE_LIST_BYTES */
  maxAnswerBytes?: number;
  undertaking?: Undertaking | undefined;
  /** True for a caller that paces its own attempts: neither told by the breaker to wait, nor heard by it. */
  paced?: boolean;
}

/** The cap of a list that DingTalk gives whole, however long: the ids of a quarter of a million people. */
export const WHOLE_LIST_BYTES = 16 * 1024 * 1024;

/** What several calls belong to, such as one sign-in: a common deadline, and a count of what they cost. */
export interface Undertaking {
  signal?: AbortSignal;
  /** Calls sent so far, repeated ones included. */
  calls: number;
  /** Whoever undertakes this repeats calls at a pace of their own: here each is sent once. @see pace.ts */
  paced?: boolean;
}

export interface Client {
  /** @throws DingTalkError, and nothing else */
  call<T>(request: DingTalkRequest<T>): Promise<T>;
  /** False while calls are refused here, because DingTalk did not answer lately. */
  isReachable(): boolean;
  /**
   * Sees to it that there is an app token, and an open connection to the host that every sign-in asks: whoever comes
   * next need wait for neither.
   *
   * @throws DingTalkError when DingTalk gives no token
   */
  warm(): Promise<void>;
  /** The app's own credentials, for the calls that carry them in the body. */
  readonly credentials: { clientId: string; clientSecret: string };
}

/**
 * The one place that knows how DingTalk is called: where the token goes, how long to wait, how its two dialects say
 * that something failed, and when a call may be made again.
 *
 * @see https://open.dingtalk.com/document/development/server-api-calling-guide
 */
export function createClient(options: DingTalkOptions): Client {
  const transport = options.transport ?? createTransport({ proxyFor: options.proxyFor });
  const timeoutMs = options.timeoutMs ?? 3000;
  const pauseMs = options.pauseMs ?? (() => 100 + Math.random() * 200);
  const bases = { api: options.apiUrl, oapi: options.oapiUrl };
  const credentials = { clientId: options.clientId, clientSecret: options.clientSecret };
  const breakers = { api: createBreaker(), oapi: createBreaker() };
  const bulkhead = createBulkhead();
  const appToken = createAppToken();
  const usedAt = { api: Number.NEGATIVE_INFINITY, oapi: Number.NEGATIVE_INFINITY };

  function createAppToken(): Expiring<string> {
    return createExpiring({
      // Not under the signal of whoever asked first: the others wait for the same answer.
      fetchValue: async () => {
        const { accessToken, expireIn } = await call({
          host: 'api',
          method: 'POST',
          path: '/v1.0/oauth2/accessToken',
          body: { appKey: credentials.clientId, appSecret: credentials.clientSecret },
          schema: z.object({ accessToken: z.string().min(1), expireIn: z.number().positive() }),
          token: 'none',
          repeatable: true,
        });
        options.onToken?.(accessToken);
        return { value: accessToken, ttlSeconds: expireIn };
      },
      // Wrong credentials do not mend themselves between two taps, and who asks for fewer calls gets fewer.
      holdFailureMs: (error) => {
        if (!(error instanceof DingTalkError)) return 0;
        if (error.isThrottled) return 1000;
        return error.isTransient ? 0 : 5000;
      },
    });
  }

  async function call<T>(request: DingTalkRequest<T>): Promise<T> {
    let tokenRenewed = false;
    let repeated = false;
    for (;;) {
      const token = await tokenFor(request);
      try {
        return await guarded(request, () => attempt(request, token));
      } catch (error) {
        if (!(error instanceof DingTalkError)) throw error;
        if (error.isTokenRefused && token !== undefined && isAppToken(request) && !tokenRenewed) {
          tokenRenewed = true;
          appToken.drop(token);
        } else if (!repeated && mayRepeat(error, request)) {
          repeated = true;
          // The rate is counted by the second.
          await delay(pauseMs() + (error.isOverRate ? 1000 : 0), undefined, { ref: false });
        } else {
          throw error;
        }
      }
    }
  }

  function guarded<T>(request: DingTalkRequest<T>, action: () => Promise<T>): Promise<T> {
    const { host, path, undertaking, paced } = request;
    if (paced) return action();
    return breakers[host].run(path, () => bulkhead.run(path, undertaking?.signal, action));
  }

  async function tokenFor(request: DingTalkRequest<unknown>): Promise<string | undefined> {
    if (isAppToken(request)) return await beforeDeadline(appToken.get(), request);
    return typeof request.token === 'object' ? request.token.user : undefined;
  }

  async function attempt<T>(request: DingTalkRequest<T>, token: string | undefined): Promise<T> {
    usedAt[request.host] = performance.now();
    const url = new URL(bases[request.host].replace(/\/+$/, '') + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'gzip' };
    if (token !== undefined) {
      if (request.host === 'api') headers['x-acs-dingtalk-access-token'] = token;
      else url.searchParams.set('access_token', token);
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = String(Buffer.byteLength(body));
    }
    const { method, maxAnswerBytes } = request;
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = request.undertaking?.signal ? AbortSignal.any([limit, request.undertaking.signal]) : limit;
    if (request.undertaking) request.undertaking.calls++;
    try {
      return readAnswer(request, await transport({ url, method, headers, body, maxAnswerBytes, signal }));
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      // The end of the whole undertaking's time says nothing about this call.
      const code = error.code === 'timeout' && !limit.aborted ? 'out-of-time' : error.code;
      const { mayHaveHadEffect, proxy, cause } = error;
      const detail = { api: request.path, code, mayHaveHadEffect, ...(proxy && { proxy }) };
      throw new DingTalkError('unreachable', detail, { cause });
    }
  }

  const isReachable = () => breakers.api.isLettingThrough() && breakers.oapi.isLettingThrough();

  /** No call of an API: nothing is counted, and what is answered does not matter. */
  async function connect(host: 'api' | 'oapi'): Promise<void> {
    if (performance.now() - usedAt[host] < IDLE_CONNECTION_MS) return;
    usedAt[host] = performance.now();
    const signal = AbortSignal.timeout(timeoutMs);
    const url = new URL(bases[host]);
    await transport({ url, method: 'GET', headers: {}, body: undefined, signal }).catch(() => undefined);
  }

  const warm = async () => {
    await Promise.all([appToken.get(), connect('oapi')]);
  };

  return { call, warm, isReachable, credentials };
}

function isAppToken(request: DingTalkRequest<unknown>): boolean {
  return request.token === undefined || request.token === 'app';
}

function mayRepeat(error: DingTalkError, request: DingTalkRequest<unknown>): boolean {
  if (request.undertaking?.signal?.aborted || request.undertaking?.paced) return false;
  if (error.isThrottled) return error.isOverRate;
  if (error.isBusy || !error.detail.mayHaveHadEffect) return !HOPELESS.test(error.code);
  const worthIt = error.kind === 'unreachable' && !PATIENCE_LOST.has(error.code);
  return request.repeatable && worthIt;
}

/** Neither a certificate nor our own guard changes its mind at once. */
const HOPELESS =
  /^(proxy-)?timeout$|^proxy-4|^out-of-time$|^circuit-open$|^too-many-in-flight$|^waited-too-long$|CERT|VERIFY|TLS|SSL/;
/** Failures that cost their whole limit, or that an identical call would meet again. */
const PATIENCE_LOST = new Set([
  'timeout',
  'out-of-time',
  'answer-too-large',
  'unknown-encoding',
  'redirect',
  'html-page',
]);

/** The shared token fetch has no deadline of ours; whoever waits for it has. */
async function beforeDeadline<T>(promise: Promise<T>, request: DingTalkRequest<unknown>): Promise<T> {
  const signal = request.undertaking?.signal;
  if (!signal) return promise;
  let onAbort: () => void = () => undefined;
  const deadline = new Promise<never>((_, reject) => {
    onAbort = () =>
      reject(
        new DingTalkError('unreachable', { api: request.path, code: 'out-of-time', mayHaveHadEffect: false }),
      );
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
    deadline.catch(() => undefined);
  }
}

/** Beyond it nothing is looked at: a pattern over a long text would hold the process up. */
const MAX_ERROR_TEXT = 4096;
const MAX_SCOPES = 100;
/** Words of the gateway that bans addresses. */
const BAN_PAGE = /punish|x5sec|_____tmd_____/;

const WHOLE_NUMBER = /^-?\d{1,15}$/;

const maybeText = z
  .union([z.string(), z.number().transform(String)])
  .transform((text) => text.slice(0, MAX_ERROR_TEXT))
  .optional()
  .catch(undefined);
const maybeScopes = z
  .object({ requiredScopes: z.array(z.string()) })
  .optional()
  .catch(undefined);

/**
 * Both dialects' ways to fail, in one shape. `errcode` is strict, the rest is only read for help: an answer that does
 * not say success is never taken for one.
 */
const failureSchema = z.object({
  errcode: z.union([z.number(), z.string().regex(WHOLE_NUMBER).transform(Number)]).optional(),
  errmsg: maybeText,
  sub_code: maybeText,
  request_id: maybeText,
  code: maybeText,
  Code: maybeText,
  message: maybeText,
  Message: maybeText,
  requestid: maybeText,
  RequestId: maybeText,
  accessdenieddetail: maybeScopes,
  AccessDeniedDetail: maybeScopes,
  status: z.number().optional().catch(undefined),
  punish: maybeText,
});

function readAnswer<T>(request: DingTalkRequest<T>, answer: TransportAnswer): T {
  const fail = (
    kind: DingTalkErrorKind,
    code: string,
    more: Partial<DingTalkErrorDetail> = {},
    cause?: unknown,
  ) => new DingTalkError(kind, { api: request.path, code, mayHaveHadEffect: true, ...more }, { cause });

  const { status, text } = answer;
  if (status >= 300 && status < 400) throw fail('unreachable', 'redirect');
  if (status === 429) throw fail('rejected', 'http-429');
  if (text === undefined) throw fail('malformed', 'not-utf8');
  const body = parseJson(text);
  if (body === undefined) {
    if (status === 200 && text.trimStart().startsWith('<')) {
      // Most pages are of maintenance, or of a proxy on the way. Each further call would make a ban longer.
      throw BAN_PAGE.test(text.slice(0, MAX_ERROR_TEXT))
        ? fail('rejected', 'banned')
        : fail('unreachable', 'html-page');
    }
    throw status >= 200 && status < 300
      ? fail('malformed', 'not-json')
      : fail('unreachable', `http-${status}`);
  }
  const said = failureSchema.safeParse(body);
  if (!said.success) throw fail('malformed', 'unexpected-shape', {}, said.error);
  const failure = said.data;
  if (failure.errcode === undefined && (failure.punish !== undefined || failure.status === 1111)) {
    throw fail('rejected', 'banned');
  }
  const code = failureCode(failure, status);
  if (code !== undefined) {
    const kind = gaveNoAnswer(failure, status, code) ? 'unreachable' : 'rejected';
    throw fail(kind, code, { ...describe(failure), isDingTalkCode: !code.startsWith('http-') });
  }
  const useful = usefulPart(request, body, failure);
  const parsed = request.schema.safeParse(useful);
  if (!parsed.success) throw fail('malformed', 'unexpected-shape', {}, parsed.error);
  return parsed.data;
}

type Failure = z.infer<typeof failureSchema>;

/** A code or an id as DingTalk makes them. It goes into logs and messages, so nothing else is taken for one. */
const word = (text: string | undefined) => (text && /^-?[\w.-]{1,128}$/.test(text) ? text : undefined);

/**
 * DingTalk's own code, or undefined for a success. `88` wraps the real code of the gateway in `sub_code`, or, where
 * that is missing, in the text.
 */
function failureCode(failure: Failure, status: number): string | undefined {
  if (failure.errcode === 88) {
    const wrapped = failure.sub_code || /subcode=([\w.-]+)/.exec(failure.errmsg ?? '')?.[1];
    return wrapped ? (word(wrapped) ?? 'unknown') : '88';
  }
  if (failure.errcode !== undefined && failure.errcode !== 0) return String(failure.errcode);
  if (status >= 200 && status < 300) return undefined;
  const code = failure.code ?? failure.Code;
  return code ? (word(code) ?? 'unknown') : `http-${status}`;
}

/** Whether what was said is only that something behind the gateway broke or timed out: it passes, whatever its name. */
function gaveNoAnswer(failure: Failure, status: number, code: string): boolean {
  return code.startsWith('http-') || code === '15' || (failure.errcode === undefined && status >= 500);
}

/** The legacy dialect must say `errcode: 0`; the new one says success by its HTTP status. */
function usefulPart(request: DingTalkRequest<unknown>, body: unknown, failure: Failure): unknown {
  if (request.host === 'api') return body;
  if (failure.errcode !== 0) return undefined;
  return request.path.startsWith('/topapi/') ? (body as { result?: unknown }).result : body;
}

function describe(failure: Failure): Partial<DingTalkErrorDetail> {
  const text = `${failure.errmsg ?? ''} ${failure.message ?? failure.Message ?? ''}`;
  const scopes =
    (failure.accessdenieddetail ?? failure.AccessDeniedDetail)?.requiredScopes ??
    /requiredScopes=\[([^\]]*)\]/.exec(text)?.[1]?.split(',') ??
    /所需的权限：\[([^\]]*)\]/.exec(text)?.[1]?.split(',');
  return {
    dingTalkRequestId: word(failure.request_id ?? failure.requestid ?? failure.RequestId),
    requiredScopes: scopes
      ?.slice(0, MAX_SCOPES)
      .map((scope) => scope.trim())
      .filter((scope) => /^[\w.-]{1,64}$/.test(scope)),
    applyUrl: /https:\/\/open-dev\.dingtalk\.com\/appscope\/apply[^\s,"\]]*/.exec(text)?.[0],
    callerAddress: /request ip=([0-9a-fA-F.:]{3,45})/.exec(text)?.[1],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
