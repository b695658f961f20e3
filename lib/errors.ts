import { DingTalkError, EVENT_GONE_CODES, PERSON_GONE_CODES } from './dingtalk/errors';
import { JSAPI_CODES } from './jsapi-codes';

/**
 * Who has to do something before it works again. `nobody`: it passes, or trying again is enough. `admin`: in DingTalk;
 * `operator`: on the server, such as in its settings.
 */
export type Actor = 'nobody' | 'person' | 'developer' | 'admin' | 'operator';

interface ProblemEntry {
  /** What programs see. Several problems share a code where the person is to do the same. */
  code: string;
  /** HTTP status; 0 for what only happens in the browser. */
  status: number;
  actor: Actor;
  /** It needs its actor where it lasts, but may also be over in a moment: trying again is offered. */
  mayPass?: true;
}

/**
 * The closed list of everything that can go wrong. The sentences for each, in every language, are in `messages/`.
 * A problem that passes never refers to the admin; one that a developer or an admin must mend never offers another
 * attempt, unless it may also pass by itself.
 */
export const problems = {
  // The request
  'bad-request': { code: 'BAD_REQUEST', status: 400, actor: 'developer' },
  'unsupported-media-type': { code: 'UNSUPPORTED_MEDIA_TYPE', status: 415, actor: 'developer' },
  'payload-too-large': { code: 'PAYLOAD_TOO_LARGE', status: 413, actor: 'developer' },
  'request-timeout': { code: 'REQUEST_TIMEOUT', status: 408, actor: 'nobody' },
  'method-not-allowed': { code: 'METHOD_NOT_ALLOWED', status: 405, actor: 'developer' },
  'not-found': { code: 'NOT_FOUND', status: 404, actor: 'person' },
  'cross-site': { code: 'CROSS_SITE', status: 403, actor: 'developer' },
  'not-signed-in': { code: 'NOT_SIGNED_IN', status: 401, actor: 'person' },
  'sign-in-overtaken': { code: 'SIGN_IN_AGAIN', status: 401, actor: 'person' },
  'sign-in-too-old': { code: 'SIGN_IN_AGAIN', status: 401, actor: 'person' },
  'flow-invalid': { code: 'FLOW_INVALID', status: 401, actor: 'person' },
  'sign-in-declined': { code: 'SIGN_IN_DECLINED', status: 401, actor: 'person' },
  'too-many-attempts': { code: 'TOO_MANY_ATTEMPTS', status: 429, actor: 'nobody' },
  // The company and the person
  'corp-mismatch': { code: 'CORP_MISMATCH', status: 403, actor: 'person' },
  'code-refused': { code: 'CODE_INVALID', status: 401, actor: 'nobody' },
  'not-member': { code: 'NOT_MEMBER', status: 403, actor: 'person' },
  'not-permitted': { code: 'NOT_PERMITTED', status: 403, actor: 'operator' },
  'not-allowed': { code: 'NOT_ALLOWED', status: 403, actor: 'admin' },
  'member-disabled': { code: 'NOT_ALLOWED', status: 403, actor: 'admin' },
  'member-inactive': { code: 'NOT_ALLOWED', status: 403, actor: 'person' },
  // The sessions
  'sessions-unknown': { code: 'SESSIONS_UNKNOWN', status: 503, actor: 'nobody' },
  // The app, as DingTalk's console has it
  'bad-credentials': { code: 'APP_MISCONFIGURED', status: 503, actor: 'developer' },
  'token-refused': { code: 'APP_MISCONFIGURED', status: 503, actor: 'developer' },
  'permission-missing': { code: 'APP_MISCONFIGURED', status: 503, actor: 'developer' },
  'address-refused': { code: 'APP_MISCONFIGURED', status: 503, actor: 'developer' },
  'agent-id-missing': { code: 'APP_MISCONFIGURED', status: 503, actor: 'operator' },
  'app-disabled': { code: 'APP_MISCONFIGURED', status: 503, actor: 'admin' },
  'request-refused': { code: 'APP_MISCONFIGURED', status: 503, actor: 'developer' },
  // Calendar and notices
  'event-gone': { code: 'EVENT_NOT_FOUND', status: 404, actor: 'person' },
  'event-read-only': { code: 'EVENT_READ_ONLY', status: 403, actor: 'person' },
  'event-limit': { code: 'EVENT_LIMIT', status: 429, actor: 'nobody' },
  'event-in-progress': { code: 'EVENT_IN_PROGRESS', status: 409, actor: 'nobody' },
  'too-many-attendees': { code: 'TOO_MANY_ATTENDEES', status: 400, actor: 'person' },
  'calendar-out-of-range': { code: 'NOT_ALLOWED', status: 403, actor: 'admin' },
  'too-many-calls': { code: 'TOO_MANY_CALLS', status: 429, actor: 'nobody' },
  'calls-spent': { code: 'UPSTREAM_QUOTA', status: 503, actor: 'operator' },
  'agent-refused': { code: 'APP_MISCONFIGURED', status: 503, actor: 'operator' },
  'notice-invalid': { code: 'BAD_REQUEST', status: 400, actor: 'developer' },
  // DingTalk and the way to it
  throttled: { code: 'UPSTREAM_BUSY', status: 503, actor: 'nobody' },
  overloaded: { code: 'UPSTREAM_BUSY', status: 503, actor: 'nobody' },
  'quota-spent': { code: 'UPSTREAM_QUOTA', status: 503, actor: 'admin' },
  unreachable: { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'nobody' },
  malformed: { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'nobody' },
  'html-page': { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'nobody' },
  'certificate-refused': { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'developer', mayPass: true },
  'host-unknown': { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'developer', mayPass: true },
  'connection-refused': { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'developer', mayPass: true },
  'proxy-failed': { code: 'UPSTREAM_UNAVAILABLE', status: 503, actor: 'developer', mayPass: true },
  'unknown-answer': { code: 'UPSTREAM_UNKNOWN', status: 502, actor: 'developer' },
  internal: { code: 'INTERNAL', status: 500, actor: 'developer' },
  // Only in the browser
  'not-in-dingtalk': { code: 'NOT_IN_DINGTALK', status: 0, actor: 'person' },
  'corp-placeholder': { code: 'CORP_PLACEHOLDER', status: 0, actor: 'developer' },
  'bridge-silent': { code: 'CLIENT_SILENT', status: 0, actor: 'nobody' },
  'bridge-refused': { code: 'CLIENT_REFUSED', status: 0, actor: 'nobody' },
  'domain-unknown': { code: 'DOMAIN_UNKNOWN', status: 0, actor: 'developer' },
  'corp-refused': { code: 'CORP_REFUSED', status: 0, actor: 'developer' },
  'cookie-blocked': { code: 'COOKIE_BLOCKED', status: 0, actor: 'person' },
  'network-failed': { code: 'NETWORK_FAILED', status: 0, actor: 'nobody' },
  'jsapi-corp': { code: 'JSAPI_REFUSED', status: 0, actor: 'operator' },
  'jsapi-ticket': { code: 'JSAPI_REFUSED', status: 0, actor: 'operator' },
  'jsapi-address': { code: 'JSAPI_REFUSED', status: 0, actor: 'operator' },
  'jsapi-values': { code: 'JSAPI_REFUSED', status: 0, actor: 'developer' },
  'jsapi-agent': { code: 'JSAPI_REFUSED', status: 0, actor: 'operator' },
  'jsapi-refused': { code: 'JSAPI_REFUSED', status: 0, actor: 'developer' },
  'jsapi-unsigned': { code: 'JSAPI_UNSIGNED', status: 0, actor: 'nobody' },
  'jsapi-unsupported': { code: 'JSAPI_UNSUPPORTED', status: 0, actor: 'person' },
  'jsapi-cancelled': { code: 'JSAPI_CANCELLED', status: 0, actor: 'person' },
} as const satisfies Record<string, ProblemEntry>;

/** A problem's name: finer than its code, because the remedy is. */
export type Problem = keyof typeof problems;

/** Whether trying again can help: not where a setting has to be changed first. */
export function mayRetry(problem: Problem): boolean {
  const { actor, mayPass }: ProblemEntry = problems[problem];
  return mayPass || actor === 'nobody' || (actor === 'person' && problem !== 'corp-mismatch');
}

/** What the operator, and only the operator, may see of a failure. Never a secret, a code or a token. */
export interface OperatorDetail {
  /** DingTalk's own code, unwrapped. */
  dingTalkCode?: string | undefined;
  /** Why DingTalk did not answer, as a code of Node's or ours: `ECONNREFUSED`, `timeout`, `circuit-open`. */
  reason?: string | undefined;
  /** The outgoing proxy that is concerned, without its credentials. */
  proxy?: string | undefined;
  /** The API that failed, without query. */
  api?: string | undefined;
  dingTalkRequestId?: string | undefined;
  requiredScopes?: string[] | undefined;
  applyUrl?: string | undefined;
  callerAddress?: string | undefined;
  /** The methods that an address takes, as in `Allow`. */
  allowedMethods?: string | undefined;
  /** Seconds after which another attempt makes sense. */
  retryAfterSeconds?: number | undefined;
  /** What was wrong with a request: a field's name, never its value. */
  hint?: string | undefined;
}

/** The only error that `lib/` throws on purpose. */
export class AppError extends Error {
  readonly problem: Problem;
  readonly detail: OperatorDetail;

  constructor(problem: Problem, detail: OperatorDetail = {}, options?: { cause?: unknown }) {
    const code = detail.dingTalkCode ?? detail.reason;
    super(code ? `${problem} (${code})` : problem, options);
    this.name = 'AppError';
    this.problem = problem;
    this.detail = detail;
  }

  /** By name, not by class: what is made once for the whole process throws the class of the bundle that made it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'AppError';
  }

  get code(): string {
    return problems[this.problem].code;
  }

  get status(): number {
    return problems[this.problem].status;
  }

  /** What the log has of it; the cause only where the fault is not the caller's. */
  toLog(): Record<string, unknown> {
    const { problem, code, status, detail, cause } = this;
    const { actor } = problems[problem];
    return { outcome: problem, code, status, actor, ...detail, ...(status >= 500 ? { err: cause } : {}) };
  }
}

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
