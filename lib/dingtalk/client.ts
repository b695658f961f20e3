import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { IDLE_CONNECTION_MS, type ProxyFor } from './agents';
import { readAnswer } from './answer';
import { createBulkhead } from './bulkhead';
import { createCircuitBreaker } from './circuit-breaker';
import { DingTalkError } from './errors';
import type { DingTalkRequest } from './request';
import { createExpiring, type Expiring } from './token-cache';
import { createTransport, type Transport, TransportError } from './transport';

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

/** The cap of a list that DingTalk gives whole, however long: the ids of a quarter of a million people. */
export const WHOLE_LIST_BYTES = 16 * 1024 * 1024;

const RENEW_FOR_PERMISSION_MS = 60_000;

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
  const breakers = { api: createCircuitBreaker(), oapi: createCircuitBreaker() };
  const bulkhead = createBulkhead();
  const appToken = createAppToken();
  let renewedForPermissionAt = Number.NEGATIVE_INFINITY;
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
          schema: z.object({ accessToken: z.string().min(1), expireIn: z.coerce.number().positive() }),
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
        if (!tokenRenewed && token !== undefined && isAppToken(request) && mayOutdate(error, request)) {
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

  /**
   * Whether a new token may be answered otherwise. One that was given before a permission was may not have it, but
   * where it is really missing every call would cost a token.
   */
  function mayOutdate(error: DingTalkError, request: DingTalkRequest<unknown>): boolean {
    if (error.isTokenRefused) return true;
    if (!error.isPermissionMissing || !request.repeatable) return false;
    const now = performance.now();
    if (now - renewedForPermissionAt < RENEW_FOR_PERMISSION_MS) return false;
    renewedForPermissionAt = now;
    return true;
  }

  function guarded<T>(request: DingTalkRequest<T>, action: () => Promise<T>): Promise<T> {
    const { host, path, budget: undertaking, paced } = request;
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
    const signal = request.budget?.signal ? AbortSignal.any([limit, request.budget.signal]) : limit;
    if (request.budget) request.budget.calls++;
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

  const isReachable = () => breakers.api.allowsRequests() && breakers.oapi.allowsRequests();

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
  if (request.budget?.signal?.aborted || request.budget?.paced) return false;
  if (error.isThrottled) return error.isOverRate;
  if (error.isBusy || !error.detail.mayHaveHadEffect) return !NOT_RETRYABLE.test(error.code);
  const worthIt = error.kind === 'unreachable' && !RETRY_TOO_COSTLY.has(error.code);
  return request.repeatable && worthIt;
}

/** Neither a certificate nor our own guard changes its mind at once. */
const NOT_RETRYABLE =
  /^(proxy-)?timeout$|^proxy-4|^out-of-time$|^circuit-open$|^too-many-in-flight$|^waited-too-long$|CERT|VERIFY|TLS|SSL/;
/** Failures that cost their whole limit, or that an identical call would meet again. */
const RETRY_TOO_COSTLY = new Set([
  'timeout',
  'out-of-time',
  'answer-too-large',
  'unknown-encoding',
  'redirect',
  'html-page',
]);

/** The shared token fetch has no deadline of ours; whoever waits for it has. */
async function beforeDeadline<T>(promise: Promise<T>, request: DingTalkRequest<unknown>): Promise<T> {
  const signal = request.budget?.signal;
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
