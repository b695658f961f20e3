import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, postJson, type Reply, request } from './dingtalk-calls';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 120, departments: 8, enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const headers = async () => ({ 'x-acs-dingtalk-access-token': await fetchToken(emulator) });
const search = async (what: 'users' | 'departments', body: object) =>
  postJson(`${emulator.url}/v1.0/contact/${what}/search`, body, await headers());
const leaveRecords = async (query: Record<string, string>): Promise<Reply> =>
  request(`${emulator.url}/v1.0/contact/empLeaveRecords?${new URLSearchParams(query)}`, {
    headers: await headers(),
  });
const userids = (word: string) =>
  emulator.company.people.filter(({ name }) => name.includes(word)).map(({ userid }) => userid);

test('people are found by a part of their name, page by page, as ids', async () => {
  const expected = userids('张');
  expect(expected.length).toBeGreaterThan(1);
  const first = await search('users', { queryWord: '张', offset: 0, size: 1 });
  expect(first.json).toEqual({ hasMore: true, totalCount: expected.length, list: expected.slice(0, 1) });
  const rest = await search('users', { queryWord: '张', offset: 1, size: 100 });
  expect(rest.json).toEqual({ hasMore: false, totalCount: expected.length, list: expected.slice(1) });
});

test('fullMatchField 1 wants the whole name', async () => {
  const { userid, name } = emulator.company.people[0]!;
  const exact = await search('users', { queryWord: name, offset: 0, size: 10, fullMatchField: 1 });
  expect(exact.json.list).toContain(userid);
  const part = await search('users', {
    queryWord: name.slice(0, -1),
    offset: 0,
    size: 10,
    fullMatchField: 1,
  });
  expect(part.json.list).not.toContain(userid);
});

test('departments are found as ids; neither search leaves the authorised scope', async () => {
  const { id, name } = emulator.company.departments[1]!;
  expect((await search('departments', { queryWord: name, offset: 0, size: 10 })).json.list).toContain(id);
  emulator.control.settings({ scope: { departments: [], users: [userids('张')[0]!] } });
  expect((await search('departments', { queryWord: name, offset: 0, size: 10 })).json.list).toEqual([]);
  const found = await search('users', { queryWord: '张', offset: 0, size: 10 });
  expect(found.json.list).toEqual([userids('张')[0]]);
});

test.each([
  [{ offset: 0, size: 10 }, 'MissingqueryWord'],
  [{ queryWord: '张', size: 10 }, 'Missingoffset'],
  [{ queryWord: '张', offset: 0 }, 'Missingsize'],
  [{ queryWord: '张', offset: -1, size: 10 }, 'parameter.error'],
  [{ queryWord: '张', offset: 0, size: 0 }, 'parameter.error'],
  [{ queryWord: 1, offset: 0, size: 10 }, 'parameter.error'],
  [{ queryWord: '张', offset: 0, size: 10, fullMatchField: 2 }, 'parameter.error'],
])('%o is refused: %s', async (body, code) => {
  const { status, json } = await search('users', body);
  expect([status, json.code]).toEqual([400, code]);
});

test('those who left are on record, page by page', async () => {
  const gone = emulator.company.people.slice(10, 13);
  const startTime = emulator.control.clock().now.replace(/\.\d+Z$/, 'Z');
  for (const { userid } of gone) {
    emulator.control.fire(userid);
    emulator.control.advanceClock(1000);
  }
  const page = await leaveRecords({ startTime, maxResults: '2', nextToken: '0' });
  expect(page.json.records.map(({ userId }: { userId: string }) => userId)).toEqual(
    gone.slice(0, 2).map(({ userid }) => userid),
  );
  const rest = await leaveRecords({ startTime, maxResults: '2', nextToken: page.json.nextToken });
  expect(rest.json).toEqual({
    records: [
      {
        userId: gone[2]!.userid,
        name: gone[2]!.name,
        stateCode: gone[2]!.stateCode,
        mobile: gone[2]!.mobile,
        leaveTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        leaveReason: 'delete',
      },
    ],
  });
  expect(
    (
      await leaveRecords({
        startTime: '2020-01-01T00:00:00Z',
        endTime: '2020-02-01T00:00:00Z',
        maxResults: '50',
      })
    ).json.records,
  ).toEqual([]);
});

test.each<[Record<string, string>, string]>([
  [{ maxResults: '10' }, 'MissingstartTime'],
  [{ startTime: '2026-01-01T00:00:00Z' }, 'MissingmaxResults'],
  [{ startTime: 'yesterday', maxResults: '10' }, 'invalidParameter.param.invalid'],
  [{ startTime: '2026-13-01T00:00:00Z', maxResults: '10' }, 'invalidParameter.param.invalid'],
  [{ startTime: '2020-01-01T00:00:00Z', maxResults: '10' }, 'invalidParameter.param.invalid'],
  [{ startTime: '2026-01-01T00:00:00Z', maxResults: '51' }, 'invalidParameter.param.invalid'],
  [{ startTime: '2026-01-01T00:00:00Z', maxResults: '10', nextToken: 'x' }, 'invalidParameter.param.invalid'],
])('leave records for %o are refused: %s', async (query, code) => {
  const { status, json } = await leaveRecords(query);
  expect([status, json.code]).toEqual([400, code]);
});

test('each wants its permission point', async () => {
  emulator.control.settings({ permissions: ['qyapi_base'] });
  const refused = [
    await search('users', { queryWord: '张', offset: 0, size: 10 }),
    await leaveRecords({ startTime: '2026-01-01T00:00:00Z', maxResults: '10' }),
  ];
  expect(refused.map(({ status, json }) => [status, json.accessdenieddetail.requiredScopes])).toEqual([
    [403, ['qyapi_addresslist_search']],
    [403, ['Contact.Common.Read']],
  ]);
});
