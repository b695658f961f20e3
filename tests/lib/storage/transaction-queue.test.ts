import { expect, test } from 'vitest';
import { createQueue } from '../../../lib/storage/transaction-queue';
import { isUnavailable } from '../../../lib/storage/unavailable';

/** Work that ends when it is told to. */
function createWork() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end: () => end() };
}

test('a turn that does not come in time is given up, its work is not done, and those behind keep their order', async () => {
  const inTurn = createQueue();
  const first = createWork();
  const done: string[] = [];
  const take = (name: string) => async () => void done.push(name);
  const running = inTurn(1000, first.work);
  const impatient = inTurn(20, take('impatient')).catch((error: Error) => error);
  const behind = [inTurn(5000, take('second')), inTurn(5000, take('third'))];
  const error = await impatient;
  expect(error).toMatchObject({ message: expect.stringContaining('the turn of a write did not come') });
  // Whoever waits is told to come again, not that something is broken.
  expect(isUnavailable(error)).toBe(true);
  // The first one still works: nothing may run beside it.
  expect(done).toEqual([]);
  first.end();
  await Promise.all([running, ...behind]);
  expect(done).toEqual(['second', 'third']);
});

test('work that fails ends its turn', async () => {
  const inTurn = createQueue();
  await expect(inTurn(1000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await inTurn(1000, async () => 'next')).toBe('next');
});
