import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, memoryMb, startApp } from '../support/app';
import { describeTimes, isLong, printFigures, span } from '../support/figures';
import { signedIn } from '../support/http-session';
import { createCaller, pace, percentile, type Reply } from '../support/load';

vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
let app: App;
beforeAll(async () => {
  emulator = await startEmulator({ members: 300, enforceQps: false });
  app = await startApp({ emulator, env: { TRUSTED_PROXY_HOPS: '1' } });
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

/** One in a hundred calls goes wrong, in one of these ways. */
const MISHAPS: FaultInput[] = [
  { kind: 'reset' },
  { kind: 'hangup' },
  { kind: 'truncate' },
  { kind: 'empty' },
  { kind: 'garbage' },
  { kind: 'status', status: 502 },
  { kind: 'errcode', errcode: -1 },
  { kind: 'errcode', errcode: 90018 },
  { kind: 'delayHeaders', ms: 4000 },
  { kind: 'revokeTokenNow' },
  { kind: 'idleClose', idleMs: 0 },
  { kind: 'huge', bytes: 3_000_000 },
];

test('R18: at 50 requests a second, one call of DingTalk in a hundred going wrong, nothing breaks and nothing grows', async () => {
  const seconds = span(4, 180);
  const member = await signedIn(app, emulator, emulator.company.people[0]!.userid);
  const caller = createCaller(app);
  const cookie = { cookie: member.cookieHeader() };
  const active = emulator.company.people.filter((person) => person.active);
  const memory: number[] = [];
  const gauge = setInterval(() => memory.push(memoryMb(app)), 1000);
  let mishaps = 0;
  const replies = await pace({ count: seconds * 50, perSecond: 50 }, async (index) => {
    const kind = (['/', '/api/session', '/me', 'sign-in', 'sign-in'] as const)[index % 5]!;
    if (kind !== 'sign-in') return { kind, reply: await caller.ask(kind, { headers: cookie }) };
    if (index % 100 === 3) {
      emulator.control.fault({ endpoint: 'any', fault: MISHAPS[mishaps++ % MISHAPS.length]! });
    }
    const code = emulator.control.mintCode(active[index % active.length]!.userid);
    const headers = { 'x-forwarded-for': `10.4.${(index >> 8) & 255}.${index & 255}` };
    return { kind, reply: await caller.signIn(code, headers) };
  });
  clearInterval(gauge);
  caller.close();
  const output = app.output();
  const ended = app.process.exitCode;
  emulator.control.clearFaults();

  const pages = replies.filter(({ kind }) => kind !== 'sign-in').map(({ reply }) => reply);
  const signIns = replies.filter(({ kind }) => kind === 'sign-in').map(({ reply }) => reply);
  const known = ({ status, text }: Reply) =>
    status === 200 || (status === 503 && /"UPSTREAM_\w+"/.test(text));
  const early = percentile(memory.slice(0, Math.ceil(memory.length / 3)), 0.5);
  const late = percentile(memory.slice(-Math.ceil(memory.length / 3)), 0.5);
  const slope = ((late - early) / ((seconds * 2) / 3)) * 60;
  printFigures(`R18 · ${seconds} s at 50 requests a second, ${mishaps} mishaps`, {
    'pages and sessions': `${pages.length}, failed ${pages.filter(({ status }) => status !== 200).length}`,
    'sign-ins': `${signIns.length}, refused with a reason ${signIns.filter(({ status }) => status === 503).length}`,
    'times of pages': describeTimes(pages.map(({ ms }) => ms)),
    'times of sign-ins': describeTimes(signIns.map(({ ms }) => ms)),
    memory: `${Math.round(early)} MB, then ${Math.round(late)} MB (${slope.toFixed(1)} MB a minute)`,
  });
  expect(pages.filter(({ status }) => status !== 200)).toEqual([]);
  expect(signIns.filter((reply) => !known(reply))).toEqual([]);
  expect(signIns.filter(({ status }) => status === 503).length).toBeLessThanOrEqual(mishaps * 2);
  expect(output).not.toMatch(/unhandledRejection|uncaughtException/i);
  expect(ended).toBeNull();
  if (isLong) expect(slope).toBeLessThan(10);
});
