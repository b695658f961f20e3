import { expect, test } from 'vitest';
import { addDays, isDate, isTimeZone, toInstant, toIso, toWallTime } from '../../../lib/dingtalk/time-zone';

test.each([
  ['2026-12-01T10:00', 'Asia/Shanghai', '2026-12-01T02:00:00Z'],
  ['2026-12-01', 'America/New_York', '2026-12-01T05:00:00Z'],
  ['2026-03-29T01:59:59', 'Europe/Berlin', '2026-03-29T00:59:59Z'],
  // Skipped: by the offset before the change.
  ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z'],
  // Twice: the first.
  ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
  ['2026-06-01T00:00', 'Asia/Kathmandu', '2026-05-31T18:15:00Z'],
])('%s in %s is %s', (wall, zone, expected) => {
  expect(toInstant(wall, zone)).toBe(Date.parse(expected));
});

test.each(['2026-02-30T09:00', '2026-13-01', '2026-12-01T25:00', '2026-12-01T10', 'soon', '', '0026-01-01'])(
  '%s is no time',
  (wall) => {
    expect(() => toInstant(wall, 'Asia/Shanghai')).toThrow(RangeError);
  },
);

test('an instant is written with its zone’s offset', () => {
  const at = Date.parse('2026-07-01T12:00:00Z');
  expect(toIso(at, 'Asia/Shanghai')).toBe('2026-07-01T20:00:00+08:00');
  expect(toIso(at, 'America/St_Johns')).toBe('2026-07-01T09:30:00-02:30');
  expect(toIso(at, 'UTC')).toBe('2026-07-01T12:00:00+00:00');
  expect(toWallTime(at, 'Pacific/Auckland')).toBe('2026-07-02T00:00:00');
});

test('days and zones', () => {
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
  expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
  expect([isDate('2026-02-28'), isDate('2026-02-29'), isDate('2026-2-1'), isDate('x')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(['Asia/Shanghai', 'UTC', '+08:00', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
