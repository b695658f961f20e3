import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSafetyNet } from '../../lib/revocation/safety-net';

const HOUR = 3600;
const START = 1_700_000_000;

/** A company of which DingTalk says what the test wants. */
function setUp() {
  const world = { now: START * 1000, asked: [] as string[], ended: [] as string[], answer: 'there' };
  const claimed = new Set<string>();
  const net = createSafetyNet({
    claim: async (id) => !claimed.has(id) && Boolean(claimed.add(id)),
    giveBack: async (id) => {
      claimed.delete(id);
    },
    isStillThere: async (userId) => {
      world.asked.push(userId);
      if (world.answer === 'outage') throw new Error('unreachable');
      return world.answer === 'there';
    },
    onGone: async (userId) => {
      world.ended.push(userId);
    },
    pauseMs: 1,
    now: () => world.now,
  });
  return { world, net, session: { id: 's1', userId: 'zhang', issuedAt: START } };
}
const settle = () => delay(40);

test('a session is asked about once, when it is an hour old', async () => {
  const { world, net, session } = setUp();
  world.now += (HOUR - 1) * 1000;
  net.seen(session);
  await settle();
  expect(world.asked).toEqual([]);
  world.now += 1000;
  for (let index = 0; index < 5; index++) net.seen(session);
  await settle();
  net.seen(session);
  await settle();
  expect(world).toMatchObject({ asked: ['zhang'], ended: [] });
});

test('whoever is gone is out', async () => {
  const { world, net, session } = setUp();
  world.now += HOUR * 1000;
  world.answer = 'gone';
  net.seen(session);
  await settle();
  expect(world.ended).toEqual(['zhang']);
});

test('an outage ends nobody, and is no answer: later it is asked again', async () => {
  const { world, net, session } = setUp();
  world.now += HOUR * 1000;
  world.answer = 'outage';
  net.seen(session);
  await settle();
  net.seen(session);
  await settle();
  expect(world).toMatchObject({ asked: ['zhang'], ended: [] });
  world.now += 10 * 60_000;
  world.answer = 'gone';
  net.seen(session);
  await settle();
  expect(world).toMatchObject({ asked: ['zhang', 'zhang'], ended: ['zhang'] });
});
