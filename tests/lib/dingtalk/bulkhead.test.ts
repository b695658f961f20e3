import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Bulkhead, createBulkhead } from '@/lib/dingtalk/bulkhead';
import { DingTalkError } from '@/lib/dingtalk/errors';

const API = '/topapi/v2/user/get';

/** Starts calls that end when told to. */
function crowd(bulkhead: Bulkhead) {
  const doors: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const enter = (count: number, signal?: AbortSignal) =>
    Array.from({ length: count }, (_, index) =>
      bulkhead
        .run(API, signal, async () => {
          order.push(index);
          running++;
          most = Math.max(most, running);
          await new Promise<void>((resolve) => doors.push(resolve));
          running--;
          return 'done';
        })
        .catch((error: DingTalkError) => error.code),
    );
  return { enter, doors, order, running: () => running, most: () => most };
}

test('twenty calls are under way at a time, two hundred wait, and the next is told at once that we are busy', async () => {
  const bulkhead = createBulkhead();
  const { enter, doors, running, most } = crowd(bulkhead);
  const calls = enter(221);
  await delay(5);
  expect(running()).toBe(20);
  expect(await calls[220]).toBe('too-many-in-flight');
  while (doors.length > 0 || running() > 0) {
    doors.shift()?.();
    await delay(0);
  }
  const ends = await Promise.all(calls);
  expect(ends.filter((end) => end === 'done')).toHaveLength(220);
  expect(most()).toBe(20);
});

test('who waits longest is next', async () => {
  const { enter, doors, order } = crowd(createBulkhead());
  const calls = enter(60);
  await delay(5);
  while (doors.length > 0) {
    doors.shift()?.();
    await delay(0);
  }
  await Promise.all(calls);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test('a wait ends with the deadline of whoever waits, without having had an effect', async () => {
  const bulkhead = createBulkhead();
  const { enter, doors, running } = crowd(bulkhead);
  enter(20);
  const hasty = bulkhead
    .run(API, AbortSignal.timeout(30), async () => 'sent')
    .catch((error: unknown) => error);
  const patient = bulkhead.run(API, undefined, async () => 'sent');
  expect(await hasty).toMatchObject({
    kind: 'unreachable',
    detail: { code: 'waited-too-long', mayHaveHadEffect: false },
  });
  doors.shift()?.();
  expect(await patient).toBe('sent');
  expect(running()).toBe(19);
});

test('a place is given back after a failure too, and after any number of them', async () => {
  const bulkhead = createBulkhead();
  for (let round = 0; round < 100; round++) {
    await bulkhead
      .run(API, undefined, async () => {
        throw new DingTalkError('unreachable', { api: API, code: 'timeout', mayHaveHadEffect: true });
      })
      .catch(() => undefined);
  }
  const { enter, doors, running } = crowd(bulkhead);
  const calls = enter(20);
  await delay(5);
  expect(running()).toBe(20);
  for (const open of doors) open();
  expect(await Promise.all(calls)).toEqual(Array(20).fill('done'));
});

test('two hundred who gave up waiting leave their places to others', async () => {
  const bulkhead = createBulkhead();
  const { enter, doors } = crowd(bulkhead);
  enter(20);
  const impatient = Array.from({ length: 200 }, () => enter(1, AbortSignal.timeout(20))[0]);
  expect(new Set(await Promise.all(impatient))).toEqual(new Set(['waited-too-long']));
  const next = enter(200);
  await delay(5);
  expect(await enter(1)[0]).toBe('too-many-in-flight');
  while (doors.length > 0) {
    doors.shift()?.();
    await delay(0);
  }
  expect(new Set(await Promise.all(next))).toEqual(new Set(['done']));
});
