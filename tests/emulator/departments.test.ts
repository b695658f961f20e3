import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { flat, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 200, departments: 40, enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const call = (path: string, body: unknown) => topapi(emulator, path, body);
const listsub = (body: object) => call('/topapi/v2/department/listsub', body);
const child = () => emulator.company.childrenOf(1)[0]!;
const deepest = () => emulator.company.departments.toSorted((a, b) => b.depth - a.depth)[0]!;

test('listsub answers a bare array of direct children, the root by default', async () => {
  const { json } = await listsub({});
  expect(json.result.map((entry: { dept_id: number }) => entry.dept_id)).toEqual(
    emulator.company.childrenOf(1).map(({ id }) => id),
  );
  expect(json.result[0]).toEqual({
    dept_id: child().id,
    name: child().name,
    parent_id: 1,
    auto_add_user: true,
    create_dept_group: true,
  });
  expect((await listsub({ dept_id: deepest().id })).json.result).toEqual([]);
});

test('walking listsub from the root reaches every department', async () => {
  const found = [1];
  for (const id of found) {
    const { result } = (await listsub({ dept_id: id })).json;
    for (const entry of result) found.push(entry.dept_id);
  }
  expect(new Set(found).size).toBe(emulator.company.departments.length);
});

test('listsubid, listparentbydept and listparentbyuser answer ids', async () => {
  const ids = (await call('/topapi/v2/department/listsubid', { dept_id: 1 })).json.result.dept_id_list;
  expect(ids).toContain(child().id);
  const { id } = deepest();
  const path = (await call('/topapi/v2/department/listparentbydept', { dept_id: id })).json.result
    .parent_id_list;
  expect(path).toHaveLength(deepest().depth);
  expect([path[0], path.at(-1)]).toEqual([id, 1]);
  const person = emulator.company.people.find((candidate) => candidate.departmentIds.length > 1)!;
  const { result } = (await call('/topapi/v2/department/listparentbyuser', { userid: person.userid })).json;
  expect(
    result.parent_list.map((entry: { parent_dept_id_list: number[] }) => entry.parent_dept_id_list[0]),
  ).toEqual(person.departmentIds);
});

test('a department has its leaders and its counts, and the root has no parent', async () => {
  const get = async (dept_id: number) => (await call('/topapi/v2/department/get', { dept_id })).json.result;
  const root = await get(1);
  expect(root).not.toHaveProperty('parent_id');
  expect(root).toMatchObject({ dept_id: 1, name: emulator.company.corpName, member_count: 200 });
  const record = await get(child().id);
  expect(record).toMatchObject({
    parent_id: 1,
    owning_member_count: emulator.company.membersOf(child().id).length,
    member_count: emulator.company.membersBelow(child().id).size,
  });
  for (const userid of record.dept_manager_userid_list) {
    expect(emulator.company.person(userid)!.leads).toContain(child().id);
  }
});

test('an unknown department is 60003, an unknown person 33012', async () => {
  expect((await listsub({ dept_id: 999 })).json.errcode).toBe(60003);
  expect((await listsub({ dept_id: 'x' })).json.errcode).toBe(41);
  for (const path of ['listsubid', 'get', 'listparentbydept']) {
    expect((await call(`/topapi/v2/department/${path}`, { dept_id: 999 })).json.errcode).toBe(60003);
  }
  const unknown = await call('/topapi/v2/department/listparentbyuser', { userid: 'nobody' });
  expect(unknown.json.errcode).toBe(33012);
});

test('the legacy list is flat and deep on demand', async () => {
  const shallow = (await flat(emulator, '/department/list', { id: '1' })).json;
  expect(shallow.department).toHaveLength(emulator.company.childrenOf(1).length);
  expect(shallow.department[0]).toMatchObject({ parentid: 1, createDeptGroup: true, autoAddUser: true });
  const deep = (await flat(emulator, '/department/list', { fetch_child: 'true' })).json;
  expect(deep.department).toHaveLength(40);
});

test('roles come in groups, with camelCase where DingTalk has it', async () => {
  const { result } = (await call('/topapi/role/list', {})).json;
  expect(result.hasMore).toBe(false);
  const [group] = result.list;
  expect(group).toMatchObject({ groupId: expect.any(Number), name: '默认' });
  const { id } = group.roles[0];
  const members = (await call('/topapi/role/simplelist', { role_id: id })).json.result;
  const { userid, name } = emulator.company.people[2]!;
  expect(members).toEqual({ hasMore: false, list: [{ userid, name, manageScopes: [] }] });
  const role = (await call('/topapi/role/getrole', { roleId: id })).json;
  expect(role).toMatchObject({ errcode: 0, role: { name: '主管理员', groupId: group.groupId } });
  const named = (await call('/topapi/role/getrolegroup', { group_id: group.groupId })).json;
  expect(named.role_group).toMatchObject({ group_name: '默认' });
  expect(named.role_group.roles[0]).toEqual({ role_id: id, role_name: '主管理员' });
});

test('roles are paged and their errors are their own', async () => {
  expect((await call('/topapi/role/list', { size: 1, offset: 0 })).json.result).toMatchObject({
    hasMore: true,
  });
  expect((await call('/topapi/role/list', { size: 201, offset: 0 })).json.errcode).toBe(40069);
  expect((await call('/topapi/role/list', { size: 20, offset: -1 })).json.errcode).toBe(40068);
  expect((await call('/topapi/role/simplelist', { role_id: 5 })).json.errcode).toBe(33011);
  expect((await call('/topapi/role/getrole', { roleId: 5 })).json.errcode).toBe(33011);
  expect((await call('/topapi/role/getrolegroup', { group_id: 5 })).json.errcode).toBe(33011);
});
