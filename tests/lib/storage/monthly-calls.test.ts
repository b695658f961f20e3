import { describe, expect, test } from 'vitest';
import { DingTalkError } from '../../../lib/dingtalk/errors';
import { createCallCounter } from '../../../lib/storage/call-counter';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { createMonthlyCalls } from '../../../lib/storage/monthly-calls';
import { createTestDatabase, ENGINES } from '../../support/databases';

const NOON = Date.parse('2026-11-10T12:00+08:00');

describe.each(ENGINES)('calls of a month: %s', (engine) => {
  async function twoProcesses(limit: number) {
    const clock = { at: NOON };
    const { open } = await createTestDatabase(engine);
    const [one, other] = await Promise.all([0, 1].map(() => open(recordsMigrations)));
    const make = (db: typeof one) =>
      createMonthlyCalls({ counter: createCallCounter(db!, () => clock.at), limit, now: () => clock.at });
    return {
      clock,
      one: make(one),
      other: make(other),
      close: () => Promise.all([one!.close(), other!.close()]),
    };
  }
  const call = ({ onSend }: { onSend?: (() => void) | undefined }) => Promise.resolve(onSend?.());

  test('count for all processes together, up to the limit and no further', async () => {
    const { one, other, close } = await twoProcesses(5);
    for (const calls of [one, other, one, other, one]) await calls.counted('calendar', call);
    let sent = 0;
    const refused = other.counted('notices', async () => {
      sent++;
    });
    await expect(refused).rejects.toMatchObject({ problem: 'calls-spent' });
    expect(sent).toBe(0);
    expect(await one.state()).toMatchObject({
      limit: 5,
      used: 5,
      left: 0,
      byKind: { calendar: 5, notices: 0 },
    });
    await close();
  });

  test('every attempt counts, and what was not sent does not', async () => {
    const { one, close } = await twoProcesses(100);
    await one.counted('calendar', async ({ onSend }) => {
      for (let attempts = 0; attempts < 3; attempts++) onSend?.();
    });
    const unsent = one.counted('notices', async () => {
      throw new DingTalkError('unreachable', { api: '/x', code: 'circuit-open', mayHaveHadEffect: false });
    });
    await expect(unsent).rejects.toMatchObject({ problem: 'unreachable' });
    expect((await one.state()).byKind).toEqual({ calendar: 3, notices: 0 });
    await close();
  });

  test('begin anew with the month of Beijing', async () => {
    const { one, clock, close } = await twoProcesses(1);
    clock.at = Date.parse('2026-11-30T23:59:59+08:00');
    await one.counted('calendar', call);
    await expect(one.counted('calendar', call)).rejects.toMatchObject({ problem: 'calls-spent' });
    expect((await one.state()).endsAt).toBe(Date.parse('2026-12-01T00:00+08:00'));
    clock.at += 1000;
    await one.counted('calendar', call);
    expect((await one.state()).endsAt).toBe(Date.parse('2027-01-01T00:00+08:00'));
    await close();
  });

  test('what is left is told in days, at the pace of this month', async () => {
    const { one, close } = await twoProcesses(30);
    expect((await one.state()).daysLeft).toBeUndefined();
    for (let calls = 0; calls < 20; calls++) await one.counted('calendar', call);
    // Two a day in ten days; ten are left.
    expect((await one.state()).daysLeft).toBe(5);
    await close();
  });

  test('DingTalk’s own quota ends it too', async () => {
    const { one, close } = await twoProcesses(30);
    const refused = one.counted('calendar', async () => {
      throw new DingTalkError('rejected', { api: '/x', code: '90020', mayHaveHadEffect: true });
    });
    await expect(refused).rejects.toMatchObject({
      problem: 'calls-spent',
      detail: { dingTalkCode: '90020' },
    });
    await close();
  });
});
