import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import type { FaultRequest } from '../../emulator/platform/faults';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, flat, postJson, type Reply, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const first = () => emulator.company.people[0]!;
const get = () => topapi(emulator, '/topapi/v2/user/get', { userid: first().userid });
const arm = (fault: FaultInput, more: Partial<FaultRequest> = {}) =>
  emulator.control.fault({ endpoint: 'userdetail', fault, ...more });
async function spoilt(fault: FaultInput): Promise<Reply> {
  arm(fault);
  return get();
}

test('a fault meets the next call and no other', async () => {
  arm({ kind: 'errcode', errcode: -1 });
  expect((await get()).json).toEqual({ errcode: -1, errmsg: '系统繁忙', request_id: expect.any(String) });
  expect((await get()).json.errcode).toBe(0);
});

test('a fault lasts as often as it is told, or until it is cleared', async () => {
  arm({ kind: 'empty' }, { times: 2 });
  expect([(await get()).text, (await get()).text]).toEqual(['', '']);
  expect((await get()).json.errcode).toBe(0);
  const { id } = arm({ kind: 'empty' }, { times: 'always' });
  expect([(await get()).text, (await get()).text]).toEqual(['', '']);
  emulator.control.clearFaults(id);
  expect((await get()).json.errcode).toBe(0);
});

test('faults queue up in their order', async () => {
  arm({ kind: 'status', status: 503, body: '' });
  arm({ kind: 'errcode', errcode: 15 });
  expect((await get()).status).toBe(503);
  expect((await get()).json.errcode).toBe(15);
});

test.each([
  ['token', '/v1.0/oauth2/accessToken', 503],
  ['any', '/topapi/nothing', 503],
  ['userinfo', '/user/getuserinfo', 503],
  ['/topapi/v2/user/list', '/topapi/v2/user/list', 503],
  ['/v1.0/oauth2/{corpId}/token', '/v1.0/oauth2/dingx/token', 503],
  ['userdetail', '/topapi/v2/user/getuserinfo', 200],
])('a fault for %s lets %s answer its own %i or not', async (endpoint, path, status) => {
  emulator.control.fault({ endpoint, times: 'always', fault: { kind: 'status', status: 503, body: '' } });
  expect((await postJson(`${emulator.url}${path}`, {})).status).toBe(status);
});

test('an errcode is written in the dialect of the endpoint', async () => {
  const any = (errcode: number, more = {}) =>
    emulator.control.fault({ endpoint: 'any', fault: { kind: 'errcode', errcode, ...more } });
  const token = await fetchToken(emulator);
  any(90018);
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, token)).json).toMatchObject({
    errcode: 88,
    sub_code: '90018',
  });
  any(90018, { wrapped: false, errmsg: '太多' });
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, token)).json).toMatchObject({
    errcode: 90018,
    errmsg: '太多',
  });
  any(60011);
  const denied = await topapi(emulator, '/topapi/v2/department/listsub', {}, token);
  expect(denied.json.errmsg).toContain('{requiredScopes=[qyapi_get_department_list]}]');
  any(40014);
  expect((await request(`${emulator.url}/auth/scopes?access_token=${token}`)).json).toEqual({
    errcode: 40014,
    errmsg: '不合法的access_token',
  });
  any(90002);
  const modern = await postJson(`${emulator.url}/v1.0/oauth2/accessToken`, {});
  expect(modern).toMatchObject({ status: 403, json: { code: 'Forbidden.AccessDenied.QpsLimitForApi' } });
});

test('answers can be replaced by anything', async () => {
  const ban = { status: 1111, wait: 5, source: 'x5', punish: 'deny', uuid: 'u' };
  expect((await spoilt({ kind: 'json', body: ban })).json).toEqual(ban);
  const status = await spoilt({ kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: '{}' });
  expect([status.status, status.headers.get('retry-after'), status.text]).toEqual([429, '2', '{}']);
  const none = await spoilt({ kind: 'status', status: 204, body: null });
  expect([none.status, none.text]).toEqual([204, '']);
  const moved = await spoilt({ kind: 'redirect', status: 307, location: 'http://127.0.0.2:9/steal' });
  expect([moved.status, moved.headers.get('location')]).toEqual([307, 'http://127.0.0.2:9/steal']);
  expect((await spoilt({ kind: 'html' })).headers.get('content-type')).toBe('text/html;charset=utf-8');
  expect((await spoilt({ kind: 'garbage' })).json).toBeUndefined();
});

test('an error page can carry the token that it was called with', async () => {
  const token = await fetchToken(emulator);
  const url = await spoilt({ kind: 'echoUrl' });
  expect([url.status, url.text.includes(`access_token=${token}`)]).toEqual([500, true]);
  expect((await spoilt({ kind: 'echoToken' })).json.errmsg).toContain(token);
});

test('the own answer can be relabelled, prefixed and given other headers', async () => {
  const plain = await spoilt({ kind: 'relabel', contentType: 'text/plain' });
  expect([plain.headers.get('content-type'), plain.json.errcode]).toEqual(['text/plain', 0]);
  arm({ kind: 'prefixBytes', hex: 'efbbbf' });
  const url = `${emulator.url}/topapi/v2/user/get?access_token=${await fetchToken(emulator)}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ userid: first().userid }) });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect([...bytes.subarray(0, 4)]).toEqual([0xef, 0xbb, 0xbf, 0x7b]);
  const encoded = await spoilt({ kind: 'headers', headers: { 'Content-Encoding': 'zstd-x' } });
  expect(encoded.headers.get('content-encoding')).toBe('zstd-x');
});

test('the own answer can come in GBK under the label of UTF-8', async () => {
  arm({ kind: 'encoding', charset: 'gbk' });
  const url = `${emulator.url}/topapi/v2/user/get?access_token=${await fetchToken(emulator)}`;
  const init = { method: 'POST', body: JSON.stringify({ userid: first().userid }) };
  const response = await fetch(url, { ...init, headers: { 'content-type': 'application/json' } });
  expect(response.headers.get('content-type')).toContain('UTF-8');
  const text = new TextDecoder('gbk').decode(await response.arrayBuffer());
  expect(JSON.parse(text).result.name).toBe(first().name);
});

test('fields can be set, generated and taken away', async () => {
  const { json } = await spoilt({
    kind: 'patch',
    set: {
      errcode: '0',
      'result.userid': 'someoneelse',
      'result.name': { repeat: '汉', count: 4000 },
      'result.dept_id_list': { range: 500 },
      'result.future_field': { a: [1] },
    },
    unset: ['result.avatar'],
  });
  expect(json).toMatchObject({ errcode: '0', result: { userid: 'someoneelse', future_field: { a: [1] } } });
  expect(json.result.name).toBe('汉'.repeat(4000));
  expect(json.result.dept_id_list).toHaveLength(500);
  expect(json.result).not.toHaveProperty('avatar');
  expect((await spoilt({ kind: 'patch', unset: ['result.name'] })).text).toMatch(/"order":\d{18}\}/);
});

test('a path through a prototype becomes a field and nothing else', async () => {
  const { text } = await spoilt({ kind: 'patch', set: { '__proto__.polluted': 'yes' } });
  expect(text).toContain('"__proto__":{"polluted":"yes"}');
  expect(({} as { polluted?: string }).polluted).toBeUndefined();
});

test('faults of the answer leave a code unused unless they consume it', async () => {
  const exchange = (code: string) => topapi(emulator, '/topapi/v2/user/getuserinfo', { code });
  for (const consumed of [false, true]) {
    const code = emulator.control.mintCode(first().userid);
    emulator.control.fault({
      endpoint: 'userinfo',
      fault: { kind: 'status', status: 502, body: '', consumed },
    });
    expect((await exchange(code)).status).toBe(502);
    expect((await exchange(code)).json.errcode).toBe(consumed ? 40078 : 0);
  }
});

test('all tokens die on command, before the call is judged', async () => {
  const token = await fetchToken(emulator);
  arm({ kind: 'revokeTokenNow', concurrent: 50 });
  const body = { userid: first().userid };
  expect((await topapi(emulator, '/topapi/v2/user/get', body, token)).json.sub_code).toBe('40014');
});

test('the clock can jump in the middle of a call', async () => {
  arm({ kind: 'clockJump', seconds: 10_800 });
  expect((await get()).json.sub_code).toBe('40014');
  expect(emulator.control.clock().offsetMs).toBe(10_800_000);
});

test('two overlapping token fetches can be answered in the wrong order', async () => {
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'reorderRefresh' } });
  const order: string[] = [];
  const ask = async (name: string) => {
    const token = await fetchToken(emulator);
    order.push(name);
    return token;
  };
  const early = ask('first');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [older, newer] = await Promise.all([early, ask('second')]);
  expect(order).toEqual(['second', 'first']);
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, older)).json.sub_code).toBe('40014');
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, newer)).json.errcode).toBe(0);
});

test('a token fetch that stays alone is answered after a while', async () => {
  emulator.control.fault({ endpoint: 'token', fault: { kind: 'reorderRefresh', holdMs: 50 } });
  expect(await fetchToken(emulator)).toMatch(/^[0-9a-f]{32}$/);
});

test('faulted calls are counted and named', async () => {
  await fetchToken(emulator);
  arm({ kind: 'html' });
  await get();
  await flat(emulator, '/auth/scopes');
  const { byEndpoint, recent } = emulator.control.calls();
  expect(byEndpoint).toMatchObject({ '/topapi/v2/user/get': 1, '/auth/scopes': 1 });
  expect(recent.map((entry) => entry.outcome)).toContain('fault:html');
});

test('names and TLS are refused with the reason, and so are unknown kinds and endpoints', () => {
  const order =
    (fault: object, endpoint = 'any') =>
    () =>
      emulator.control.fault({ endpoint, fault } as unknown as FaultRequest);
  expect(order({ kind: 'dns', code: 'EAI_AGAIN' })).toThrow(/"dns" is not possible here/);
  expect(order({ kind: 'tls', problem: 'expired' })).toThrow(/"tls" is not possible here/);
  expect(order({ kind: 'quake' })).toThrow();
  expect(order({ kind: 'empty' }, '/topapi/v2/user/gett')).toThrow(/no endpoint/);
});
