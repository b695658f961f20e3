import { expect, test } from 'vitest';
import type { Client } from '../../../../lib/dingtalk/client';
import { createCrawl } from '../../../../lib/directory/sync/crawl';
import type { Task } from '../../../../lib/directory/sync/run';
import type { SyncStore } from '../../../../lib/directory/sync/run-store';

test('what is left is counted in calls: a department of many pages is one step, and many of them', () => {
  const client = { call: () => new Promise(() => {}) } as unknown as Client;
  const stop = new AbortController();
  const sizes = new Map([
    [9, 5000],
    [10, 100],
    [11, 5000],
    [12, 5000],
  ]);
  const crawl = createCrawl({
    client,
    store: {} as SyncStore,
    lease: { owner: '', fence: 1 },
    signal: stop.signal,
    doneBefore: 0,
    sizes,
  });
  const people = (id: number, cursor = 0): Task => ({
    kind: 'people',
    subject: String(id),
    cursor,
    pass: 1,
  });
  // Eight are under way.
  const underWay = Array.from({ length: 8 }, (_, n) => people(n + 1));
  crawl.walk([...underWay, people(9), people(10), people(11, 4800), people(12, -1)]).catch(() => undefined);
  expect(crawl.counts()).toMatchObject({ done: 0, total: 12 });
  expect(crawl.callsLeft()).toBe(51 + 1 + 3 + 1);
  stop.abort();
});
