import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, Refusal, refusalAnswer, unknownMethodAnswer, v1Refusal } from '../platform/answers';
import { readBody } from '../platform/call-request';
import type { Fault } from '../platform/fault-kinds';
import type { Platform } from '../platform/platform';
import { applyStaffChange } from '../platform/staff-change';
import { type Call, checkArguments, type Endpoint } from './endpoints/endpoint';
import { judge } from './endpoints/gate';
import { changeAnswer, replacementFor } from './fault-answers';
import { breakOff, deliver, flood, isClosing, send } from './fault-delivery';
import { findEndpoint } from './routes';
import { reorder } from './token-reorder';

/** A call on its way through the emulator. */
interface Exchange {
  platform: Platform;
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  endpoint: Endpoint | undefined;
  /** What the endpoint answers; running it has the endpoint's effects. */
  answer(): Promise<Answer>;
}

/** Answers a call to DingTalk: counts it, lets a fault have it, else the gate and the endpoint. */
export async function handleDingtalk(
  platform: Platform,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (isClosing(req, res)) return;
  const url = new URL(req.url ?? '/', platform.url);
  const found = findEndpoint(url.pathname, req.method);
  const path = found?.endpoint.path ?? 'unknown';
  const conclude = platform.calls.begin(req.method ?? '', path);
  const paths = [url.pathname, path];
  let body: ReturnType<typeof readBody> | undefined;
  const readOnce = () => {
    body ??= readBody(req);
    return body;
  };
  const fields = platform.faults.looksInside(paths) ? (await readOnce()).fields : {};
  const fault = platform.faults.take(paths, fields);
  const exchange: Exchange = {
    platform,
    req,
    res,
    url,
    endpoint: found?.endpoint,
    answer: () => answerCall(platform, req, { url, found, readOnce }),
  };
  if (platform.settings.latencyMs > 0) await sleep(platform.settings.latencyMs);
  if (fault) {
    conclude(`fault:${fault.kind}`);
    return failCall(exchange, fault);
  }
  const answer = await exchange.answer();
  conclude(answer.outcome);
  send(res, answer);
}

async function answerCall(
  platform: Platform,
  req: IncomingMessage,
  {
    url,
    found,
    readOnce,
  }: { url: URL; found: ReturnType<typeof findEndpoint>; readOnce: () => ReturnType<typeof readBody> },
): Promise<Answer> {
  const body = await readOnce();
  const { endpoint, parameters } = found ?? {};
  if (!endpoint || !parameters) return unknownMethodAnswer(url.pathname);
  if (endpoint.family === 'v1' && req.method !== endpoint.method) return unknownMethodAnswer(url.pathname);

  const token = req.headers['x-acs-dingtalk-access-token'];
  const headers = { token: typeof token === 'string' ? token : undefined };
  const query = url.searchParams;
  const verdict = judge(platform, { endpoint, query, headers, body, ip: addressOf(req) });
  if ('answer' in verdict) return verdict.answer;
  try {
    const isLegacy = endpoint.family === 'topapi' || endpoint.family === 'flat';
    if (isLegacy && endpoint.method === 'POST' && req.method !== 'POST') throw new Refusal(43002);
    if (endpoint.family !== 'v1' && body.kind === 'unreadable') throw new Refusal(47001);
    const clientToken = req.headers['x-client-token']?.toString();
    const { app, login } = verdict;
    const call: Call = { platform, app, query, body, parameters, clientToken, login };
    checkArguments(endpoint, call);
    return await endpoint.handle(call);
  } catch (error) {
    if (error instanceof Refusal) {
      return refusalAnswer(error.errcode, error.errmsg, { family: endpoint.family, wrapped: false });
    }
    // A mistake of the emulator's own must not look like DingTalk's.
    return { ...v1Refusal(500, 'emulator.bug', String(error)), outcome: 'emulator.bug' };
  }
}

function addressOf(req: IncomingMessage): string {
  return (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}

async function failCall(exchange: Exchange, fault: Fault): Promise<void> {
  const { platform, req, res, url, endpoint } = exchange;
  if (fault.kind === 'reset' || fault.kind === 'hangup' || fault.kind === 'blackhole') {
    const happens = fault.consumed ?? (fault.kind === 'reset' && fault.afterBytes > 0);
    return breakOff(fault, { req, res, answer: happens ? await exchange.answer() : undefined });
  }
  if (fault.kind === 'reorderRefresh') return reorder(platform, fault, exchange);
  if (fault.kind === 'revokeTokenNow') platform.appTokens.revoke();
  if (fault.kind === 'clockJump') platform.clock.advance(fault.seconds * 1000);
  if (fault.kind === 'staffChange') applyStaffChange(platform.company, fault);
  if ('consumed' in fault && fault.consumed) await exchange.answer();
  if (fault.kind === 'huge' || fault.kind === 'gzipBomb') {
    req.resume();
    return flood(res, fault);
  }
  const replacement = replacementFor(fault, {
    family: endpoint?.family ?? (url.pathname.startsWith('/v1.0/') ? 'v1' : 'topapi'),
    url: `${url.pathname}${url.search}`,
    token: url.searchParams.get('access_token') ?? String(req.headers['x-acs-dingtalk-access-token'] ?? ''),
    clientId: platform.app.clientId,
    ip: addressOf(req),
    permission: endpoint?.permission ?? 'qyapi_base',
  });
  if (replacement) {
    req.resume();
    return send(res, replacement);
  }
  await deliver(res, changeAnswer(fault, await exchange.answer()), fault);
}
