import { randomInt, randomUUID } from 'node:crypto';
import { ERRMSG, toV1Code } from './errcodes';
import type { Json } from './json';

/** Which dialect an endpoint speaks: wrapped legacy, flat legacy, v1.0, or a page for people. */
export type Family = 'topapi' | 'flat' | 'v1' | 'page';

/** An answer before it is written to a socket, so that a fault can still change it. */
export interface Answer {
  status: number;
  contentType: string;
  headers?: Record<string, string>;
  body: Json | Buffer;
  /** What the call log says of it. */
  outcome: string;
}

/** Thrown by an endpoint to answer with an errcode, in whatever dialect the endpoint speaks. */
export class Refusal extends Error {
  readonly errcode: number;
  readonly errmsg: string;
  constructor(errcode: number, errmsg = ERRMSG[errcode] ?? '系统错误') {
    super(errmsg);
    this.errcode = errcode;
    this.errmsg = errmsg;
  }
}

const TOPAPI_TYPE = 'application/json;charset=UTF-8';

/** Success of a /topapi endpoint: `errcode`, `errmsg`, the fields, `request_id`. */
export function topapiAnswer(fields: Record<string, Json>): Answer {
  const body = { errcode: 0, errmsg: 'ok', ...fields, request_id: requestId() };
  return { status: 200, contentType: TOPAPI_TYPE, body, outcome: 'ok' };
}

/** Success of a flat legacy endpoint. */
export function flatAnswer(fields: Record<string, Json>): Answer {
  const body = { errcode: 0, errmsg: 'ok', ...fields };
  return { status: 200, contentType: 'application/json', body, outcome: 'ok' };
}

/** Success of a v1.0 endpoint: the bare object. */
export function v1Answer(body: Record<string, Json>): Answer {
  return { status: 200, contentType: 'application/json;charset=utf-8', body, outcome: 'ok' };
}

/** Failure of a v1.0 endpoint. Keys are lower case, as the gateway writes them. */
export function v1Refusal(
  status: number,
  code: string,
  message: string,
  more: Record<string, Json> = {},
): Answer {
  const body = { code, requestid: randomUUID().toUpperCase(), message, ...more };
  return { status, contentType: 'application/json;charset=utf-8', body, outcome: code };
}

/** A v1.0 endpoint misses a field of the body. */
export function v1Missing(field: string): Answer {
  return v1Refusal(400, `Missing${field}`, `${field} is mandatory for this action.`);
}

/** What a refusal looks like in each dialect. `wrapped` puts it into errcode 88, as the gateway of /topapi does. */
export interface RefusalOptions {
  family: Family;
  wrapped: boolean;
  /** Appended to errmsg's inner text only, as DingTalk does with requiredScopes. */
  tail?: string;
  detail?: Record<string, Json>;
}

/** Writes an errcode in the dialect of the endpoint. */
export function refusalAnswer(errcode: number, errmsg: string, options: RefusalOptions): Answer {
  const { family, wrapped, tail = '', detail } = options;
  if (family === 'v1' || family === 'page') {
    const { status, code } = toV1Code(errcode);
    return v1Refusal(status, code, errmsg, detail);
  }
  if (family === 'flat') {
    const contentType = 'application/json';
    return { status: 200, contentType, body: { errcode, errmsg }, outcome: String(errcode) };
  }
  if (!wrapped) {
    const body = { errcode, errmsg, request_id: requestId() };
    return { status: 200, contentType: TOPAPI_TYPE, body, outcome: String(errcode) };
  }
  const body = {
    errcode: 88,
    sub_code: String(errcode),
    sub_msg: errmsg,
    errmsg: `ding talk error[subcode=${errcode},submsg=${errmsg}${tail}]`,
    request_id: requestId(),
  };
  return { status: 200, contentType: TOPAPI_TYPE, body, outcome: `88/${errcode}` };
}

/** What DingTalk says of a path under /topapi/ or /v1.0/ that it does not have. */
export function unknownMethodAnswer(path: string): Answer {
  if (path.startsWith('/topapi/')) {
    const subMsg = `不合法ApiName，ApiName = ${apiName(path)}`;
    const errmsg = `Invalid method[submsg=${subMsg}]`;
    const body = { errcode: 22, sub_msg: subMsg, errmsg, request_id: requestId() };
    return { status: 200, contentType: TOPAPI_TYPE, body, outcome: '22' };
  }
  const message = 'Specified api is not found, please check your url and method.';
  return v1Refusal(404, 'InvalidAction.NotFound', message);
}

/** The name of an API as DingTalk's messages write it: `/topapi/v2/user/get` is `dingtalk.oapi.v2.user.get`. */
export function apiName(path: string): string {
  return `dingtalk.oapi.${path.replace(/^\/(topapi\/)?/, '').replaceAll('/', '.')}`;
}

/** A short id in base 36, as legacy answers carry it. */
function requestId(): string {
  return `15${randomInt(36 ** 5, 36 ** 6).toString(36)}${randomInt(36 ** 4, 36 ** 5).toString(36)}`;
}
