import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { FaultInput } from '../../../emulator/platform/fault-kinds';
import { DEFAULT_PERMISSIONS } from '../../../emulator/platform/settings';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { listSubDepartments } from '../../../lib/dingtalk/departments';
import type { RequestBudget } from '../../../lib/dingtalk/request';
import { listRoleMembers, listRoles } from '../../../lib/dingtalk/roles';
import { exchangeCode, getMember, listMemberIds } from '../../../lib/dingtalk/users';
import { countCalls, createLine, everythingOf, failureOf } from '../../support/dingtalk-client';
import { startPeer } from '../../support/recording-server';

const TOKEN = '/v1.0/oauth2/accessToken';
const DETAIL = '/topapi/v2/user/get';

let emulator: Emulator;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  ({ userid } = emulator.company.people[0]!);
});
afterAll(() => emulator.close());
beforeEach(() => {
  emulator.control.clearFaults();
  emulator.control.settings({ permissions: [...DEFAULT_PERMISSIONS], ipWhitelist: [], scope: 'all' });
});

const detailFails = (fault: FaultInput, times: number | 'always' = 'always') =>
  emulator.control.fault({ endpoint: 'userdetail', times, fault });
/** With its token: on a busy machine the short deadline of a test may be over before the first try ends. */
async function warmLine(options: Parameters<typeof createLine>[1] = {}) {
  const line = createLine(emulator, options);
  await vi.waitFor(() => line.client.warm(), 10_000);
  return line;
}

// ── How DingTalk says no ──────────────────────────────────────────────────────────────────────────────────────────

const said = (body: object): FaultInput => ({ kind: 'json', body: body as never });

test.each<[string, FaultInput, string]>([
  ['flat', said({ errcode: 60121, errmsg: '找不到该用户', request_id: 'rq1' }), '60121'],
  [
    '88 with its sub_code as text',
    said({ errcode: 88, sub_code: '60011', errmsg: 'ding talk error[subcode=1,submsg=x]' }),
    '60011',
  ],
  [
    '88 with the sub_code only in errmsg',
    said({ errcode: 88, errmsg: 'ding talk error[subcode=60020,submsg=x]' }),
    '60020',
  ],
  [
    '88 with an empty sub_code',
    said({ errcode: 88, errmsg: '鉴权服务超时', sub_code: '', sub_msg: '' }),
    '88',
  ],
  [
    '88 with an empty sub_code, and one in errmsg',
    said({ errcode: 88, sub_code: '', errmsg: '[subcode=50002]' }),
    '50002',
  ],
  [
    '88 with a sub_code that is text',
    said({ errcode: 88, sub_code: 'isv.permission', errmsg: '' }),
    'isv.permission',
  ],
  ['a success that comes with an errcode', said({ errcode: 33012, result: { userid: 'x' } }), '33012'],
])('the legacy dialect, %s', async (_, fault, code) => {
  const { client } = await warmLine();
  detailFails(fault);
  expect(await failureOf(getMember(client, userid))).toMatchObject({
    kind: 'rejected',
    code,
    detail: { api: DETAIL },
  });
});

test.each<[string, number, object, string, string]>([
  [
    'with small letters',
    400,
    { code: 'invalidClientIdOrSecret', requestid: 'R-1', message: '无效' },
    'rejected',
    'invalidClientIdOrSecret',
  ],
  [
    'with capitals',
    403,
    { Code: 'Forbidden.AccessDenied.IpNotInWhiteList', RequestId: 'R-1', Message: 'no' },
    'rejected',
    'Forbidden.AccessDenied.IpNotInWhiteList',
  ],
  [
    'speaking the legacy one',
    200,
    { errcode: 40089, errmsg: '不合法的corpid或corpsecret' },
    'rejected',
    '40089',
  ],
  ['with nothing but a status', 400, {}, 'unreachable', 'http-400'],
])('the new dialect, %s', async (_, status, body, kind, code) => {
  emulator.control.fault({
    endpoint: 'token',
    times: 'always',
    fault: { kind: 'json', status, body: body as never },
  });
  const error = await failureOf(createLine(emulator).client.warm());
  // The status of an answer without a code is not a code of DingTalk's.
  expect(error).toMatchObject({ kind, code, isOwnCode: code === 'http-400', detail: { api: TOKEN } });
  if ('requestid' in body || 'RequestId' in body) expect(error.detail.dingTalkRequestId).toBe('R-1');
});

test('a missing permission names itself, and the link to apply for it', async () => {
  const { client } = await warmLine();
  emulator.control.settings({ permissions: ['qyapi_base'] });
  const calls = countCalls(emulator);
  const error = await failureOf(getMember(client, userid));
  expect(error).toMatchObject({
    kind: 'rejected',
    code: '60011',
    isTransient: false,
    detail: {
      requiredScopes: ['qyapi_get_member'],
      applyUrl: `https://open-dev.dingtalk.com/appscope/apply?content=${emulator.clientId}%23qyapi_get_member`,
      dingTalkRequestId: expect.stringMatching(/^15[0-9a-z]+$/),
    },
  });
  // The token may be older than the permission: one new token, once a minute.
  expect(calls()).toMatchObject({ token: 1, detail: 2 });
  await failureOf(getMember(client, userid));
  expect(calls()).toMatchObject({ token: 1, detail: 3 });
});

test('a permission that was given after the token is used at once', async () => {
  const { client } = await warmLine();
  detailFails({ kind: 'errcode', errcode: 60011 }, 1);
  expect(await getMember(client, userid)).toMatchObject({ userId: userid });
});

test('an error text of 900 KB holds nobody up', async () => {
  const { client } = await warmLine();
  for (const part of [
    'requiredScopes=[',
    '所需的权限：[',
    'https://open-dev.dingtalk.com/appscope/apply',
    'request ip=',
    ' ,',
    'subcode=',
  ]) {
    const errmsg = part.repeat(900_000 / Buffer.byteLength(part));
    detailFails(said({ errcode: 88, errmsg, sub_code: part === 'subcode=' ? '' : '60121' }), 1);
    const started = performance.now();
    await failureOf(getMember(client, userid));
    expect(performance.now() - started, part).toBeLessThan(500);
  }
});

test('a missing permission in the new dialect names itself', async () => {
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'errcode', errcode: 60011 } });
  const error = await failureOf(createLine(emulator).client.warm());
  expect(error.code).toBe('Forbidden.AccessDenied.AccessTokenPermissionDenied');
  expect(error.detail.requiredScopes).toEqual([expect.stringMatching(/^[\w.]+$/)]);
});

test('an address that is not on the white list is told as DingTalk saw it', async () => {
  const { client } = await warmLine();
  emulator.control.settings({ ipWhitelist: ['203.0.113.*'] });
  expect(await failureOf(getMember(client, userid))).toMatchObject({
    code: '60020',
    detail: { callerAddress: '127.0.0.1' },
  });
});

test('a link to somewhere else is not a link to apply at, and a scope is not just any text', async () => {
  const { client } = await warmLine();
  detailFails(
    said({
      errcode: 60011,
      errmsg: '所需的权限：[<script>, qyapi_ok]，点击链接：https://evil.example/appscope/apply?x',
    }),
  );
  const { detail } = await failureOf(getMember(client, userid));
  expect(detail.applyUrl).toBeUndefined();
  expect(detail.requiredScopes).toEqual(['qyapi_ok']);
});

test.each<[string, FaultInput, string]>([
  ['the whole app', { kind: 'errcode', errcode: 90002, wrapped: true }, '90002'],
  ['the whole app, unwrapped', { kind: 'errcode', errcode: 90002, wrapped: false }, '90002'],
  ['the address', { kind: 'errcode', errcode: 90017 }, '90017'],
  ['the interface', { kind: 'errcode', errcode: 45009 }, '45009'],
  ['HTTP 429', { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: '{}' }, 'http-429'],
  ['the ban, as JSON', said({ status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'u' }), 'banned'],
  [
    'the ban, as a page',
    { kind: 'status', status: 200, contentType: 'text/html', body: '<html>x5secdata /punish?</html>' },
    'banned',
  ],
])('too many calls (%s) is never answered with another call', async (_, fault, code) => {
  const { client } = await warmLine();
  detailFails(fault);
  const calls = countCalls(emulator);
  expect(await failureOf(getMember(client, userid))).toMatchObject({
    kind: 'rejected',
    code,
    isThrottled: true,
    isTransient: true,
  });
  expect(calls()).toMatchObject({ token: 0, detail: 1 });
});

test.each([
  '<!doctype html><title>钉钉</title><h1>系统维护中</h1>',
  '\n <html><form action="/portal/login">Wi-Fi</form></html>',
])('a page that does not say that it is a ban is not called one: %s', async (body) => {
  const { client } = await warmLine();
  detailFails({ kind: 'status', status: 200, contentType: 'text/html', body });
  const calls = countCalls(emulator);
  const error = await failureOf(getMember(client, userid));
  expect(error).toMatchObject({
    kind: 'unreachable',
    code: 'html-page',
    isThrottled: false,
    isOwnCode: true,
  });
  // It may be one all the same: no second call, and none for a while.
  expect(calls()).toMatchObject({ detail: 1 });
  expect(await failureOf(getMember(client, userid))).toMatchObject({ code: 'circuit-open', cause: error });
  expect(calls()).toMatchObject({ detail: 1 });
});

test('too many calls to one API in this second are asked for once more, in the next', async () => {
  const { client } = await warmLine();
  detailFails({ kind: 'errcode', errcode: 90018 }, 1);
  const calls = countCalls(emulator);
  const started = performance.now();
  expect(await getMember(client, userid)).toMatchObject({ userId: userid });
  expect(performance.now() - started).toBeGreaterThan(950);
  detailFails({ kind: 'errcode', errcode: 90018 });
  expect(await failureOf(getMember(client, userid))).toMatchObject({ code: '90018', isThrottled: true });
  expect(calls().detail).toBe(4);
});

test('too many calls in the new dialect are the same', async () => {
  emulator.control.fault({ endpoint: 'token', times: 'always', fault: { kind: 'errcode', errcode: 90002 } });
  const calls = countCalls(emulator);
  const error = await failureOf(createLine(emulator).client.warm());
  expect(error).toMatchObject({ code: 'Forbidden.AccessDenied.QpsLimitForApi', isThrottled: true });
  expect(calls().token).toBe(1);
});

test.each<[string, FaultInput]>([
  ['busy (-1)', { kind: 'errcode', errcode: -1 }],
  ['HTTP 500', { kind: 'status', status: 500, body: '' }],
  ['HTTP 503 with a page', { kind: 'status', status: 503, contentType: 'text/html', body: '<h1>503</h1>' }],
  ['half an answer', { kind: 'truncate' }],
  ['a hangup', { kind: 'hangup' }],
  ['a reset', { kind: 'reset' }],
])('a question that can do no harm is asked once more after %s', async (_, fault) => {
  const { client } = await warmLine();
  detailFails(fault, 1);
  const calls = countCalls(emulator);
  expect(await getMember(client, userid)).toMatchObject({ userId: userid });
  expect(calls()).toMatchObject({ detail: 2 });
});

// ── What an answer may be ─────────────────────────────────────────────────────────────────────────────────────────

test("somebody else's record is refused", async () => {
  const { client } = await warmLine();
  detailFails({ kind: 'patch', set: { 'result.userid': 'someoneelse' } });
  expect(await failureOf(getMember(client, userid))).toMatchObject({
    kind: 'malformed',
    code: 'other-userid',
  });
});

test('what DingTalk withholds or leaves empty is absent, never an empty text', async () => {
  const { client } = await warmLine();
  emulator.control.settings({ permissions: ['qyapi_base', 'qyapi_get_member'] });
  for (const { userid } of emulator.company.people) {
    const member = await getMember(client, userid);
    expect(member.mobile).toBeUndefined();
    expect(member.email).toBeUndefined();
    expect(Object.values(member)).not.toContain('');
    expect(Object.values(member)).not.toContain(null);
  }
});

test('null is absent too', async () => {
  const { client } = await warmLine();
  detailFails({
    kind: 'patch',
    set: Object.fromEntries(
      [
        'name',
        'avatar',
        'title',
        'active',
        'boss',
        'dept_id_list',
        'role_list',
        'leader_in_dept',
        'hired_date',
      ].map((field) => [`result.${field}`, null]),
    ),
  });
  const member = await getMember(client, userid);
  expect(member).toMatchObject({ userId: userid, departmentIds: [], ledDepartmentIds: [], roles: [] });
  for (const field of ['name', 'avatarUrl', 'title', 'active', 'boss', 'hiredAt'] as const) {
    expect(member[field]).toBeUndefined();
  }
});

test("a member's record says what the company knows of them", async () => {
  const { client } = await warmLine();
  const leader = emulator.company.people.find((person) => person.leads.length > 0 && person.active)!;
  expect(await getMember(client, leader.userid)).toMatchObject({
    userId: leader.userid,
    unionId: leader.unionid,
    name: leader.name,
    title: leader.title,
    mobile: leader.mobile,
    departmentIds: leader.departmentIds,
    ledDepartmentIds: leader.leads.filter((id) => leader.departmentIds.includes(id)),
    active: true,
    managerUserId: leader.managerUserid,
  });
});

test('an order of eighteen digits, which no double holds, harms nothing', async () => {
  const { client, tokens } = await warmLine();
  const raw = await fetch(`${emulator.url}${DETAIL}?access_token=${tokens[0]}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userid }),
  });
  expect(await raw.text()).toMatch(/"order":\d{18}\b/);
  expect(await getMember(client, userid)).toMatchObject({ userId: userid });
});

test.each([
  ['{"爱好":"登山","年级":3}', { 爱好: '登山', 年级: '3' }],
  ['{}', undefined],
  ['not json', undefined],
  ['["a"]', undefined],
  ['null', undefined],
])('the extension %s is read, or dropped', async (text, expected) => {
  const { client } = await warmLine();
  detailFails({ kind: 'patch', set: { 'result.extension': text } });
  expect((await getMember(client, userid)).extension).toEqual(expected);
});

test.each<[string, FaultInput]>([
  ['a userid that is an object', { kind: 'patch', set: { 'result.userid': { $ne: null } } }],
  ['no userid', { kind: 'patch', unset: ['result.userid'] }],
  ['a result that is a list', { kind: 'patch', set: { result: [] } }],
  ['an errcode that is a word', { kind: 'patch', set: { errcode: 'ok' } }],
  ['an errcode that is null', { kind: 'patch', set: { errcode: null } }],
  ['no errcode', { kind: 'patch', unset: ['errcode'] }],
])('a record with %s is not a record', async (_, fault) => {
  const { client } = await warmLine();
  detailFails(fault);
  expect(await failureOf(getMember(client, userid))).toMatchObject({
    kind: 'malformed',
    code: 'unexpected-shape',
  });
});

test.each<[string, FaultInput]>([
  ['labelled as text', { kind: 'relabel', contentType: 'text/plain' }],
  ['that begins with a byte order mark', { kind: 'prefixBytes', hex: 'efbbbf' }],
  ['with fields that we do not know', { kind: 'patch', set: { 'result.future_field': { a: [1] } } }],
  ['without a picture', { kind: 'patch', unset: ['result.avatar'] }],
  ['with departments that are texts', { kind: 'patch', set: { 'result.dept_id_list': ['1'] } }],
  ['with a name that is an object', { kind: 'patch', set: { 'result.name': { $ne: null } } }],
  ['with an "active" that is a text', { kind: 'patch', set: { 'result.active': 'true' } }],
  ['with an errcode that is a text', { kind: 'patch', set: { errcode: '0' } }],
  [
    'with 500 departments and a name of 4000',
    {
      kind: 'patch',
      set: { 'result.name': { repeat: '汉', count: 4000 }, 'result.dept_id_list': { range: 500 } },
    },
  ],
])('a record %s is taken', async (_, fault) => {
  const { client } = await warmLine();
  detailFails(fault);
  expect(await getMember(client, userid)).toMatchObject({ userId: userid });
});

test.each<[string, FaultInput, string, string]>([
  ['GBK', { kind: 'encoding', charset: 'gbk' }, 'malformed', 'not-utf8'],
  ['no JSON', { kind: 'prefixBytes', hex: '2c' }, 'malformed', 'not-json'],
  ['empty', { kind: 'status', status: 204 }, 'malformed', 'not-json'],
  [
    'in an unknown encoding',
    { kind: 'headers', headers: { 'content-encoding': 'zstd-x' } },
    'unreachable',
    'unknown-encoding',
  ],
  [
    'labelled gzip and is none',
    { kind: 'headers', headers: { 'content-encoding': 'gzip' } },
    'unreachable',
    'broken-body',
  ],
])('an answer that is %s is refused', async (_, fault, kind, code) => {
  const { client } = await warmLine();
  detailFails(fault);
  expect(await failureOf(getMember(client, userid))).toMatchObject({ kind, code, isTransient: true });
});

test.each<[string, FaultInput]>([
  ['50 MB', { kind: 'huge', bytes: 50_000_000 }],
  ['a gzip of 200 MB', { kind: 'gzipBomb', bytes: 200_000_000 }],
  ['a little over 1 MiB', { kind: 'huge', bytes: 1_048_577 }],
])('an answer of %s is cut off, and not asked for again', async (_, fault) => {
  const { client } = await warmLine();
  detailFails(fault);
  const calls = countCalls(emulator);
  const started = performance.now();
  const before = process.memoryUsage().rss;
  expect((await failureOf(getMember(client, userid))).code).toBe('answer-too-large');
  expect(performance.now() - started).toBeLessThan(2500);
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  expect(calls().detail).toBe(1);
});

test('lists that DingTalk gives whole may be long, though not without end', async () => {
  const { client } = await warmLine();
  const endpoint = '/topapi/user/listid';
  const ids = Array.from({ length: 120_000 }, (_, n) => `zhang.wei.${n}`);
  const children = Array.from({ length: 30_000 }, (_, n) => ({ dept_id: n, name: '华东区域渠道拓展部' }));
  emulator.control.fault({ endpoint, fault: said({ errcode: 0, result: { userid_list: ids } }) });
  emulator.control.fault({
    endpoint: '/topapi/v2/department/listsub',
    fault: said({ errcode: 0, result: children }),
  });
  expect(await listMemberIds(client, 1)).toEqual(ids);
  expect(await listSubDepartments(client, 1)).toHaveLength(30_000);
  emulator.control.fault({ endpoint, times: 'always', fault: { kind: 'huge', bytes: 17_000_000 } });
  expect((await failureOf(listMemberIds(client, 1))).code).toBe('answer-too-large');
});

test('an empty page of roles with more to come is no end of them', async () => {
  const { client } = await warmLine();
  for (const endpoint of ['/topapi/role/list', '/topapi/role/simplelist']) {
    const result = { hasMore: true, list: [] };
    emulator.control.fault({ endpoint, times: 'always', fault: said({ errcode: 0, result }) });
  }
  const malformed = { kind: 'malformed', code: 'empty-page' };
  expect(await failureOf(listRoles(client))).toMatchObject(malformed);
  expect(await failureOf(listRoleMembers(client, 1))).toMatchObject(malformed);
});

test('a gzip that is honest is unpacked', async () => {
  const record = { errcode: 0, result: { userid, name: '压缩' } };
  const peer = await startPeer((_, response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync(JSON.stringify(record)));
  });
  const { client } = await warmLine({ oapiUrl: peer.url });
  expect(await getMember(client, userid)).toMatchObject({ name: '压缩' });
  await peer.close();
});

// ── How DingTalk is called ────────────────────────────────────────────────────────────────────────────────────────

test('a path before the API in either address is kept, with or without a slash at its end', async () => {
  const peer = await startPeer((request, response) => {
    const answer = request.url.startsWith('/gateway/new/v1.0/')
      ? { accessToken: 'token-of-the-gateway', expireIn: 7200 }
      : { errcode: 0, result: { userid } };
    response.end(JSON.stringify(answer));
  });
  const { client } = createLine(emulator, {
    apiUrl: `${peer.url}/gateway/new/`,
    oapiUrl: `${peer.url}/gateway/old`,
  });
  await getMember(client, userid);
  expect(peer.requests.map(({ url }) => url)).toEqual([
    '/gateway/new/v1.0/oauth2/accessToken',
    '/gateway/old/topapi/v2/user/get?access_token=token-of-the-gateway',
  ]);
  await peer.close();
});

test('the secret travels in the body of the token fetch, and nowhere else', async () => {
  const peer = await startPeer((request, response) => {
    const isToken = request.url.includes('accessToken');
    response.end(
      JSON.stringify(isToken ? { accessToken: 't', expireIn: 7200 } : { errcode: 0, result: { userid } }),
    );
  });
  const { client } = createLine(emulator, { apiUrl: peer.url, oapiUrl: peer.url });
  await exchangeCode(client, 'some-code');
  await getMember(client, userid);
  const [token, ...others] = peer.requests;
  expect(JSON.parse(token!.body)).toEqual({ appKey: emulator.clientId, appSecret: emulator.clientSecret });
  expect(token!.url + JSON.stringify(token!.headers)).not.toContain(emulator.clientSecret);
  expect(JSON.stringify(others)).not.toContain(emulator.clientSecret);
  expect(others[0]!.url).not.toContain('some-code');
  await peer.close();
});

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) is not followed: the other server sees no byte',
  async (status) => {
    const thief = await startPeer((_, response) => response.end('{}'));
    for (const endpoint of ['token', 'userinfo', 'userdetail']) {
      emulator.control.clearFaults();
      emulator.control.fault({
        endpoint,
        times: 'always',
        fault: { kind: 'redirect', status, location: `${thief.url}/steal` },
      });
      const error = await failureOf(createLine(emulator).signIn(userid));
      expect(error).toMatchObject({ kind: 'unreachable', code: 'redirect' });
    }
    expect(thief.bytes()).toBe(0);
    await thief.close();
  },
);

test.each<[string, FaultInput]>([
  ['never comes', { kind: 'blackhole' }],
  ['comes late', { kind: 'delayHeaders', ms: 3000 }],
  ['has a late body', { kind: 'delayBody', ms: 3000 }],
  ['trickles in', { kind: 'trickle', bytesPerSecond: 100 }],
])('the deadline of a call ends an answer that %s', async (_, fault) => {
  const { client } = await warmLine({ timeoutMs: 300 });
  detailFails(fault);
  const calls = countCalls(emulator);
  const started = performance.now();
  expect(await failureOf(getMember(client, userid))).toMatchObject({ kind: 'unreachable', code: 'timeout' });
  const took = performance.now() - started;
  expect(took).toBeGreaterThan(250);
  expect(took).toBeLessThan(800);
  expect(calls().detail).toBe(1);
});

test('the deadline of a call is three seconds unless told otherwise, its body included', async () => {
  const { client } = await warmLine();
  detailFails({ kind: 'trickle', bytesPerSecond: 2 });
  const started = performance.now();
  expect((await failureOf(getMember(client, userid))).code).toBe('timeout');
  const took = performance.now() - started;
  expect(took).toBeGreaterThan(2900);
  expect(took).toBeLessThan(3700);
});

test.each([
  ['a call', 'userdetail'],
  ['the token that it waits for', 'token'],
])('the deadline of a request budget ends %s, and nothing is repeated after it', async (_, endpoint) => {
  const { client } = endpoint === 'token' ? createLine(emulator) : await warmLine();
  emulator.control.fault({ endpoint, times: 'always', fault: { kind: 'blackhole' } });
  const budget: RequestBudget = { signal: AbortSignal.timeout(250), calls: 0 };
  const started = performance.now();
  const error = await failureOf(getMember(client, userid, { budget }));
  expect(error).toMatchObject({ kind: 'unreachable', code: 'out-of-time' });
  expect(performance.now() - started).toBeLessThan(2500);
  expect(budget.calls).toBe(endpoint === 'token' ? 0 : 1);
});

test('the shared token fetch goes on for the others when the first who asked runs out of time', async () => {
  const { client } = createLine(emulator);
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'delayHeaders', ms: 400 } });
  const calls = countCalls(emulator);
  const hasty = failureOf(
    getMember(client, userid, { budget: { signal: AbortSignal.timeout(100), calls: 0 } }),
  );
  const patient = getMember(client, userid);
  expect((await hasty).code).toBe('out-of-time');
  expect(await patient).toMatchObject({ userId: userid });
  expect(calls()).toMatchObject({ token: 1, detail: 1 });
});

test('a request budget that is over before it begins calls nobody', async () => {
  const { client } = await warmLine();
  const calls = countCalls(emulator);
  const budget: RequestBudget = { signal: AbortSignal.abort(), calls: 0 };
  expect((await failureOf(getMember(client, userid, { budget }))).code).toBe('waited-too-long');
  expect(calls().total).toBe(0);
  expect(budget.calls).toBe(0);
});

test('a request budget counts what it costs, repeated calls included', async () => {
  const { client } = await warmLine();
  detailFails({ kind: 'status', status: 503, body: '' }, 1);
  const budget: RequestBudget = { calls: 0 };
  const { userId } = await exchangeCode(client, emulator.control.mintCode(userid), budget);
  await getMember(client, userId, { budget });
  expect(budget.calls).toBe(3);
});

// ── What an error gives away ──────────────────────────────────────────────────────────────────────────────────────

test.each<[string, string, FaultInput]>([
  ['a page that echoes the address', 'userdetail', { kind: 'echoUrl' }],
  ['a text that echoes the token', 'userdetail', { kind: 'echoToken' }],
  ['a timeout', 'userdetail', { kind: 'blackhole' }],
  ['a reset', 'userdetail', { kind: 'reset' }],
  ['a hangup', 'userinfo', { kind: 'hangup' }],
  ['half an answer', 'userinfo', { kind: 'truncate' }],
  ['a wrong shape', 'userinfo', { kind: 'patch', set: { 'result.userid': 5 } }],
  ['a missing permission', 'userdetail', { kind: 'errcode', errcode: 60011 }],
  ['a used code', 'userinfo', { kind: 'errcode', errcode: 40078 }],
  ['a dead token', 'userdetail', { kind: 'errcode', errcode: 40014 }],
  ['a token in a shape that nobody expects', 'token', { kind: 'patch', set: { expireIn: 'soon' } }],
  ['a token fetch that fails', 'token', { kind: 'status', status: 500, body: '' }],
])('an error never holds a token, the secret or a code: %s', async (_, endpoint, fault) => {
  const line = createLine(emulator, { timeoutMs: 1000 });
  if (endpoint !== 'token') await line.client.warm();
  const token = line.tokens[0] ?? (await warmLine()).tokens[0]!;
  emulator.control.fault({ endpoint, times: 'always', fault });
  const code = emulator.control.mintCode(userid);
  const error = await failureOf(
    exchangeCode(line.client, code).then(({ userId }) => getMember(line.client, userId)),
  );
  const everything = everythingOf(error);
  for (const secret of [token, emulator.clientSecret, code]) expect(everything).not.toContain(secret);
  expect(everything).not.toContain('access_token=');
});

test("an error never repeats DingTalk's own text", async () => {
  const { client } = await warmLine();
  detailFails({ kind: 'errcode', errcode: 12345, errmsg: 'canary-in-the-text' });
  expect(everythingOf(await failureOf(getMember(client, userid)))).not.toContain('canary');
});

test('a refused token fetch holds no secret that the other side may have echoed', async () => {
  const peer = await startPeer(({ body }, response) => {
    response.writeHead(400).end(JSON.stringify({ code: 'invalidClientIdOrSecret', message: body }));
  });
  const error = await failureOf(createLine(emulator, { apiUrl: peer.url }).client.warm());
  expect(everythingOf(error)).not.toContain(emulator.clientSecret);
  await peer.close();
});

test('a code of DingTalk that is no word is not taken for one', async () => {
  const { client } = await warmLine();
  const hostile = `x".\nGET /?access_token=${'t'.repeat(300)}`;
  detailFails(said({ errcode: 88, sub_code: hostile, errmsg: 'no' }));
  const error = await failureOf(getMember(client, userid));
  expect(error.message).not.toContain('access_token');
  expect(error.message.length).toBeLessThan(200);
});
