import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRecheck } from '../../../lib/events/recheck';
import type { RecheckLease, SealedSession } from '../../../lib/session/session-store';

const HOUR = 3600;
const START = 1_700_000_000;

/** A company of which DingTalk says what the test wants. */
function setUp() {
  const world = { now: START * 1000, asked: [] as string[], ended: [] as string[], answer: 'there' };
  const claims = new Map<string, RecheckLease>();
  const net = createRecheck({
    claim: async ({ id }) => claims.get(id) ?? 'claimed',
    settle: async (id) => {
      claims.set(id, 'settled');
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
  const session: SealedSession = {
    id: 's1',
    userId: 'zhang',
    name: '张伟',
    method: 'webview',
    issuedAt: START,
    expiresAt: START + 12 * HOUR,
    generation: 0,
    epoch: 1,
    sequence: 0,
    databaseId: 7,
  };
  return { world, net, session, claims };
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

test('what another process is asking is asked about again, should that process die with the question', async () => {
  const { world, net, session, claims } = setUp();
  world.now += HOUR * 1000;
  claims.set('s1', 'taken');
  net.seen(session);
  await settle();
  expect(world.asked).toEqual([]);
  claims.delete('s1');
  world.now += 10 * 60_000;
  net.seen(session);
  await settle();
  expect(world.asked).toEqual(['zhang']);
  expect(claims.get('s1')).toBe('settled');
});
