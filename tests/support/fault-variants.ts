import type { Entry } from './sign-in-scene';

const UNAVAILABLE = [
  503,
  'UPSTREAM_UNAVAILABLE',
  '钉钉服务暂时无法连接，请稍后重试。已登录的用户不受影响。',
  true,
] as const;
const BUSY = [503, 'UPSTREAM_BUSY', '当前登录繁忙，请稍后再试。', true] as const;
const QUOTA = [503, 'UPSTREAM_QUOTA', '登录服务暂不可用。已登录的用户不受影响。', false] as const;
const MISCONFIGURED = [503, 'APP_MISCONFIGURED', '应用配置有误，请联系管理员。', false] as const;
const CODE_INVALID = [401, 'CODE_INVALID', '登录凭证已失效，请重新打开应用。', true] as const;
const NOT_ALLOWED = [403, 'NOT_ALLOWED', '您不在该应用的可见范围内，请联系管理员。', false] as const;
const INACTIVE = [403, 'NOT_ALLOWED', '您的钉钉账号尚未在本公司激活。', true] as const;
const NOT_MEMBER = [403, 'NOT_MEMBER', '您不是本公司的成员。', true] as const;
const UNKNOWN = [502, 'UPSTREAM_UNKNOWN', '钉钉返回了未知的错误，登录没有完成。', false] as const;
const SIGNED_IN = [200, null, '', null] as const;

type Reading = readonly [status: number, code: string | null, message: string, retry: boolean | null];
export type Variant = [
  endpoint: Entry['endpoint'],
  name: string,
  fault: Entry['fault'],
  reading: Reading,
  limits?: { times?: number; calls?: number; tokens?: number },
];

const json = (body: unknown, status = 200) => ({ kind: 'json', status, body });
const said = (errcode: number, more: object = {}) => json({ errcode, errmsg: 'x', request_id: 'r', ...more });
const wrapped = (subCode: string, text = '') =>
  said(88, {
    sub_code: subCode,
    sub_msg: text,
    errmsg: `ding talk error[subcode=${subCode},submsg=${text}]`,
  });
const set = (path: string, value: unknown) => ({ kind: 'patch', set: { [path]: value } });
const page = (status: number) => ({ kind: 'status', status, contentType: 'text/html', body: '<h1>no</h1>' });
export const v1 = (status: number, code: string) => json({ code, requestid: 'R', message: 'x' }, status);

/** More failures of the corpus' classes, each with what a person may see of it. */
export const variants: Variant[] = [
  // Half of an answer, or none
  ['userinfo', 'half an answer', { kind: 'truncate' }, UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'half an answer, in chunks', { kind: 'truncate', chunked: true }, UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'a reset in the middle', { kind: 'reset', afterBytes: 20 }, UNAVAILABLE, { calls: 1 }],
  [
    'userinfo',
    'a hangup after the code was used',
    { kind: 'hangup', consumed: true },
    UNAVAILABLE,
    { calls: 1 },
  ],
  ['userinfo', 'a reset, always', { kind: 'reset' }, UNAVAILABLE, { calls: 2 }],
  ['userdetail', 'half an answer', { kind: 'truncate' }, UNAVAILABLE, { calls: 2 }],
  ['userdetail', 'half an answer, once', { kind: 'truncate' }, SIGNED_IN, { times: 1, calls: 2 }],
  [
    'userdetail',
    'half an answer in chunks, once',
    { kind: 'truncate', chunked: true },
    SIGNED_IN,
    { times: 1, calls: 2 },
  ],
  [
    'userdetail',
    'a reset in the middle, once',
    { kind: 'reset', afterBytes: 20 },
    SIGNED_IN,
    { times: 1, calls: 2 },
  ],
  ['userdetail', 'a hangup, once', { kind: 'hangup' }, SIGNED_IN, { times: 1, calls: 2 }],
  ['userdetail', 'silence', { kind: 'blackhole' }, UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'headers, and then silence', { kind: 'delayBody', ms: 30_000 }, UNAVAILABLE, { calls: 1 }],
  ['token', 'silence', { kind: 'blackhole' }, UNAVAILABLE, { calls: 1 }],
  ['token', 'half an answer, once', { kind: 'truncate' }, SIGNED_IN, { times: 1, calls: 2 }],
  // Statuses
  ...[400, 401, 403, 404, 405, 500, 502, 503, 504].map(
    (status): Variant => ['userinfo', `HTTP ${status} with a page`, page(status), UNAVAILABLE, { calls: 1 }],
  ),
  ...[502, 504].map(
    (status): Variant => [
      'userdetail',
      `HTTP ${status} once`,
      page(status),
      SIGNED_IN,
      { times: 1, calls: 2 },
    ],
  ),
  ...[301, 303, 308].map(
    (status): Variant => [
      'userdetail',
      `HTTP ${status} to elsewhere`,
      { kind: 'redirect', status, location: 'http://127.0.0.2:9/steal' },
      UNAVAILABLE,
      { calls: 1 },
    ],
  ),
  ['userinfo', 'HTTP 429', { kind: 'status', status: 429, body: '' }, BUSY, { calls: 1 }],
  // What an answer may not be
  ['userinfo', 'an empty 200', { kind: 'empty' }, UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'an empty 200', { kind: 'empty' }, UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'bytes that mean nothing', { kind: 'garbage' }, UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'a page with 200', { kind: 'html' }, UNAVAILABLE, { calls: 1 }],
  ['token', 'a page with 200', { kind: 'html' }, UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'no errcode', { kind: 'patch', unset: ['errcode'] }, UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'no errcode', { kind: 'patch', unset: ['errcode'] }, UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'errcode null', set('errcode', null), UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'errcode false', set('errcode', false), UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'errcode "40078"', set('errcode', '40078'), CODE_INVALID, { calls: 1, tokens: 0 }],
  ['userdetail', 'errcode ""', set('errcode', ''), UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'result null', set('result', null), UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'result null', set('result', null), UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'result a list', set('result', []), UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'result a text', set('result', '{"userid":"x"}'), UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'userid a number', set('result.userid', 12), UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'userid of 65 characters', set('result.userid', 'x'.repeat(65)), UNAVAILABLE, { calls: 1 }],
  ['userinfo', 'userid a list', set('result.userid', ['a']), UNAVAILABLE, { calls: 1 }],
  [
    'userinfo',
    'somebody else, whose record it is not',
    set('result.userid', 'nobody'),
    NOT_MEMBER,
    { calls: 1 },
  ],
  ['userdetail', 'userid missing', { kind: 'patch', unset: ['result.userid'] }, UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'userid in other letters', set('result.userid', 'ALICE'), UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'dept_id_list an object', set('result.dept_id_list', { 0: 1 }), SIGNED_IN, { calls: 1 }],
  [
    'userdetail',
    'dept_id_list missing',
    { kind: 'patch', unset: ['result.dept_id_list'] },
    SIGNED_IN,
    { calls: 1 },
  ],
  ['userdetail', 'name missing', { kind: 'patch', unset: ['result.name'] }, SIGNED_IN, { calls: 1 }],
  ['userdetail', 'name blank', set('result.name', ' \u0000\n '), SIGNED_IN, { calls: 1 }],
  ['userdetail', '"active" a text, true', set('result.active', 'true'), SIGNED_IN, { calls: 1 }],
  ['userdetail', '"active" a text, false', set('result.active', 'false'), INACTIVE, { calls: 1 }],
  ['userdetail', '"active" what cannot be read', set('result.active', {}), INACTIVE, { calls: 1 }],
  ['userdetail', 'a list', json([]), UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'a number', json(0), UNAVAILABLE, { calls: 1 }],
  ['userdetail', 'null', json(null), UNAVAILABLE, { calls: 1 }],
  [
    'userdetail',
    'a hundred thousand lists in lists',
    { kind: 'status', status: 200, body: '['.repeat(1e5) + ']'.repeat(1e5) },
    UNAVAILABLE,
    { calls: 1 },
  ],
  [
    'userdetail',
    '__proto__ for a result',
    { kind: 'status', status: 200, body: '{"errcode":0,"__proto__":{"result":{"userid":"x"}}}' },
    UNAVAILABLE,
    { calls: 1 },
  ],
  ['userdetail', '2 MB', { kind: 'huge', bytes: 2_000_000 }, UNAVAILABLE, { calls: 1 }],
  [
    'userdetail',
    'a record of 2 MB, good but for its size',
    set('result.remark', { repeat: 'x', count: 2_000_000 }),
    UNAVAILABLE,
    { calls: 1 },
  ],
  ['token', 'no token in it', { kind: 'patch', unset: ['accessToken'] }, UNAVAILABLE, { calls: 1 }],
  ['token', 'an empty token', set('accessToken', ''), UNAVAILABLE, { calls: 1 }],
  ['token', 'a life of 0 s', set('expireIn', 0), UNAVAILABLE, { calls: 1 }],
  ['token', 'a life of -1 s', set('expireIn', -1), UNAVAILABLE, { calls: 1 }],
  ['token', 'a life of 1 s', set('expireIn', 1), SIGNED_IN, { calls: 1 }],
  // What DingTalk says, by code
  ['userinfo', '40078', said(40078), CODE_INVALID, { calls: 1, tokens: 0 }],
  ['userinfo', '40079', said(40079), NOT_ALLOWED, { calls: 1 }],
  ['userinfo', '50002', said(50002), NOT_ALLOWED, { calls: 1 }],
  ['userdetail', '50002', said(50002), NOT_ALLOWED, { calls: 1 }],
  ['userdetail', '60121', said(60121), NOT_MEMBER, { calls: 1 }],
  ['userdetail', '33012', said(33012), NOT_MEMBER, { calls: 1 }],
  [
    'userdetail',
    '60120',
    said(60120),
    [403, 'NOT_ALLOWED', '您的账号已被停用，请联系管理员。', false],
    { calls: 1 },
  ],
  [
    'userdetail',
    '50003',
    said(50003),
    [503, 'APP_MISCONFIGURED', '该应用目前已停用，请联系管理员。', false],
    { calls: 1 },
  ],
  ['userdetail', 'somebody not active', set('result.active', false), INACTIVE, { calls: 1 }],
  [
    'userinfo',
    '60020 with an IPv6 address',
    wrapped('60020', '访问ip不在白名单之中,request ip=2001:db8::9 appKey(x)'),
    MISCONFIGURED,
    { calls: 1 },
  ],
  ['userinfo', '60020, not wrapped', said(60020), MISCONFIGURED, { calls: 1 }],
  // A permission may have been granted after the token was made: one new token, then the word stands.
  ['userdetail', '60011', { kind: 'errcode', errcode: 60011 }, MISCONFIGURED, { calls: 2, tokens: 1 }],
  ['userdetail', '88/40014, always', wrapped('40014'), MISCONFIGURED, { calls: 2, tokens: 1 }],
  ['userdetail', '88/40014, once', wrapped('40014'), SIGNED_IN, { times: 1, calls: 2, tokens: 1 }],
  ['userdetail', '88/40000', wrapped('40000'), MISCONFIGURED, { calls: 1 }],
  ['userdetail', '90020', wrapped('90020'), QUOTA, { calls: 1 }],
  ['userinfo', '90002', wrapped('90002'), BUSY, { calls: 1 }],
  ['userinfo', '90018, once', wrapped('90018'), SIGNED_IN, { times: 1, calls: 2 }],
  ['userinfo', '90006', said(90006), BUSY, { calls: 1 }],
  ['userinfo', '88 with an empty sub_code', said(88, { sub_code: '' }), UNAVAILABLE, { calls: 2 }],
  [
    'userinfo',
    '88 with an empty sub_code, once',
    said(88, { sub_code: '' }),
    SIGNED_IN,
    { times: 1, calls: 2 },
  ],
  ['userinfo', '88 without sub_code', said(88), UNAVAILABLE, { calls: 2 }],
  [
    'userdetail',
    '88, its sub_code in the text only',
    said(88, { errmsg: 'ding talk error[subcode=60011,submsg=]' }),
    MISCONFIGURED,
    { calls: 2, tokens: 1 },
  ],
  [
    'userdetail',
    '15',
    said(15, { sub_code: 'isp.top-remote-connection-timeout' }),
    UNAVAILABLE,
    { calls: 2 },
  ],
  ['userdetail', '15, once', said(15), SIGNED_IN, { times: 1, calls: 2 }],
  ['userinfo', '15: nobody knows what became of the code', said(15), UNAVAILABLE, { calls: 1 }],
  ['userdetail', '-1, once', said(-1), SIGNED_IN, { times: 1, calls: 2 }],
  ['userdetail', '99999, which nobody knows', said(99999), UNKNOWN, { calls: 1 }],
  ['userinfo', '99999', said(99999), UNKNOWN, { calls: 1 }],
  ['userinfo', 'a sub_code that is a word of JavaScript', wrapped('constructor'), UNKNOWN, { calls: 1 }],
  ['userinfo', 'a code like __proto__', said(88, { sub_code: '__proto__' }), UNKNOWN, { calls: 1 }],
  ['userdetail', '22', said(22), MISCONFIGURED, { calls: 1 }],
  // The new dialect, at the token
  [
    'token',
    '403 no permission',
    v1(403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied'),
    MISCONFIGURED,
    { calls: 1 },
  ],
  ['token', '403 address', v1(403, 'Forbidden.AccessDenied.IpNotInWhiteList'), MISCONFIGURED, { calls: 1 }],
  ['token', '403 rate of the platform', v1(403, 'Forbidden.AccessDenied.QpsLimitForApi'), BUSY, { calls: 1 }],
  [
    'token',
    '403 rate of the app, once',
    v1(403, 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi'),
    SIGNED_IN,
    { times: 1, calls: 2 },
  ],
  ['token', '403 quota', v1(403, 'Forbidden.AccessDenied.ApiCountLimitForOrg'), QUOTA, { calls: 1 }],
  ['token', '401 not of this company', v1(401, 'unauthorized.client'), MISCONFIGURED, { calls: 1 }],
  ['token', '429 busy', v1(429, 'system.busy'), BUSY, { calls: 1 }],
  ['token', '500 unknownError', v1(500, 'unknownError'), UNAVAILABLE, { calls: 2 }],
  ['token', '500 unknownError, once', v1(500, 'unknownError'), SIGNED_IN, { times: 1, calls: 2 }],
  ['token', '500 system.busy, once', v1(500, 'system.busy'), SIGNED_IN, { times: 1, calls: 2 }],
  ['token', '504 service timeout', v1(504, 'service timeout'), UNAVAILABLE, { calls: 2 }],
  ['token', '503 under a name of a gateway', v1(503, 'ServiceUnavailable'), UNAVAILABLE, { calls: 2 }],
  ['token', '400 without a word', json({}, 400), UNAVAILABLE, { calls: 2 }],
];
/** As an entry of the corpus, for the same judge. */
export function toEntry([endpoint, name, fault, reading, limits = {}]: Variant): Entry {
  const [status, errorCode, userMessageZh, retryButton] = reading;
  const { times = 'always', calls = 99, tokens = null } = limits;
  return {
    id: '',
    class: '',
    name,
    endpoint,
    fault,
    times,
    expect: {
      outcome: status === 200 ? 'signed-in' : 'refused',
      httpStatus: [status],
      errorCode,
      userMessageZh,
      retryButton,
      maxUpstreamCallsThisEndpoint: calls,
      maxTokenFetches: tokens,
      sessionCookieSet: status === 200,
      deadlineMs: 8000,
    },
  };
}
