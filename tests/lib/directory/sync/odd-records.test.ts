import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRandom } from '../../../../emulator/company/random';
import { type Emulator, startEmulator } from '../../../../emulator/server';
import { createClient } from '../../../../lib/dingtalk/client';
import { getMember } from '../../../../lib/dingtalk/users';
import { type Mirror, openMirror } from '../../../support/directory';
import { drawOddFields, spoilingTransport, withOddField } from '../../../support/unexpected-fields';

type Record = { [field: string]: unknown; userid: string };
type Page = { list: Record[]; has_more: boolean };

const LIST = '/topapi/v2/user/list';
const PERSON = '/topapi/v2/user/get';
const CHILDREN = '/topapi/v2/department/listsub';
const DEPARTMENT = '/topapi/v2/department/get';

const seed = Math.floor(Math.random() * 2 ** 31);
let emulator: Emulator;
let mirror: Mirror;
let spoil: (path: string, result: never) => unknown;
beforeEach(async ({ onTestFailed }) => {
  onTestFailed(() => void process.stdout.write(`the seed was ${seed}\n`));
  await startCompany(60);
  spoil = (_, result) => result;
});
afterEach(stopCompany);

async function startCompany(members: number): Promise<void> {
  emulator = await startEmulator({ members, departments: 16, seed: 7, enforceQps: false });
  mirror = await openMirror(emulator);
}

async function stopCompany(): Promise<void> {
  await mirror.db.close();
  await emulator.close();
}

/** A client for whom what DingTalk answers is spoilt. */
function spoiltClient() {
  const { clientId, clientSecret, url } = emulator;
  const transport = spoilingTransport((path, result) => spoil(path, result));
  return createClient({ clientId, clientSecret, apiUrl: url, oapiUrl: url, transport });
}

const syncSpoilt = () => mirror.sync({ client: spoiltClient() });

function spoilRecords(change: (record: Record) => object): void {
  spoil = (path, result) => {
    if (path === PERSON) return change(result);
    if (path !== LIST) return result;
    const page = result as Page;
    return { ...page, list: page.list.map(change) };
  };
}

test('300 records with one odd field each: nobody is kept from signing in, lost from a list, or a run from being complete', async () => {
  await stopCompany();
  await startCompany(300);
  const random = createRandom(seed);
  const { people } = emulator.company;
  const drawn = drawOddFields(people.length, () => random.next());
  const oddOf = new Map(people.map(({ userid }, at) => [userid, drawn[at]!]));
  spoilRecords((record) => withOddField(record, oddOf.get(record.userid)!));
  const client = spoiltClient();
  for (const { userid, name, active } of people) {
    const member = await getMember(client, userid);
    expect(member, JSON.stringify(oddOf.get(userid))).toMatchObject({ userId: userid, name, active });
  }
  for (const pass of [1, 2]) {
    const run = await syncSpoilt();
    expect({ pass, state: run.state, people: run.people, missing: run.missing }).toEqual({
      pass,
      state: 'complete',
      people: people.length,
      missing: [],
    });
  }
  for (const { userid, departmentIds } of people) {
    const stored = await mirror.store.member(userid);
    expect(stored?.departments.map(({ id }) => id).sort()).toEqual([...departmentIds].sort());
  }
}, 60_000);

test('numbers and texts of the same meaning are read', async () => {
  const { userid } = emulator.company.people.find(({ active }) => active)!;
  spoilRecords((record) => ({
    ...record,
    job_number: 42,
    mobile: 13_800_138_000,
    active: 'true',
    admin: 'false',
    boss: 1,
    hide_mobile: '0',
    dept_id_list: ['1', 100_200_300],
    leader_in_dept: [{ dept_id: '1', leader: 'true' }, { dept_id: 100_200_300 }, { leader: true }, null],
    role_list: [{ id: '7', name: null }, { name: '财务' }, 'x'],
  }));
  expect(await getMember(spoiltClient(), userid)).toMatchObject({
    jobNumber: '42',
    mobile: '13800138000',
    active: true,
    admin: false,
    boss: true,
    hideMobile: false,
    departmentIds: [1, 100_200_300],
    ledDepartmentIds: [1],
    roles: [{ id: 7, name: '' }],
  });
});

test('a last page that does not say so is the last page', async () => {
  spoil = (path, result) => {
    const { has_more: _, hasMore: __, ...rest } = result as Record;
    return path === LIST || path.startsWith('/topapi/role/')
      ? { ...rest, ...(_ || __ ? { has_more: _, hasMore: __ } : {}) }
      : result;
  };
  const run = await syncSpoilt();
  expect(run).toMatchObject({ state: 'complete', people: emulator.company.people.length, missing: [] });
});

// ── What hides or bars counts until the opposite is said ──────────────────────────────────────────────────────────

const UNREADABLE = [null, 'yes', 2, [], {}, ''];

/** Each person of the list with one of the values. @returns who has which, in the order of the values */
function spoilOnePersonEach(fields: readonly object[]): { userid: string; fields: object }[] {
  const spoilt = fields.map((odd, at) => ({ userid: emulator.company.people[at]!.userid, fields: odd }));
  spoilRecords((record) => ({
    ...record,
    active: true,
    ...spoilt.find(({ userid }) => userid === record.userid)?.fields,
  }));
  return spoilt;
}

test('a number is hidden unless its hide_mobile readably says the opposite', async () => {
  const values = [...UNREADABLE, undefined, 'true', 1];
  const spoilt = spoilOnePersonEach(values.map((hide_mobile) => ({ hide_mobile })));
  await syncSpoilt();
  for (const { userid, fields } of spoilt) {
    expect((await mirror.store.member(userid))!.record.hideMobile, JSON.stringify(fields)).toBe(true);
  }
});

test('somebody is inactive unless active and disable_status readably say the opposite', async () => {
  const spoilt = spoilOnePersonEach([
    ...[...UNREADABLE, undefined, 'false', 0].map((active) => ({ active })),
    ...[...UNREADABLE, true, '1'].map((disable_status) => ({ disable_status })),
  ]);
  const client = spoiltClient();
  await syncSpoilt();
  for (const { userid, fields } of spoilt) {
    expect((await getMember(client, userid)).active, JSON.stringify(fields)).not.toBe(true);
    expect((await mirror.store.member(userid))!.record.active, JSON.stringify(fields)).toBe(false);
  }
});

test.each([undefined, false, 'false', 0])(
  'somebody who is active, and whose disable_status is %j, is',
  async (value) => {
    spoilRecords((record) => withOddField({ ...record, active: 1 }, { field: 'disable_status', value }));
    expect((await getMember(spoiltClient(), emulator.company.people[0]!.userid)).active).toBe(true);
  },
);

test('a department whose hide_dept or outer_dept cannot be read is closed and named; others and the root are not', async () => {
  const fields = UNREADABLE.flatMap((value) => [{ hide_dept: value }, { outer_dept: value }]);
  const others = emulator.company.departments.filter(({ id }) => id !== 1);
  const odd = new Map<number, object>(fields.map((one, at) => [others[at]!.id, one]));
  const ids = [...odd.keys()].sort();
  odd.set(1, { hide_dept: null, outer_dept: 'yes' });
  spoil = (path, result) =>
    path === DEPARTMENT
      ? { ...(result as Record), ...odd.get((result as Record).dept_id as number) }
      : result;
  const run = await syncSpoilt();
  expect(run.state).toBe('partial');
  for (const missing of run.missing)
    expect(missing).toMatchObject({ what: 'settings', problem: 'malformed' });
  expect(run.missing.map(({ departmentId }) => departmentId).sort()).toEqual(ids);
  const closed = (await mirror.store.departments()).filter((one) => one.hidden || one.restricted);
  expect(closed.map(({ id }) => id).sort()).toEqual(ids);
});

// ── One bad record, and the others ────────────────────────────────────────────────────────────────────────────────

test('somebody whose entry in the list has no id is found by the list of ids, with everybody else of the page', async () => {
  const { userid } = emulator.company.people[5]!;
  spoil = (path, result) => {
    if (path !== LIST) return result;
    const page = result as Page;
    return {
      ...page,
      list: page.list.map((record) => (record.userid === userid ? { ...record, userid: null } : record)),
    };
  };
  expect(await syncSpoilt()).toMatchObject({
    state: 'complete',
    people: emulator.company.people.length,
    missing: [],
  });
  expect(await mirror.store.member(userid)).not.toBeNull();
});

test('somebody whose record cannot be read at all is named and kept; others are taken, and leavers still leave', async () => {
  await mirror.sync();
  const [bad, leaver, mover] = emulator.company.people
    .filter(({ adminLevel }) => adminLevel === 0)
    .map(({ userid }) => userid);
  emulator.control.fire(leaver!);
  emulator.control.patchPerson(mover!, { title: '新职位' });
  spoilRecords((record) => (record.userid === bad ? { ...record, userid: {} } : record));
  for (const _ of [1, 2]) {
    const run = await syncSpoilt();
    expect(run.state).toBe('partial');
    expect(run.missing.length).toBeGreaterThan(0);
    for (const missing of run.missing)
      expect(missing).toMatchObject({ what: 'record', problem: 'malformed', userId: bad });
  }
  expect(await mirror.store.member(leaver!)).toBeNull();
  expect((await mirror.store.member(mover!))!.record.title).toBe('新职位');
  const kept = await mirror.store.member(bad!);
  expect(kept?.departments.length).toBeGreaterThan(0);
}, 30_000);

// ── Departments whose ids are not exact, and trees that are none ──────────────────────────────────────────────────

test.each([null, undefined, 'x', 1.5, 2 ** 53, '9007199254740993'])(
  'a department whose id is %j is named, and never merged into another or lost',
  async (id) => {
    let name = '';
    spoil = (path, result) => {
      if (path !== CHILDREN || name) return result;
      const [first, ...others] = result as Record[];
      if (!first) return result;
      name = String(first.name);
      return [{ ...first, dept_id: id }, ...others];
    };
    const run = await syncSpoilt();
    expect(run.state).toBe('partial');
    expect(run.missing).toMatchObject([{ what: 'department', problem: 'malformed', departmentName: name }]);
    expect(run.departments).toBeGreaterThan(1);
  },
);

test('two departments above the exact numbers do not become one', async () => {
  const big = JSON.parse('[9007199254740992, 9007199254740993]') as number[];
  spoil = (path, result) => {
    if (path !== CHILDREN) return result;
    return [...(result as Record[]), ...big.map((dept_id) => ({ dept_id, name: `big ${dept_id}` }))];
  };
  const run = await syncSpoilt();
  expect(run.state).toBe('partial');
  expect((await mirror.store.departments()).map(({ id }) => id)).not.toContain(big[0]);
});

test('a department of sixteen digits is one like any other', async () => {
  const id = 9_007_199_254_740_991;
  spoil = (path, result) => {
    if (path !== CHILDREN) return result;
    const children = result as Record[];
    return children.length > 0 ? [...children, { dept_id: id, name: 'sixteen' }] : children;
  };
  await syncSpoilt();
  expect((await mirror.store.departments()).find((one) => one.id === id)).toMatchObject({ name: 'sixteen' });
});

test.each(['the root', 'itself', 'the department above it'])(
  'a department that lists %s as its child loses nobody',
  async (which) => {
    const deep = emulator.company.departments.find(
      ({ parentId }) => parentId !== undefined && parentId !== 1,
    )!;
    const child = { 'the root': 1, itself: deep.id, 'the department above it': deep.parentId! }[which]!;
    const client = spoiltClient();
    const run = await mirror.sync({
      client: {
        ...client,
        call: async (request) => {
          const answer = await client.call(request);
          const isDeep =
            request.path === CHILDREN && (request.body as { dept_id: number }).dept_id === deep.id;
          return isDeep ? ([...(answer as object[]), { dept_id: child, name: 'again' }] as never) : answer;
        },
      },
    });
    const { length } = emulator.company.departments;
    expect(run).toMatchObject({
      state: 'complete',
      people: emulator.company.people.length,
      departments: length,
      missing: [],
    });
    expect(run.skipped).toMatchObject([{ id: child, why: 'cycle' }]);
  },
);
