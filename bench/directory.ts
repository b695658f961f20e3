import { type Client, createClient } from '../lib/dingtalk/client';
import { DingTalkError } from '../lib/dingtalk/errors';
import { createSyncStore } from '../lib/directory/sync/run-store';
import { type SyncOutcome, sync } from '../lib/directory/sync/sync';
import {
  bigDepartment,
  changeCompany,
  companyOf,
  differences,
  hiddenDepartments,
  leastCalls,
  type Size,
} from './directory-company';
import { readingFigures } from './directory-reading';
import { type Engine, openDirectoryStorage } from './directory-storage';
import { countWrites, endCounting } from './directory-writes';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atMost, exactly, type Figure, round } from './figure';
import { prepareProduct } from './prepare';

const FULL: Size = {
  members: 100_000,
  departments: 5000,
  big: 5000,
  changes: 20_000,
  rounds: 5,
  queries: Number.POSITIVE_INFINITY,
  pages: 500,
};
const SHORT: Size = {
  members: 300,
  departments: 30,
  big: 100,
  changes: 60,
  rounds: 1,
  queries: 40,
  pages: 20,
};
const MEGABYTE = 1024 * 1024;
/** Of the search in the store, p99, in ms. */
const MOST_SEARCH_MS: Record<Engine, number> = { file: 5, postgres: 10 };
const MOST_PAUSE_MS = 200;

/** The staff directory of a large company: whole syncs, then search and pages in what they left. */
export const benchDirectory =
  (engine: Engine) =>
  async ({ real, short }: { real: boolean; short: boolean }): Promise<Figure[]> => {
    await prepareProduct();
    const size = short ? SHORT : FULL;
    const { members, departments, changes } = size;
    const seed = Math.floor(Math.random() * 2 ** 31);
    const times = real ? 1 : 10;
    const rate = 15 * times;
    const emulator = await startEmulatorProcess({ members, departments, seed });
    const storage = await openDirectoryStorage(engine);
    const { db, env } = storage;
    const store = createSyncStore(() => db);
    const refusals = { count: 0 };
    const client = counting(
      createClient({ ...emulator, apiUrl: emulator.url, oapiUrl: emulator.url }),
      refusals,
    );
    try {
      await emulator.control('settings', { qps: 20 * times });
      // One department in ten is hidden, so that searches have people to leave out.
      for (const { id } of hiddenDepartments(size, seed)) {
        await emulator.control(`departments/${id}`, { hidden: true });
      }
      // One department of 5 000: the first call of the sync moves its people in.
      const move = await bigDepartment(emulator, size, seed);
      await emulator.control('faults', { endpoint: '/auth/scopes', fault: { kind: 'staffChange', move } });
      await client.warm();

      const run = async (): Promise<Run> => {
        const before = await callsOf(emulator);
        const pace = { callsPerSecond: rate };
        const measured = await measure(() => sync({ store, client, startedBy: 'command', pace }));
        const calls = minus(await callsOf(emulator), before);
        const bound = Math.max(...Object.values(calls)) / rate;
        return { ...measured, calls, overBound: round(measured.seconds / bound, 3) };
      };
      const first = await run();
      const written = await countWrites(db);
      const second = await run();
      const writes = await written();
      await endCounting(db);
      const company = companyOf(size, seed);
      for (const { userid, departmentIds } of move) company.change(userid, { departmentIds });
      await changeCompany(emulator, company, size);
      const third = await run();

      const departmentId = move[0]!.departmentIds[0]!;
      const mostSearchMs = MOST_SEARCH_MS[engine];
      // How fast DingTalk answered makes no difference to those who read.
      const reading = real
        ? []
        : await readingFigures({ store, emulator, env, size, departmentId, mostSearchMs });
      return [
        { what: 'people / departments / seed', value: `${members}/${departments}/${seed}`, unit: '' },
        ...syncFigures([first, second, third], {
          changes,
          differences: await differences(store, company),
          refusals: refusals.count,
          leastCalls: leastCalls(company, first.calls),
          writes,
        }),
        ...reading,
        { what: 'size of the database', value: round((await storage.size()) / MEGABYTE, 0), unit: ' MB' },
      ];
    } finally {
      await storage.close();
      emulator.close();
    }
  };

type Run = Awaited<ReturnType<typeof measure>> & {
  calls: Calls;
  /** Its time over the one that the rate limit sets. */
  overBound: number;
};

function syncFigures(
  [first, second, third]: [Run, Run, Run],
  seen: Record<'changes' | 'differences' | 'refusals' | 'leastCalls' | 'writes', number>,
): Figure[] {
  const { changes, differences, refusals, leastCalls, writes } = seen;
  const calls = Object.values(first.calls).reduce((sum, n) => sum + n, 0);
  const states = [first, second, third].map(({ state }) => state).join(', ');
  const memory = Math.max(first.memory, second.memory, third.memory);
  return [
    exactly('outcome of the runs', states, 'complete, complete, complete'),
    exactly('differences from the emulator’s list', differences, 0),
    atMost('first run over the lower bound that the rate limit sets', first.overBound, '', 1.35),
    atMost('later run over the lower bound that the rate limit sets', second.overBound, '', 1.1),
    { what: `run with ${changes} changes over the lower bound`, value: third.overBound, unit: '' },
    { what: 'wall time of the first run', value: round(first.seconds, 1), unit: ' s' },
    { what: 'processor time of the first run', value: round(first.cpuSeconds, 1), unit: ' s' },
    exactly('refusals for QPS', refusals, 0),
    atMost('calls over the minimum', round(calls / leastCalls, 4), '', 1.02),
    atMost('memory over idle, peak', round(memory, 0), ' MB', 250),
    atMost('longest pause of the event loop, first run', round(first.longestPause, 0), ' ms', MOST_PAUSE_MS),
    atMost(
      `longest pause of the event loop, run with ${changes} changes`,
      round(third.longestPause, 0),
      ' ms',
      MOST_PAUSE_MS,
    ),
    exactly('writes of a run with nothing changed', writes, 0),
  ];
}

type Calls = Record<string, number>;

async function callsOf(emulator: EmulatorProcess): Promise<Calls> {
  return ((await emulator.control('calls')) as { byEndpoint: Calls }).byEndpoint;
}

function minus(calls: Calls, before: Calls): Calls {
  return Object.fromEntries(
    Object.entries(calls).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}

function counting(client: Client, refusals: { count: number }): Client {
  return {
    ...client,
    call: (request) =>
      client.call(request).catch((error: unknown) => {
        if (error instanceof DingTalkError && error.isThrottled) refusals.count++;
        throw error;
      }),
  };
}

async function measure(action: () => Promise<SyncOutcome>) {
  globalThis.gc?.();
  const idle = process.memoryUsage().rss;
  let peak = idle;
  let longestPause = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longestPause = Math.max(longestPause, now - last - 20);
    last = now;
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const outcome = await action();
  const state = outcome.kind === 'ran' ? outcome.run.state : outcome.kind;
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(timer);
  return {
    state,
    seconds,
    cpuSeconds: (user + system) / 1_000_000,
    memory: (peak - idle) / MEGABYTE,
    longestPause,
  };
}
