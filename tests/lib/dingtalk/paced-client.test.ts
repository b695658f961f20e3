import { expect, test } from 'vitest';
import { createRandom } from '../../../emulator/company/random';
import type { Client } from '../../../lib/dingtalk/client';
import { DingTalkError } from '../../../lib/dingtalk/errors';
import { createPacedClient, type PaceOptions } from '../../../lib/dingtalk/paced-client';
import type { DingTalkRequest } from '../../../lib/dingtalk/request';
import { createVirtualTime } from '../../support/virtual-time';

function fake(answer: (path: string, n: number) => unknown, options: PaceOptions = {}) {
  const sent: { path: string; at: number }[] = [];
  let inFlight = 0;
  const seen = { peak: 0 };
  const client = {
    credentials: { clientId: '', clientSecret: '' },
    warm: async () => undefined,
    call: async ({ path }: DingTalkRequest<unknown>) => {
      sent.push({ path, at: performance.now() });
      seen.peak = Math.max(seen.peak, ++inFlight);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inFlight--;
      const result = answer(path, sent.length);
      if (result instanceof Error) throw result;
      return result;
    },
  } as unknown as Client;
  const paced = createPacedClient(client, { backoffMs: [5, 5, 5], ...options });
  const call = (path: string) => paced.call({ path } as DingTalkRequest<unknown>);
  return { call, sent, seen, paced };
}
const refusal = (code: string, kind: 'rejected' | 'unreachable' = 'rejected') =>
  new DingTalkError(kind, { api: '/x', code, mayHaveHadEffect: true });

test('calls of one API keep their distance, and two APIs do not wait for one another', async () => {
  const { call, sent } = fake(() => 1, { callsPerSecond: 50 });
  await Promise.all(Array.from({ length: 20 }, () => [call('/a'), call('/b')]).flat());
  for (const path of ['/a', '/b']) {
    const times = sent.filter((one) => one.path === path).map(({ at }) => at);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(19 * 20 - 250);
    for (let n = 0; n + 13 < times.length; n++) expect(times[n + 13]! - times[n]!).toBeGreaterThan(40);
  }
});

/** Calls at the default pace in virtual time. @param delays of a call sent at `ms`: until it arrives, and until it is answered */
async function onVirtualLine(calls: number, delays: (ms: number) => [number, number]) {
  const { now, timers, advance } = createVirtualTime();
  const pause = (ms: number) => new Promise<void>((resolve) => timers.set(resolve, ms));
  const arrivals: number[] = [];
  const client = {
    call: async () => {
      const [until, back] = delays(now());
      await pause(until);
      arrivals.push(now());
      await pause(back);
    },
  } as unknown as Client;
  const paced = createPacedClient(client, { now, pause });
  let answered = 0;
  for (let n = 0; n < calls; n++) {
    void paced.call({ path: '/a' } as DingTalkRequest<unknown>).then(() => answered++);
  }
  while (answered < calls) await advance(500);
  return { arrivals, seconds: now() / 1000 };
}

test.each([
  [
    'for a second',
    (sent: number, [from, to]: [number, number]) => (sent >= from && sent < to ? to - sent : 5),
  ],
  ['now and then', (sent: number) => (sent * 7919) % 1300],
] as const)(
  'when the line stands still %s, no second brings DingTalk more than 20 calls of an API',
  async (_, delay) => {
    const random = createRandom(Math.floor(Math.random() * 2 ** 31));
    const from = 3000 + random.below(4000);
    const still: [number, number] = [from, from + 900 + random.below(300)];
    const { arrivals } = await onVirtualLine(300, (sent) => [delay(sent, still), 5 + random.below(200)]);
    arrivals.sort((a, b) => a - b);
    for (let n = 0; n + 20 < arrivals.length; n++) {
      expect(arrivals[n + 20]! - arrivals[n]!).toBeGreaterThanOrEqual(1000);
    }
  },
);

test('answers that take 0.3 s cost nothing of the rate', async () => {
  const { seconds } = await onVirtualLine(450, () => [150, 150]);
  expect(seconds).toBeLessThanOrEqual(450 / 15 + 1);
});

test('no more are under way than is granted', async () => {
  const { call, seen, paced } = fake(() => 1, { callsPerSecond: 10_000, maxInFlight: 3 });
  await Promise.all(Array.from({ length: 40 }, (_, n) => call(`/${n % 4}`)));
  expect(seen.peak).toBe(3);
  expect(paced.peakInFlight).toBe(3);
});

test('a refusal for speed holds the API up for a second, and the call is made again', async () => {
  let refused = false;
  const { call, sent, paced } = fake((path) => {
    if (path === '/b' || refused) return 1;
    refused = true;
    return refusal('90018');
  });
  await Promise.all([call('/a'), call('/b')]);
  const [first, second] = sent.filter(({ path }) => path === '/a');
  expect(second!.at - first!.at).toBeGreaterThan(1000);
  expect(paced.refusals).toBe(1);
});

test.each([
  ['-1', 'rejected', 4],
  ['timeout', 'unreachable', 4],
  ['60011', 'rejected', 1],
  ['90020', 'rejected', 1],
  ['banned', 'rejected', 1],
  ['CERT_HAS_EXPIRED', 'unreachable', 1],
] as const)('after %s (%s) there are %i attempts', async (code, kind, attempts) => {
  const { call, sent } = fake(() => refusal(code, kind));
  await expect(call('/a')).rejects.toThrow(code);
  expect(sent).toHaveLength(attempts);
});

test('who is stopped waits no longer', async () => {
  const stop = new AbortController();
  const { call, sent } = fake(() => 1, { callsPerSecond: 1, signal: stop.signal });
  const calls = [call('/a'), call('/a'), call('/a')];
  setTimeout(() => stop.abort(), 20);
  const ended = await Promise.allSettled(calls);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(sent).toHaveLength(1);
});
