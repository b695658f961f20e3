import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, postJson, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const first = () => emulator.company.people[0]!;
const at = (path: string) => `${emulator.url}/__emulator/${path}`;
const get = async (path: string) => (await request(at(path))).json;
const remove = (path: string) => request(at(path), { method: 'DELETE' });
const record = (userid: string) => topapi(emulator, '/topapi/v2/user/get', { userid });

test('a code can be made over HTTP, whatever curl calls the body', async () => {
  const { userid } = first();
  const init = { method: 'POST', body: JSON.stringify({ userid }) };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { json } = await request(at('codes'), { ...init, headers });
  const reply = await topapi(emulator, '/topapi/v2/user/getuserinfo', { code: json.code });
  expect(reply.json.result.userid).toBe(userid);
  expect((await postJson(at('codes'), { userid: 'nobody' })).status).toBe(404);
  expect((await postJson(at('codes'), { userid: 'stranger' })).status).toBe(400);
});

test('a fault can be ordered, listed and cleared over HTTP', async () => {
  const order = { endpoint: 'userdetail', times: 'always', fault: { kind: 'status', status: 503 } };
  const { id } = (await postJson(at('faults'), order)).json;
  expect((await record(first().userid)).status).toBe(503);
  expect((await get('faults')).faults).toMatchObject([{ id, hits: 1, remaining: 'always' }]);
  expect((await remove(`faults/${id}`)).status).toBe(200);
  expect((await remove(`faults/${id}`)).status).toBe(404);
  expect((await record(first().userid)).json.errcode).toBe(0);
  await postJson(at('faults'), order);
  expect((await remove('faults')).status).toBe(200);
  expect((await get('faults')).faults).toEqual([]);
});

test('the clock can be moved and read', async () => {
  const { json } = await postJson(at('clock'), { advanceMs: 90_000 });
  expect(json.offsetMs).toBe(90_000);
  expect(Date.parse((await get('clock')).now)).toBeGreaterThan(Date.now() + 80_000);
});

test('calls are counted and listed without a secret in them', async () => {
  const code = emulator.control.mintCode(first().userid);
  const token = await fetchToken(emulator);
  await topapi(emulator, '/topapi/v2/user/getuserinfo', { code }, token);
  await topapi(emulator, '/topapi/v2/user/getuserinfo', { code }, token);
  const report = await get('calls');
  expect(report).toMatchObject({
    total: 3,
    byEndpoint: { '/v1.0/oauth2/accessToken': 1, '/topapi/v2/user/getuserinfo': 2 },
    codes: { minted: 1, used: 1 },
  });
  expect(report.recent.map((entry: { outcome: string }) => entry.outcome)).toEqual(['ok', 'ok', '40078']);
  const text = JSON.stringify(report);
  for (const secret of [code, token, emulator.clientSecret]) expect(text).not.toContain(secret);
});

test('the list of calls is bounded', async () => {
  await Promise.all(Array.from({ length: 1100 }, () => request(`${emulator.url}/gettoken`)));
  const report = await get('calls');
  expect([report.total, report.recent.length]).toEqual([1100, 1000]);
});

test('people can be hired, changed and fired', async () => {
  const hired = await postJson(at('people'), { userid: 'new.person01', name: '新人', departmentIds: [1] });
  expect(hired.json).toMatchObject({ userid: 'new.person01', departmentNames: [emulator.company.corpName] });
  expect((await postJson(at('people'), { userid: 'new.person01' })).status).toBe(400);
  await postJson(at('people/new.person01'), { title: '顾问', active: false, mobile: '10400000000' });
  expect((await record('new.person01')).json.result).toMatchObject({
    name: '新人',
    title: '顾问',
    active: false,
  });
  const found = await topapi(emulator, '/topapi/v2/user/getbymobile', { mobile: '10400000000' });
  expect(found.json.result.userid).toBe('new.person01');
  expect((await remove('people/new.person01')).status).toBe(200);
  expect((await record('new.person01')).json.errcode).toBe(60121);
  const gone = await topapi(emulator, '/topapi/v2/user/getbymobile', { mobile: '10400000000' });
  expect(gone.json.errcode).toBe(60121);
  const list = await topapi(emulator, '/topapi/user/listid', { dept_id: 1 });
  expect(list.json.result.userid_list).not.toContain('new.person01');
});

test('moving to another department moves a person in every list', async () => {
  const [from] = first().departmentIds;
  const to = emulator.company.departments.find(({ id }) => id !== from && id !== 1)!.id;
  emulator.control.patchPerson(first().userid, { departmentIds: [to] });
  const members = async (dept_id: number) =>
    (await topapi(emulator, '/topapi/user/listid', { dept_id })).json.result.userid_list;
  expect(await members(from!)).not.toContain(first().userid);
  expect((await members(to))[0]).toBe(first().userid);
});

test('reset brings everything back', async () => {
  const { userid, name } = first();
  const token = await fetchToken(emulator);
  emulator.control.fire(userid);
  emulator.control.settings({ permissions: [], tokenLifeSeconds: 5 });
  emulator.control.advanceClock(1000);
  emulator.control.fault({ endpoint: 'any', times: 'always', fault: { kind: 'empty' } });
  const code = emulator.control.mintCode(emulator.company.people[1]!.userid);
  expect((await request(at('reset'), { method: 'POST' })).json).toEqual({ ok: true });
  expect(await get('calls')).toMatchObject({ total: 0, codes: { minted: 0, used: 0 }, recent: [] });
  expect((await get('clock')).offsetMs).toBe(0);
  expect((await get('settings')).tokenLifeSeconds).toBe(7200);
  expect((await record(userid)).json.result.name).toBe(name);
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, token)).json.sub_code).toBe('40014');
  expect((await topapi(emulator, '/topapi/v2/user/getuserinfo', { code })).json.errcode).toBe(40078);
});

test('settings can be changed over HTTP and tokens revoked', async () => {
  const { json } = await postJson(at('settings'), { scope: { departments: [], users: [first().userid] } });
  expect(json).toMatchObject({ scope: { users: [first().userid] }, qps: 20 });
  expect((await record(emulator.company.people[1]!.userid)).json.errcode).toBe(50002);
  const token = await fetchToken(emulator);
  await postJson(at('tokens/revoke'), {});
  expect((await topapi(emulator, '/topapi/user/listadmin', {}, token)).json.sub_code).toBe('40014');
});

test('people and the company can be asked for', async () => {
  expect(await get('company')).toMatchObject({
    corpId: emulator.corpId,
    members: 60,
    departments: 12,
    outsiders: expect.arrayContaining([expect.objectContaining({ kind: 'stranger' })]),
  });
  const { total, people } = await get(`people?q=${encodeURIComponent(first().userid)}`);
  expect([total, people[0].userid]).toEqual([1, first().userid]);
  expect(people[0]).toMatchObject({ departmentNames: [expect.any(String)], active: true });
});

test.each([
  ['POST', 'codes', '{}', 400],
  ['POST', 'codes', '[]', 400],
  ['POST', 'codes', 'not json', 400],
  ['POST', 'codes', '{"userid":"x","extra":1}', 400],
  ['POST', 'clock', '{"advanceMs":"soon"}', 400],
  ['POST', 'faults', '{"endpoint":"any","fault":{"kind":"dns"}}', 400],
  ['POST', 'faults', '{"endpoint":"any","times":0,"fault":{"kind":"empty"}}', 400],
  ['POST', 'settings', '{"qps":0}', 400],
  ['POST', 'people/nobody', '{}', 404],
  ['POST', 'people', '{"departmentIds":[999]}', 400],
  ['DELETE', 'people/nobody', undefined, 404],
  ['GET', 'nothing', undefined, 404],
  ['GET', 'calls/more', undefined, 404],
  ['PUT', 'calls', '{}', 404],
])('%s %s with %s is %i with a reason', async (method, path, body, status) => {
  const reply = await request(at(path), { method, ...(body === undefined ? {} : { body }) });
  expect(reply.status).toBe(status);
  expect(reply.json.error).toMatch(/\w/);
});

test('pages of other origins are refused, our own are not', async () => {
  const ask = (origin: string) =>
    postJson(at('codes'), { userid: first().userid }, { origin }).then((reply) => reply.status);
  expect(await ask('https://evil.example')).toBe(403);
  expect(await ask('null')).toBe(403);
  expect(await ask(`http://127.0.0.1:${emulator.port + 1}`)).toBe(403);
  expect(await ask(emulator.url)).toBe(200);
  expect(await ask(`http://localhost:${emulator.port}`)).toBe(200);
});

test('a fault for any endpoint never touches the control plane', async () => {
  emulator.control.fault({ endpoint: 'any', times: 'always', fault: { kind: 'blackhole' } });
  expect((await get('company')).members).toBe(60);
});
