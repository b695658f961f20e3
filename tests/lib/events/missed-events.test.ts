import { expect, test } from 'vitest';
import { type DirectoryEvent, parseEvent } from '../../../lib/dingtalk/event';
import { createMissedEvents } from '../../../lib/events/missed-events';

const left = (userId: string) =>
  parseEvent({ EventType: 'user_leave_org', UserId: [userId], eventId: userId });

/** A DingTalk that tells of each page once, and a house in which some events fail. */
function setUp(pages: string[][]) {
  const done: string[] = [];
  const taken = { count: 0 };
  const failing = new Set<string>();
  const disk = new Map<string, DirectoryEvent>();
  const start = () =>
    createMissedEvents({
      take: async () => {
        taken.count++;
        return { events: (pages.shift() ?? []).map(left), hasMore: pages.length > 0 };
      },
      dispatch: async ({ id }) => {
        if (!disk.has(id)) throw new Error(`${id} is not on the disk`);
        if (failing.has(id)) throw new Error(`${id} failed`);
        done.push(id);
      },
      inbox: {
        storeMissed: async (events) => {
          for (const event of events) disk.set(event.id, event);
        },
        missed: async (limit) => [...disk.values()].slice(0, limit),
        completeMissed: async (id) => {
          disk.delete(id);
        },
      },
    });
  return { done, failing, round: start(), pages, taken, start };
}

test('page after page is dealt with, until there are no more', async () => {
  const { done, round } = setUp([['a', 'b'], ['c']]);
  await round();
  expect(done).toEqual(['a', 'b', 'c']);
});

test('what fails holds up nothing of its page, and is dealt with the next time, though DingTalk told of it once', async () => {
  const { done, failing, round, pages } = setUp([['a', 'b', 'c']]);
  failing.add('a');
  await expect(round()).rejects.toThrow('a failed');
  expect(done).toEqual(['b', 'c']);
  failing.clear();
  pages.push(['d']);
  await round();
  expect(done).toEqual(['b', 'c', 'a', 'd']);
});

test('what was taken outlives the process', async () => {
  const { done, failing, round, start } = setUp([['a', 'b']]);
  for (const id of ['a', 'b']) failing.add(id);
  await expect(round()).rejects.toThrow('a failed');
  failing.clear();
  await start()();
  expect(done).toEqual(['a', 'b']);
});

test('two rounds at once are one', async () => {
  const { done, round, taken } = setUp([['a'], ['b']]);
  await Promise.all([round(), round()]);
  expect({ done, ...taken }).toEqual({ done: ['a', 'b'], count: 2 });
});
