import { describe, expect, test } from 'vitest';
import { DingTalkError, type DingTalkErrorKind } from '@/lib/dingtalk/errors';
import { fromDingTalk } from '@/lib/dingtalk-problems';
import { type Actor, AppError, mayRetry, type Problem, problems } from '@/lib/errors';
import { messagesIn } from '@/lib/i18n';

const TOKEN = '/v1.0/oauth2/accessToken';
const USERINFO = '/topapi/v2/user/getuserinfo';
const USERDETAIL = '/topapi/v2/user/get';

function problemOf(code: string, api: string): Problem {
  return fromDingTalk(new DingTalkError('rejected', { api, code, mayHaveHadEffect: true })).problem;
}

// ── Every code of DingTalk's table that the calls of a sign-in can meet ───────────────────────────────────────────

type Row = readonly [code: string, problem: Problem, actor: Actor];

const legacy: Row[] = [
  ['-1', 'unreachable', 'nobody'],
  ['88', 'unreachable', 'nobody'],
  ['22', 'request-refused', 'developer'],
  ['404', 'request-refused', 'developer'],
  ['33001', 'token-refused', 'developer'],
  ['33012', 'not-member', 'person'],
  ['40000', 'token-refused', 'developer'],
  ['40001', 'token-refused', 'developer'],
  ['40003', 'not-member', 'person'],
  ['40013', 'bad-credentials', 'developer'],
  ['40014', 'token-refused', 'developer'],
  ['40078', 'code-refused', 'nobody'],
  ['40079', 'not-allowed', 'admin'],
  ['40089', 'bad-credentials', 'developer'],
  ['40096', 'bad-credentials', 'developer'],
  ['40102', 'code-refused', 'nobody'],
  ['41001', 'token-refused', 'developer'],
  ['41002', 'bad-credentials', 'developer'],
  ['41004', 'bad-credentials', 'developer'],
  ['41030', 'app-disabled', 'admin'],
  ['42001', 'token-refused', 'developer'],
  ['42003', 'code-refused', 'nobody'],
  ['42008', 'code-refused', 'nobody'],
  ['43002', 'request-refused', 'developer'],
  ['43007', 'permission-missing', 'developer'],
  ['44002', 'request-refused', 'developer'],
  ['45009', 'throttled', 'nobody'],
  ['47001', 'request-refused', 'developer'],
  ['48002', 'permission-missing', 'developer'],
  ['50002', 'not-allowed', 'admin'],
  ['50003', 'app-disabled', 'admin'],
  ['50004', 'not-allowed', 'admin'],
  ['50005', 'app-disabled', 'admin'],
  ['60011', 'permission-missing', 'developer'],
  ['60020', 'address-refused', 'developer'],
  ['60111', 'not-member', 'person'],
  ['60120', 'member-disabled', 'admin'],
  ['60121', 'not-member', 'person'],
  ['90020', 'quota-spent', 'admin'],
  ['400001', 'request-refused', 'developer'],
  ['400023', 'not-member', 'person'],
  ...Array.from({ length: 18 }, (_, at): Row => [String(90001 + at), 'throttled', 'nobody']),
];

test.each(legacy)('%s means %s, and %s must act', (code, problem, actor) => {
  for (const api of [USERINFO, USERDETAIL]) {
    expect(problemOf(code, api)).toBe(problem);
    expect(problems[problem].actor).toBe(actor);
  }
});

test.each(['40', '41', '40035', '400002'])(
  '%s is a bad code where a code was handed in, and our mistake elsewhere',
  (code) => {
    expect(problemOf(code, USERINFO)).toBe('code-refused');
    expect(problemOf(code, USERDETAIL)).toBe('request-refused');
  },
);

test.each([
  ['invalidClientIdOrSecret', 'bad-credentials', 'developer'],
  ['invalid.client', 'bad-credentials', 'developer'],
  ['unauthorized.client', 'bad-credentials', 'developer'],
  ['unsupported.grant.type', 'bad-credentials', 'developer'],
  ['MissingappKey', 'bad-credentials', 'developer'],
  ['40089', 'bad-credentials', 'developer'],
  ['a.word.that.nobody.knows', 'bad-credentials', 'developer'],
  ['InvalidAuthentication', 'token-refused', 'developer'],
  ['AuthenticationFailed.MissingParameter', 'token-refused', 'developer'],
  ['Forbidden.AccessDenied.AccessTokenPermissionDenied', 'permission-missing', 'developer'],
  ['Forbidden.AccessDenied.IpNotInWhiteList', 'address-refused', 'developer'],
  ['Forbidden.AccessDenied.QpsLimitForApi', 'throttled', 'nobody'],
  ['Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', 'throttled', 'nobody'],
  ['Forbidden.AccessDenied.QpmLimitForAppkeyAndApi', 'throttled', 'nobody'],
  ['Forbidden.AccessDenied.QpsLimitForSuitekeyAndOrgAndApi', 'throttled', 'nobody'],
  ['Forbidden.AccessDenied.ApiCountLimitForOrg', 'quota-spent', 'admin'],
  ['http-429', 'throttled', 'nobody'],
  ['banned', 'throttled', 'nobody'],
  ['system.busy', 'unreachable', 'nobody'],
  ['systemBusy', 'unreachable', 'nobody'],
  ['system.error', 'unreachable', 'nobody'],
  ['server.error', 'unreachable', 'nobody'],
] as const satisfies Row[])('at the token, %s means %s, and %s must act', (code, problem, actor) => {
  expect(problemOf(code, TOKEN)).toBe(problem);
  expect(problems[problem].actor).toBe(actor);
});

test.each(['Missingbody', 'MissingunionId', 'MissingaccessToken'])(
  '%s, a field of v1.0 that is missing, is our mistake wherever it is missing',
  (code) => {
    for (const api of ['/v1.0/contact/users/me', '/v1.0/contact/users/getByUnionId']) {
      expect(problemOf(code, api)).toBe('request-refused');
    }
  },
);

test.each([
  '99999',
  '1',
  'Missing',
  '60122',
  'isv.something',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
])('%s, which nobody knows, is an honest unknown with its code', (code) => {
  for (const api of [USERINFO, USERDETAIL]) {
    const cause = new DingTalkError('rejected', { api, code, mayHaveHadEffect: true });
    expect(fromDingTalk(cause)).toMatchObject({
      problem: 'unknown-answer',
      code: 'UPSTREAM_UNKNOWN',
      status: 502,
      detail: { dingTalkCode: code, api },
      cause,
    });
  }
});

test('no answer and nonsense are told apart, whatever their code', () => {
  for (const code of [
    'timeout',
    'ECONNRESET',
    'http-500',
    'circuit-open',
    'unknownError',
    'service timeout',
    '15',
  ]) {
    const error = new DingTalkError('unreachable', { api: USERDETAIL, code, mayHaveHadEffect: true });
    expect(fromDingTalk(error).problem).toBe('unreachable');
  }
  const malformed = new DingTalkError('malformed', {
    api: USERDETAIL,
    code: 'not-json',
    mayHaveHadEffect: true,
  });
  expect(fromDingTalk(malformed).problem).toBe('malformed');
});

test.each(['too-many-in-flight', 'waited-too-long'])('our own full queue (%s) is called busy', (code) => {
  const error = new DingTalkError('unreachable', { api: USERDETAIL, code, mayHaveHadEffect: false });
  expect(fromDingTalk(error)).toMatchObject({ problem: 'overloaded', code: 'UPSTREAM_BUSY', status: 503 });
});

test('what helps the operator goes along', () => {
  const detail = {
    api: USERDETAIL,
    code: '60011',
    mayHaveHadEffect: true,
    dingTalkRequestId: '15abc',
    requiredScopes: ['qyapi_get_member'],
    applyUrl: 'https://open-dev.dingtalk.com/appscope/apply?content=x%23qyapi_get_member',
    callerAddress: '203.0.113.9',
  };
  const { code, mayHaveHadEffect: _, ...rest } = detail;
  expect(fromDingTalk(new DingTalkError('rejected', detail)).detail).toEqual({ ...rest, dingTalkCode: code });
});

// ── The catalogue as a whole ──────────────────────────────────────────────────────────────────────────────────────

describe.each(Object.keys(problems) as Problem[])('%s', (problem) => {
  const { actor, status } = problems[problem];

  test('is explained to the person and to the operator, in both languages', () => {
    for (const language of ['zh-CN', 'en'] as const) {
      const { person, next, cause, remedy } = messagesIn(language).problems[problem];
      for (const sentence of [person, next, cause, remedy]) {
        expect(sentence.trim()).not.toBe('');
        expect(/\p{Script=Han}/u.test(sentence) || language === 'en').toBe(true);
      }
      if (language === 'en') expect(person + next).not.toMatch(/\p{Script=Han}/u);
    }
  });

  test('sends nobody to the admin if it passes, and does not say "again" if it does not', () => {
    const zh = messagesIn('zh-CN').problems[problem];
    const en = messagesIn('en').problems[problem];
    if (actor === 'nobody') {
      expect(zh.person + zh.next).not.toMatch(/联系管理员|告诉管理员/);
      expect(en.person + en.next).not.toMatch(/administrator|admin\b/i);
    }
    if (!mayRetry(problem)) {
      expect(zh.person + zh.next).not.toMatch(/重试|再试/);
      expect(en.person + en.next).not.toMatch(/try again/i);
    }
  });

  test('has a status that fits', () => {
    expect(status === 0 || (status >= 400 && status < 600)).toBe(true);
    expect(new AppError(problem)).toMatchObject({ status, code: problems[problem].code });
  });
});

// ── What does not pass by itself on the way to DingTalk ───────────────────────────────────────────────────────────

test.each<[string, Problem]>([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate-refused'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate-refused'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate-refused'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-refused'],
  ['CERT_HAS_EXPIRED', 'certificate-refused'],
  ['CERT_NOT_YET_VALID', 'certificate-refused'],
  ['CERT_SIGNATURE_FAILURE', 'certificate-refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-refused'],
  ['HOSTNAME_MISMATCH', 'certificate-refused'],
  ['INVALID_CA', 'certificate-refused'],
  ['ENOTFOUND', 'host-unknown'],
  ['ECONNREFUSED', 'connection-refused'],
  ['EHOSTUNREACH', 'connection-refused'],
  ['ENETUNREACH', 'connection-refused'],
  ['proxy-407', 'proxy-failed'],
  ['proxy-ECONNREFUSED', 'proxy-failed'],
  ['proxy-timeout', 'proxy-failed'],
])('%s is %s: the developer acts, with a remedy of its own', (code, problem) => {
  const error = new DingTalkError('unreachable', { api: TOKEN, code, mayHaveHadEffect: false });
  expect(fromDingTalk(error)).toMatchObject({ problem, status: 503, detail: { reason: code } });
  expect(fromDingTalk(error).detail.dingTalkCode).toBeUndefined();
  expect(problems[problem].actor).toBe('developer');
  const remedies = Object.values(messagesIn('en').problems).map(({ remedy }) => remedy);
  expect(remedies.filter((remedy) => remedy === messagesIn('en').problems[problem].remedy)).toHaveLength(1);
});

test.each(['EAI_AGAIN', 'ECONNRESET', 'ETIMEDOUT', 'timeout', 'proxy-502', 'proxy-504'])(
  '%s passes by itself',
  (code) => {
    const error = new DingTalkError('unreachable', { api: TOKEN, code, mayHaveHadEffect: false });
    expect(fromDingTalk(error).problem).toBe('unreachable');
  },
);

test('an open circuit is explained by what opened it', () => {
  const detail = { api: TOKEN, mayHaveHadEffect: false };
  const cause = new DingTalkError('unreachable', {
    ...detail,
    code: 'proxy-407',
    proxy: 'http://proxy:3128',
  });
  const error = new DingTalkError('unreachable', { ...detail, code: 'circuit-open' }, { cause });
  expect(fromDingTalk(error)).toMatchObject({
    problem: 'proxy-failed',
    detail: { reason: 'circuit-open', proxy: 'http://proxy:3128' },
  });
});

test.each<[DingTalkErrorKind, string, boolean]>([
  ['rejected', '60011', true],
  ['rejected', 'Forbidden.AccessDenied.QpsLimitForApi', true],
  ['rejected', 'banned', false],
  ['rejected', 'http-429', false],
  ['unreachable', 'circuit-open', false],
  ['unreachable', 'timeout', false],
  ['unreachable', 'http-503', false],
  ['unreachable', 'too-many-in-flight', false],
  ['malformed', 'unexpected-shape', false],
])('%s %s is shown as a code of DingTalk’s: %s', (kind, code, isTheirs) => {
  const shown = fromDingTalk(new DingTalkError(kind, { api: USERDETAIL, code, mayHaveHadEffect: true }));
  expect(shown.detail.dingTalkCode).toBe(isTheirs ? code : undefined);
  expect(shown.detail.reason).toBe(isTheirs ? undefined : code);
});
