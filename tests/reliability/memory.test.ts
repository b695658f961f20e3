import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, memoryMb, START_OPTIONS, startApp } from '../support/app';
import { isLong, printFigures, span } from '../support/figures';
import { INSPECTED, inspect } from '../support/inspector';
import { type Caller, createCaller, crowd, percentile, type Reply } from '../support/load';
import { CALLBACK_ENV, postEvent } from '../support/staff';

vi.setConfig({ testTimeout: 3_600_000 });

/** What a request is made of: all of it is to go when it is answered. */
const PARTS_OF_A_REQUEST = {
  responses: 'process.getBuiltinModule("node:http").ServerResponse',
  requests: 'process.getBuiltinModule("node:http").IncomingMessage',
};

let emulator: Emulator;
let members: string[];

beforeAll(async () => {
  emulator = await startEmulator({ members: 300, enforceQps: false });
  members = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
});
afterAll(() => emulator.close());

const memberAt = (index: number) => members[index % members.length]!;
const addressOf = (index: number) => ({
  'x-forwarded-for': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
});

async function signIn(caller: Caller, index: number): Promise<{ reply: Reply; cookie: string }> {
  const reply = await caller.signIn(emulator.control.mintCode(memberAt(index)), addressOf(index));
  return { reply, cookie: reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
}

/** What one member, and a stranger beside them, make the app do. */
async function visit(app: App, caller: Caller, index: number): Promise<number[]> {
  const { reply, cookie } = await signIn(caller, index);
  const headers = { cookie, ...addressOf(index) };
  const statuses = [reply.status];
  const own = ['/', '/me', '/me/sessions', '/directory', '/api/session', '/api/directory/search?q=li'];
  const foreign = [
    '/login',
    '/api/oauth/start?next=%2Fme',
    '/api/oauth/callback?code=x&state=x',
    '/api/ready',
  ];
  for (const path of own) statuses.push((await caller.ask(path, { headers })).status);
  for (const path of foreign) await caller.ask(path, { headers: addressOf(index) });
  await caller.ask('/', { headers: { cookie: `${cookie.slice(0, -9)}AAAAAAA~2` } });
  if (index % 5 === 0) {
    await caller.signIn('an-invented-code', addressOf(index));
    const event = { EventType: 'user_modify_org', UserId: [memberAt(index)], eventId: `event-${index}` };
    statuses.push(await postEvent(app, emulator, event));
  }
  if (index % 3 === 0) await caller.ask('/api/me/sessions/end-all', { headers, body: {} });
  return statuses;
}

test('nothing that outlives a request keeps a piece of it', async () => {
  const app = await startApp({
    emulator,
    node: process.env.NODE_OF_THE_APP ?? process.execPath,
    nodeOptions: [INSPECTED],
    env: { ...CALLBACK_ENV, TRUSTED_PROXY_HOPS: '1', DIRECTORY_SYNC: 'on', LOG_LEVEL: 'error' },
  });
  const caller = createCaller(app, 8);
  const visits = await crowd({ count: span(30, 1000), atOnce: 8 }, (index) => visit(app, caller, index));
  const inspector = await inspect(app.output);
  const left = await inspector.countLiving(PARTS_OF_A_REQUEST);
  inspector.close();
  caller.close();
  await app.close();
  printFigures(
    `Left of ${visits.length} visits of some 15 requests each, Node.js ${app.process.spawnfile}`,
    left,
  );
  expect(visits.flat().filter((status) => status !== 200)).toEqual([]);
  // Connections that are kept hold their last request.
  expect(left.responses).toBeLessThanOrEqual(10);
  expect(left.requests).toBeLessThanOrEqual(30);
});

/** Many people, one after the other: each signs in and opens a page. */
async function pass(nodeOptions: readonly string[]) {
  const count = span(100, 20_000);
  const app = await startApp({
    emulator,
    node: process.env.NODE_OF_THE_APP ?? process.execPath,
    nodeOptions,
    env: { TRUSTED_PROXY_HOPS: '1' },
  });
  const caller = createCaller(app);
  const memory: number[] = [];
  const gauge = setInterval(() => memory.push(memoryMb(app)), 250);
  const started = performance.now();
  const failed = await crowd({ count, atOnce: 8 }, async (index) => {
    const { reply, cookie } = await signIn(caller, index);
    const page = await caller.ask('/', { headers: { cookie } });
    return [reply, page].filter(({ status }) => status !== 200).length;
  });
  const seconds = (performance.now() - started) / 1000;
  clearInterval(gauge);
  caller.close();
  const isAlive = app.process.exitCode === null;
  await app.close();
  const quarter = (which: number) =>
    percentile(memory.slice((memory.length * which) / 4, (memory.length * (which + 1)) / 4), 0.5);
  const figures = {
    failed: failed.reduce((sum, one) => sum + one, 0),
    peak: Math.round(Math.max(...memory)),
    quarters: [0, 1, 2, 3].map((which) => Math.round(quarter(which))),
    growth: quarter(3) - quarter(2),
  };
  printFigures(
    `${count} sign-ins and ${count} pages in ${Math.round(seconds)} s, node ${nodeOptions.join(' ')}`,
    {
      failed: figures.failed,
      'resident, quarter by quarter': figures.quarters.join(', ').concat(' MB'),
      'at most': `${figures.peak} MB`,
    },
  );
  return { ...figures, isAlive };
}

test.each<[string, readonly string[]]>([
  ['the heap of the start command', START_OPTIONS],
  ...(isLong ? [['a heap of 160 MB', ['--max-old-space-size=160']] satisfies [string, string[]]] : []),
])('with %s memory stays small and flat, however many sign in', async (_, nodeOptions) => {
  const { failed, peak, growth, isAlive } = await pass(nodeOptions);
  expect({ failed, isAlive }).toEqual({ failed: 0, isAlive: true });
  expect(peak).toBeLessThanOrEqual(300);
  if (isLong) expect(growth).toBeLessThan(10);
});
