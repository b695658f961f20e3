import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createNoticeStore } from '../../emulator/platform/notices';
import { type Emulator, startEmulator } from '../../emulator/server';
import { fetchToken, request, topapi } from './dingtalk-calls';

/** What official clients send, and DingTalk's own limits. The requests are those of `@alicloud/dingtalk` 2.2.27. */

let emulator: Emulator;
let token: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(async () => {
  emulator.control.reset();
  token = await fetchToken(emulator);
});

const person = (at: number) => emulator.company.people[at]!.unionid;
const events = (at = 0) => `/v1.0/calendar/users/${person(at)}/calendars/primary/events`;
function call(method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'x-acs-dingtalk-access-token': token };
  return request(emulator.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
}
const time = (hour: string) => ({ dateTime: `2026-12-07T${hour}:00:00+08:00`, timeZone: 'Asia/Shanghai' });
const draft = () => ({ summary: '周会', start: time('10'), end: time('11'), attendees: [{ id: person(1) }] });

test('the eleven calls of the official calendar client', async () => {
  const { json } = await call('POST', events(), draft());
  const one = `${events()}/${encodeURIComponent(json.id)}`;
  const bounds = 'timeMin=2026-12-01T00%3A00%3A00%2B08%3A00&timeMax=2026-12-31T00%3A00%3A00%2B08%3A00';
  const schedule = {
    userIds: [person(0), person(1)],
    startTime: '2026-12-07T00:00:00+08:00',
    endTime: '2026-12-08T00:00:00+08:00',
  };
  const answers = [
    await call('GET', `${one}?maxAttendees=10`),
    await call('PUT', one, { id: json.id, summary: '月会' }),
    await call('GET', `${events()}?${bounds}`),
    await call('GET', `${events()}view?${bounds}`),
    await call('POST', `/v1.0/calendar/users/${person(0)}/querySchedule`, schedule),
    await call('GET', `${one}/attendees`),
    await call('POST', `${one}/attendees`, { attendeesToAdd: [{ id: person(2) }] }),
    await call('POST', `${events(1)}/${encodeURIComponent(json.id)}/respond`, { responseStatus: 'accepted' }),
    await call('POST', `${one}/attendees/batchRemove`, { attendeesToRemove: [{ id: person(2) }] }),
    await call('DELETE', `${one}?pushNotification=true`),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(answers.slice(-4).map(({ text }) => text)).toEqual(['', '', '', '']);
  expect(answers[1]!.json).toMatchObject({
    summary: '月会',
    reminders: [{ method: 'dingtalk', minutes: '15' }],
  });
  expect(answers[4]!.json.scheduleInformation[1]).toMatchObject({ scheduleItems: [{ status: 'TENTATIVE' }] });
  expect(emulator.control.calls().counted).toBe(11);
  expect((await call('GET', one)).json.code).toBe('instanceNotExist');
});

test.each<[object, string]>([
  [{}, 'Event must be provided.'],
  [{ summary: '' }, 'Event summary cannot be blank'],
  [{ summary: 'x' }, 'Event start time not set.'],
  [{ summary: 'x', start: time('10') }, 'Event end time not set.'],
])('%o is refused with DingTalk’s words', async (body, message) => {
  const { status, json } = await call('POST', events(), body);
  expect([status, json.code, json.message]).toEqual([400, 'invalidParameter', message]);
});

test('the month’s calls: beyond them nothing that counts is answered, and what does not count is', async () => {
  emulator.control.settings({ monthlyCalls: 1 });
  expect((await call('GET', `${events()}view`)).status).toBe(200);
  const refused = await call('GET', `${events()}view`);
  expect([refused.status, refused.json.code]).toEqual([403, 'Forbidden.AccessDenied.ApiCountLimitForOrg']);
  const { userid } = emulator.company.people[0]!;
  expect((await topapi(emulator, '/topapi/v2/user/get', { userid })).json.errcode).toBe(0);
});

test('notices beyond 500 a day, and repeated ones, reach nobody', () => {
  const { send, of } = createNoticeStore({ now: () => Date.parse('2026-12-07T10:00+08:00') } as never);
  const to = (content: string, members: string[]) =>
    send({ msgtype: 'text', text: { content } }, { members, invalid: [] }).refused;
  for (let at = 0; at < 500; at++) expect(to(`${at}`, ['a']).size).toBe(0);
  expect(to('1', ['a', 'b'])).toEqual(new Map([['a', '143106']]));
  expect(to('new', ['a', 'b'])).toEqual(new Map([['a', '143105']]));
  expect([of('a').length, of('b').length]).toEqual([500, 2]);
});

test('what reaches nobody is taken all the same; the result names who was left out', async () => {
  const { userid } = emulator.company.people[0]!;
  const base = '/topapi/message/corpconversation';
  const agent_id = Number(emulator.agentId);
  const message = { agent_id, userid_list: userid, msg: { msgtype: 'text', text: { content: 'x' } } };
  const post = async (path: string, body: object) => (await topapi(emulator, base + path, body, token)).json;
  await post('/asyncsend_v2', message);
  const { errcode, task_id } = await post('/asyncsend_v2', message);
  expect(errcode).toBe(0);
  const { send_result } = await post('/getsendresult', { agent_id, task_id });
  expect(send_result.forbidden_list).toEqual([{ code: '143106', count: 1, userid }]);
  expect(emulator.control.notices(userid)).toHaveLength(1);
  expect((await post('/recall', { agent_id, msg_task_id: 1 })).errcode).toBe(400002);
});
