import { z } from 'zod';
import { DingTalkError, type DingTalkErrorDetail, type DingTalkErrorKind } from './errors';
import type { DingTalkRequest } from './request';
import type { TransportAnswer } from './transport';

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

/**
 * The useful part of an answer.
 *
 * @throws DingTalkError when it is a failure, in either dialect, or makes no sense
 */
export function readAnswer<T>(request: DingTalkRequest<T>, answer: TransportAnswer): T {
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
  const isEmptySuccess = request.mayBeEmpty && status >= 200 && status < 300 && text.trim() === '';
  const body = isEmptySuccess ? {} : parseJson(text);
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
  const read = failureSchema.safeParse(body);
  if (!read.success) throw fail('malformed', 'unexpected-shape', {}, read.error);
  const failure = read.data;
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

/** Whether the error only reports that a service behind the gateway broke or timed out: that passes, whatever its code. */
function gaveNoAnswer(failure: Failure, status: number, code: string): boolean {
  return code.startsWith('http-') || code === '15' || (failure.errcode === undefined && status >= 500);
}

/** The legacy dialect must say `errcode: 0`; the new one says success by its HTTP status. */
function usefulPart(request: DingTalkRequest<unknown>, body: unknown, failure: Failure): unknown {
  if (request.host === 'api') return body;
  if (failure.errcode !== 0) return undefined;
  return request.path.startsWith('/topapi/') && !request.flat ? (body as { result?: unknown }).result : body;
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
    applyUrl: /https:\/\/open-dev\.dingtalk\.(?:com|io)\/appscope\/apply[^\s,"\]]*/.exec(text)?.[0],
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
