import { IDLE_CONNECTION_MS } from './agents';
import { readAnswer } from './answer';
import { DingTalkError } from './errors';
import type { DingTalkRequest } from './request';
import { type Transport, TransportError } from './transport';

type Host = DingTalkRequest<unknown>['host'];

/** How a call ended, in a word. */
export type CallAnswer = 'ok' | 'refused' | 'throttled' | 'unreachable' | 'malformed';

/** The two hosts of DingTalk's APIs: sends single requests, without tokens of its own or repetitions. */
export function createHosts(options: {
  transport: Transport;
  bases: Readonly<Record<Host, string>>;
  timeoutMs: number;
  onAnswer?: ((api: string, answer: CallAnswer) => void) | undefined;
}) {
  const { transport, bases, timeoutMs, onAnswer } = options;
  const usedAt = { api: Number.NEGATIVE_INFINITY, oapi: Number.NEGATIVE_INFINITY };

  async function attempt<T>(request: DingTalkRequest<T>, token: string | undefined): Promise<T> {
    usedAt[request.host] = performance.now();
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = request.budget?.signal ? AbortSignal.any([limit, request.budget.signal]) : limit;
    if (request.budget) request.budget.calls++;
    request.onSend?.();
    try {
      const message = toMessage(request, bases[request.host], token);
      return readAnswer(request, await transport({ ...message, signal }));
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      // The end of the request budget says nothing about this call.
      const code = error.code === 'timeout' && !limit.aborted ? 'out-of-time' : error.code;
      const { mayHaveHadEffect, proxy, cause } = error;
      const detail = { api: request.path, code, mayHaveHadEffect, ...(proxy && { proxy }) };
      throw new DingTalkError('unreachable', detail, { cause });
    }
  }

  return {
    /** @throws DingTalkError */
    async send<T>(request: DingTalkRequest<T>, token: string | undefined): Promise<T> {
      try {
        const value = await attempt(request, token);
        onAnswer?.(request.path, 'ok');
        return value;
      } catch (error) {
        if (error instanceof DingTalkError) onAnswer?.(request.path, answerOf(error));
        throw error;
      }
    },
    /** Opens a connection unless there is one. Calls no API: nothing is counted, and the answer does not matter. */
    async connect(host: Host): Promise<void> {
      if (performance.now() - usedAt[host] < IDLE_CONNECTION_MS) return;
      usedAt[host] = performance.now();
      const signal = AbortSignal.timeout(timeoutMs);
      const url = new URL(bases[host]);
      await transport({ url, method: 'GET', headers: {}, body: undefined, signal }).catch(() => undefined);
    },
  };
}

function answerOf(error: DingTalkError): CallAnswer {
  if (error.isThrottled) return 'throttled';
  return error.kind === 'rejected' ? 'refused' : error.kind;
}

/** URL, headers and body of a request, in the dialect of its host. */
function toMessage(request: DingTalkRequest<unknown>, base: string, token: string | undefined) {
  const { method, maxAnswerBytes } = request;
  const url = new URL(base.replace(/\/+$/, '') + pathOf(request));
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'gzip' };
  if (token !== undefined) {
    if (request.host === 'api') headers['x-acs-dingtalk-access-token'] = token;
    else url.searchParams.set('access_token', token);
  }
  if (request.idempotencyKey !== undefined) headers['x-client-token'] = request.idempotencyKey;
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = String(Buffer.byteLength(body));
  }
  return { url, method, headers, body, maxAnswerBytes };
}

function pathOf({ path, pathValues = {} }: DingTalkRequest<unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = pathValues[name] ?? '';
    // Encoded or not, an address makes another path of these.
    if (/^\.{0,2}$/.test(value)) throw new TypeError(`${path}: ${name} is no id`);
    return encodeURIComponent(value);
  });
}
