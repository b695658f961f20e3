import 'server-only';
import { DingTalkError, EVENT_GONE_CODES, PERSON_GONE_CODES } from './dingtalk/errors';
import { AppError, type Problem } from './errors';
import { JSAPI_CODES } from './jsapi-codes';

/** What DingTalk's failures mean here: the way from its codes to the problems of `errors.ts`. */

/**
 * DingTalk's codes by what they mean to us. A code that is not here is an honest `unknown-answer`.
 *
 * @see https://open.dingtalk.com/document/development/server-api-error-codes-1
 */
const BY_CODE: ReadonlyMap<string, Problem> = new Map(
  (
    [
      [
        'code-refused',
        '40029 40078 40102 41007 41026 42003 42007 42008 invalidCode invalidParameter.authCode.notFound accesstoken.expired',
      ],
      ['not-member', PERSON_GONE_CODES.join(' ')],
      ['not-allowed', '40079 50002 50004'],
      ['member-disabled', '60120'],
      [
        'bad-credentials',
        '40013 40089 40096 41002 41004 invalidClientIdOrSecret invalid.client unauthorized.client unsupported.grant.type',
      ],
      [
        'token-refused',
        '33001 40000 40001 40014 41001 42001 InvalidAuthentication AuthenticationFailed.MissingParameter',
      ],
      ['permission-missing', '43007 48002 60011 Forbidden.AccessDenied.AccessTokenPermissionDenied'],
      ['address-refused', '60020 Forbidden.AccessDenied.IpNotInWhiteList'],
      ['app-disabled', '41030 50003 50005 70001 70002 70003 70004 70005'],
      ['event-gone', EVENT_GONE_CODES.join(' ')],
      ['event-limit', 'flowLimit'],
      ['event-in-progress', 'idempotencyProcessing'],
      ['too-many-attendees', 'exceedMaxReceiverSize'],
      ['calendar-out-of-range', 'permissionDeny'],
      ['agent-refused', '40056'],
      ['quota-spent', '90020 Forbidden.AccessDenied.ApiCountLimitForOrg'],
      [
        'request-refused',
        '22 40 41 404 40035 400002 43001 43002 43003 43004 43005 43009 44002 47001 400001 parameter.error paramIllegal invalidParameter invalidParameter.unionIdInvalid',
      ],
      ...(Object.entries(JSAPI_CODES) as [keyof typeof JSAPI_CODES, string][]),
    ] as const
  ).flatMap(([problem, list]) => list.split(' ').map((code) => [code, problem] as const)),
);

/** DingTalk's codes that lead to a problem wherever they come from, for the documentation. */
export function codesOf(problem: Problem): string[] {
  return [...BY_CODE].filter(([, known]) => known === problem).map(([code]) => code);
}

/** What a failure of DingTalk means here. The original stays behind as `cause`. */
export function fromDingTalk(error: DingTalkError): AppError {
  const { api, dingTalkRequestId, requiredScopes, applyUrl, callerAddress } = error.detail;
  const code = error.isOwnCode ? { reason: error.code } : { dingTalkCode: error.code };
  // What opened the circuit is what must be mended, and by whom.
  const fault = error.code === 'circuit-open' && error.cause instanceof DingTalkError ? error.cause : error;
  const detail = { ...code, api, dingTalkRequestId, requiredScopes, applyUrl, callerAddress };
  if (fault.detail.proxy) Object.assign(detail, { proxy: fault.detail.proxy });
  return new AppError(toProblem(fault), detail, { cause: error });
}

/** A `DingTalkError` as an `AppError`. @throws any other error as it is */
export function toAppError(error: unknown): AppError {
  if (error instanceof DingTalkError) return fromDingTalk(error);
  if (error instanceof AppError) return error;
  throw error;
}

/** What does not pass by itself on the way to DingTalk, by Node's codes and ours. */
function lastingCause(code: string): Problem | undefined {
  // The proxy itself did not get an answer.
  if (/^proxy-50[234]$/.test(code)) return undefined;
  if (code.startsWith('proxy-')) return 'proxy-failed';
  if (CERTIFICATE_CODES.test(code)) return 'certificate-refused';
  if (code === 'ENOTFOUND') return 'host-unknown';
  return /^E(CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL|ACCES)$/.test(code)
    ? 'connection-refused'
    : undefined;
}

/** @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE_CODES =
  /CERT|VERIFY|SIGNATURE|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH|CRL|SELF_SIGNED|ERR_SSL/;

/** Whether an API trades a one-time code. @param api its path */
export function isCodeApi(api: string | undefined): boolean {
  return /\/(?:user\/getuserinfo|userAccessToken)$/.test(api ?? '');
}

function toProblem(error: DingTalkError): Problem {
  if (error.isUnsent) return 'overloaded';
  if (error.code === 'html-page') return 'html-page';
  if (error.kind === 'unreachable') return lastingCause(error.code) ?? 'unreachable';
  if (error.kind === 'malformed') return 'malformed';
  // For the exchange of a code, a bad parameter is a bad code.
  if (isCodeApi(error.detail.api) && /^(40|41|400002|40035)$/.test(error.code)) return 'code-refused';
  const known = BY_CODE.get(error.code);
  if (known) return known;
  if (error.isThrottled) return 'throttled';
  if (error.isBusy) return 'unreachable';
  // A refusal of the token endpoint is one of the credentials.
  if (error.detail.api === '/v1.0/oauth2/accessToken') return 'bad-credentials';
  return isMissingField(error.code) ? 'request-refused' : 'unknown-answer';
}

/** v1.0 names the field that it misses, as in `MissingunionId`. */
function isMissingField(code: string): boolean {
  return /^Missing\S+$/.test(code);
}
