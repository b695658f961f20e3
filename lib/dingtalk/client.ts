import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyFor } from './agents';
import { createAppToken } from './app-token';
import { createBulkhead } from './bulkhead';
import { createCircuitBreaker } from './circuit-breaker';
import { DingTalkError } from './errors';
import { type CallAnswer, createHosts } from './hosts';
import type { DingTalkRequest } from './request';
import { createTransport, type Transport } from './transport';

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
  /** Called with every token that is learned, so that a log can keep it out. */
  onToken?: (token: string) => void;
  /** Called for every call that was sent with how it was answered, for metrics. @param api the path of the request, without ids */
  onAnswer?: (api: string, answer: CallAnswer) => void;
  /** Through which proxy an address is asked; by default each is asked directly. */
  proxyFor?: ProxyFor;
  transport?: Transport;
  /** Pause before a repeated call in ms. */
  pauseMs?: () => number;
}

export interface Client {
  /** @throws DingTalkError, and nothing else */
  call<T>(request: DingTalkRequest<T>): Promise<T>;
  /** False while calls are refused here, because DingTalk, or one of its hosts, did not answer lately. */
  isReachable(host?: DingTalkRequest<unknown>['host']): boolean;
  /**
   * Fetches the app token and opens a connection to the host that every sign-in calls, where they are missing: the next
   * sign-in waits for neither.
   *
   * @throws DingTalkError when DingTalk gives no token
   */
  warm(): Promise<void>;
  /** The app's own credentials, for the calls that carry them in the body. */
  readonly credentials: { clientId: string; clientSecret: string };
}

/**
 * How DingTalk is called: with which token, behind circuit breaker and bulkhead, and when a call may be made again.
 *
 * @see https://open.dingtalk.com/document/development/server-api-calling-guide
 */
export function createClient(options: DingTalkOptions): Client {
  const pauseMs = options.pauseMs ?? (() => 100 + Math.random() * 200);
  const credentials = { clientId: options.clientId, clientSecret: options.clientSecret };
  const hosts = createHosts({
    transport: options.transport ?? createTransport({ proxyFor: options.proxyFor }),
    bases: { api: options.apiUrl, oapi: options.oapiUrl },
    timeoutMs: options.timeoutMs ?? 3000,
    onAnswer: options.onAnswer,
  });
  const breakers = { api: createCircuitBreaker(), oapi: createCircuitBreaker() };
  const bulkhead = createBulkhead();
  const appToken = createAppToken({ credentials, call, onToken: options.onToken });

  async function call<T>(request: DingTalkRequest<T>): Promise<T> {
    let tokenRenewed = false;
    let repeated = false;
    for (;;) {
      const token = isAppToken(request) ? await appToken.get(request) : userTokenOf(request);
      try {
        return await guarded(request, () => hosts.send(request, token));
      } catch (error) {
        if (!(error instanceof DingTalkError)) throw error;
        if (
          !tokenRenewed &&
          token !== undefined &&
          isAppToken(request) &&
          appToken.renewAfter(error, request, token)
        ) {
          tokenRenewed = true;
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

  function guarded<T>({ host, path, budget, paced }: DingTalkRequest<T>, send: () => Promise<T>): Promise<T> {
    if (paced) return send();
    return breakers[host].run(path, () => bulkhead.run(path, budget?.signal, send));
  }

  return {
    call,
    isReachable: (host) =>
      host
        ? breakers[host].allowsRequests()
        : breakers.api.allowsRequests() && breakers.oapi.allowsRequests(),
    async warm() {
      await Promise.all([appToken.get(), hosts.connect('oapi')]);
    },
    credentials,
  };
}

function userTokenOf({ token }: DingTalkRequest<unknown>): string | undefined {
  return typeof token === 'object' ? token.user : undefined;
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

/** Neither a certificate nor the circuit breaker changes within a pause. */
const NOT_RETRYABLE =
  /^(proxy-)?timeout$|^proxy-4|^out-of-time$|^circuit-open$|^too-many-in-flight$|^waited-too-long$|CERT|VERIFY|TLS|SSL/;
/** Failures that take their whole time limit, or that an identical call would meet again. */
const RETRY_TOO_COSTLY = new Set([
  'timeout',
  'out-of-time',
  'answer-too-large',
  'unknown-encoding',
  'redirect',
  'html-page',
]);
