import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { outsideRequest, singleton } from '../../lib/singleton';

const request = new AsyncLocalStorage<string>();
/** At boot, before the first request. */
outsideRequest(() => undefined);

test('what outlives a request knows nothing of it, nor does what that begins', async () => {
  const seen = await request.run('a request', () =>
    outsideRequest(async () => {
      const atOnce = request.getStore();
      await delay(1);
      return [atOnce, request.getStore()];
    }),
  );
  expect(seen).toEqual([undefined, undefined]);
});

test('the request goes on where it was, whatever came of it', async () => {
  await request.run('a request', async () => {
    expect(() => outsideRequest(() => fail())).toThrow('failed');
    await outsideRequest(() => delay(1));
    expect(request.getStore()).toBe('a request');
  });
});

test('a value of the whole process is made outside the request that needs it first', () => {
  const value = singleton('test-value', () => ({ madeIn: request.getStore() }));
  expect(request.run('a request', value)).toEqual({ madeIn: undefined });
  expect(value()).toBe(value());
});

function fail(): never {
  throw new Error('failed');
}
