import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy';
import { describeTimes, printFigures, span } from '../support/figures';
import { signedIn } from '../support/http-session';
import { type Caller, createCaller, pace, type Reply } from '../support/load';
import { postgresDatabase } from '../support/postgres';

vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
let proxy: FaultProxy;
let app: App;
let caller: Caller;
let people: string[];
beforeAll(async () => {
  emulator = await startEmulator({ members: 400, departments: 6, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const { url } = await postgresDatabase();
  proxy = await startFaultProxy(Number(new URL(url).port));
  app = await startDirectoryApp({
    emulator,
    env: { DATABASE_URL: proxy.through(url), TRUSTED_PROXY_HOPS: '1' },
  });
  caller = createCaller(app, 256);
});
afterAll(async () => {
  caller?.close();
  await app?.close();
  await proxy?.close();
  await emulator?.close();
});

/** Their content is not in the database: whoever is signed in is served for a minute. */
const SERVED = ['/', '/me', '/example/step-up', '/api/session'];
const FROM_DATABASE = ['/me/sessions', '/directory', '/api/directory/search?q=a'];

/** Some answers come in time where they are only slow. */
const EVERY_FAULT: [string, { begin(): unknown; mayAnswer?: true }][] = [
  ['nothing passes', { begin: () => proxy.stall() }],
  ['connections are cut', { begin: () => proxy.cut() }],
  ['answers end in the middle', { begin: () => proxy.halve(5) }],
  ['answers are slow', { begin: () => proxy.slow(700), mayAnswer: true }],
];

/** `tests/app/database-outage.test.ts` shows the others in short. */
const FAULTS = EVERY_FAULT.slice(0, span(1, EVERY_FAULT.length));

test.each(FAULTS)(
  'the database is away under load, %s: what needs it says so, all else is served, and it mends itself',
  async (title, { begin, mayAnswer = false }) => {
    const [seconds, perSecond] = [span(4, 30), span(20, 50)];
    const member = await signedIn(app, emulator, people.pop()!);
    await untilRead(member);
    const headers = { cookie: member.cookieHeader() };
    const served: Reply[] = [];
    const refused: Reply[] = [];
    const signIns: Reply[] = [];
    await begin();
    await pace({ count: seconds * perSecond, perSecond }, async (index) => {
      if (index % 10 === 0) signIns.push(await signIn(index));
      else if (index % 2 === 0) refused.push(await caller.ask(any(FROM_DATABASE, index / 2), { headers }));
      else served[(index - 1) / 2] = await caller.ask(any(SERVED, (index - 1) / 2), { headers });
    });
    const healed = performance.now();
    await proxy.heal();
    const working = [
      ...FROM_DATABASE.map((path) => () => caller.ask(path, { headers })),
      () => signIn(Math.floor(Math.random() * 60_000)),
    ];
    for (const ask of working) await untilWorking(ask, healed);
    const backMs = Math.round(performance.now() - healed);
    printFigures(`Database away, ${title}`, {
      seconds,
      ...Object.fromEntries(
        SERVED.map((path, at) => [
          `served ${path}`,
          describeTimes(served.filter((_, index) => index % SERVED.length === at).map(({ ms }) => ms)),
        ]),
      ),
      refused: describeTimes(refused.map(({ ms }) => ms)),
      'sign-ins refused': describeTimes(signIns.map(({ ms }) => ms)),
      'back after ms': backMs,
    });
    expect(counted(served)).toEqual({ 200: served.length });
    // A page leads to the one that says so.
    for (const { status, headers: got } of refused)
      if (status !== 503 && !(mayAnswer && status === 200))
        expect([status, got.location]).toEqual([307, expect.stringMatching(/^\/unavailable\?/)]);
    const { 200: entered = 0, ...counts } = counted(signIns);
    expect(counts).toEqual(entered < signIns.length ? { 503: signIns.length - entered } : {});
    expect(entered > 0 && !mayAnswer).toBe(false);
    for (const { status, headers: got, text } of [...refused, ...signIns]) {
      if (status === 200) continue;
      if (status === 503) expect(got['retry-after']).toMatch(/^\d+$/);
      expect(got['set-cookie']?.join() ?? '').not.toMatch(/dingpass=[^;]/);
      expect(text).not.toContain('postgres');
    }
    for (const { status, text } of signIns) if (status === 503) expect(text).toContain('SESSIONS_UNKNOWN');
    expect(backMs).toBeLessThan(5000);
  },
);

function signIn(index: number): Promise<Reply> {
  const code = emulator.control.mintCode(people[index % people.length]!);
  return caller.signIn(code, { 'x-forwarded-for': `10.3.${index >> 8}.${index & 255}` });
}

async function untilWorking(ask: () => Promise<Reply>, since: number): Promise<void> {
  while ((await ask()).status !== 200) {
    if (performance.now() - since > 15_000) throw new Error('it does not come back');
    await delay(50);
  }
}

function any(paths: readonly string[], index: number): string {
  return paths[Math.floor(index) % paths.length]!;
}

function counted(replies: readonly Reply[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
