import { type Answer, type Family, Refusal } from './answers';
import type { CallBody } from './call-request';
import type { Platform } from './platform';
import type { Login } from './user-tokens';

/** One call as an endpoint sees it, after the gate let it through. */
export interface Call {
  platform: Platform;
  query: URLSearchParams;
  body: CallBody;
  /** Values of `{…}` in the endpoint's path. */
  parameters: Record<string, string>;
  /** Whose user token it is, for endpoints that want one. */
  login: Login | undefined;
}

/** One endpoint of DingTalk. */
export interface Endpoint {
  method: 'GET' | 'POST';
  /** A path; `{name}` stands for one segment. */
  path: string;
  family: Family;
  /** Which token the gate asks for. */
  token: 'app' | 'user' | 'none';
  /** The permission point that it needs. */
  permission?: string;
  handle(call: Call): Answer | Promise<Answer>;
}

/** A required text of the request: from the query of a flat endpoint, or the body. Missing: 400002. */
export function requireText(call: Call, name: string, errcode = 400002): string {
  const value = readValue(call, name);
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  throw new Refusal(errcode);
}

/** A whole number of the request, in digits or as a number. Missing: the fallback, or 400002. Not a number: `errcode`. */
export function readInteger(
  call: Call,
  name: string,
  options: { fallback?: number; errcode?: number; min?: number; max?: number } = {},
): number {
  const { fallback, errcode = 40035, min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const value = readValue(call, name);
  if (value === undefined || value === null || value === '') {
    if (fallback !== undefined) return fallback;
    throw new Refusal(400002);
  }
  const number =
    typeof value === 'number' ? value : /^-?\d+$/.test(String(value)) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number) || number < min || number > max) throw new Refusal(errcode);
  return number;
}

/** A yes or no of the request, as JSON or as a word. Missing or neither: undefined. */
export function readBoolean(call: Call, name: string): boolean | undefined {
  const value = String(readValue(call, name));
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** A value of the request wherever legacy endpoints look for it: the body first, then the query. */
export function readValue(call: Call, name: string): unknown {
  return call.body.fields[name] ?? call.query.get(name) ?? undefined;
}
