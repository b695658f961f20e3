import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createRefreshQueue } from '../../../lib/events/refresh-queue';
import type { RefreshTarget } from '../../../lib/storage/event-inbox';

const member = (id: string): RefreshTarget => ({ what: 'member', id });

function setUp(fails: (stale: RefreshTarget) => boolean = () => false) {
  const read: string[] = [];
  const givenUp: string[] = [];
  const nameOf = (stale: RefreshTarget) => ('id' in stale ? String(stale.id) : stale.what);
  const refresher = createRefreshQueue({
    read: async (stale) => {
      read.push(nameOf(stale));
      if (fails(stale)) throw new Error('unreachable');
    },
    onGivenUp: (stale) => givenUp.push(nameOf(stale)),
    settleMs: 20,
    pauseMs: 1,
    retryMs: 2,
  });
  return { refresher, read, givenUp };
}

test('what is said often is read once, after a moment', async () => {
  const { refresher, read } = setUp();
  for (let index = 0; index < 5; index++) refresher.refresh(member('a'), member('b'));
  expect(read).toEqual([]);
  await vi.waitFor(() => expect(read).toEqual(['a', 'b']));
  refresher.refresh(member('a'));
  await vi.waitFor(() => expect(read).toEqual(['a', 'b', 'a']));
});

test('what has time waits until nothing else does', async () => {
  const { refresher, read } = setUp();
  refresher.refreshLater(member('left-1'), member('left-2'), member('changed-2'));
  refresher.refresh(member('changed-1'), member('changed-2'));
  await vi.waitFor(() => expect(read).toHaveLength(4));
  expect(read).toEqual(['changed-2', 'changed-1', 'left-1', 'left-2']);
});

test('what fails is tried again ever more seldom, and given up in the end', async () => {
  let failures = 2;
  const { refresher, read, givenUp } = setUp((stale) => stale.what === 'directory' || failures-- > 0);
  refresher.refresh(member('a'));
  await vi.waitFor(() => expect(read).toEqual(['a', 'a', 'a']), 5000);
  await delay(50);
  expect(read).toHaveLength(3);
  refresher.refresh({ what: 'directory' });
  await vi.waitFor(() => expect(givenUp).toHaveLength(1), 5000);
  expect(givenUp).toEqual(['directory']);
});

test('when too much has changed, a whole run takes its place', async () => {
  const { refresher } = setUp();
  refresher.refresh(...Array.from({ length: 3000 }, (_, index) => member(`m${index}`)));
  expect(refresher.size()).toBe(2001);
  refresher.close();
});

test('several are read at once, but not all', async () => {
  let [underWay, peak] = [0, 0];
  const refresher = createRefreshQueue({
    read: async () => {
      peak = Math.max(peak, ++underWay);
      await delay(5);
      underWay--;
    },
    settleMs: 1,
    pauseMs: 1,
  });
  refresher.refresh(...Array.from({ length: 40 }, (_, index) => member(`m${index}`)));
  await vi.waitFor(() => expect(refresher.size()).toBe(0));
  expect(peak).toBe(4);
});

test('what comes while the last is being read is read too', async () => {
  const { refresher, read } = setUp();
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    refresher.refresh(member(id));
    await delay(22);
  }
  await vi.waitFor(() => expect(read).toEqual(['a', 'b', 'c', 'd', 'e']));
});
