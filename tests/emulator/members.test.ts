import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { flat, request, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 400, departments: 8, enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const call = (path: string, body: unknown) => topapi(emulator, path, body);
const get = (userid: string) => call('/topapi/v2/user/get', { userid });
const people = () => emulator.company.people;
const biggest = () => {
  const { departments, membersOf } = emulator.company;
  return departments.toSorted((a, b) => membersOf(b.id).length - membersOf(a.id).length)[0]!;
};

test('a record has typed values', async () => {
  const person = people()[0]!;
  const { result } = (await get(person.userid)).json;
  expect(result).toMatchObject({
    userid: person.userid,
    unionid: person.unionid,
    name: person.name,
    state_code: '86',
    mobile: person.mobile,
    hide_mobile: false,
    job_number: '00001',
    dept_id_list: person.departmentIds,
    union_emp_ext: {},
    active: true,
    admin: false,
    boss: false,
    exclusive_account: false,
  });
  expect(result.hired_date).toBe(person.hiredAt);
  expect(result.create_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(result.leader_in_dept).toEqual(person.departmentIds.map((id) => ({ dept_id: id, leader: false })));
});

test('orders are written with all their eighteen digits', async () => {
  const { text } = await get(people()[0]!.userid);
  const digits = /"order":(\d+)\}/.exec(text)![1]!;
  expect(digits).toHaveLength(18);
  expect(String(Number(digits))).not.toBe(digits);
  const list = await call('/topapi/v2/user/list', { dept_id: biggest().id, cursor: 0, size: 1 });
  expect(list.text).toMatch(/"dept_order":\d{18},/);
});

test('fields without permission are absent, not empty', async () => {
  const all = ['state_code', 'mobile', 'email', 'org_email', 'work_place', 'remark', 'extension'];
  emulator.control.settings({
    permissions: ['qyapi_base', 'qyapi_get_member', 'qyapi_get_department_member'],
  });
  for (const person of people().slice(0, 30)) {
    const { result } = (await get(person.userid)).json;
    for (const field of all) expect(result).not.toHaveProperty(field);
  }
  const list = await call('/topapi/v2/user/list', { dept_id: biggest().id, cursor: 0, size: 100 });
  for (const field of all) for (const entry of list.json.result.list) expect(entry).not.toHaveProperty(field);
});

test('an unknown userid is 60121 and a missing one 40, said by the gateway in English', async () => {
  expect((await get('nobody')).json).toEqual({
    errcode: 60121,
    errmsg: '找不到该用户',
    request_id: expect.any(String),
  });
  expect((await call('/topapi/v2/user/get', {})).json).toEqual({
    errcode: 40,
    errmsg: 'Missing required arguments:userid',
    request_id: expect.any(String),
  });
  expect((await call('/topapi/v2/user/get', { userid: ['a'] })).json).toEqual({
    errcode: 41,
    errmsg: 'Invalid arguments:userid',
    request_id: expect.any(String),
  });
});

test('an avatar is a picture of the emulator or an empty text', async () => {
  const avatars = await Promise.all(
    people()
      .slice(0, 12)
      .map(async (person) => (await get(person.userid)).json.result.avatar as string),
  );
  expect(avatars).toContain('');
  const picture = await request(avatars[0]!);
  expect(avatars[0]).toMatch(new RegExp(`^${emulator.url}/__emulator/avatars/`));
  expect(picture.headers.get('content-type')).toBe('image/svg+xml');
  expect(picture.text).toMatch(/^<svg /);
});

test('the legacy record is flat, with two objects that are not JSON', async () => {
  const { json } = await flat(emulator, '/user/get', { userid: people()[1]!.userid });
  expect(json).toMatchObject({
    errcode: 0,
    userid: people()[1]!.userid,
    isBoss: true,
    isHide: expect.any(Boolean),
  });
  expect(json).not.toHaveProperty('request_id');
  expect(json.orderInDepts).toMatch(/^\{1:\d{18}\}$/);
  expect(json.isLeaderInDepts).toBe('{1:true}');
  expect((await flat(emulator, '/user/get', { userid: 'nobody' })).json).toEqual({
    errcode: 60121,
    errmsg: '找不到该用户',
  });
});

test('paging through every department finds everybody', async () => {
  const found = new Set<string>();
  for (const { id } of emulator.company.departments) {
    let cursor: number | undefined = 0;
    while (cursor !== undefined) {
      const reply = await call('/topapi/v2/user/list', { dept_id: id, cursor, size: 30 });
      const page: { has_more: boolean; next_cursor?: number; list: { userid: string }[] } = reply.json.result;
      for (const { userid } of page.list) found.add(userid);
      expect('next_cursor' in page).toBe(page.has_more);
      cursor = page.next_cursor;
    }
  }
  expect(found.size).toBe(people().length);
});

test('user/list says leader and dept_order instead of what user/get says', async () => {
  const { result } = (await call('/topapi/v2/user/list', { dept_id: biggest().id, cursor: 0, size: 100 }))
    .json;
  const leaders = result.list.filter((entry: { leader: boolean }) => entry.leader);
  expect(leaders).toHaveLength(1);
  for (const field of [
    'role_list',
    'manager_userid',
    'real_authed',
    'senior',
    'union_emp_ext',
    'create_time',
  ]) {
    expect(result.list[0]).not.toHaveProperty(field);
  }
});

test.each([
  ['/topapi/v2/user/list', { dept_id: 1, cursor: 0, size: 101 }, 40035],
  ['/topapi/v2/user/list', { dept_id: 1, cursor: 0, size: 0 }, 40035],
  ['/topapi/v2/user/list', { dept_id: 1, cursor: -1, size: 10 }, 40035],
  ['/topapi/v2/user/list', { dept_id: 'x', cursor: 0, size: 10 }, 41],
  ['/topapi/v2/user/list', { dept_id: 1.5, cursor: 0, size: 10 }, 41],
  ['/topapi/v2/user/list', { dept_id: '1', cursor: '0', size: '10' }, 0],
  ['/topapi/v2/user/list', { dept_id: 1, cursor: 0, size: 10, order_field: 'age' }, 40035],
  ['/topapi/v2/user/list', { dept_id: 1, cursor: 0 }, 40],
  ['/topapi/v2/user/list', { dept_id: 1, cursor: null, size: 10 }, 40],
  ['/topapi/v2/user/list', { dept_id: 999, cursor: 0, size: 10 }, 60019],
  ['/topapi/user/listsimple', { dept_id: 1, cursor: 0, size: 101 }, 40069],
  ['/topapi/user/listsimple', { dept_id: 1, cursor: -1, size: 10 }, 40068],
  ['/topapi/user/listsimple', { dept_id: 999, cursor: 0, size: 10 }, 60003],
  ['/topapi/user/listid', { dept_id: 999 }, 60003],
  ['/topapi/user/count', {}, 40],
  ['/topapi/user/count', { only_active: 'perhaps' }, 41],
  ['/topapi/v2/user/getbymobile', { mobile: 'abc' }, 40104],
  ['/topapi/v2/user/getbymobile', { mobile: '10300000000' }, 60121],
  ['/topapi/user/getbyunionid', { unionid: 'nobody' }, 60121],
  ['/topapi/user/getbyunionid', {}, 40],
  ['/topapi/user/getbyunionid', { unionid: {} }, 41],
  ['/topapi/role/simplelist', {}, 40],
  ['/topapi/role/list', { size: 'many' }, 41],
])('%s %j is answered with %i', async (path, body, errcode) => {
  expect((await call(path, body)).json.errcode).toBe(errcode);
});

test('flat endpoints have 40035 for what is missing or of another kind', async () => {
  for (const [path, query] of [
    ['/user/get', {}],
    ['/user/getUseridByUnionid', {}],
    ['/user/getuserinfo', {}],
    ['/user/simplelist', {}],
    ['/user/simplelist', { department_id: 'x' }],
  ] as const) {
    const { json } = await flat(emulator, path, query);
    expect([path, json]).toEqual([path, { errcode: 40035, errmsg: '不合法的参数' }]);
  }
  expect((await flat(emulator, '/user/simplelist', { department_id: '1', offset: 'x' })).json.errcode).toBe(
    40068,
  );
});

test('the short lists agree with the company', async () => {
  const { id } = biggest();
  const members = emulator.company.membersOf(id);
  const simple = (await call('/topapi/user/listsimple', { dept_id: id, cursor: 0, size: 2 })).json.result;
  expect(simple).toEqual({
    has_more: true,
    next_cursor: 2,
    list: members.slice(0, 2).map(({ userid, name }) => ({ userid, name })),
  });
  const ids = (await call('/topapi/user/listid', { dept_id: id })).json.result.userid_list;
  expect(ids).toEqual(members.map(({ userid }) => userid));
  const legacy = await flat(emulator, '/user/simplelist', {
    department_id: String(id),
    offset: '0',
    size: '2',
  });
  expect(legacy.json).toMatchObject({ errcode: 0, hasMore: true, userlist: simple.list });
});

test('members are counted, all of them or the active ones', async () => {
  const count = async (only_active: boolean) =>
    (await call('/topapi/user/count', { only_active })).json.result.count;
  expect(await count(false)).toBe(400);
  expect(await count(true)).toBe(people().filter((person) => person.active).length);
  expect(await count(true)).toBeLessThan(400);
});

test('people are found by mobile and by unionid', async () => {
  const { mobile, unionid, userid } = people()[3]!;
  expect((await call('/topapi/v2/user/getbymobile', { mobile })).json.result).toEqual({ userid });
  expect((await call('/topapi/user/getbyunionid', { unionid })).json.result).toEqual({
    contact_type: 0,
    userid,
  });
  const legacy = await flat(emulator, '/user/getUseridByUnionid', { unionid });
  expect(legacy.json).toEqual({ errcode: 0, errmsg: 'ok', contactType: 0, userid });
});

test('an external contact is told by contact_type 1, strangers and leavers are not found', async () => {
  const byKind = (kind: string) => emulator.company.outsiders.find((outsider) => outsider.kind === kind)!;
  const ask = (kind: string) => call('/topapi/user/getbyunionid', { unionid: byKind(kind).unionid });
  expect((await ask('external-contact')).json.result.contact_type).toBe(1);
  for (const kind of ['stranger', 'left', 'other-company'])
    expect((await ask(kind)).json.errcode).toBe(60121);
});

test('administrators are a bare array', async () => {
  const { result } = (await call('/topapi/user/listadmin', {})).json;
  expect(result).toEqual([
    { userid: people()[2]!.userid, sys_level: 1 },
    { userid: people()[3]!.userid, sys_level: 2 },
    { userid: people()[4]!.userid, sys_level: 2 },
  ]);
});
