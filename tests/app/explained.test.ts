import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { mayRetry, type Problem, problems } from '@/lib/errors';
import { type Messages, messagesIn } from '@/lib/i18n';
import type { FaultRequest } from '../../emulator/platform/faults';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, linesWith, startApp } from '../support/app';
import { type Answer, signedIn, Visitor } from '../support/http-session';
import { createCaller } from '../support/load';

vi.setConfig({ testTimeout: 60_000 });

const USERINFO = '/topapi/v2/user/getuserinfo';
const USERDETAIL = '/topapi/v2/user/get';
const TOKEN = '/v1.0/oauth2/accessToken';

let emulator: Emulator;
/** With and without SHOW_OPERATOR_HINTS. */
let open: App;
let closed: App;

beforeAll(async () => {
  emulator = await startEmulator({ members: 300, enforceQps: false });
  const env = { TRUSTED_PROXY_HOPS: '1' };
  [open, closed] = await Promise.all([
    startApp({ emulator, env: { ...env, SHOW_OPERATOR_HINTS: 'true' } }),
    startApp({ emulator, env }),
  ]);
});
afterAll(() => Promise.all([open.close(), closed.close(), emulator.close()]));
beforeEach(() => {
  emulator.control.reset();
});

let lastAddress = 0;
/** Everybody comes from an address of their own, so that no limit is met by accident. */
const someone = () => {
  lastAddress++;
  return { 'x-forwarded-for': `10.1.${lastAddress >> 8}.${lastAddress & 255}` };
};
const mint = () => emulator.control.mintCode(emulator.company.people[0]!.userid);

type Ask = (app: App, language: string) => Promise<Answer>;

const signIn: Ask = (app, language) =>
  new Visitor(app).post('/api/session', { code: mint() }, { ...someone(), 'accept-language': language });

const withBody =
  (body: unknown, headers: Record<string, string> = {}): Ask =>
  (app, language) =>
    new Visitor(app).post('/api/session', body, { ...someone(), 'accept-language': language, ...headers });

const withFault =
  (endpoint: string, fault: FaultRequest['fault']): Ask =>
  (app, language) => {
    emulator.control.fault({ endpoint, times: 'always', fault });
    return signIn(app, language);
  };

const errcode = (code: number): FaultRequest['fault'] => ({ kind: 'errcode', errcode: code });

interface Case {
  problem: Problem;
  ask: Ask;
  /** What only the operator sees besides cause, remedy and who must act. */
  detail?: Record<string, unknown>;
}

const cases: Case[] = [
  {
    problem: 'code-refused',
    ask: (app, language) => withBody({ code: `invented-${Math.random()}` })(app, language),
    detail: { dingTalkCode: '40078', api: USERINFO },
  },
  {
    problem: 'not-member',
    ask: withFault('userdetail', errcode(60121)),
    detail: { dingTalkCode: '60121', api: USERDETAIL },
  },
  { problem: 'not-allowed', ask: withFault('userdetail', errcode(50002)), detail: { dingTalkCode: '50002' } },
  {
    problem: 'member-disabled',
    ask: withFault('userdetail', errcode(60120)),
    detail: { dingTalkCode: '60120' },
  },
  {
    problem: 'member-inactive',
    ask: withFault('userdetail', { kind: 'patch', set: { 'result.active': false } }),
  },
  {
    problem: 'permission-missing',
    ask: (app, language) => {
      emulator.control.settings({ permissions: ['qyapi_base'] });
      return signIn(app, language);
    },
    detail: {
      dingTalkCode: '60011',
      api: USERDETAIL,
      requiredScopes: ['qyapi_get_member'],
      applyUrl: expect.stringMatching(
        /^https:\/\/open-dev\.dingtalk\.com\/appscope\/apply\?content=\S+qyapi_get_member$/,
      ),
      dingTalkRequestId: expect.stringMatching(/^15\w+$/),
    },
  },
  {
    problem: 'address-refused',
    ask: (app, language) => {
      emulator.control.settings({ ipWhitelist: ['203.0.113.*'] });
      return signIn(app, language);
    },
    detail: { dingTalkCode: '60020', callerAddress: '127.0.0.1' },
  },
  {
    problem: 'address-refused',
    ask: withFault('userdetail', {
      kind: 'errcode',
      errcode: 60020,
      errmsg: '访问ip不在白名单之中,request ip=2001:db8::9 appKey(x)',
    }),
    detail: { dingTalkCode: '60020', callerAddress: '2001:db8::9' },
  },
  { problem: 'app-disabled', ask: withFault('userinfo', errcode(50003)), detail: { dingTalkCode: '50003' } },
  { problem: 'request-refused', ask: withFault('userdetail', errcode(22)), detail: { dingTalkCode: '22' } },
  { problem: 'token-refused', ask: withFault('userinfo', errcode(40014)), detail: { dingTalkCode: '40014' } },
  { problem: 'throttled', ask: withFault('userinfo', errcode(90002)), detail: { dingTalkCode: '90002' } },
  { problem: 'quota-spent', ask: withFault('userinfo', errcode(90020)), detail: { dingTalkCode: '90020' } },
  {
    problem: 'unreachable',
    ask: withFault('userinfo', { kind: 'status', status: 500 }),
    detail: { reason: 'http-500' },
  },
  {
    problem: 'malformed',
    ask: withFault('userinfo', { kind: 'empty' }),
    detail: { reason: 'not-json' },
  },
  {
    problem: 'unknown-answer',
    ask: withFault('userdetail', errcode(99999)),
    detail: { dingTalkCode: '99999', api: USERDETAIL },
  },
  { problem: 'corp-mismatch', ask: withBody({ code: 'x', corpId: 'dingsomebodyelse' }) },
  { problem: 'bad-request', ask: withBody({ code: 12 }), detail: { hint: 'code' } },
  { problem: 'unsupported-media-type', ask: withBody('code=x', { 'content-type': 'text/plain' }) },
  { problem: 'payload-too-large', ask: withBody({ code: 'x', a: 'a'.repeat(17_000) }) },
  { problem: 'cross-site', ask: withBody({ code: 'x' }, { origin: 'https://evil.example' }) },
  {
    problem: 'method-not-allowed',
    ask: (app, language) =>
      new Visitor(app).ask('/api/session', { method: 'PUT', headers: { 'accept-language': language } }),
  },
  {
    problem: 'not-signed-in',
    ask: (app, language) =>
      new Visitor(app).ask('/api/session', { headers: { 'accept-language': language } }),
  },
  {
    problem: 'too-many-attempts',
    ask: async (app, language) => {
      const address = someone();
      for (let at = 0; at < 20; at++) {
        await new Visitor(app).post('/api/session', { code: `invented-${Math.random()}` }, address);
      }
      return new Visitor(app).post(
        '/api/session',
        { code: mint() },
        { ...address, 'accept-language': language },
      );
    },
  },
];

function check(answer: Answer, { problem, detail }: Case, messages: Messages, hints: boolean): void {
  const { code, status, actor } = problems[problem];
  const { person, next, cause, remedy } = messages.problems[problem];
  expect(answer.status, answer.text).toBe(status);
  const { operator, ...error } = answer.json.error;
  expect(error).toEqual({
    code,
    message: person,
    nextStep: next,
    retry: mayRetry(problem),
    requestId: answer.headers.get('x-request-id'),
  });
  if (!hints) expect(operator).toBeUndefined();
  else expect(operator).toMatchObject({ cause, remedy, actor: messages.actors[actor], ...detail });
}

// First: after wrong credentials the app holds DingTalk's refusal for seconds.
test('without an AgentId a page is not signed, and the operator reads which setting is missing', async () => {
  const visitor = await signedIn(open, emulator, emulator.company.people[0]!.userid);
  const query = new URLSearchParams({ url: `${open.origin}/` });
  const { status, json } = await visitor.ask(`/api/jsapi/signature?${query}`);
  expect([status, json.error.code]).toEqual([503, 'APP_MISCONFIGURED']);
  expect(json.error.operator.remedy).toContain('DINGTALK_AGENT_ID');
});

describe.each(cases.map((entry) => [entry.problem, entry] as const))('%s', (_, entry) => {
  test.each([
    ['zh-CN,zh;q=0.9', 'zh-CN'],
    ['en-GB,en;q=0.9', 'en'],
  ] as const)('is explained to who asks for %s', async (header, language) => {
    check(await entry.ask(open, header), entry, messagesIn(language), true);
    emulator.control.reset();
    check(await entry.ask(closed, header), entry, messagesIn(language), false);
  });
});

test('a crowd that fills the queue is told that it is busy, and when to come again', async () => {
  // Most who wait come in within their time: of those who do not, a slow machine would have too many for the limit of all strangers.
  emulator.control.settings({ latencyMs: 300 });
  const caller = createCaller(open, 320);
  const answers = await Promise.all(Array.from({ length: 320 }, () => caller.signIn(mint(), someone())));
  caller.close();
  const busy = answers.filter(({ status }) => status === 503);
  expect(busy.length).toBeGreaterThan(0);
  for (const { headers, text } of busy) {
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(text).error).toMatchObject({ code: expect.stringMatching(/^UPSTREAM_/), retry: true });
  }
  expect(busy.some(({ text }) => JSON.parse(text).error.code === 'UPSTREAM_BUSY')).toBe(true);
  expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
});

test('DingTalk’s own code is in the log of an app that shows no hints', async () => {
  emulator.control.fault({ endpoint: 'userdetail', fault: { kind: 'errcode', errcode: 99999 } });
  const answer = await signIn(closed, 'zh-CN');
  const [line] = await linesWith(closed, answer.json.error.requestId);
  expect(JSON.parse(line!)).toMatchObject({
    outcome: 'unknown-answer',
    dingTalkCode: '99999',
    api: USERDETAIL,
  });
  expect(answer.text).not.toContain('99999');
});

test('even with hints, a secret that DingTalk sends back as a code is shown to nobody', async () => {
  const { accessToken } = (await (
    await fetch(`${emulator.url}${TOKEN}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
    })
  ).json()) as { accessToken: string };
  await signIn(open, 'en');
  for (const secret of [accessToken, emulator.clientSecret]) {
    for (const body of [
      { errcode: 88, sub_code: secret, errmsg: secret },
      { errcode: 60011, errmsg: `requiredScopes=[${secret}]`, request_id: secret },
    ]) {
      // A missing permission is asked about again with a new token.
      emulator.control.fault({ endpoint: 'userdetail', times: 'always', fault: { kind: 'json', body } });
      const answer = await signIn(open, 'en');
      emulator.control.clearFaults();
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(answer.text).not.toContain(secret);
      expect(open.output()).not.toContain(secret);
    }
  }
});

// The last one: an app whose credentials were refused asks DingTalk again after five seconds at the earliest.
test('bad-credentials is explained in both languages', async () => {
  const entry: Case = {
    problem: 'bad-credentials',
    ask: (app, language) => {
      emulator.control.revokeTokens();
      emulator.control.fault({
        endpoint: 'token',
        times: 'always',
        fault: {
          kind: 'json',
          status: 400,
          body: { code: 'invalidClientIdOrSecret', requestid: 'R', message: 'x' },
        },
      });
      return signIn(app, language);
    },
    detail: { dingTalkCode: 'invalidClientIdOrSecret', api: TOKEN, dingTalkRequestId: 'R' },
  };
  for (const [app, hints] of [
    [open, true],
    [closed, false],
  ] as const) {
    check(await entry.ask(app, 'zh-CN'), entry, messagesIn('zh-CN'), hints);
    check(await entry.ask(app, 'en'), entry, messagesIn('en'), hints);
  }
});
