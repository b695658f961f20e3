/** An error of DingTalk's · no answer · an answer that makes no sense. Each is handled in its own way. */
export type DingTalkErrorKind = 'rejected' | 'unreachable' | 'malformed';

export interface DingTalkErrorDetail {
  /** The API that was called, as its path without query: never carries a token. */
  api: string;
  /** DingTalk's own code, unwrapped: `60011`, `invalidClientIdOrSecret`, or `http-503`, `timeout`, `ECONNRESET`. */
  code: string;
  /** False when the request provably had no effect, so that even a one-time code may be sent again. */
  mayHaveHadEffect: boolean;
  /** DingTalk's id of the call, for its support. */
  dingTalkRequestId?: string | undefined;
  /** Permission points that DingTalk says are missing. */
  requiredScopes?: string[] | undefined;
  /** Where DingTalk says the permission can be applied for. */
  applyUrl?: string | undefined;
  /** The caller's address as DingTalk saw it (white-list refusals). */
  callerAddress?: string | undefined;
  /** `code` is DingTalk's, though the call counts as not answered. */
  isDingTalkCode?: boolean | undefined;
  /** The outgoing proxy that gave no way through, without its credentials. */
  proxy?: string | undefined;
}

/**
 * The only error that leaves `lib/dingtalk`. Its message holds an API path and a code, never DingTalk's text
 * (which echoes URLs, tokens and addresses); what an operator needs of that text is in the fields.
 */
export class DingTalkError extends Error {
  readonly kind: DingTalkErrorKind;
  readonly detail: DingTalkErrorDetail;

  constructor(kind: DingTalkErrorKind, detail: DingTalkErrorDetail, options?: { cause?: unknown }) {
    super(`${detail.api} ${kind}: ${detail.code}`, options);
    this.name = 'DingTalkError';
    this.kind = kind;
    this.detail = detail;
  }

  /** By name, not by class: the client may have been made in another bundle, with a class of its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'DingTalkError';
  }

  get code(): string {
    return this.detail.code;
  }

  /** The app token was refused: fetch another and ask again. DingTalk checks the token before anything else. */
  get isTokenRefused(): boolean {
    return this.kind === 'rejected' && TOKEN_REFUSED.has(this.code);
  }

  /** The app lacks a permission, or its token was given before it had it. */
  get isPermissionMissing(): boolean {
    return this.kind === 'rejected' && PERMISSION_MISSING.has(this.code);
  }

  /** There is no such person in the company (any more). */
  get isPersonGone(): boolean {
    return this.kind === 'rejected' && PERSON_GONE_CODES.includes(this.code);
  }

  /** There may be such a person, but not for this app to see. */
  get isPersonOutOfRange(): boolean {
    return this.kind === 'rejected' && this.code === '50002';
  }

  /** DingTalk (or the ban in front of it) asks for fewer calls: never answered with another call. */
  get isThrottled(): boolean {
    return this.kind === 'rejected' && (THROTTLED.has(this.code) || THROTTLED_V1.test(this.code));
  }

  /** Only waiting helps. */
  get isTransient(): boolean {
    return this.kind !== 'rejected' || this.isThrottled || BUSY.has(this.code);
  }

  /** `code` is of Node or ours, not DingTalk's. */
  get isOwnCode(): boolean {
    if (this.kind === 'rejected') return OWN_REFUSALS.test(this.code);
    return this.detail.isDingTalkCode !== true;
  }

  /** The line or the far end is broken, as far as we can see. */
  get isFault(): boolean {
    return this.kind === 'rejected' ? this.code === 'banned' : !NOT_THE_LINE.has(this.code);
  }

  /** Our own queue turned the call away, so that it says nothing about the far end, good or bad. */
  get isUnsent(): boolean {
    return UNSENT.has(this.code);
  }

  /** Nor does a call that the end of its request budget cut off. */
  get ignoredByCircuitBreaker(): boolean {
    return this.isUnsent || this.code === 'out-of-time';
  }

  /** This app called this API too often within a second; the call was turned away unread. */
  get isOverRate(): boolean {
    return this.kind === 'rejected' && OVER_RATE.has(this.code);
  }

  /** The exchange of a one-time code was turned away or never sent: the code is as good as before. */
  get leavesCodeUnused(): boolean {
    if (this.detail.api.endsWith('/oauth2/accessToken')) return true;
    if (!CODE_EXCHANGES.test(this.detail.api)) return false;
    return !this.detail.mayHaveHadEffect || this.isTokenRefused || this.isThrottled || this.isBusy;
  }

  /** DingTalk answered that it is busy, before it did anything. */
  get isBusy(): boolean {
    return this.kind === 'rejected' && BUSY.has(this.code);
  }
}

/** The one list of codes for a person who is no member of the company. */
export const PERSON_GONE_CODES: readonly string[] =
  '33012 40003 60111 60121 400023 invalidParameter.user.notFound'.split(' ');

/** The one list of codes for an event of a calendar that does not exist (any more). */
export const EVENT_GONE_CODES: readonly string[] = ['itemNotFound', 'instanceNotExist'];

const PERMISSION_MISSING = new Set(['60011', 'Forbidden.AccessDenied.AccessTokenPermissionDenied']);
const TOKEN_REFUSED = new Set(['40001', '40014', '42001', 'InvalidAuthentication']);
const CODE_EXCHANGES = /\/user\/getuserinfo$|\/userAccessToken$/;
/** `88` alone is an authentication service that timed out. */
const BUSY = new Set(['-1', '88', 'system.busy', 'systemBusy', 'system.error', 'server.error']);
const UNSENT = new Set(['too-many-in-flight', 'waited-too-long']);
/** Neither our own queue, nor one odd record, nor a single service behind DingTalk's gateway (`15`) is the line. */
const NOT_THE_LINE = new Set([...UNSENT, 'out-of-time', 'unexpected-shape', 'other-userid', '15']);
const OWN_REFUSALS = /^banned$|^unknown$|^http-/;
const OVER_RATE = new Set(['90018', 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi']);
const THROTTLED = new Set(['45009', 'banned', 'http-429', ...codes(90001, 90018)]);
const THROTTLED_V1 = /^Forbidden\.AccessDenied\.Qp[sm]Limit/;

function codes(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}
