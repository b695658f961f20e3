import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type CircuitBreaker, createCircuitBreaker } from '@/lib/dingtalk/circuit-breaker';
import { DingTalkError } from '@/lib/dingtalk/errors';

const API = '/topapi/v2/user/get';

function createClock() {
  let time = 1_000_000;
  return {
    now: () => time,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

const unreachable = (code: string) =>
  new DingTalkError('unreachable', { api: API, code, mayHaveHadEffect: true });
const rejected = (code: string) => new DingTalkError('rejected', { api: API, code, mayHaveHadEffect: true });
const malformed = (code: string) =>
  new DingTalkError('malformed', { api: API, code, mayHaveHadEffect: true });

/** Runs calls that all end in the same way, and says how: `sent` or the code of the refusal. */
async function fail(breaker: CircuitBreaker, times: number, error: Error): Promise<string[]> {
  const ends: string[] = [];
  for (let call = 0; call < times; call++) {
    let sent = false;
    const end = await breaker
      .run(API, async () => {
        sent = true;
        throw error;
      })
      .catch((thrown: DingTalkError) => thrown.code);
    ends.push(sent ? 'sent' : String(end));
  }
  return ends;
}

const succeed = (breaker: CircuitBreaker) => breaker.run(API, async () => 'answered').catch(codeOf);
const codeOf = (error: DingTalkError) => error.code;

test.each([
  ['no answer in time', unreachable('timeout')],
  ['a refused connection', unreachable('ECONNREFUSED')],
  ['a server error', unreachable('http-500')],
  ['a redirect', unreachable('redirect')],
  ['a certificate', unreachable('CERT_HAS_EXPIRED')],
  ['an answer that is no JSON', malformed('not-json')],
])('five faults in a row open the circuit: %s', async (_, error) => {
  const breaker = createCircuitBreaker(createClock().now);
  expect(await fail(breaker, 4, error)).toEqual(['sent', 'sent', 'sent', 'sent']);
  expect(await fail(breaker, 3, error)).toEqual(['sent', 'circuit-open', 'circuit-open']);
});

test('a call that the open circuit turns away had no effect and may be made again', async () => {
  const breaker = createCircuitBreaker(createClock().now);
  await fail(breaker, 5, unreachable('timeout'));
  const error = await breaker.run(API, async () => 'sent').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'unreachable', detail: { api: API, mayHaveHadEffect: false } });
});

test('four faults and an answer, for ever, open nothing', async () => {
  const breaker = createCircuitBreaker(createClock().now);
  for (let round = 0; round < 20; round++) {
    expect(await fail(breaker, 4, unreachable('timeout'))).not.toContain('circuit-open');
    expect(await succeed(breaker)).toBe('answered');
  }
});

test.each(['40078', '60121', '60011', '60020', '50002', '90018', '90020', '45009', '-1', '88', '99999'])(
  'DingTalk saying %s a thousand times opens nothing',
  async (code) => {
    const breaker = createCircuitBreaker(createClock().now);
    const ends = await fail(breaker, 1000, rejected(code));
    expect(ends.every((end) => end === 'sent')).toBe(true);
  },
);

test('odd records and a backend that is late open nothing either', async () => {
  const breaker = createCircuitBreaker(createClock().now);
  for (const error of [
    malformed('unexpected-shape'),
    malformed('other-userid'),
    unreachable('15'),
    new TypeError('ours'),
  ]) {
    expect(await fail(breaker, 50, error)).not.toContain('circuit-open');
  }
});

test('an answer of DingTalk between faults begins the count anew, whatever it says', async () => {
  const breaker = createCircuitBreaker(createClock().now);
  await fail(breaker, 4, unreachable('timeout'));
  await fail(breaker, 1, rejected('40078'));
  expect(await fail(breaker, 5, unreachable('timeout'))).not.toContain('circuit-open');
  expect(await fail(breaker, 1, unreachable('timeout'))).toEqual(['circuit-open']);
});

test.each(['too-many-in-flight', 'waited-too-long'])(
  'a call that our own queue turned away (%s) says nothing about the far end',
  async (code) => {
    const breaker = createCircuitBreaker(createClock().now);
    for (let round = 0; round < 4; round++) {
      await fail(breaker, 1, unreachable('timeout'));
      await fail(breaker, 30, unreachable(code));
    }
    expect(await fail(breaker, 1, unreachable('timeout'))).toEqual(['sent']);
    expect(await fail(breaker, 1, unreachable('timeout'))).toEqual(['circuit-open']);
  },
);

test('a call that waited in our queue while the circuit opened does not close it again', async () => {
  const breaker = createCircuitBreaker(createClock().now);
  let giveUp: (error: Error) => void = () => undefined;
  const waiting = breaker
    .run(API, () => new Promise<never>((_, reject) => (giveUp = reject)))
    .catch((error: DingTalkError) => error.code);
  await fail(breaker, 5, unreachable('timeout'));
  giveUp(unreachable('waited-too-long'));
  expect(await waiting).toBe('waited-too-long');
  expect(await succeed(breaker)).toBe('circuit-open');
});

test('a ban opens the circuit at once', async () => {
  const breaker = createCircuitBreaker(createClock().now);
  expect(await fail(breaker, 2, rejected('banned'))).toEqual(['sent', 'circuit-open']);
});

test('while it is open, one call in five seconds is let through', async () => {
  const clock = createClock();
  const breaker = createCircuitBreaker(clock.now);
  await fail(breaker, 5, unreachable('timeout'));
  let sent = 0;
  for (let ms = 0; ms < 30_000; ms += 100) {
    clock.pass(100);
    sent += (await fail(breaker, 1, unreachable('timeout'))).filter((end) => end === 'sent').length;
  }
  expect(sent).toBe(6);
});

test('of many callers at the moment of the probe, one is let through', async () => {
  const clock = createClock();
  const breaker = createCircuitBreaker(clock.now);
  await fail(breaker, 5, unreachable('timeout'));
  clock.pass(5000);
  const ends = await Promise.all(
    Array.from({ length: 50 }, () =>
      breaker
        .run(API, async () => {
          await delay(5);
          return 'answered';
        })
        .catch((error: DingTalkError) => error.code),
    ),
  );
  expect(ends.filter((end) => end === 'answered')).toHaveLength(1);
  expect(ends.filter((end) => end === 'circuit-open')).toHaveLength(49);
});

test('a probe that is answered closes it, at once and for all', async () => {
  const clock = createClock();
  const breaker = createCircuitBreaker(clock.now);
  await fail(breaker, 5, unreachable('timeout'));
  clock.pass(4999);
  expect(await succeed(breaker)).toBe('circuit-open');
  clock.pass(1);
  for (let call = 0; call < 10; call++) expect(await succeed(breaker)).toBe('answered');
});

test('a probe to which DingTalk says no closes it: it is there', async () => {
  const clock = createClock();
  const breaker = createCircuitBreaker(clock.now);
  await fail(breaker, 5, unreachable('timeout'));
  clock.pass(5000);
  await fail(breaker, 1, rejected('40078'));
  expect(await succeed(breaker)).toBe('answered');
});

test('a probe that fails leaves it open for another five seconds', async () => {
  const clock = createClock();
  const breaker = createCircuitBreaker(clock.now);
  await fail(breaker, 5, unreachable('timeout'));
  clock.pass(5000);
  expect(await fail(breaker, 2, unreachable('timeout'))).toEqual(['sent', 'circuit-open']);
  clock.pass(4999);
  expect(await succeed(breaker)).toBe('circuit-open');
  clock.pass(1);
  expect(await succeed(breaker)).toBe('answered');
});
