import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { memoryLimiter } from '@/lib/auth/failure-limiter';
import { type Attempts, createAttempts } from '@/lib/auth/rate-limit';
import { AppError } from '@/lib/errors';

const isFailure = (error: unknown) => error instanceof AppError && error.status < 500;
const isUnanswered = (error: unknown) => error instanceof AppError && error.problem === 'unreachable';
const refused = () => new AppError('code-refused');

/** What became of a sign-in: `ok`, a problem of ours, and whether DingTalk was asked. */
interface End {
  end: string;
  asked: boolean;
  retryAfterSeconds?: number | undefined;
}

async function trySignIn(
  attempts: Attempts,
  client: string,
  error?: Error,
  ms = 0,
  who: { network?: string; device?: string } = {},
): Promise<End> {
  let asked = false;
  try {
    await attempts.run(client, { isFailure, isUnanswered, ...who }, async () => {
      asked = true;
      if (ms > 0) await delay(ms);
      if (error) throw error;
    });
    return { end: 'ok', asked };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { end: thrown.problem, asked, retryAfterSeconds: thrown.detail.retryAfterSeconds };
  }
}

async function failTimes(attempts: Attempts, client: string, times: number): Promise<End[]> {
  const ends: End[] = [];
  for (let at = 0; at < times; at++) ends.push(await trySignIn(attempts, client, refused()));
  return ends;
}

const asked = (ends: End[]) => ends.filter((end) => end.asked).length;

afterEach(() => {
  vi.useRealTimers();
});

test('the first twenty invented codes of a client are asked about, the rest are not', async () => {
  const ends = await failTimes(createAttempts(memoryLimiter), 'a', 1000);
  expect(asked(ends)).toBe(20);
  expect(ends[20]).toMatchObject({ end: 'too-many-attempts', asked: false });
  expect(ends[20]?.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  expect(ends[20]?.retryAfterSeconds).toBeLessThanOrEqual(60);
});

test('a thousand invented codes at the same moment do not outrun the count', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends = await Promise.all(Array.from({ length: 1000 }, () => trySignIn(attempts, 'a', refused(), 20)));
  expect(asked(ends)).toBe(20);
});

test('one client who fails for ever does not keep another out', async () => {
  const attempts = createAttempts(memoryLimiter);
  await failTimes(attempts, 'a', 1000);
  expect(await trySignIn(attempts, 'b')).toEqual({ end: 'ok', asked: true });
});

test('after a minute a client may try again', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  const attempts = createAttempts(memoryLimiter);
  await failTimes(attempts, 'a', 25);
  expect((await trySignIn(attempts, 'a')).end).toBe('too-many-attempts');
  vi.advanceTimersByTime(61_000);
  expect((await trySignIn(attempts, 'a')).end).toBe('ok');
});

test('what is no fault of the client is not counted', async () => {
  const attempts = createAttempts(memoryLimiter);
  for (const problem of ['unreachable', 'throttled', 'bad-credentials', 'internal'] as const) {
    for (let at = 0; at < 50; at++) {
      expect(await trySignIn(attempts, 'a', new AppError(problem))).toMatchObject({
        end: problem,
        asked: true,
      });
    }
  }
  expect((await trySignIn(attempts, 'a')).end).toBe('ok');
});

test('questions that DingTalk does not answer: three hundred of strangers in a minute, all at once or not', async () => {
  const attempts = createAttempts(memoryLimiter);
  const unanswered = new AppError('unreachable');
  const veteran = { device: 'of-a-veteran' };
  expect((await trySignIn(attempts, 'office', undefined, 0, veteran)).end).toBe('ok');
  const ends = await Promise.all(
    Array.from({ length: 1000 }, (_, at) => trySignIn(attempts, `stranger-${at}`, unanswered, 5)),
  );
  expect(asked(ends)).toBeLessThanOrEqual(300);
  expect(asked(ends)).toBeGreaterThanOrEqual(280);
  expect((await trySignIn(attempts, 'a-new-stranger')).end).toBe('too-many-attempts');
  expect((await trySignIn(attempts, 'office', undefined, 0, veteran)).end).toBe('ok');
  for (let at = 0; at < 50; at++) await trySignIn(attempts, 'office', unanswered, 0, veteran);
  expect((await trySignIn(attempts, 'office', undefined, 0, veteran)).end).toBe('ok');
});

test('an office of three hundred behind one address is let in, all at once', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends = await Promise.all(
    Array.from({ length: 300 }, () => trySignIn(attempts, 'office', undefined, 2)),
  );
  expect(ends.filter(({ end }) => end === 'ok')).toHaveLength(300);
});

test('an office of three hundred is let in over the day, three of whose phones bring old codes now and then', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  const attempts = createAttempts(memoryLimiter);
  for (let person = 0; person < 300; person++) {
    expect((await trySignIn(attempts, 'office')).end).toBe('ok');
    if (person % 100 === 50) await failTimes(attempts, 'office', 3);
    vi.advanceTimersByTime(1000);
  }
});

test('in an office where nineteen codes were refused, the others still come in, one after the other', async () => {
  const attempts = createAttempts(memoryLimiter);
  await failTimes(attempts, 'office', 19);
  let underWay = 0;
  let most = 0;
  const ends = await Promise.all(
    Array.from({ length: 100 }, () =>
      attempts.run('office', { isFailure, isUnanswered }, async () => {
        underWay++;
        most = Math.max(most, underWay);
        await delay(1);
        underWay--;
        return 'ok';
      }),
    ),
  );
  expect(ends).toEqual(Array(100).fill('ok'));
  expect(most).toBe(1);
});

test('the line behind one address has an end', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends = await Promise.all(Array.from({ length: 600 }, () => trySignIn(attempts, 'a', undefined, 20)));
  const turnedAway = ends.filter(({ end }) => end === 'too-many-attempts');
  expect(turnedAway).toHaveLength(600 - 420);
  expect(turnedAway.every(({ retryAfterSeconds }) => (retryAfterSeconds ?? 0) >= 1)).toBe(true);
  expect((await trySignIn(attempts, 'a')).end).toBe('ok');
});

test('when many clients fail, those that failed before are turned away first', async () => {
  const attempts = createAttempts(memoryLimiter);
  for (let at = 0; at < 150; at++) await failTimes(attempts, `attacker-${at}`, 1);
  expect((await trySignIn(attempts, 'attacker-0', refused())).asked).toBe(false);
  expect((await trySignIn(attempts, 'somebody-new')).end).toBe('ok');
});

test('below that, nobody notices', async () => {
  const attempts = createAttempts(memoryLimiter);
  for (let at = 0; at < 149; at++) await failTimes(attempts, `attacker-${at}`, 1);
  expect((await trySignIn(attempts, 'attacker-0', refused())).asked).toBe(true);
});

test('when far too many fail, only clients that have ever succeeded are let in', async () => {
  const attempts = createAttempts(memoryLimiter);
  expect((await trySignIn(attempts, 'staff')).end).toBe('ok');
  for (let at = 0; at < 280; at++) await failTimes(attempts, `attacker-${at}`, 1);
  expect(await trySignIn(attempts, 'somebody-new')).toMatchObject({ end: 'too-many-attempts', asked: false });
  expect((await trySignIn(attempts, 'staff')).end).toBe('ok');
});

test('a client that has succeeded once may not fail more often for it', async () => {
  const attempts = createAttempts(memoryLimiter);
  await trySignIn(attempts, 'a');
  expect(asked(await failTimes(attempts, 'a', 100))).toBe(20);
});

test('a hundred thousand invented codes from as many addresses cost at most three hundred questions', async () => {
  const attempts = createAttempts(memoryLimiter);
  let questions = 0;
  for (let at = 0; at < 100_000; at++) {
    if ((await trySignIn(attempts, `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, refused())).asked) {
      questions++;
    }
  }
  expect(questions).toBeLessThanOrEqual(300);
});

test('a flood from many addresses at the same moment costs at most three hundred questions too', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends = await Promise.all(
    Array.from({ length: 4000 }, (_, at) => trySignIn(attempts, `client-${at % 200}`, refused(), 20)),
  );
  expect(asked(ends)).toBeLessThanOrEqual(300);
});

test('AB-014: a hundred thousand clients leave a bounded memory behind', async () => {
  const attempts = createAttempts(memoryLimiter);
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < 100_000; at++) {
    await trySignIn(attempts, `client-${at}`, at % 2 === 0 ? refused() : undefined);
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(60e6);
});

test('all of a /48 together has the failures of two clients, then nobody of it is asked about', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends: End[] = [];
  for (let at = 0; at < 200; at++) {
    ends.push(await trySignIn(attempts, `2001:db8::${at}/64`, refused(), 0, { network: '2001:db8::/48' }));
  }
  expect(asked(ends)).toBe(40);
  const other = await trySignIn(attempts, 'elsewhere', undefined, 0, { network: '2001:db9::/48' });
  expect(other).toMatchObject({ end: 'ok', asked: true });
});

test('a /48 does not outrun its count all at once', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends = await Promise.all(
    Array.from({ length: 500 }, (_, at) =>
      trySignIn(attempts, `2001:db8::${at}/64`, refused(), 20, { network: '2001:db8::/48' }),
    ),
  );
  expect(asked(ends)).toBe(40);
});

test('a device that has succeeded comes in, whatever others do behind its address or everywhere', async () => {
  const attempts = createAttempts(memoryLimiter);
  await failTimes(attempts, 'office', 100);
  for (let at = 0; at < 400; at++) await failTimes(attempts, `botnet ${at}`, 1);
  const known = await trySignIn(attempts, 'office', undefined, 0, { device: 'd1', network: 'office/48' });
  expect(known).toMatchObject({ end: 'ok', asked: true });
  expect(await trySignIn(attempts, 'never seen')).toMatchObject({ end: 'too-many-attempts' });
});

test('a device that was taken over has no more failures than an address', async () => {
  const attempts = createAttempts(memoryLimiter);
  const ends: End[] = [];
  for (let at = 0; at < 100; at++) {
    ends.push(await trySignIn(attempts, `address ${at}`, refused(), 0, { device: 'd1' }));
  }
  expect(asked(ends)).toBe(20);
});

test('within every minute’s limit, an hour has a hundred failures of a client, and says how long to wait', async () => {
  vi.useFakeTimers();
  const attempts = createAttempts(memoryLimiter);
  const ends: End[] = [];
  for (let minute = 0; minute < 30; minute++) {
    ends.push(...(await failTimes(attempts, 'a', 20)));
    await vi.advanceTimersByTimeAsync(61_000);
  }
  expect(asked(ends)).toBe(100);
  expect(ends.at(-1)?.retryAfterSeconds).toBeGreaterThan(60);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(await trySignIn(attempts, 'a')).toMatchObject({ end: 'ok', asked: true });
});
