import { expect, test } from 'vitest';
import type { Alert } from '../../../lib/alarm';
import { createAlerts, type News } from '../../../lib/entry/alerts';
import type { OperatingState } from '../../../lib/entry/operating-state';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 28);
const WELL = {
  notReady: undefined,
  signIn: { ok: true },
  reachable: { api: true, oapi: true },
  events: { stream: { status: 'connected' } },
  directory: { state: 'complete', completeAsOf: START, people: 10 },
  queues: undefined,
  online: undefined,
  calls: { limit: 100, used: 10 },
} as unknown as OperatingState;
const FAULTS: [Alert, Partial<OperatingState>][] = [
  ['sign-in', { signIn: { ok: false, reason: 'permission-missing' } }],
  ['database', { notReady: 'database' }],
  ['directory', { directory: { state: 'failed', completeAsOf: START - 4 * 3_600_000, people: 10 } }],
  ['events', { events: { stream: { status: 'connecting' } } as OperatingState['events'] }],
  ['quota', { calls: { limit: 100, used: 90 } as OperatingState['calls'] }],
];

function watch(options: Partial<Parameters<typeof createAlerts>[0]> = {}) {
  const sent: string[] = [];
  const informed = new Set<Alert>();
  let at = START;
  const alerts = createAlerts({
    settings: { intervalSeconds: 3600 },
    send: async (news: readonly News[]) => {
      sent.push(news.map(({ alert, isOver }) => `${alert} ${isOver ? 'over' : 'begun'}`).join(', '));
    },
    informed,
    claim: async () => 'mine',
    conclude: async () => undefined,
    now: () => at,
    ...options,
  });
  /** Looks every ten seconds, as the process does. */
  const pass = async (minutes: number, state: Partial<OperatingState> = {}) => {
    for (const end = at + minutes * MINUTE_MS; at < end; at += 10_000)
      await alerts
        .look({ ...WELL, directory: { ...WELL.directory!, completeAsOf: at }, ...state })
        .catch(() => undefined);
  };
  return { sent, informed, pass };
}

test.each(FAULTS)('%s: one message when it has lasted, one when it is over', async (alert, fault) => {
  const { sent, informed, pass } = watch();
  await pass(0.5, fault);
  expect(sent).toEqual([]);
  await pass(60, fault);
  expect(sent).toEqual([`${alert} begun`]);
  expect([...informed]).toEqual([alert]);
  await pass(60);
  expect(sent).toEqual([`${alert} begun`, `${alert} over`]);
  expect([...informed]).toEqual([]);
});

test('what passes by itself, what is switched off and what is not known is no news', async () => {
  const { sent, pass } = watch();
  await pass(1.5, { signIn: { ok: false, reason: 'unreachable' } });
  await pass(1);
  await pass(30, { events: { stream: { status: 'off' } } as OperatingState['events'] });
  await pass(30, { directory: undefined, calls: undefined, notReady: 'draining' });
  await pass(30, { calls: { limit: 0, used: 0 } as OperatingState['calls'] });
  expect(sent).toEqual([]);
  const manual = watch({ settings: { intervalSeconds: 0 } });
  await manual.pass(30, FAULTS[2]![1]);
  expect(manual.sent).toEqual([]);
});

test('faults that come together are one message, and flapping is at most a message a minute', async () => {
  const { sent, pass } = watch();
  await pass(20, Object.assign({}, ...FAULTS.map(([, fault]) => fault)));
  expect(sent.join(', ').split(', ').sort()).toEqual(FAULTS.map(([alert]) => `${alert} begun`).sort());
  const before = sent.length;
  for (let round = 0; round < 30; round++) {
    await pass(0.5);
    await pass(0.5, FAULTS[0]![1]);
  }
  expect(sent.length - before).toBeLessThanOrEqual(30);
});

test('a message that was not taken is tried again, and until then nobody counts as informed', async () => {
  let isAway = true;
  const sent: number[] = [];
  const concluded: boolean[] = [];
  const { informed, pass } = watch({
    send: async () => {
      if (isAway) throw new Error('away');
      sent.push(1);
    },
    conclude: async (_, wasSent) => void concluded.push(wasSent),
  });
  await pass(10, FAULTS[0]![1]);
  expect(informed.size).toBe(0);
  expect(concluded.length).toBeGreaterThan(5);
  expect(concluded.length).toBeLessThan(10);
  isAway = false;
  await pass(2, FAULTS[0]![1]);
  expect(sent).toEqual([1]);
  expect(informed.size).toBe(1);
});

test('of several processes one sends it; the others count it as sent only when it was', async () => {
  let other: 'pending' | 'sent' = 'pending';
  const { sent, informed, pass } = watch({ claim: async () => other });
  await pass(10, FAULTS[0]![1]);
  expect(informed.size).toBe(0);
  other = 'sent';
  await pass(1, FAULTS[0]![1]);
  expect(informed.size).toBe(1);
  expect(sent).toEqual([]);
});
