import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, flat, postJson, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const credentials = () => ({ appKey: emulator.clientId, appSecret: emulator.clientSecret });
const post = (path: string, body: unknown) => postJson(`${emulator.url}${path}`, body);
const gettoken = (query: string) => request(`${emulator.url}/gettoken?${query}`);

test('the three token endpoints give out the same token', async () => {
  const { clientId, clientSecret, corpId } = emulator;
  const modern = await post('/v1.0/oauth2/accessToken', credentials());
  const legacy = await gettoken(`appkey=${clientId}&appsecret=${clientSecret}`);
  const newest = await post(`/v1.0/oauth2/${corpId}/token`, {
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
  });
  const token = modern.json.accessToken;
  expect(modern.json).toEqual({ accessToken: token, expireIn: 7200 });
  expect(modern.headers.get('content-type')).toBe('application/json;charset=utf-8');
  expect(legacy.json).toEqual({ errcode: 0, errmsg: 'ok', access_token: token, expires_in: 7200 });
  expect(legacy.headers.get('content-type')).toBe('application/json');
  expect(newest.json).toEqual({ access_token: token, expires_in: 7200 });
});

test('a token stays the same and is extended when it is fetched again', async () => {
  const first = await fetchToken(emulator);
  emulator.control.advanceClock(7_100_000);
  expect(await fetchToken(emulator)).toBe(first);
  emulator.control.advanceClock(7_100_000);
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, first)).json.errcode).toBe(0);
});

test('a token dies after its life, and the next fetch makes a new one', async () => {
  const first = await fetchToken(emulator);
  emulator.control.advanceClock(7_200_000);
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, first)).json.sub_code).toBe('40014');
  expect(await fetchToken(emulator)).not.toBe(first);
});

test('the life of a token can be set', async () => {
  emulator.control.settings({ tokenLifeSeconds: 60 });
  expect((await post('/v1.0/oauth2/accessToken', credentials())).json.expireIn).toBe(60);
  emulator.control.advanceClock(60_000);
  const legacy = await request(`${emulator.url}/auth/scopes?access_token=nothing`);
  expect(legacy.json).toEqual({ errcode: 40014, errmsg: '不合法的access_token' });
});

test('wrong credentials are refused in the words of each endpoint', async () => {
  const wrong = await post('/v1.0/oauth2/accessToken', { ...credentials(), appSecret: 'x' });
  expect(wrong.status).toBe(400);
  expect(wrong.json).toMatchObject({
    code: 'invalidClientIdOrSecret',
    message: '无效的clientId或者clientSecret',
  });
  expect(wrong.json.requestid).toMatch(/^[0-9A-F]{8}-[0-9A-F-]{27}$/);
  expect((await gettoken(`appkey=${emulator.clientId}&appsecret=x`)).json).toEqual({
    errcode: 40096,
    errmsg: '不合法的appKey或appSecret',
  });
  expect((await gettoken('corpid=a&corpsecret=b')).json.errcode).toBe(40089);
  const newest = (corpId: string, body: object) => post(`/v1.0/oauth2/${corpId}/token`, body);
  const grant = { client_id: emulator.clientId, client_secret: 'x', grant_type: 'client_credentials' };
  expect(await newest(emulator.corpId, grant)).toMatchObject({
    status: 400,
    json: { code: 'invalid.client' },
  });
  expect(await newest('dingnobody', grant)).toMatchObject({ status: 500, json: { code: 'unknownError' } });
  const other = await newest(emulator.corpId, { ...grant, grant_type: 'password' });
  expect(other).toMatchObject({ status: 400, json: { code: 'unsupported.grant.type' } });
});

test('gettoken reads the query only', async () => {
  const inBody = await post('/gettoken', { appkey: emulator.clientId, appsecret: emulator.clientSecret });
  expect(inBody.json).toEqual({ errcode: 40035, errmsg: '缺少参数 corpid or appkey' });
});

test('a v1.0 endpoint wants JSON and all its fields', async () => {
  const form = await request(`${emulator.url}/v1.0/oauth2/accessToken`, {
    method: 'POST',
    body: new URLSearchParams(credentials()),
  });
  expect(form.status).toBe(400);
  expect(form.json).toMatchObject({ code: 'Missingbody', message: 'body is mandatory for this action.' });
  expect((await post('/v1.0/oauth2/accessToken', {})).json.code).toBe('MissingappKey');
});

test('topapi answers a bad token wrapped in 88 and a blank one with 40000', async () => {
  const bad = await topapi(emulator, '/topapi/v2/user/get', { userid: 'x' }, 'nonsense');
  expect(bad.status).toBe(200);
  expect(bad.headers.get('content-type')).toBe('application/json;charset=UTF-8');
  expect(bad.json).toEqual({
    errcode: 88,
    sub_code: '40014',
    sub_msg: '不合法的access_token',
    errmsg: 'ding talk error[subcode=40014,submsg=不合法的access_token]',
    request_id: expect.stringMatching(/^[0-9a-z]{8,16}$/),
  });
  const header = { 'x-acs-dingtalk-access-token': await fetchToken(emulator) };
  const blank = await postJson(`${emulator.url}/topapi/v2/user/get`, { userid: 'x' }, header);
  expect(blank.json).toMatchObject({ errcode: 88, sub_code: '40000', sub_msg: 'access_token is blank' });
  expect(blank.json.errmsg).toBe('ding talk error[subcode=40000,submsg=access_token is blank]');
});

test('topapi reads the token from a form body too', async () => {
  const userid = emulator.company.people[0]!.userid;
  const ask = (access_token: string) =>
    request(`${emulator.url}/topapi/v2/user/get`, {
      method: 'POST',
      body: new URLSearchParams({ access_token, userid }),
    });
  expect((await ask(await fetchToken(emulator))).json.result.userid).toBe(userid);
  expect((await ask('bad')).json.sub_code).toBe('40014');
});

test('v1.0 takes its token from its own header and from nowhere else', async () => {
  const token = await fetchToken(emulator);
  const path = '/v1.0/oauth2/jsapiTickets';
  const send = (headers: Record<string, string>, query = '') =>
    request(`${emulator.url}${path}${query}`, { method: 'POST', headers });
  const missing = await send({ authorization: `Bearer ${token}` });
  expect(missing.status).toBe(400);
  expect(missing.json).toMatchObject({
    code: 'AuthenticationFailed.MissingParameter',
    message: '缺少参数：x-acs-dingtalk-access-token',
  });
  expect((await send({}, `?access_token=${token}`)).json.code).toBe('AuthenticationFailed.MissingParameter');
  const bad = await send({ 'x-acs-dingtalk-access-token': 'bad' });
  expect(bad).toMatchObject({
    status: 400,
    json: { code: 'InvalidAuthentication', message: '不合法的access_token' },
  });
  expect((await send({ 'x-acs-dingtalk-access-token': token })).status).toBe(200);
});

test('a revoked token is refused at once', async () => {
  const token = await fetchToken(emulator);
  emulator.control.revokeTokens();
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, token)).json.sub_code).toBe('40014');
  expect(await fetchToken(emulator)).not.toBe(token);
});

test('a jsapi ticket stays the same, is extended, and never gets older than a day', async () => {
  const ticket = async () => (await flat(emulator, '/get_jsapi_ticket')).json;
  const first = await ticket();
  expect(first).toEqual({ errcode: 0, errmsg: 'ok', ticket: first.ticket, expires_in: 7200 });
  const modern = await postJson(
    `${emulator.url}/v1.0/oauth2/jsapiTickets`,
    {},
    { 'x-acs-dingtalk-access-token': await fetchToken(emulator) },
  );
  expect(modern.json).toEqual({ jsapiTicket: first.ticket, expireIn: 7200 });
  for (let hours = 0; hours < 23; hours += 1) {
    emulator.control.advanceClock(3_600_000);
    expect((await ticket()).ticket).toBe(first.ticket);
  }
  expect((await ticket()).expires_in).toBeLessThanOrEqual(3600);
  emulator.control.advanceClock(3_600_000);
  expect((await ticket()).ticket).not.toBe(first.ticket);
});

test('unknown paths of DingTalk get the answers of its two gateways', async () => {
  const topapiUnknown = await topapi(emulator, '/topapi/v2/user/notexist', {});
  expect(topapiUnknown.json).toMatchObject({
    errcode: 22,
    sub_msg: '不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist',
    errmsg: 'Invalid method[submsg=不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist]',
  });
  const modern = await post('/v1.0/nothing', {});
  expect(modern).toMatchObject({ status: 404, json: { code: 'InvalidAction.NotFound' } });
});
