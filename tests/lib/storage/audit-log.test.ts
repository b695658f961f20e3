import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { AuditLine } from '../../../lib/storage/audit-line';
import { createRecorder } from '../../../lib/storage/audit-log';
import { createAuditStore } from '../../../lib/storage/audit-store';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { ENGINES, openTestDatabase } from '../../support/databases';

const DAY = 86_400_000;

function setUp(more: { refusalsPerMinute?: number } = {}) {
  const written: { line: AuditLine; at: number }[] = [];
  const world = { now: 1_700_000_000_000 - (1_700_000_000_000 % 60_000), fails: false };
  const recorder = createRecorder({
    store: {
      append: async (lines) => {
        if (world.fails) throw new Error('silent');
        written.push(...lines);
      },
    },
    now: () => world.now,
    flushMs: 10,
    ...more,
  });
  return { written, world, recorder };
}
const refusal: AuditLine = { event: 'sign-in-refused', reason: 'code-refused' };

test('lines are written soon, in order, and by themselves', async () => {
  const { written, recorder } = setUp();
  recorder.record({ event: 'key-used', detail: 'a' });
  recorder.record({ event: 'export', userId: 'zhang' });
  expect(written).toEqual([]);
  await delay(60);
  expect(written.map(({ line }) => line.event)).toEqual(['key-used', 'export']);
});

test('of a flood the first for each reason are lines, the rest is a number', async () => {
  const { written, world, recorder } = setUp({ refusalsPerMinute: 3 });
  for (let index = 0; index < 1000; index++) recorder.record(refusal);
  for (let index = 0; index < 50; index++) recorder.record({ ...refusal, reason: 'not-member' });
  // What is no refusal is never only counted.
  for (let index = 0; index < 10; index++) recorder.record({ event: 'export', userId: 'zhang' });
  world.now += 60_000;
  await recorder.flush();
  const refusals = written.filter(({ line }) => line.event === 'sign-in-refused');
  expect(refusals.map(({ line }) => line.count ?? 1)).toEqual([1, 1, 1, 1, 1, 1, 997, 47]);
  expect(refusals.reduce((sum, { line }) => sum + (line.count ?? 1), 0)).toBe(1050);
  expect(written.filter(({ line }) => line.event === 'export')).toHaveLength(10);
});

test('the next minute begins anew', async () => {
  const { written, world, recorder } = setUp({ refusalsPerMinute: 2 });
  for (let minute = 0; minute < 3; minute++) {
    for (let index = 0; index < 5; index++) recorder.record(refusal);
    world.now += 60_000;
  }
  await recorder.close();
  expect(written.map(({ line }) => line.count ?? 1)).toEqual([1, 1, 3, 1, 1, 3, 1, 1, 3]);
});

test('what could not be written is written later, and waits in bounds', async () => {
  const { written, world, recorder } = setUp();
  world.fails = true;
  for (let index = 0; index < 5000; index++) recorder.record({ event: 'export', userId: `u${index}` });
  await recorder.flush();
  world.fails = false;
  await recorder.flush();
  expect(written).toHaveLength(2000);
  expect(written[0]?.line.userId).toBe('u0');
});

describe.each(ENGINES)('%s', (engine) => {
  test('the audit is found by event, person and day, newest first, and is kept for so many days', async () => {
    let now = 1_700_000_000_000;
    const db = await openTestDatabase(engine, recordsMigrations);
    const store = createAuditStore(db, () => now);
    const write = (line: AuditLine, at: number) => store.append([{ line, at }]);
    await write({ event: 'sign-in', userId: 'zhang' }, now - 3 * DAY);
    await write({ event: 'person-ended', userId: 'zhang', by: 'boss', reason: 'by-admin' }, now - DAY);
    await write({ event: 'sign-in', userId: 'boss', detail: 'line\r\nbreak' }, now);
    const events = async (filter: object) =>
      (await store.find({ limit: 10, ...filter })).map(({ event, userId }) => `${event} ${userId}`);
    expect(await events({})).toEqual(['sign-in boss', 'person-ended zhang', 'sign-in zhang']);
    expect(await events({ person: 'boss' })).toEqual(['sign-in boss', 'person-ended zhang']);
    expect(await events({ person: 'boss', event: 'sign-in' })).toEqual(['sign-in boss']);
    expect(await events({ person: 'boss', from: now - DAY, to: now })).toEqual(['person-ended zhang']);
    expect(await events({ event: 'sign-in' })).toEqual(['sign-in boss', 'sign-in zhang']);
    expect(await events({ from: now - DAY, to: now })).toEqual(['person-ended zhang']);
    expect((await store.find({ limit: 1 }))[0]?.detail).toBe('line  break');
    now += DAY;
    await store.prune(3);
    expect(await events({})).toEqual(['sign-in boss', 'person-ended zhang']);
    await db.close();
  });

  test('a flood of one kind of refusals drops its own oldest lines, and no others', async () => {
    const db = await openTestDatabase(engine, recordsMigrations);
    const store = createAuditStore(db, () => 1_700_000_000_000, 5);
    const write = (...lines: AuditLine[]) =>
      store.append(lines.map((line) => ({ line, at: 1_700_000_000_000 })));
    await write({ event: 'sign-in', userId: 'zhang' }, { event: 'access-refused', userId: 'zhang' }, refusal);
    const flood = Array.from(
      { length: 700 },
      (_, at) => ({ event: 'session-refused', detail: `${at}` }) as const,
    );
    await write(...flood, { event: 'person-ended', userId: 'li' });
    await store.prune(180);
    const left = await store.find({ limit: 1000 });
    expect(left.map(({ event, detail }) => detail ?? event)).toEqual([
      'person-ended',
      ...['699', '698', '697', '696', '695'],
      'sign-in-refused',
      'access-refused',
      'sign-in',
    ]);
    await db.close();
  });
});

test('every filter is answered by an index, and none by sorting or reading all there is', async () => {
  const db = await openTestDatabase('file', recordsMigrations);
  const plans: string[] = [];
  const explaining: typeof db = {
    ...db,
    all: async (sql, ...values) => {
      const steps = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
      plans.push(steps.map(({ detail }) => detail).join('\n'));
      return db.all(sql, ...values);
    },
  };
  const store = createAuditStore(explaining);
  const time = { from: 1, to: 2 };
  const filters = [{ person: 'zhang' }, { person: 'zhang', event: 'sign-in', ...time, before: 9 }] as const;
  for (const filter of filters) await store.find({ limit: 10, ...filter });
  for (const plan of plans) {
    expect(plan).toMatch(/SEARCH audit USING INDEX audit_person \(user_id=\?/);
    expect(plan).toMatch(/SEARCH audit USING INDEX audit_actor \(actor=\?/);
    expect(plan).not.toMatch(/SCAN audit\b/);
  }
  expect(plans).toHaveLength(filters.length);
  await db.close();
});

test('events of a day are counted by hour, kind and reason; lines that stand for many count as many', async () => {
  const db = await openTestDatabase('file', recordsMigrations);
  const audit = createAuditStore(db);
  const from = Date.parse('2026-11-26T16:00:00Z');
  const hour = 3_600_000;
  await audit.append([
    { line: { event: 'sign-in', userId: 'a' }, at: from - 1 },
    { line: { event: 'sign-in', userId: 'a' }, at: from },
    { line: { event: 'sign-in', userId: 'b' }, at: from + hour - 1 },
    { line: { event: 'sign-in', userId: 'b' }, at: from + 9.5 * hour },
    { line: { event: 'sign-in-refused', reason: 'not-member' }, at: from + 9 * hour },
    { line: { event: 'sign-in-refused', reason: 'not-member', count: 40 }, at: from + 10 * hour - 1 },
    { line: { event: 'sign-in-refused', reason: 'code-refused' }, at: from + 23 * hour },
    { line: { event: 'sign-in', userId: 'c' }, at: from + 24 * hour },
  ]);
  const counts = await audit.countHourly({ from, to: from + 24 * hour });
  expect(counts).toHaveLength(4);
  expect(counts).toEqual(
    expect.arrayContaining([
      { event: 'sign-in', reason: undefined, hour: 0, count: 2 },
      { event: 'sign-in', reason: undefined, hour: 9, count: 1 },
      { event: 'sign-in-refused', reason: 'not-member', hour: 9, count: 41 },
      { event: 'sign-in-refused', reason: 'code-refused', hour: 23, count: 1 },
    ]),
  );
  db.close();
});
