import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sharedLimiter } from '@/lib/auth/failure-limiter';
import { createOAuthFlows } from '@/lib/auth/oauth-flow';
import { createAttempts } from '@/lib/auth/rate-limit';
import { createRepeatedCallbacks } from '@/lib/auth/repeated-callback';
import { createUsedCodes } from '@/lib/auth/used-codes';
import { AppError } from '@/lib/errors';
import type { Database } from '@/lib/storage/database';
import { recordsMigrations } from '@/lib/storage/migrations';
import { createUsedValues } from '@/lib/storage/used-values';
import { createTestDatabase, ENGINES } from '../../support/databases';

const options = { isFailure: () => true, isUnanswered: () => false };

/** What one of several processes on a database has. */
function createProcess(db: Database, now: () => number = Date.now) {
  const attempts = createAttempts(sharedLimiter(db));
  const values = createUsedValues(db, now);
  const settings = {
    sessionKeys: new Map([['a', 'a-test-secret-of-more-than-32-characters-a']]),
    sealKey: 'a',
    publicOrigin: 'http://localhost:3000',
    sessionSameSite: 'lax',
  } as const;
  const flows = createOAuthFlows(settings, values, now);
  return {
    db,
    codes: createUsedCodes(values),
    flows,
    callbacks: createRepeatedCallbacks(values, settings),
    /** @returns the problem, or `ok`; `asked: ` before it where DingTalk would have been asked */
    async tryCode(client: string, isGood = false): Promise<string> {
      let asked = '';
      const outcome = await attempts
        .run(client, options, async () => {
          asked = 'asked: ';
          if (!isGood) throw new AppError('code-refused');
        })
        .then(
          () => 'ok',
          (error: AppError) => error.problem,
        );
      return asked + outcome;
    },
  };
}

describe.each(ENGINES)('two processes on one database: %s', (engine) => {
  let processes: ReturnType<typeof createProcess>[];
  let clock = Date.now();
  beforeEach(async () => {
    clock = Date.now();
    const place = await createTestDatabase(engine);
    processes = [];
    for (let at = 0; at < 2; at++)
      processes.push(createProcess(await place.open(recordsMigrations), () => clock));
  });
  afterEach(async () => {
    for (const { db } of processes) await db.close();
  });
  const inTurn = <T>(
    times: number,
    action: (process: (typeof processes)[number], at: number) => Promise<T>,
  ) =>
    Array.from({ length: times }).reduce<Promise<T[]>>(
      async (before, _, at) => [...(await before), await action(processes[at % 2]!, at)],
      Promise.resolve([]),
    );

  test('a client has twenty failures with both together', async () => {
    const outcomes = await inTurn(50, ({ tryCode }) => tryCode('a'));
    expect(outcomes.filter((outcome) => outcome === 'asked: code-refused')).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === 'too-many-attempts')).toHaveLength(30);
    expect(await processes[1]!.tryCode('b', true)).toBe('asked: ok');
  });

  test('when far too many fail, a client that has succeeded with the one is let in by the other', async () => {
    const [one, other] = processes as [(typeof processes)[0], (typeof processes)[0]];
    expect(await one.tryCode('office', true)).toBe('asked: ok');
    // As 279 invented codes of other clients would.
    await sharedLimiter(one.db)(1, 60).penalty('everybody', 279);
    expect(await one.tryCode('attacker')).toBe('asked: code-refused');
    await expect.poll(() => other.tryCode('office', true)).toBe('asked: ok');
    expect(await other.tryCode('new', true)).toBe('too-many-attempts');
  });

  test('a count outlives the processes', async () => {
    await inTurn(20, ({ tryCode }) => tryCode('a'));
    expect(await createProcess(processes[0]!.db).tryCode('a')).toBe('too-many-attempts');
  });

  test('without the database each counts by itself, at once', async () => {
    const [one] = processes as [(typeof processes)[0]];
    await one.db.close();
    const began = performance.now();
    const outcomes: string[] = [];
    for (let at = 0; at < 25; at++) outcomes.push(await one.tryCode('a'));
    expect(outcomes.filter((outcome) => outcome === 'asked: code-refused')).toHaveLength(20);
    expect(performance.now() - began).toBeLessThan(5000);
    processes.shift();
  });

  test('a code or a state that comes to both at the same moment is taken by one, 200 times', async () => {
    for (let round = 0; round < 200; round++) {
      const codes = await Promise.all(processes.map(({ codes }) => codes.consume(`code ${round}`)));
      expect(codes.filter(Boolean)).toHaveLength(1);
      const { state, setCookies } = await processes[round % 2]!.flows.start(null, `/page-${round}`);
      const cookie = setCookies.map((line) => line.split(';')[0]).join('; ');
      const ends = await Promise.all(processes.map(({ flows }) => flows.finish(cookie, state)));
      expect(ends.map(({ outcome }) => outcome).sort()).toEqual(['good', 'used']);
      expect(ends.map(({ next }) => next)).toEqual([`/page-${round}`, `/page-${round}`]);
    }
  });

  test('a sign-in in a browser whose answer was lost is answered again by the other, also while it is under way', async () => {
    const [one, other] = processes.map(({ callbacks }) => callbacks) as [
      ReturnType<typeof createRepeatedCallbacks>,
      ReturnType<typeof createRepeatedCallbacks>,
    ];
    const slowly = async () => {
      await delay(150);
      return ['dingpass=a-session'];
    };
    const first = one.first('state', 'code', slowly);
    expect(await other.again('state', 'code')).toEqual(['dingpass=a-session']);
    expect(await first).toEqual(['dingpass=a-session']);
    expect(await other.again('state', 'code')).toEqual(['dingpass=a-session']);
    expect(await other.again('state', 'another code')).toBeUndefined();
    // What is kept is of use to none that reads the database.
    const [kept] = await processes[0]!.db.all<{ detail: string }>('SELECT detail FROM used_value');
    expect(kept?.detail).not.toContain('a-session');
    const failing = one.first('state', 'second', async () => {
      await delay(100);
      throw new AppError('code-refused');
    });
    const [repeated] = await Promise.all([other.again('state', 'second'), failing.catch(() => undefined)]);
    expect(repeated).toBeUndefined();
    clock += 61_000;
    expect(await other.again('state', 'code')).toBeUndefined();
  });

  test('a code that turned out not to have been used may come again, to the other', async () => {
    const [one, other] = processes as [(typeof processes)[0], (typeof processes)[0]];
    expect(await one.codes.consume('once')).toBe(true);
    expect(await other.codes.consume('once')).toBe(false);
    await one.codes.release('once');
    expect(await other.codes.consume('once')).toBe(true);
  });

  test('what DingTalk has forgotten is forgotten here, and leaves nothing behind', async () => {
    const [{ codes, db }] = processes as [(typeof processes)[0]];
    for (let at = 0; at < 50; at++) await codes.consume(`code ${at}`);
    clock += 5 * 60_000 + 1;
    expect(await codes.consume('code 0')).toBe(true);
    const count = async () => (await db.get<{ n: number }>('SELECT count(*) AS n FROM used_value'))?.n;
    await expect.poll(count).toBe(1);
  });

  test('the state of another browser is neither used up nor known', async () => {
    const [one, other] = processes as [(typeof processes)[0], (typeof processes)[0]];
    const { state, setCookies } = await one.flows.start(null, '/secret-page');
    const forged = `${state.slice(0, state.indexOf('.'))}.${'A'.repeat(22)}`;
    expect(await other.flows.finish(null, state)).toMatchObject({ outcome: 'invalid', next: '/' });
    expect(await other.flows.finish(null, forged)).toMatchObject({ outcome: 'invalid', next: '/' });
    const cookie = setCookies[0]!.split(';')[0]!;
    expect(await other.flows.finish(cookie, forged)).toMatchObject({ outcome: 'invalid', next: '/' });
    expect(await one.flows.finish(cookie, state)).toMatchObject({ outcome: 'good', next: '/secret-page' });
    expect(await other.flows.finish(null, forged)).toMatchObject({ outcome: 'invalid', next: '/' });
    expect(await other.flows.finish(null, state)).toMatchObject({ outcome: 'used', next: '/secret-page' });
  });

  test('without the database a code or a state is refused for the moment, not for good', async () => {
    const [one] = processes as [(typeof processes)[0]];
    const { state, setCookies } = await one.flows.start(null, '/');
    const cookie = setCookies[0]!.split(';')[0]!;
    await one.db.close();
    await expect(one.codes.consume('code')).rejects.toMatchObject({ problem: 'sessions-unknown' });
    await expect(one.flows.finish(cookie, state)).rejects.toMatchObject({ problem: 'sessions-unknown' });
    expect(await processes[1]!.flows.finish(cookie, state)).toMatchObject({ outcome: 'good' });
    processes.shift();
  });
});
