import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { listAgenda } from '../../../lib/dingtalk/calendar-agenda';
import { queryBusy } from '../../../lib/dingtalk/calendar-busy';
import { spanOf } from '../../../lib/dingtalk/calendar-event';
import { createLine, type Line } from '../../support/dingtalk-client';

/**
 * Agendas against a model that knows neither the product nor the emulator: Temporal tells the time, and a series is
 * every single day for which its rule says yes.
 */

let emulator: Emulator;
let line: Line;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  line = createLine(emulator);
});
afterAll(() => emulator.close());

const ZONES = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'America/St_Johns',
];
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const INDEXES = ['first', 'second', 'third', 'fourth', 'last'] as const;

interface Rule {
  type: 'daily' | 'weekly' | 'absoluteMonthly' | 'relativeMonthly' | 'absoluteYearly';
  interval: number;
  dayOfMonth: number;
  daysOfWeek: string[];
  index: (typeof INDEXES)[number];
  firstDayOfWeek: 'sunday' | 'monday';
  end: { type: 'noEnd' } | { type: 'endDate'; after: number } | { type: 'numbered'; count: number };
}
interface Drawn {
  title: string;
  zone: string;
  /** Days from the first of October 2026. */
  day: number;
  /** Of the day, in quarters of an hour. */
  quarter: number;
  minutes: number;
  /** Undefined: no whole days. */
  days: number | undefined;
  rule: Rule | undefined;
}

const ruleArbitrary: fc.Arbitrary<Rule> = fc.record({
  type: fc.constantFrom('daily', 'weekly', 'absoluteMonthly', 'relativeMonthly', 'absoluteYearly'),
  interval: fc.integer({ min: 1, max: 3 }),
  dayOfMonth: fc.integer({ min: 1, max: 31 }),
  daysOfWeek: fc.subarray(WEEKDAYS, { minLength: 1, maxLength: 3 }),
  index: fc.constantFrom(...INDEXES),
  firstDayOfWeek: fc.constantFrom('sunday', 'monday'),
  end: fc.oneof(
    fc.constant({ type: 'noEnd' as const }),
    fc.record({ type: fc.constant('endDate' as const), after: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ type: fc.constant('numbered' as const), count: fc.integer({ min: 1, max: 99 }) }),
  ),
});
const eventArbitrary: fc.Arbitrary<Drawn> = fc.record({
  title: fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== ''),
  zone: fc.constantFrom(...ZONES),
  day: fc.integer({ min: 0, max: 60 }),
  quarter: fc.integer({ min: 0, max: 95 }),
  minutes: fc.integer({ min: 1, max: 3000 }),
  days: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  rule: fc.option(ruleArbitrary, { nil: undefined }),
});
const windowArbitrary = fc.record({
  zone: fc.constantFrom(...ZONES),
  day: fc.integer({ min: 0, max: 70 }),
  days: fc.integer({ min: 1, max: 14 }),
});

const FIRST = Temporal.PlainDate.from('2026-10-01');
const dateOf = (day: number) => FIRST.add({ days: day });

/** Whether the rule says yes to a day. */
function comesOn(day: Temporal.PlainDate, { rule, day: first }: Drawn): boolean {
  const start = dateOf(first);
  if (!rule || Temporal.PlainDate.compare(day, start) < 0) return false;
  const { type, interval, dayOfMonth, daysOfWeek, index, firstDayOfWeek } = rule;
  const isWanted = daysOfWeek.includes(WEEKDAYS[day.dayOfWeek - 1]!);
  const months = (day.year - start.year) * 12 + day.month - start.month;
  if (type === 'daily') return start.until(day).days % interval === 0;
  if (type === 'weekly') {
    const weekOf = (date: Temporal.PlainDate) =>
      date.subtract({ days: firstDayOfWeek === 'monday' ? date.dayOfWeek - 1 : date.dayOfWeek % 7 });
    return isWanted && (weekOf(start).until(weekOf(day)).days / 7) % interval === 0;
  }
  if (type === 'absoluteMonthly') return day.day === dayOfMonth && months % interval === 0;
  if (type === 'absoluteYearly') return day.day === dayOfMonth && months % (12 * interval) === 0;
  if (!isWanted || months % interval !== 0) return false;
  const ofMonth = Array.from({ length: day.daysInMonth }, (_, at) => day.with({ day: at + 1 })).filter(
    (date) => daysOfWeek.includes(WEEKDAYS[date.dayOfWeek - 1]!),
  );
  const wanted = index === 'last' ? ofMonth.at(-1) : ofMonth[INDEXES.indexOf(index)];
  return wanted?.equals(day) === true;
}

/** The days on which an event begins, up to the hundredth of the window's end. */
function beginningsOf(event: Drawn, until: Temporal.PlainDate): Temporal.PlainDate[] {
  if (!event.rule) return [dateOf(event.day)];
  const { end } = event.rule;
  const found: Temporal.PlainDate[] = [];
  for (let day = dateOf(event.day); Temporal.PlainDate.compare(day, until) <= 0; day = day.add({ days: 1 })) {
    if (
      end.type === 'endDate' &&
      Temporal.PlainDate.compare(day, dateOf(event.day).add({ days: end.after })) > 0
    )
      break;
    if (!comesOn(day, event)) continue;
    if (end.type === 'numbered' && found.length >= end.count) break;
    found.push(day);
  }
  return found;
}

const midnight = (date: Temporal.PlainDate, zone: string) => date.toZonedDateTime(zone).epochMilliseconds;
const clockOf = ({ quarter }: Drawn) =>
  Temporal.PlainTime.from({ hour: Math.floor(quarter / 4), minute: (quarter % 4) * 15 });
/** What a calendar shows of an event that begins on a day, to a reader in a zone. */
function spanOn(day: Temporal.PlainDate, event: Drawn, zone: string) {
  if (event.days !== undefined) {
    return { start: midnight(day, zone), end: midnight(day.add({ days: event.days }), zone) };
  }
  const start = day.toZonedDateTime({ timeZone: event.zone, plainTime: clockOf(event) }).epochMilliseconds;
  return { start, end: start + event.minutes * 60_000 };
}

/** As DingTalk's documentation says it is sent. */
function toBody(event: Drawn) {
  const day = dateOf(event.day);
  const zoned = day.toZonedDateTime({ timeZone: event.zone, plainTime: clockOf(event) });
  const dateTime = (at: Temporal.ZonedDateTime) => ({
    dateTime: at.toString({ timeZoneName: 'never', smallestUnit: 'second' }),
    timeZone: event.zone,
  });
  const times =
    event.days === undefined
      ? { start: dateTime(zoned), end: dateTime(zoned.add({ minutes: event.minutes })) }
      : {
          isAllDay: true,
          start: { date: String(day) },
          end: { date: String(day.add({ days: event.days })) },
        };
  const { rule } = event;
  if (!rule) return { summary: event.title, ...times };
  const { end, daysOfWeek, ...pattern } = rule;
  const range =
    end.type === 'numbered'
      ? { type: end.type, numberOfOccurrences: end.count }
      : end.type === 'endDate'
        ? { type: end.type, endDate: `${day.add({ days: end.after })}T00:00:00+08:00` }
        : { type: end.type };
  return {
    summary: event.title,
    ...times,
    recurrence: { pattern: { ...pattern, daysOfWeek: daysOfWeek.join(',') }, range },
  };
}

test('200 drawn agendas, and who is busy when, are as the model says', { timeout: 60_000 }, async () => {
  const { unionid } = emulator.company.people[0]!;
  const url = `${emulator.url}/v1.0/calendar/users/${unionid}/calendars/primary/events`;
  await fc.assert(
    fc.asyncProperty(fc.array(eventArbitrary, { maxLength: 4 }), windowArbitrary, async (drawn, asked) => {
      emulator.control.reset();
      const { zone } = asked;
      const [first, after] = [dateOf(asked.day), dateOf(asked.day + asked.days)];
      const window = { from: midnight(first, zone), until: midnight(after, zone), timeZone: zone };
      // The line learns the token that the reset has made necessary.
      expect(await listAgenda(line.client, unionid, window)).toEqual({ events: [], isWhole: true });
      const headers = {
        'content-type': 'application/json',
        'x-acs-dingtalk-access-token': line.tokens.at(-1)!,
      };
      for (const event of drawn) {
        const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(toBody(event)) });
        expect(answer.status, await answer.text()).toBe(200);
      }
      const expected = drawn
        .flatMap((event) =>
          beginningsOf(event, after.add({ days: 1 })).map((day) => ({
            title: event.title,
            isSeries: event.rule !== undefined,
            ...spanOn(day, event, zone),
          })),
        )
        .filter(({ start, end }) => start < window.until && end > window.from);
      const { events, isWhole } = await listAgenda(line.client, unionid, window);
      expect(isWhole).toBe(true);
      expect(
        inOrder(events.map(({ title, isSeries, time }) => ({ title, isSeries, ...spanOf(time, zone) }))),
      ).toEqual(inOrder(expected));
      const [busy] = await queryBusy(line.client, unionid, { ...window, unionIds: [unionid] });
      expect(minutesIn(busy!.spans!, window)).toEqual(minutesIn(expected, window));
    }),
    { numRuns: 200, seed: 20261128 },
  );
});

function inOrder<T>(list: T[]): string[] {
  return list.map((item) => JSON.stringify(item, Object.keys(item as object).sort())).sort();
}

/** The busy minutes of a window, one by one. */
function minutesIn(
  spans: { start: number; end: number }[],
  { from, until }: { from: number; until: number },
): string {
  const minutes = new Uint8Array((until - from) / 60_000);
  for (const { start, end } of spans) {
    minutes.fill(1, Math.max(0, (start - from) / 60_000), Math.max(0, (end - from) / 60_000));
  }
  return minutes.join('');
}
