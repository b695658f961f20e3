import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '@/lib/dingtalk/client';
import { createTransport, TransportError } from '@/lib/dingtalk/transport';
import { exchangeCode } from '@/lib/dingtalk/users';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../emulator/server';
import corpus from '../corpora/upstream-faults.json';
import { SESSION_SECRET, startApp } from '../support/app';
import { createLanes, type Lane, type Lanes } from '../support/app-pool';
import { type Certificate, createAuthority } from '../support/certificates';
import { type Answer, signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';

interface Entry {
  id: string;
  class: string;
  endpoint: 'any' | 'token' | 'userinfo' | 'userdetail';
  name: string;
  fault: { kind: string; [parameter: string]: unknown };
  times: number | 'always';
  expect: {
    outcome: 'signed-in' | 'refused' | 'either';
    httpStatus: number[];
    errorCode: string | null;
    userMessageZh: string;
    retryButton: boolean | null;
    maxUpstreamCallsThisEndpoint: number;
    maxTokenFetches: number | null;
    sessionCookieSet: boolean | 'only when signed in';
    deadlineMs: number;
  };
}

const entries = corpus.entries as unknown as Entry[];
const shown = new Set<string>();
const COOKIE = 'dingpass';
const TOKEN = '/v1.0/oauth2/accessToken';
const USERINFO = '/topapi/v2/user/getuserinfo';
const USERDETAIL = '/topapi/v2/user/get';
const PATHS = {
  token: [TOKEN],
  userinfo: [USERINFO],
  userdetail: [USERDETAIL],
  any: [TOKEN, USERINFO, USERDETAIL],
};

let lanes: Lanes;
beforeAll(async () => {
  lanes = await createLanes(4);
});
afterAll(() => lanes.close());

/** What one sign-in in the middle of a fault came to. */
interface Scene {
  answer: Answer;
  ms: number;
  /** Calls by path since the scene began. */
  calls: Record<string, number>;
  /** What the app wrote meanwhile. */
  log: string;
}

/** One person signs in while another, who is in, goes on working. */
async function play(lane: Lane, options: { userid?: string; signIns?: number } = {}): Promise<Scene[]> {
  const { emulator, app, member } = lane;
  const before = emulator.control.calls().byEndpoint;
  const logged = app.output().length;
  const userid = options.userid ?? emulator.company.people[1]!.userid;
  const codes = Array.from({ length: options.signIns ?? 1 }, () => emulator.control.mintCode(userid));
  const [answers] = await Promise.all([
    Promise.all(
      codes.map(async (code) => {
        const started = performance.now();
        const answer = await new Visitor(app).post('/api/session', { code });
        return { answer, ms: performance.now() - started };
      }),
    ),
    delay(30).then(() => goesOnWorking(member)),
  ]);
  await goesOnWorking(member);
  await delay(20);
  const after = emulator.control.calls().byEndpoint;
  const calls = Object.fromEntries(
    Object.keys(after).map((path) => [path, after[path]! - (before[path] ?? 0)]),
  );
  const log = app.output().slice(logged);
  const secrets = [
    emulator.clientSecret,
    SESSION_SECRET,
    ...codes,
    ...lane.tokens,
    ...member.cookies.values(),
  ];
  for (const { answer } of answers) {
    const said = answer.text + JSON.stringify([...answer.headers].filter(([name]) => name !== 'set-cookie'));
    for (const secret of secrets) expect(said + log).not.toContain(secret);
    expectOneLine(answer, log);
  }
  expect(lane.app.process.exitCode).toBeNull();
  return answers.map(({ answer, ms }) => ({ answer, ms, calls, log }));
}

async function goesOnWorking(member: Visitor): Promise<void> {
  const [page, session] = await Promise.all([member.ask('/'), member.ask('/api/session')]);
  expect(page.status).toBe(200);
  expect(page.text).toContain(session.json.member.name);
  expect(session.status).toBe(200);
}

/** The person's request id is in exactly one line of the log, with the outcome. */
function expectOneLine(answer: Answer, log: string): void {
  const requestId = answer.headers.get('x-request-id')!;
  const lines = log.split('\n').filter((line) => line.includes(requestId));
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0]!);
  expect(line).toMatchObject({ event: 'sign-in', requestId });
  expect(line.outcome).toMatch(answer.status === 200 ? /^ok$/ : /^[a-z-]+$/);
  expect(line.ms).toBeGreaterThanOrEqual(0);
  expect(line.upstreamCalls).toBeGreaterThanOrEqual(0);
  if (answer.status !== 200) {
    expect(line.code).toBe(answer.json.error.code);
    expect(answer.json.error.requestId).toBe(requestId);
  }
}

/** Checks one answer against what the corpus allows. */
function judge({ expect: allowed, endpoint }: Entry, { answer, ms, calls, log }: Scene): void {
  expect(allowed.httpStatus, `${answer.text}\n${log}`).toContain(answer.status);
  expect(ms).toBeLessThan(allowed.deadlineMs);
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(answer.headers.get('cache-control')).toBe('private, no-store');
  const cookies = answer.headers.getSetCookie().filter((line) => line.startsWith(`${COOKIE}=`));
  if (answer.status === 200) {
    expect(allowed.outcome).not.toBe('refused');
    expect(cookies).toHaveLength(1);
    expect(cookies[0]!.length).toBeLessThan(4096);
    expect(answer.json.member.userId).not.toBe('');
  } else {
    expect(allowed.outcome).not.toBe('signed-in');
    expect(cookies).toEqual([]);
    const { error } = answer.json;
    if (allowed.errorCode !== null) {
      expect(error, log).toMatchObject({
        code: allowed.errorCode,
        message: allowed.userMessageZh,
        retry: allowed.retryButton,
      });
    }
    expect(error.nextStep).not.toBe('');
    if (answer.status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  for (const path of PATHS[endpoint]) {
    expect(calls[path] ?? 0).toBeLessThanOrEqual(allowed.maxUpstreamCallsThisEndpoint);
  }
  if (allowed.maxTokenFetches !== null) {
    expect(calls[TOKEN] ?? 0).toBeLessThanOrEqual(allowed.maxTokenFetches);
  }
}

/** Arms a fault. A fault of the token is met when the token that the app has is refused. */
function arm(lane: Lane, { endpoint, fault, times }: Pick<Entry, 'endpoint' | 'fault' | 'times'>): void {
  const { control } = lane.emulator;
  if (endpoint === 'token') control.revokeTokens();
  control.fault({ endpoint, times, fault: fault as FaultInput });
}

// ── The corpus ────────────────────────────────────────────────────────────────────────────────────────────────────

const SCENES_OF_THEIR_OWN = new Set([
  'dns',
  'tls',
  'idleClose',
  'revokeTokenNow',
  'reorderRefresh',
  'clockJump',
]);
const plain = entries.filter(({ fault }) => !SCENES_OF_THEIR_OWN.has(fault.kind));
const find = (id: string) => {
  shown.add(id);
  return entries.find((entry) => entry.id === id)!;
};

describe.concurrent('the app has its token, and then', () => {
  test.each(plain.map((entry) => [entry.id, entry.endpoint, entry.name, entry] as const))(
    '%s (%s: %s)',
    { timeout: 60_000 },
    async (id, _endpoint, _name, entry) => {
      shown.add(id);
      await lanes.run(async (lane) => {
        arm(lane, entry);
        const [scene] = await play(lane);
        judge(entry, scene!);
      });
    },
  );

  test('UF-013 (any: stale keep-alive socket closed by peer)', { timeout: 60_000 }, async () => {
    const entry = find('UF-013');
    await lanes.run(async (lane) => {
      for (const idleMs of [0, entry.fault.idleMs]) {
        lane.emulator.control.fault({
          endpoint: 'any',
          times: 'always',
          fault: { ...entry.fault, idleMs } as FaultInput,
        });
        judge(entry, (await play(lane))[0]!);
        await delay(Number(idleMs));
        lane.emulator.control.clearFaults();
        judge(entry, (await play(lane))[0]!);
      }
    });
  });

  test('UF-094 (any: token revoked upstream in mid-flight, 50 sign-ins waiting)', async () => {
    const entry = find('UF-094');
    await lanes.run(async (lane) => {
      lane.emulator.control.settings({ latencyMs: 100 });
      arm(lane, entry);
      const scenes = await play(lane, { signIns: Number(entry.fault.concurrent) });
      expect(scenes).toHaveLength(50);
      for (const scene of scenes) judge(entry, scene);
      expect(scenes[0]!.calls[TOKEN]).toBe(1);
    });
  });

  test('UF-095 (token: slow old refresh finishes after a newer one)', { timeout: 60_000 }, async () => {
    const entry = find('UF-095');
    await lanes.run(async (lane) => {
      const { control } = lane.emulator;
      // A short-lived token, so that a renewal in the background meets the fetch of somebody whose token was refused.
      control.settings({ tokenLifeSeconds: 3 });
      control.revokeTokens();
      judge(entry, (await play(lane))[0]!);
      await delay(2500);
      control.settings({ tokenLifeSeconds: 7200 });
      control.fault({ endpoint: 'token', fault: { kind: 'reorderRefresh' } as FaultInput, times: 2 });
      const before = control.calls().byEndpoint[TOKEN]!;
      // Sets off the renewal, which is held up; then the old token dies.
      const first = new Visitor(lane.app).post('/api/session', {
        code: control.mintCode(lane.emulator.company.people[2]!.userid),
      });
      await delay(200);
      control.revokeTokens();
      const scene = (await play(lane))[0]!;
      judge(entry, scene);
      expect((await first).status).toBe(200);
      // The newer token stayed: the next ones need no other.
      await delay(200);
      for (let person = 0; person < 3; person++) judge(entry, (await play(lane))[0]!);
      expect(control.calls().byEndpoint[TOKEN]! - before).toBe(2);
    });
  });

  test('UF-096 (token: server clock jumps +3 h, then back)', { timeout: 60_000 }, async () => {
    const entry = find('UF-096');
    await lanes.run(async (lane) => {
      const { control } = lane.emulator;
      const before = control.calls().byEndpoint[TOKEN]!;
      arm(lane, { ...entry, times: 1 });
      // This person's code dies of the jump; the page then brings a fresh one.
      const code = control.mintCode(lane.emulator.company.people[2]!.userid);
      expect((await new Visitor(lane.app).post('/api/session', { code })).json.error.code).toBe(
        'CODE_INVALID',
      );
      judge(entry, (await play(lane))[0]!);
      control.advanceClock(-1000 * Number(entry.fault.seconds));
      judge(entry, (await play(lane))[0]!);
      expect(control.calls().byEndpoint[TOKEN]! - before).toBeLessThanOrEqual(2);
    });
  });
});

describe.concurrent('the app never had a token, and', () => {
  const everything = plain.filter(({ endpoint, times }) => endpoint === 'any' && times === 'always');
  test.each(everything.map((entry) => [entry.id, entry.name, entry] as const))(
    '%s (%s)',
    { timeout: 60_000 },
    async (_id, _name, entry) => {
      await withEmulator(async (emulator) => {
        emulator.control.fault({
          endpoint: 'any',
          times: 'always',
          fault: entry.fault as FaultInput,
        });
        const app = await startApp({ emulator });
        try {
          const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
          const started = performance.now();
          const answer = await new Visitor(app).post('/api/session', { code });
          // The boot's own attempt is not this person's.
          judge(entry, { answer, ms: performance.now() - started, calls: {}, log: '' });
          expect(app.output()).not.toContain(emulator.clientSecret);
          expect(app.process.exitCode).toBeNull();
          expect((await new Visitor(app).ask('/api/health')).status).toBe(200);
        } finally {
          await app.close();
        }
      });
    },
  );
});

// ── More of the same classes ──────────────────────────────────────────────────────────────────────────────────────

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
type Sibling = [
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
const v1 = (status: number, code: string) => json({ code, requestid: 'R', message: 'x' }, status);

const siblings: Sibling[] = [
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
    (status): Sibling => ['userinfo', `HTTP ${status} with a page`, page(status), UNAVAILABLE, { calls: 1 }],
  ),
  ...[502, 504].map(
    (status): Sibling => [
      'userdetail',
      `HTTP ${status} once`,
      page(status),
      SIGNED_IN,
      { times: 1, calls: 2 },
    ],
  ),
  ...[301, 303, 308].map(
    (status): Sibling => [
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

describe.concurrent('and so it is when', () => {
  test.each(siblings)('%s: %s', { timeout: 60_000 }, async (endpoint, _name, fault, reading, limits = {}) => {
    const { times = 'always', calls = 99, tokens = null } = limits;
    const [status, errorCode, userMessageZh, retryButton] = reading;
    await lanes.run(async (lane) => {
      arm(lane, { endpoint, fault, times });
      const [scene] = await play(lane);
      judge(
        {
          id: '',
          class: '',
          name: '',
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
        },
        scene!,
      );
    });
  });

  test('a nameless member is called by their userid, and one with a name of 4000 by its beginning', async () => {
    await lanes.run(async (lane) => {
      const userid = lane.emulator.company.people[1]!.userid;
      lane.emulator.control.fault({
        endpoint: 'userdetail',
        fault: { kind: 'patch', unset: ['result.name'] },
      });
      expect((await play(lane))[0]!.answer.json.member.name).toBe(userid);
      lane.emulator.control.fault({
        endpoint: 'userdetail',
        fault: { kind: 'patch', set: { 'result.name': { repeat: '汉', count: 4000 } } },
      });
      expect((await play(lane))[0]!.answer.json.member.name).toBe('汉'.repeat(64));
    });
  });

  test('not a byte reaches the server that a redirect points to', async () => {
    let connections = 0;
    const trap = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/steal`;
    for (const endpoint of ['token', 'userinfo', 'userdetail'] as const) {
      for (const status of [302, 307]) {
        await lanes.run(async (lane) => {
          arm(lane, { endpoint, fault: { kind: 'redirect', status, location }, times: 'always' });
          expect((await play(lane))[0]!.answer.status).toBe(503);
        });
      }
    }
    expect(connections).toBe(0);
    await new Promise((resolve) => trap.close(resolve));
  });

  test('a code whose exchange got no answer is not sent again, not even when the person brings it again', async () => {
    await lanes.run(async ({ emulator, app }) => {
      const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
      emulator.control.fault({ endpoint: 'userinfo', fault: { kind: 'delayHeaders', ms: 3500 } });
      const before = emulator.control.calls().byEndpoint[USERINFO] ?? 0;
      expect((await new Visitor(app).post('/api/session', { code })).status).toBe(503);
      const again = await new Visitor(app).post('/api/session', { code });
      expect(again.json.error.code).toBe('CODE_INVALID');
      expect(emulator.control.calls().byEndpoint[USERINFO]! - before).toBe(1);
    });
  });

  test('a code that was turned away unread is as good as before', async () => {
    await lanes.run(async ({ emulator, app }) => {
      const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
      emulator.control.fault({ endpoint: 'userinfo', fault: { kind: 'errcode', errcode: 90002 } });
      expect((await new Visitor(app).post('/api/session', { code })).json.error.code).toBe('UPSTREAM_BUSY');
      expect((await new Visitor(app).post('/api/session', { code })).status).toBe(200);
    });
  });

  test('wrong credentials are asked about once in five seconds, however many people tap', async () => {
    await lanes.run(async (lane) => {
      arm(lane, { endpoint: 'token', fault: v1(400, 'invalidClientIdOrSecret'), times: 'always' });
      const before = lane.emulator.control.calls().byEndpoint[TOKEN]!;
      const scenes = await play(lane, { signIns: 20 });
      expect(new Set(scenes.map(({ answer }) => answer.json.error.code))).toEqual(
        new Set(['APP_MISCONFIGURED']),
      );
      for (let asked = 0; asked < 20; asked++) await new Visitor(lane.app).ask('/api/ready');
      expect(lane.emulator.control.calls().byEndpoint[TOKEN]! - before).toBe(1);
    });
  });

  test('a token fetch that was throttled is not repeated at the pace of strangers who ask for readiness', async () => {
    await lanes.run(async (lane) => {
      arm(lane, {
        endpoint: 'token',
        fault: v1(403, 'Forbidden.AccessDenied.QpsLimitForApi'),
        times: 'always',
      });
      await play(lane);
      const before = lane.emulator.control.calls().byEndpoint[TOKEN]!;
      const started = performance.now();
      for (let asked = 0; asked < 50; asked++) await new Visitor(lane.app).ask('/api/ready');
      const seconds = (performance.now() - started) / 1000;
      const calls = lane.emulator.control.calls().byEndpoint[TOKEN]! - before;
      expect(calls).toBeLessThanOrEqual(1 + Math.ceil(seconds));
    });
  });
});

// ── The ways to DingTalk that this emulator cannot show ───────────────────────────────────────────────────────────

async function withEmulator<T>(run: (emulator: Emulator) => Promise<T>): Promise<T> {
  const emulator = await startEmulator({ enforceQps: false });
  try {
    return await run(emulator);
  } finally {
    await emulator.close();
  }
}

/** A TLS server in front of the emulator, with this certificate. */
async function startTls({ cert, key }: Certificate, emulator: Emulator) {
  let connections = 0;
  const server = createTlsServer({ cert, key }, (socket) => {
    const onward = connect(emulator.port, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  server.on('connection', () => connections++);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => connections, close: () => void server.close() };
}

describe('the way to DingTalk', () => {
  const authority = createAuthority();
  const stranger = createAuthority('nobody trusts this one');
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dingpass-tls-'));
    await writeFile(join(folder, 'authority.pem'), authority.pem);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const past = { from: new Date('2020-01-01'), until: new Date('2021-01-01') };
  const certificates: [string | undefined, string, Certificate][] = [
    [
      undefined,
      'a good certificate, so that the others fail for their own reasons',
      authority.issue({ host: 'localhost' }),
    ],
    ['UF-014', 'a certificate that has expired', authority.issue({ host: 'localhost', ...past })],
    ['UF-015', "another host's certificate", authority.issue({ host: 'oapi.example.com' })],
    ['UF-014', 'a certificate of an authority that nobody trusts', stranger.issue({ host: 'localhost' })],
  ];

  test.each(certificates)('%s: %s', { timeout: 60_000 }, async (id, _name, certificate) => {
    await withEmulator(async (emulator) => {
      const server = await startTls(certificate, emulator);
      const url = `https://localhost:${server.port}`;
      const app = await startApp({
        emulator,
        env: {
          DINGTALK_API_URL: url,
          DINGTALK_OAPI_URL: url,
          NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
        },
      });
      await signInOver(app, emulator, id, server.connections);
      server.close();
    });
  });

  test('UF-016: plain HTTP on the TLS port', { timeout: 60_000 }, async () => {
    await withEmulator(async (emulator) => {
      let connections = 0;
      const relay = createServer((socket) => {
        connections++;
        const onward = connect(emulator.port, '127.0.0.1');
        for (const end of [socket, onward]) end.on('error', () => undefined);
        socket.pipe(onward).pipe(socket);
      });
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
      const url = `https://127.0.0.1:${(relay.address() as AddressInfo).port}`;
      const app = await startApp({ emulator, env: { DINGTALK_API_URL: url, DINGTALK_OAPI_URL: url } });
      await signInOver(app, emulator, 'UF-016', () => connections);
      relay.close();
    });
  });

  test('a name that does not resolve', { timeout: 60_000 }, async () => {
    await withEmulator(async (emulator) => {
      const url = 'http://dingtalk.invalid';
      const app = await startApp({ emulator, env: { DINGTALK_OAPI_URL: url } });
      await signInOver(app, emulator, 'UF-014', () => 0);
    });
  });

  test('a port where nobody listens', { timeout: 60_000 }, async () => {
    await withEmulator(async (emulator) => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const app = await startApp({ emulator, env: { DINGTALK_OAPI_URL: url } });
      await signInOver(app, emulator, 'UF-014', () => 0);
    });
  });

  // The name server is the system's, so this one is shown one floor below: a transport whose first look-up fails.
  test('UF-005: a name that does not resolve for a moment', async () => {
    const entry = find('UF-005');
    await withEmulator(async (emulator) => {
      const line = createTransport();
      let lookups = 0;
      const client = createClient({
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        apiUrl: emulator.url,
        oapiUrl: emulator.url,
        transport: async (request) => {
          if (request.url.pathname === USERINFO && ++lookups === 1)
            throw new TransportError('EAI_AGAIN', false);
          return line(request);
        },
      });
      const { userid } = emulator.company.people[0]!;
      expect(await exchangeCode(client, emulator.control.mintCode(userid))).toMatchObject({ userId: userid });
      expect(lookups).toBeLessThanOrEqual(entry.expect.maxUpstreamCallsThisEndpoint);
    });
  });
});

/** A sign-in over such a way; without an entry, it must succeed. */
async function signInOver(
  app: Awaited<ReturnType<typeof startApp>>,
  emulator: Emulator,
  id: string | undefined,
  connections: () => number,
): Promise<void> {
  try {
    if (id === undefined) {
      await signedIn(app, emulator, emulator.company.people[0]!.userid);
      return;
    }
    const entry = find(id);
    await delay(300);
    const before = connections();
    const started = performance.now();
    const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
    const answer = await new Visitor(app).post('/api/session', { code });
    judge(entry, { answer, ms: performance.now() - started, calls: {}, log: '' });
    expect(connections() - before).toBeLessThanOrEqual(entry.expect.maxUpstreamCallsThisEndpoint);
    expect(emulator.control.calls().byEndpoint[USERINFO] ?? 0).toBe(0);
    expect(app.output()).not.toContain(emulator.clientSecret);
    expect(app.process.exitCode).toBeNull();
  } finally {
    await app.close();
  }
}

test('every entry of the corpus was shown', () => {
  expect(entries).toHaveLength(corpus.count);
  expect(entries.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([]);
});
