import { type Answer, type Family, refusalAnswer } from '../platform/answers';
import { ERRMSG, isGatewayCode, toV1Code } from '../platform/errcodes';
import type { Fault } from '../platform/fault-kinds';
import { type Json, toJson } from '../platform/json';
import { addressText, permissionText } from './endpoints/gate';
import { encodeGbk } from './gbk';

/** What a spoilt answer may need to know of the call. */
export interface FaultedCall {
  family: Family;
  /** Path and query as called: it contains the app's token. */
  url: string;
  token: string;
  clientId: string;
  /** The caller's address. */
  ip: string;
  permission: string;
}

/** The answer that takes the place of the endpoint's, for the kinds that replace it. */
export function replacementFor(fault: Fault, call: FaultedCall): Answer | undefined {
  const outcome = `fault:${fault.kind}`;
  const make = (status: number, contentType: string, body: Json | Buffer, headers = {}): Answer => {
    return { status, contentType, headers, body, outcome };
  };
  switch (fault.kind) {
    case 'errcode':
      return { ...errcodeAnswer(fault, call), outcome };
    case 'json':
      return make(fault.status, 'application/json;charset=UTF-8', Buffer.from(JSON.stringify(fault.body)));
    case 'status': {
      const { body, status, contentType = 'application/json', headers } = fault;
      const text = typeof body === 'string' ? body : body == null ? '' : JSON.stringify(body);
      return make(status, contentType, text, headers);
    }
    case 'redirect':
      return make(fault.status, 'text/html', '', { location: fault.location });
    case 'empty':
      return make(200, 'application/json', '');
    case 'html':
      return make(
        fault.status,
        'text/html;charset=utf-8',
        '<!doctype html><title>钉钉</title><h1>系统维护中</h1>',
      );
    case 'garbage':
      return make(200, 'application/json', garbage(fault.bytes));
    case 'echoUrl':
      return make(500, 'text/html', `<html><h1>500</h1><pre>${call.url}</pre></html>`);
    case 'echoToken':
      return make(200, 'application/json', { errcode: -1, errmsg: `系统繁忙 access_token=${call.token}` });
    default:
      return undefined;
  }
}

/** The endpoint's own answer after a fault that changes it; other kinds leave it as it is. */
export function changeAnswer(fault: Fault, answer: Answer): Answer {
  switch (fault.kind) {
    case 'relabel':
      return { ...answer, contentType: fault.contentType };
    case 'headers': {
      const entries = Object.entries(fault.headers).map(([name, value]) => [name.toLowerCase(), value]);
      return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(entries) } };
    }
    case 'prefixBytes':
      return { ...answer, body: Buffer.concat([Buffer.from(fault.hex, 'hex'), toBytes(answer.body)]) };
    case 'encoding':
      return { ...answer, body: encodeGbk(toBytes(answer.body).toString('utf8')) };
    case 'patch':
      return { ...answer, body: patch(answer.body, fault) };
    default:
      return answer;
  }
}

/** An answer's body as it goes onto the wire: text as it is, all else as JSON. */
export function toBytes(body: Answer['body']): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : toJson(body));
}

function errcodeAnswer(fault: Fault & { kind: 'errcode' }, call: FaultedCall): Answer {
  const { family } = call;
  const wrapped = fault.wrapped ?? isGatewayCode(fault.errcode);
  if (fault.errcode !== 60011) {
    return refusalAnswer(fault.errcode, fault.errmsg ?? usualText(fault.errcode, call), { family, wrapped });
  }
  return refusalAnswer(60011, fault.errmsg ?? permissionText(call.clientId, call.permission), {
    family,
    wrapped,
    tail: `, {requiredScopes=[${call.permission}]}`,
    detail: { accessdenieddetail: { requiredScopes: [call.permission] } },
  });
}

function usualText(errcode: number, { family, clientId, ip }: FaultedCall): string {
  // Without an address the text would be none of DingTalk's, and an app could not tell which one to allow.
  if (errcode === 60020) return addressText(clientId, ip);
  return family === 'v1' ? toV1Code(errcode).message : (ERRMSG[errcode] ?? '系统错误');
}

// Bytes that are neither UTF-8 nor JSON, and always the same.
function garbage(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => 128 + ((index * 73) % 128)));
}

function patch(body: Answer['body'], fault: Fault & { kind: 'patch' }): Answer['body'] {
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return body;
  const copy = structuredClone(body);
  for (const [path, value] of Object.entries(fault.set ?? {})) {
    const [holder, key] = reach(copy, path);
    define(holder, key, expand(value));
  }
  for (const path of fault.unset ?? []) {
    const [holder, key] = reach(copy, path);
    delete (holder as Record<string, Json>)[key];
  }
  return copy;
}

function reach(body: object, path: string): readonly [object, string] {
  const keys = path.split('.');
  const last = keys.pop()!;
  let holder = body;
  for (const key of keys) {
    const next: unknown = Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
    if (typeof next === 'object' && next !== null) holder = next;
    else holder = define(holder, key, {});
  }
  return [holder, last];
}

// Not an assignment: a path through __proto__ must become a field, not a prototype.
function define<T>(holder: object, key: string, value: T): T {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  return value;
}

function expand(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { repeat, count, range } = value as { repeat?: unknown; count?: unknown; range?: unknown };
    if (typeof repeat === 'string' && typeof count === 'number') return repeat.repeat(count);
    if (typeof range === 'number') return Array.from({ length: range }, (_, index) => index + 1);
  }
  return value as Json;
}
