import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import {
  cancelEvent,
  changeAttendees,
  changeEvent,
  createEvent,
  type EventDraft,
  getEvent,
} from '../../../lib/dingtalk/calendar';
import { listAgenda } from '../../../lib/dingtalk/calendar-agenda';
import { queryBusy } from '../../../lib/dingtalk/calendar-busy';
import { toCalendarEvent } from '../../../lib/dingtalk/calendar-event';
import { createLine, failureOf, type Line } from '../../support/dingtalk-client';
import { startPeer } from '../../support/recording-server';

let emulator: Emulator;
let line: Line;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  line = createLine(emulator);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const ZONE = 'Asia/Shanghai';
const EVENTS = '/v1.0/calendar/users/{userId}/calendars/{calendarId}/events';
const EVENT = `${EVENTS}/{eventId}`;
const at = (text: string) => Date.parse(`2026-12-${text}+08:00`);
const DAY = { from: at('01T00:00'), until: at('02T00:00'), timeZone: ZONE };
const person = (index: number) => emulator.company.people[index]!.unionid;
const timed = (from: string, until: string) =>
  ({ kind: 'timed', start: at(from), end: at(until), timeZone: ZONE }) as const;
const book = (draft: Partial<EventDraft> & { idempotencyKey?: string } = {}, organizer = person(0)) =>
  createEvent(line.client, organizer, {
    title: '周会',
    time: timed('01T10:00', '01T11:00'),
    idempotencyKey: crypto.randomUUID(),
    ...draft,
  });
const agendaOf = (index: number, window = DAY) => listAgenda(line.client, person(index), window);

test('an event is made with all that was given, and is in everybody’s agenda', async () => {
  const made = await book({
    description: '带上电脑',
    location: '三楼',
    attendees: [{ unionId: person(1) }, { unionId: person(5), isOptional: true }],
    reminderMinutes: [],
  });
  expect(made).toMatchObject({
    title: '周会',
    location: '三楼',
    isSeries: false,
    time: timed('01T10:00', '01T11:00'),
  });
  // Everything that an address has to encode.
  expect(made.id).toMatch(/\/.*=/);
  for (const index of [0, 1, 5]) {
    const { events, isWhole } = await agendaOf(index);
    expect([isWhole, events.map(({ id }) => id)]).toEqual([true, [made.id]]);
    expect(events[0]!.organizer).toMatchObject({ unionId: person(0), isSelf: index === 0 });
  }
  const { attendees, description } = await getEvent(line.client, person(5), made.id);
  expect(description).toBe('带上电脑');
  expect(attendees.find(({ isSelf }) => isSelf)).toMatchObject({
    unionId: person(5),
    isOptional: true,
    response: 'none',
  });
});

test('the same key makes one event, however often it is sent', async () => {
  const idempotencyKey = crypto.randomUUID();
  emulator.control.fault({
    endpoint: EVENTS,
    fault: { kind: 'reset', afterBytes: 10 },
  });
  const made = await book({ idempotencyKey });
  expect((await book({ idempotencyKey })).id).toBe(made.id);
  expect((await agendaOf(0)).events).toHaveLength(1);
  await book({ idempotencyKey }, person(1));
  expect((await agendaOf(1)).events).toHaveLength(1);
});

test('whole days are the days that were named, both included; DingTalk is told the day after', async () => {
  const time = { kind: 'all-day', firstDay: '2026-12-31', lastDay: '2027-01-02' } as const;
  const { id } = await book({ time });
  expect((await getEvent(line.client, person(0), id)).time).toEqual(time);
  const newYear = {
    from: Date.parse('2027-01-02T00:00-05:00'),
    until: Date.parse('2027-01-03T00:00-05:00'),
    timeZone: 'America/New_York',
  };
  // A whole day is the reader's day, wherever they are.
  expect((await agendaOf(0, newYear)).events).toHaveLength(1);
  const evening = { ...newYear, from: newYear.from + 18 * 3_600_000 };
  expect((await agendaOf(0, evening)).events).toHaveLength(1);
  const dayAfter = { ...newYear, from: newYear.until, until: newYear.until + 86_400_000 };
  expect((await agendaOf(0, dayAfter)).events).toHaveLength(0);
});

test('a change leaves the rest as it was, and is refused to attendees', async () => {
  const { id } = await book({ description: '旧', location: '三楼', attendees: [{ unionId: person(1) }] });
  const changed = await changeEvent(line.client, person(0), {
    id,
    title: '月会',
    time: timed('01T14:00', '01T15:30'),
  });
  expect(changed).toMatchObject({
    title: '月会',
    description: '旧',
    location: '三楼',
    time: timed('01T14:00', '01T15:30'),
  });
  expect(changed.attendees).toHaveLength(2);
  expect((await failureOf(changeEvent(line.client, person(1), { id, title: 'x' }))).code).toBe(
    'permissionDeny',
  );
});

test('attendees are invited and taken away, by 500 at a time', async () => {
  const { id } = await book();
  await changeAttendees(line.client, person(0), { id, add: [person(1), person(5)] });
  await changeAttendees(line.client, person(0), { id, remove: [person(1)] });
  expect((await agendaOf(1)).events).toEqual([]);
  expect((await agendaOf(5)).events).toHaveLength(1);
  const before = emulator.control.calls().total;
  const many = Array.from({ length: 1001 }, (_, index) => `nobody${index}`);
  await changeAttendees(line.client, person(0), { id, add: many });
  expect(emulator.control.calls().total - before).toBe(3);
});

test('cancelling ends it for all; cancelling again is no error; an attendee only leaves', async () => {
  const { id } = await book({ attendees: [{ unionId: person(1) }, { unionId: person(5) }] });
  expect(await cancelEvent(line.client, person(1), id)).toBe(true);
  expect((await agendaOf(0)).events).toHaveLength(1);
  // The answer is lost: the repetition finds nothing to cancel any more.
  emulator.control.fault({ endpoint: EVENT, fault: { kind: 'hangup', consumed: true } });
  expect(await cancelEvent(line.client, person(0), id)).toBe(false);
  expect((await agendaOf(5)).events).toEqual([]);
  expect((await failureOf(getEvent(line.client, person(0), id))).code).toBe('instanceNotExist');
  expect((await failureOf(getEvent(line.client, person(0), 'nothing/like+it=='))).code).toBe('itemNotFound');
});

test('ids are encoded once; what is no id is not sent at all', async () => {
  const peer = await startPeer((_request, response) => response.end('{"accessToken":"t","expireIn":7200}'));
  const { client } = createLine({ ...emulator, url: peer.url });
  await cancelEvent(client, 'a/b', 'x/+=%2F?#').catch(() => undefined);
  expect(peer.requests.at(-1)!.url).toBe(
    '/v1.0/calendar/users/a%2Fb/calendars/primary/events/x%2F%2B%3D%252F%3F%23?pushNotification=true',
  );
  const sent = peer.requests.length;
  for (const id of ['', '.', '..'])
    await expect(cancelEvent(client, person(0), id)).rejects.toThrow(TypeError);
  expect(peer.requests).toHaveLength(sent);
  await peer.close();
});

test('an agenda of many pages is read to its end; one that leads back is refused', async () => {
  for (let index = 0; index < 7; index++) {
    // A hundred a day and person.
    for (let more = 0; more < 30; more++) {
      const start = at('01T08:00') + (index * 30 + more) * 60_000;
      const time = { kind: 'timed', start, end: start + 60_000, timeZone: ZONE } as const;
      await book({ time, attendees: [{ unionId: person(0) }] }, person(10 + index));
    }
  }
  const { events } = await agendaOf(0);
  expect(new Set(events.map(({ id }) => id)).size).toBe(210);
  expect(events.map(({ time }) => (time as { start: number }).start)).toEqual(
    events.map((_, index) => at('01T08:00') + index * 60_000),
  );
  const endpoint = `${EVENTS}view`;
  emulator.control.fault({
    endpoint,
    times: 'always',
    fault: { kind: 'patch', set: { nextToken: 'again' } },
  });
  expect((await failureOf(agendaOf(0))).code).toBe('unexpected-cursor');
});

test('the 101st event of a day is refused by its own code, and the day after it is not', async () => {
  for (let index = 0; index < 100; index++) await book();
  expect((await failureOf(book())).code).toBe('flowLimit');
  await book({}, person(1));
  emulator.control.advanceClock(86_400_000);
  await book();
});

test('without its permission each call says which one is missing', async () => {
  emulator.control.settings({ permissions: ['qyapi_base'] });
  const points = await Promise.all(
    [agendaOf(0), book(), queryBusy(line.client, person(0), { ...DAY, unionIds: [person(1)] })].map(
      async (call) => (await failureOf(call)).detail.requiredScopes,
    ),
  );
  expect(points).toEqual([
    ['Calendar.Event.Read'],
    ['Calendar.Event.Write'],
    ['Calendar.EventSchedule.Read'],
  ]);
});

test('free and busy: merged, clipped, without declined ones; who is unknown is not taken for free', async () => {
  await book({ time: timed('01T09:00', '01T10:00'), attendees: [{ unionId: person(1) }] });
  await book({ time: timed('01T09:30', '01T11:00'), attendees: [{ unionId: person(1) }] });
  await book({ time: timed('01T23:00', '02T03:00') });
  const { id } = await book({ time: timed('01T15:00', '01T16:00'), attendees: [{ unionId: person(1) }] });
  const token = await (
    await fetch(`${emulator.url}/v1.0/oauth2/accessToken`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
    })
  ).json();
  await fetch(
    `${emulator.url}/v1.0/calendar/users/${person(1)}/calendars/primary/events/${encodeURIComponent(id)}/respond`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-acs-dingtalk-access-token': token.accessToken },
      body: '{"responseStatus":"declined"}',
    },
  );
  const unionIds = [person(1), 'nobody', person(0), person(1)];
  const busy = await queryBusy(line.client, person(0), { ...DAY, unionIds });
  expect(busy).toEqual([
    { unionId: person(1), spans: [{ start: at('01T09:00'), end: at('01T11:00') }] },
    { unionId: 'nobody', spans: undefined },
    {
      unionId: person(0),
      spans: [
        { start: at('01T09:00'), end: at('01T11:00') },
        { start: at('01T15:00'), end: at('01T16:00') },
        { start: at('01T23:00'), end: at('02T00:00') },
      ],
    },
    { unionId: person(1), spans: [{ start: at('01T09:00'), end: at('01T11:00') }] },
  ]);
});

test('forty-one people are asked about in three calls; one that cannot be read makes one person unknown', async () => {
  const unionIds = emulator.company.people.slice(0, 41).map(({ unionid }) => unionid);
  const before = emulator.control.calls().counted;
  const scheduleInformation = unionIds.slice(0, 20).map((userId, index) => ({
    userId,
    scheduleItems: index === 0 ? [{ status: 'BUSY', start: {}, end: {} }] : [],
  }));
  const fault = { kind: 'json', status: 200, body: { scheduleInformation } } as const;
  emulator.control.fault({ endpoint: '/v1.0/calendar/users/{userId}/querySchedule', fault });
  const busy = await queryBusy(line.client, person(0), { ...DAY, unionIds });
  // The first one was answered by the fault.
  expect(emulator.control.calls().counted - before).toBe(2);
  expect(busy.map(({ spans }) => spans === undefined)).toEqual(unionIds.map((_, index) => index === 0));
});

test.each([
  ['a location as a text', { location: '三楼' }, { location: '三楼' }],
  [
    'date and time in one, a whole day',
    {
      isAllDay: true,
      start: { date: '2026-12-01', dateTime: '2026-12-01T00:00:00+08:00' },
      end: { date: '2026-12-02' },
    },
    { time: { kind: 'all-day', firstDay: '2026-12-01', lastDay: '2026-12-01' } },
  ],
  [
    'date and time in one, no whole day',
    { isAllDay: false, start: { date: '2026-12-01', dateTime: '2026-12-01T10:00:00+08:00' } },
    { time: timed('01T10:00', '01T11:00') },
  ],
  [
    'an end on the first day',
    { start: { date: '2026-12-01' }, end: { date: '2026-12-01' } },
    { time: { kind: 'all-day', firstDay: '2026-12-01', lastDay: '2026-12-01' } },
  ],
  [
    'an end before the beginning',
    { end: { dateTime: '2026-12-01T09:00:00+08:00' } },
    { time: timed('01T10:00', '01T10:00') },
  ],
  [
    'a time without offset, in its zone',
    { start: { dateTime: '2026-12-01T10:00:00', timeZone: 'Asia/Shanghai' } },
    { time: timed('01T10:00', '01T11:00') },
  ],
  [
    'a zone that does not exist',
    { start: { dateTime: '2026-12-01T10:00:00+08:00', timeZone: 'Mars/Olympus' } },
    { time: timed('01T10:00', '01T11:00') },
  ],
  ['one of a series', { seriesMasterId: 'abc' }, { isSeries: true }],
  ['a series itself', { recurrence: { pattern: { type: 'daily' } } }, { isSeries: true }],
  ['an empty series', { seriesMasterId: '', recurrence: {} }, { isSeries: false }],
  ['no title', { summary: undefined }, { title: '' }],
])('an answer with %s is understood', (_, wire, expected) => {
  const usual = {
    id: 'x',
    summary: 's',
    start: { dateTime: '2026-12-01T10:00:00+08:00', timeZone: ZONE },
    end: { dateTime: '2026-12-01T11:00:00+08:00', timeZone: ZONE },
  };
  expect(toCalendarEvent({ ...usual, ...wire })).toMatchObject(expected);
});

test.each([
  { start: {} },
  { id: undefined },
  { start: { date: '2026-02-30' }, isAllDay: true },
  { start: { dateTime: 'soon' } },
])('an answer that makes no sense is none: %o', (wire) => {
  const usual = { id: 'x', start: { date: '2026-12-01' }, end: { date: '2026-12-02' } };
  expect(toCalendarEvent({ ...usual, ...wire })).toBeUndefined();
});
