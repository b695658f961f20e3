import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, flat, postJson, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const exchange = (code: string) => topapi(emulator, '/topapi/v2/user/getuserinfo', { code });
const first = () => emulator.company.people[0]!;

test('a code becomes the userid of the person for whom it was made', async () => {
  const reply = await exchange(emulator.control.mintCode(first().userid));
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({
    errcode: 0,
    errmsg: 'ok',
    result: {
      userid: first().userid,
      name: first().name,
      unionid: first().unionid,
      device_id: expect.any(String),
      sys: false,
      sys_level: 0,
    },
    request_id: expect.any(String),
  });
});

test('a form body serves as well as JSON', async () => {
  const reply = await request(
    `${emulator.url}/topapi/v2/user/getuserinfo?access_token=${await fetchToken(emulator)}`,
    { method: 'POST', body: new URLSearchParams({ code: emulator.control.mintCode(first().userid) }) },
  );
  expect(reply.json.result.userid).toBe(first().userid);
});

test('the legacy twin answers flat, in its own words', async () => {
  const code = emulator.control.mintCode(first().userid);
  const reply = await flat(emulator, '/user/getuserinfo', { code });
  expect(reply.json).toEqual({
    errcode: 0,
    errmsg: 'ok',
    userid: first().userid,
    name: first().name,
    deviceId: expect.any(String),
    is_sys: false,
    sys_level: 0,
  });
  expect((await flat(emulator, '/user/getuserinfo', { code })).json.errcode).toBe(40078);
});

test('administrators and the boss are told by their level', async () => {
  const levels = new Map<string, number>();
  for (const person of emulator.company.people.slice(0, 6)) {
    const { json } = await exchange(emulator.control.mintCode(person.userid));
    levels.set(person.userid, json.result.sys_level);
  }
  expect([...levels.values()]).toEqual([0, 100, 1, 2, 2, 0]);
});

test('a code works once', async () => {
  const code = emulator.control.mintCode(first().userid);
  expect((await exchange(code)).json.errcode).toBe(0);
  expect((await exchange(code)).json).toEqual({
    errcode: 40078,
    errmsg: '不存在的临时授权码',
    request_id: expect.any(String),
  });
  expect(emulator.control.calls().codes).toEqual({ minted: 1, used: 1 });
});

test('of many exchanges of one code at once, one succeeds', async () => {
  const code = emulator.control.mintCode(first().userid);
  const token = await fetchToken(emulator);
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => topapi(emulator, '/topapi/v2/user/getuserinfo', { code }, token)),
  );
  expect(replies.filter((reply) => reply.json.errcode === 0)).toHaveLength(1);
});

test('a code lives five minutes', async () => {
  const codes = [emulator.control.mintCode(first().userid), emulator.control.mintCode(first().userid)];
  emulator.control.advanceClock(299_000);
  expect((await exchange(codes[0]!)).json.errcode).toBe(0);
  emulator.control.advanceClock(1_000);
  expect((await exchange(codes[1]!)).json.errcode).toBe(40078);
});

test('a code of another company, another app or another kind is no code', async () => {
  const { userid } = first();
  const foreign = [
    emulator.control.mintCode(userid, { corpId: 'dingemulator0002corp' }),
    emulator.control.mintCode(userid, { clientId: 'dinganotherapp' }),
    emulator.control.mintCode(userid, { kind: 'oauth' }),
    emulator.control.mintCode('other-company'),
    'nonsense',
  ];
  for (const code of foreign) expect((await exchange(code)).json.errcode).toBe(40078);
});

test('a missing code and a body that is no JSON have codes of their own', async () => {
  const url = `${emulator.url}/topapi/v2/user/getuserinfo?access_token=${await fetchToken(emulator)}`;
  expect((await postJson(url, {})).json.errcode).toBe(40);
  const headers = { 'content-type': 'application/json' };
  expect((await request(url, { method: 'POST', headers, body: '{' })).json.errcode).toBe(47001);
  expect((await request(url)).json.errcode).toBe(43002);
});

test('somebody dismissed between the code and its exchange is not found', async () => {
  const { userid } = emulator.company.people[8]!;
  const code = emulator.control.mintCode(userid);
  emulator.control.fire(userid);
  expect((await exchange(code)).json.errcode).toBe(60121);
});

test('an external contact has a userid but no record', async () => {
  const { json } = await exchange(emulator.control.mintCode('external-contact'));
  expect(json.errcode).toBe(0);
  const record = await topapi(emulator, '/topapi/v2/user/get', { userid: json.result.userid });
  expect(record.json.errcode).toBe(60121);
});
