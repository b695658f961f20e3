import { type Answer, type Family, flatAnswer, Refusal, topapiAnswer } from '../../platform/answers';
import type { CallBody } from '../../platform/call-request';
import type { Json } from '../../platform/json';
import type { App, Platform } from '../../platform/platform';
import type { Login } from '../../platform/user-tokens';

/** One call as an endpoint gets it, after the gate has passed it. */
export interface Call {
  platform: Platform;
  /** The app whose token it carries. */
  app: App;
  query: URLSearchParams;
  body: CallBody;
  /** Values of `{…}` in the endpoint's path. */
  parameters: Record<string, string>;
  /** `x-client-token`: the same again is the same request. */
  clientToken: string | undefined;
  /** The owner of the user token, for endpoints that require one. */
  login: Login | undefined;
}

/** Names of arguments and their types. A text may also be a number, a number or a yes or no also written as text. */
export type Arguments = Readonly<Record<string, 'text' | 'number' | 'boolean'>>;

/** One endpoint of DingTalk. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A path; `{name}` stands for one segment. */
  path: string;
  family: Family;
  /** Which token the gate asks for. */
  token: 'app' | 'user' | 'none';
  /** The permission point that it needs. */
  permission?: string;
  /** Whether it counts against the company's calls of the month. */
  counted?: boolean;
  /** Arguments that a call must carry, and those that it may. What is missing or of another type does not reach `handle`. */
  required?: Arguments;
  optional?: Arguments;
  handle(call: Call): Answer | Promise<Answer>;
}

type Declared = Partial<
  Pick<Endpoint, 'method' | 'token' | 'permission' | 'counted' | 'required' | 'optional'>
>;
type Fields = Record<string, Json>;

/** An endpoint of /topapi: POST with the app's token; `handle` returns the fields of its answer. */
export function topapi(path: string, declared: Declared, handle: (call: Call) => Fields): Endpoint {
  const answer = (call: Call) => topapiAnswer(handle(call));
  return { method: 'POST', path, family: 'topapi', token: 'app', ...declared, handle: answer };
}

/** An endpoint of DingTalk 1.0: GET with the app's token, unless declared otherwise; a flat answer. */
export function flat(
  path: string,
  declared: Declared,
  handle: (call: Call) => Fields | Promise<Fields>,
): Endpoint {
  const answer = async (call: Call) => flatAnswer(await handle(call));
  return { method: 'GET', path, family: 'flat', token: 'app', ...declared, handle: answer };
}

/** An endpoint of v1.0: POST without a token, unless declared otherwise. */
export function v1(path: string, declared: Declared, handle: Endpoint['handle']): Endpoint {
  return { method: 'POST', path, family: 'v1', token: 'none', ...declared, handle };
}

/**
 * Whether a call carries what its endpoint declares. The gateway of /topapi says 40 for a required argument that is
 * missing and 41 for one of another type, before the endpoint sees the call; a flat endpoint says 40035 for both.
 *
 * @throws Refusal
 */
export function checkArguments(endpoint: Endpoint, call: Call): void {
  const { required = {}, optional = {}, family } = endpoint;
  for (const [name, type] of Object.entries({ ...optional, ...required })) {
    const value = readValue(call, name);
    const isAbsent = value === undefined || value === null || value === '';
    if (isAbsent && !(name in required)) continue;
    if (!isAbsent && isOfType(value, type)) continue;
    if (family !== 'topapi') throw new Refusal(40035);
    // The gateway writes no space after the colon.
    throw isAbsent
      ? new Refusal(40, `Missing required arguments:${name}`)
      : new Refusal(41, `Invalid arguments:${name}`);
  }
}

function isOfType(value: unknown, type: Arguments[string]): boolean {
  if (type === 'text') return typeof value === 'string' || typeof value === 'number';
  if (type === 'boolean') return /^(true|false)$/.test(String(value));
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value);
}

/** A text that the endpoint declares as required. */
export function readText(call: Call, name: string): string {
  return String(readValue(call, name));
}

/** A whole number that the endpoint declares. Absent: the fallback. Out of bounds: `errcode`. */
export function readInteger(
  call: Call,
  name: string,
  options: { fallback?: number; errcode?: number; min?: number; max?: number } = {},
): number {
  const { fallback = 0, errcode = 40035, min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const value = readValue(call, name);
  const number = value === undefined || value === null || value === '' ? fallback : Number(value);
  // Not `number < min`: what is no number at all is out of bounds too.
  if (!(number >= min && number <= max)) throw new Refusal(errcode);
  return number;
}

/** A yes or no that the endpoint declares. Absent: undefined. */
export function readBoolean(call: Call, name: string): boolean | undefined {
  const value = String(readValue(call, name));
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** A value of the request wherever legacy endpoints look for it: the body first, then the query. */
export function readValue(call: Call, name: string): unknown {
  return call.body.fields[name] ?? call.query.get(name) ?? undefined;
}
