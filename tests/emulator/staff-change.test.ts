import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ROOT_DEPARTMENT } from '../../emulator/company/departments';
import { type Emulator, startEmulator } from '../../emulator/server';
import { postJson, topapi } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 600, departments: 4, oddDepartments: true, enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const list = async (dept_id: number, cursor = 0) =>
  (await topapi(emulator, '/topapi/v2/user/list', { dept_id, cursor, size: 100 })).json;
const biggest = () => {
  const { departments, membersOf } = emulator.company;
  return departments.slice(1).sort((a, b) => membersOf(b.id).length - membersOf(a.id).length)[0]!;
};

test('a fault can be for one department and page', async () => {
  const { id } = biggest();
  emulator.control.fault({
    endpoint: '/topapi/v2/user/list',
    where: { dept_id: id, cursor: 100 },
    fault: { kind: 'errcode', errcode: -1 },
  });
  expect((await list(id)).errcode).toBe(0);
  expect((await list(ROOT_DEPARTMENT)).errcode).toBe(0);
  expect((await list(id, 100)).errcode).toBe(-1);
  expect((await list(id, 100)).errcode).toBe(0);
});

test('a fault can meet a share of the calls, by a lot that always falls the same', async () => {
  const outcomes = async () => {
    emulator.control.reset();
    emulator.control.fault({
      endpoint: '/topapi/v2/user/list',
      times: 'always',
      share: 0.3,
      fault: { kind: 'errcode', errcode: -1 },
    });
    const codes: number[] = [];
    for (let n = 0; n < 60; n++) codes.push((await list(ROOT_DEPARTMENT)).errcode);
    emulator.control.clearFaults();
    return codes.filter((code) => code === -1).length;
  };
  const hits = await outcomes();
  expect(hits).toBeGreaterThan(5);
  expect(hits).toBeLessThan(35);
});

test('people come and go between two pages, and the rest shifts', async () => {
  const { id } = biggest();
  const before = emulator.company.membersOf(id).map(({ userid }) => userid);
  emulator.control.fault({
    endpoint: '/topapi/v2/user/list',
    where: { dept_id: id, cursor: 100 },
    fault: { kind: 'staffChange', fire: [before[3]!], hire: [{ userid: 'late.comer', departmentIds: [id] }] },
  });
  await list(id);
  const second = (await list(id, 100)).result.list.map(({ userid }: { userid: string }) => userid);
  expect(second[0]).toBe(before[101]);
  expect(emulator.company.membersOf(id).at(-1)!.userid).toBe('late.comer');
  emulator.control.reset();
  expect(emulator.company.membersOf(id).map(({ userid }) => userid)).toEqual(before);
});

test('a dissolved department is unknown from then on, and comes back with a reset', async () => {
  const leaf = emulator.company.departments.findLast(
    ({ id }) => id > 99_000_002 && emulator.company.childrenOf(id).length === 0,
  )!;
  emulator.control.fault({
    endpoint: '/topapi/v2/department/listsub',
    fault: { kind: 'staffChange', dissolve: [leaf.id] },
  });
  const { errcode } = (await topapi(emulator, '/topapi/v2/department/listsub', { dept_id: leaf.id })).json;
  expect(errcode).toBe(60003);
  emulator.control.reset();
  expect((await topapi(emulator, '/topapi/v2/department/listsub', { dept_id: leaf.id })).json.errcode).toBe(
    0,
  );
});

test('virtual departments and a school stand under the root', async () => {
  const { result } = (await topapi(emulator, '/topapi/v2/department/listsub', { dept_id: 1 })).json;
  expect(result.slice(-3)).toMatchObject([{ dept_id: -7 }, { dept_id: -1 }, { tags: 'campus' }]);
  expect(emulator.company.people[5]!.departmentIds).toContain(-7);
});

test('who sees a department is told by department/get', async () => {
  const { id } = biggest();
  await postJson(`${emulator.url}/__emulator/departments/${id}`, { hidden: true, permittedUsers: ['x'] });
  const { result } = (await topapi(emulator, '/topapi/v2/department/get', { dept_id: id })).json;
  expect(result).toMatchObject({ hide_dept: true, user_permits: ['x'], outer_dept: false });
  expect((await postJson(`${emulator.url}/__emulator/departments/4`, { hidden: true })).status).toBe(400);
});
