import { expect, test } from 'vitest';
import { addDays, isTimeZone } from '../../lib/dingtalk/time-zone';
import { localDay, localHour, startOfDay } from '../../lib/local-time';

const utc = (text: string) => Date.parse(`${text}Z`);

test('a day begins at midnight of its time zone', () => {
  expect(startOfDay('2026-11-27', 'Asia/Shanghai')).toBe(utc('2026-11-26T16:00:00'));
  expect(startOfDay('2026-11-27', 'UTC')).toBe(utc('2026-11-27T00:00:00'));
  expect(startOfDay('2026-07-01', 'America/New_York')).toBe(utc('2026-07-01T04:00:00'));
  expect(startOfDay('2026-07-01', 'Asia/Kathmandu')).toBe(utc('2026-06-30T18:15:00'));
});

test.each([
  ['America/New_York', '2026-03-08', '2026-03-08T05:00:00', '2026-03-09T04:00:00'],
  ['America/New_York', '2026-11-01', '2026-11-01T04:00:00', '2026-11-02T05:00:00'],
  // Its clocks go forward at midnight: that day begins at one o'clock.
  ['America/Santiago', '2026-09-06', '2026-09-06T04:00:00', '2026-09-07T03:00:00'],
  // And back at midnight: the hour before is there twice, and the day begins after the second one.
  ['America/Santiago', '2026-04-05', '2026-04-05T04:00:00', '2026-04-06T04:00:00'],
  // Its clocks went forward by half an hour at two o'clock.
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-03T13:30:00', '2026-10-04T13:00:00'],
])('in %s, %s is as long as it is', (zone, day, begins, ends) => {
  expect(startOfDay(day, zone)).toBe(utc(begins));
  expect(startOfDay(addDays(day, 1), zone)).toBe(utc(ends));
  expect(localDay(utc(begins), zone)).toBe(day);
  expect(localDay(utc(begins) - 1, zone)).toBe(addDays(day, -1));
  expect(localDay(utc(ends) - 1, zone)).toBe(day);
});

test('a moment has an hour of its day', () => {
  expect(localHour(utc('2026-11-27T16:30:00'), 'Asia/Shanghai')).toBe(0);
  expect(localDay(utc('2026-11-27T16:30:00'), 'Asia/Shanghai')).toBe('2026-11-28');
});

test.each([
  '',
  'x',
  '2026-02-30',
  '2026-13-01',
  '2026-1-1',
  '0026-01-01',
  '2026-11-27T00:00',
  '９９９９-01-01',
])('"%s" is no day', (day) => expect(startOfDay(day, 'Asia/Shanghai')).toBeUndefined());

test('a month has an end', () => {
  expect(addDays('2026-11-30', 1)).toBe('2026-12-01');
  expect(addDays('2024-03-01', -1)).toBe('2024-02-29');
});

test('a time zone is known by its name, not by an offset', () => {
  for (const name of ['Asia/Shanghai', 'UTC', 'Europe/Zürich'.normalize('NFD').replace(/\p{M}/gu, '')])
    expect(isTimeZone(name), name).toBe(true);
  for (const name of ['', '+08:00', 'Asia/Nowhere', 'Beijing', '上海', 'Asia/Shanghai; DROP'])
    expect(isTimeZone(name), name).toBe(false);
});
