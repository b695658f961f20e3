import { expect, test } from 'vitest';
import { createExpiring } from '../../../lib/dingtalk/token-cache';

/** An expiring value on a clock of our own, fetched only when the test says so. */
function setup(options: { holdFailureMs?: (error: unknown) => number } = {}) {
  const fetches: { succeed(value: string, ttlSeconds?: number): void; fail(error: unknown): void }[] = [];
  let time = 0;
  const expiring = createExpiring<string>({
    fetchValue: () =>
      new Promise((resolve, reject) => {
        fetches.push({
          succeed: (value, ttlSeconds = 100) => resolve({ value, ttlSeconds }),
          fail: reject,
        });
      }),
    now: () => time,
    ...options,
  });
  const at = (seconds: number) => {
    time = seconds * 1000;
  };
  return { expiring, fetches, at };
}

/** One that holds `value` since second 0, for 100 seconds. */
async function warm(value = 'first') {
  const all = setup();
  const asked = all.expiring.get();
  all.fetches[0]!.succeed(value);
  await asked;
  return all;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('however many ask for a value that is not there, one fetch serves them all', async () => {
  const { expiring, fetches } = setup();
  const asked = Array.from({ length: 200 }, () => expiring.get());
  expect(fetches).toHaveLength(1);
  fetches[0]!.succeed('token');
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['token']));
});

test('a value serves for four fifths of its life without another fetch', async () => {
  const { expiring, fetches, at } = await warm();
  at(79.9);
  expect(await expiring.get()).toBe('first');
  expect(fetches).toHaveLength(1);
});

test('from then on it is renewed once, in the background, while it still serves', async () => {
  const { expiring, fetches, at } = await warm();
  at(80);
  expect([await expiring.get(), await expiring.get(), await expiring.get()]).toEqual(Array(3).fill('first'));
  expect(fetches).toHaveLength(2);
  fetches[1]!.succeed('second');
  await settled();
  expect(await expiring.get()).toBe('second');
  expect(fetches).toHaveLength(2);
});

test('at the end of its life it serves nobody, and all who ask wait for the next one', async () => {
  const { expiring, fetches, at } = await warm();
  at(100);
  const asked = [expiring.get(), expiring.get()];
  expect(fetches).toHaveLength(2);
  fetches[1]!.succeed('second');
  expect(await Promise.all(asked)).toEqual(['second', 'second']);
});

test('a life is counted from before the fetch, not from its answer', async () => {
  const { expiring, fetches, at } = setup();
  const asked = expiring.get();
  at(50);
  fetches[0]!.succeed('slow', 100);
  await asked;
  at(100);
  expiring.get();
  expect(fetches).toHaveLength(2);
});

test('a renewal that fails lets the old value serve, and is tried again after a pause', async () => {
  const { expiring, fetches, at } = await warm();
  at(81);
  await expiring.get();
  fetches[1]!.fail(new Error('unreachable'));
  await settled();
  at(85.9);
  expect(await expiring.get()).toBe('first');
  expect(fetches).toHaveLength(2);
  at(86);
  expect(await expiring.get()).toBe('first');
  expect(fetches).toHaveLength(3);
});

test('a value that was refused elsewhere is dropped, and the next who asks gets another', async () => {
  const { expiring, fetches } = await warm();
  expiring.drop('first');
  const asked = [expiring.get(), expiring.get()];
  expect(fetches).toHaveLength(2);
  fetches[1]!.succeed('second');
  expect(await Promise.all(asked)).toEqual(['second', 'second']);
});

test('a late complaint about a value that was replaced long ago does no harm', async () => {
  const { expiring, fetches } = await warm();
  expiring.drop('something older');
  expect(await expiring.get()).toBe('first');
  expect(fetches).toHaveLength(1);
});

test('two complaints about one value cost one fetch', async () => {
  const { expiring, fetches } = await warm();
  expiring.drop('first');
  const asked = expiring.get();
  expiring.drop('first');
  const askedToo = expiring.get();
  fetches[1]!.succeed('second');
  expect([await asked, await askedToo, fetches.length]).toEqual(['second', 'second', 2]);
});

test('a slow fetch that began before the value was dropped never overwrites the newer one', async () => {
  const { expiring, fetches, at } = await warm();
  at(80);
  await expiring.get();
  expiring.drop('first');
  const asked = expiring.get();
  fetches[2]!.succeed('newer');
  expect(await asked).toBe('newer');
  fetches[1]!.succeed('older');
  await settled();
  expect(await expiring.get()).toBe('newer');
});

test('a slow fetch that fails after the value was dropped spoils nothing', async () => {
  const { expiring, fetches, at } = await warm();
  at(80);
  await expiring.get();
  expiring.drop('first');
  const asked = expiring.get();
  fetches[1]!.fail(new Error('unreachable'));
  await settled();
  const askedToo = expiring.get();
  expect(fetches).toHaveLength(3);
  fetches[2]!.succeed('newer');
  expect([await asked, await askedToo]).toEqual(['newer', 'newer']);
});

test('a life of a million years is cut to two hours', async () => {
  const { expiring, fetches, at } = setup();
  const asked = expiring.get();
  fetches[0]!.succeed('eternal', 1e12);
  await asked;
  at(7199);
  expect(await expiring.get()).toBe('eternal');
  at(7200);
  expiring.get();
  expect(fetches.length).toBeGreaterThanOrEqual(2);
});

test.each([0, -5])('a life of %i seconds serves those who waited, and nobody after them', async (ttl) => {
  const { expiring, fetches } = setup();
  const asked = expiring.get();
  fetches[0]!.succeed('mayfly', ttl);
  expect(await asked).toBe('mayfly');
  expiring.get();
  expect(fetches).toHaveLength(2);
});

test('a failure reaches all who wait, and is forgotten at once', async () => {
  const { expiring, fetches } = setup();
  const asked = [expiring.get(), expiring.get()];
  const outcomes = Promise.allSettled(asked);
  fetches[0]!.fail(new Error('unreachable'));
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = expiring.get();
  expect(fetches).toHaveLength(2);
  fetches[1]!.succeed('token');
  expect(await again).toBe('token');
});

test('a failure that is worth holding answers for itself until its time is over', async () => {
  const { expiring, fetches, at } = setup({ holdFailureMs: () => 5000 });
  const asked = expiring.get();
  fetches[0]!.fail(new Error('wrong secret'));
  await expect(asked).rejects.toThrow('wrong secret');
  at(4.9);
  await expect(expiring.get()).rejects.toThrow('wrong secret');
  expect(fetches).toHaveLength(1);
  at(5);
  expiring.get();
  expect(fetches).toHaveLength(2);
});
