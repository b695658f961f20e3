import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, flat, postJson, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 120, departments: 20 });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const get = (userid: string) => topapi(emulator, '/topapi/v2/user/get', { userid });
const first = () => emulator.company.people[0]!;

test('a missing permission point is 88/60011 with its link', async () => {
  emulator.control.settings({ permissions: ['qyapi_base'] });
  const { json } = await get(first().userid);
  const link = `https://open-dev.dingtalk.com/appscope/apply?content=${emulator.clientId}%23qyapi_get_member`;
  expect(json).toMatchObject({
    errcode: 88,
    sub_code: '60011',
    sub_msg: `应用尚未开通所需的权限：[qyapi_get_member]，点击链接申请并开通即可：${link}`,
  });
  expect(json.errmsg).toMatch(
    /^ding talk error\[subcode=60011,submsg=.*, \{requiredScopes=\[qyapi_get_member\]\}\]$/,
  );
  const legacy = await flat(emulator, '/user/get', { userid: first().userid });
  expect(legacy.json.errcode).toBe(60011);
});

test.each([
  ['/topapi/v2/user/list', 'qyapi_get_department_member'],
  ['/topapi/user/listsimple', 'qyapi_get_department_member'],
  ['/topapi/user/listid', 'qyapi_get_member'],
  ['/topapi/user/count', 'qyapi_get_member'],
  ['/topapi/user/getbyunionid', 'qyapi_get_member'],
  ['/topapi/user/listadmin', 'qyapi_get_member'],
  ['/topapi/v2/user/getbymobile', 'qyapi_get_member_by_mobile'],
  ['/topapi/v2/department/listsub', 'qyapi_get_department_list'],
  ['/topapi/role/list', 'qyapi_get_department_list'],
  ['/topapi/role/simplelist', 'qyapi_get_department_member'],
])('%s needs %s', async (path, permission) => {
  emulator.control.settings({ permissions: [] });
  expect((await topapi(emulator, path, {})).json.errmsg).toContain(`requiredScopes=[${permission}]`);
});

test('a missing permission point of v1.0 is 403 with accessdenieddetail', async () => {
  emulator.control.settings({ permissions: [] });
  const reply = await postJson(
    `${emulator.url}/v1.0/oauth2/jsapiTickets`,
    {},
    { 'x-acs-dingtalk-access-token': await fetchToken(emulator) },
  );
  expect(reply.status).toBe(403);
  expect(reply.json).toMatchObject({
    code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
    accessdenieddetail: { requiredScopes: ['qyapi_base'] },
  });
});

test('v1.0 has two texts for it, and the detail with both', async () => {
  const refusal = async (permissionText: 'apply-link' | 'reference') => {
    emulator.control.settings({ permissions: [], permissionText });
    const headers = { 'x-acs-dingtalk-access-token': await fetchToken(emulator) };
    return (await postJson(`${emulator.url}/v1.0/oauth2/jsapiTickets`, {}, headers)).json;
  };
  const accessdenieddetail = { requiredScopes: ['qyapi_base'] };
  expect(await refusal('apply-link')).toMatchObject({
    message: expect.stringMatching(/^应用尚未开通所需的权限：\[qyapi_base\]，点击链接/),
    accessdenieddetail,
  });
  expect(await refusal('reference')).toMatchObject({
    message: expect.stringMatching(/^没有调用该接口的权限，接口权限申请参考：/),
    accessdenieddetail,
  });
});

test('a GET of a flat endpoint that wants a POST is 43002', async () => {
  expect((await flat(emulator, '/call_back/register_call_back')).json).toEqual({
    errcode: 43002,
    errmsg: '需要POST请求',
  });
});

test('the whole company is the scope unless told otherwise', async () => {
  const { json } = await flat(emulator, '/auth/scopes');
  expect(json).toMatchObject({
    errcode: 0,
    condition_field: [],
    auth_org_scopes: { authed_dept: [1], authed_user: [] },
  });
  expect(json.auth_user_field).toContain('userid');
});

test('outside the scope people are 50002 and departments 50004', async () => {
  const { company, control } = emulator;
  const [inside, outside] = company.childrenOf(1);
  const under = company.childrenOf(inside!.id)[0];
  const apart = company.membersOf(outside!.id).filter((person) => person.departmentIds.length === 1);
  const [alone, stranger] = apart;
  control.settings({
    scope: { departments: [inside!.id, ...(under ? [under.id] : [])], users: [alone!.userid] },
  });
  const scopes = (await flat(emulator, '/auth/scopes')).json.auth_org_scopes;
  expect(scopes).toEqual({ authed_dept: [inside!.id], authed_user: [alone!.userid] });

  expect((await get(company.membersOf(inside!.id)[0]!.userid)).json.errcode).toBe(0);
  expect((await get(alone!.userid)).json.errcode).toBe(0);
  expect((await get(stranger!.userid)).json).toMatchObject({
    errcode: 50002,
    errmsg: '请求的员工userid不在授权范围内',
  });
  expect((await get('nobody')).json.errcode).toBe(60121);

  const listsub = (dept_id: number) => topapi(emulator, '/topapi/v2/department/listsub', { dept_id });
  expect((await listsub(1)).json).toMatchObject({ errcode: 50004, errmsg: '请求的部门id不在授权范围内' });
  expect((await listsub(inside!.id)).json.errcode).toBe(0);
  for (const path of ['/topapi/v2/user/list', '/topapi/user/listsimple']) {
    const reply = await topapi(emulator, path, { dept_id: outside!.id, cursor: 0, size: 10 });
    expect(reply.json.errcode).toBe(50004);
  }
  // Documented as not limited.
  const ids = await topapi(emulator, '/topapi/user/listid', { dept_id: outside!.id });
  expect(ids.json.result.userid_list).toContain(stranger!.userid);
});

test('the twenty-first call within a second is turned away', async () => {
  const token = await fetchToken(emulator);
  // To the start of a second, so that none passes in between.
  emulator.control.advanceClock(1000 - (Date.now() % 1000));
  const ask = () => topapi(emulator, '/topapi/v2/user/get', { userid: first().userid }, token);
  const replies = await Promise.all(Array.from({ length: 30 }, ask));
  const refused = replies.filter((reply) => reply.json.errcode !== 0);
  expect(refused).toHaveLength(10);
  expect(refused[0]!.json).toMatchObject({ errcode: 88, sub_code: '90018' });
  expect(refused[0]!.json.sub_msg).toContain('apiPath(dingtalk.oapi.v2.user.get)');
  const other = await topapi(emulator, '/topapi/user/listadmin', {}, token);
  expect(other.json.errcode).toBe(0);
  emulator.control.advanceClock(1000);
  expect((await ask()).json.errcode).toBe(0);
});

test('v1.0 says the same with 403, and the limit can be set and switched off', async () => {
  const headers = { 'x-acs-dingtalk-access-token': await fetchToken(emulator) };
  const ask = () => request(`${emulator.url}/v1.0/oauth2/jsapiTickets`, { method: 'POST', headers });
  emulator.control.settings({ qps: 1 });
  emulator.control.advanceClock(1000 - (Date.now() % 1000));
  const replies = await Promise.all([ask(), ask()]);
  const refused = replies.find((reply) => reply.status !== 200)!;
  expect(refused).toMatchObject({
    status: 403,
    json: { code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi' },
  });
  emulator.control.settings({ enforceQps: false });
  expect((await Promise.all([ask(), ask(), ask()])).map((reply) => reply.status)).toEqual([200, 200, 200]);
});

test('an address outside the whitelist is 60020 in each dialect', async () => {
  emulator.control.settings({ ipWhitelist: ['203.0.113.*'] });
  const { json } = await get(first().userid);
  const text = `访问ip不在白名单之中,request ip=127.0.0.1 appKey(${emulator.clientId})`;
  expect(json).toMatchObject({ errcode: 88, sub_code: '60020', sub_msg: text });
  expect((await flat(emulator, '/auth/scopes')).json).toEqual({ errcode: 60020, errmsg: text });
  const headers = { 'x-acs-dingtalk-access-token': await fetchToken(emulator) };
  const modern = await request(`${emulator.url}/v1.0/oauth2/jsapiTickets`, { method: 'POST', headers });
  expect(modern).toMatchObject({ status: 403, json: { code: 'Forbidden.AccessDenied.IpNotInWhiteList' } });
  emulator.control.settings({ ipWhitelist: ['127.0.*.1'] });
  expect((await get(first().userid)).json.errcode).toBe(0);
});
