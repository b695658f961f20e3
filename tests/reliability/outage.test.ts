import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { startEmulator } from '../../emulator/server';
import { memoryMb, startApp } from '../support/app';
import { describeTimes, isLong, printFigures, span } from '../support/figures';
import { createCaller, pace, percentile, type Reply } from '../support/load';
import { startSwitch } from '../support/switch';
import { signedIn } from '../support/visitor';

vi.setConfig({ testTimeout: 300_000 });

const UNAVAILABLE = '钉钉服务暂时无法连接，请稍后重试。已登录的用户不受影响。';
const BUSY = '当前登录繁忙，请稍后再试。';

test('R4, R5: through an outage of every kind, who is in stays in; who is not is told so at once; it mends itself', async () => {
  const emulator = await startEmulator({ members: 300, enforceQps: false });
  const line = await startSwitch(emulator.port);
  const app = await startApp({
    emulator,
    env: {
      DINGTALK_API_URL: line.url,
      DINGTALK_OAPI_URL: line.url,
      SHOW_OPERATOR_HINTS: 'true',
      TRUSTED_PROXY_HOPS: '1',
    },
  });
  const member = await signedIn(app, emulator, emulator.company.people[0]!.userid);
  const caller = createCaller(app);
  const cookie = { cookie: member.cookieHeader() };
  const read = (index: number) => caller.ask(index % 2 === 0 ? '/' : '/api/session', { headers: cookie });
  let people = 0;
  const active = emulator.company.people.filter((person) => person.active);
  const signIn = () => {
    people++;
    const code = emulator.control.mintCode(active[people % active.length]!.userid);
    return caller.signIn(code, { 'x-forwarded-for': `10.2.${people >> 8}.${people & 255}` });
  };

  const before = await pace({ count: 60, perSecond: 20 }, read);

  const seconds = span(8, 60);
  const kinds: [string, () => Promise<void> | void][] = [
    ['refused', () => line.cut()],
    ['silent', () => fault({ kind: 'blackhole' })],
    ['500', () => fault({ kind: 'status', status: 500, contentType: 'text/html', body: '<h1>500</h1>' })],
    ['banned', () => fault({ kind: 'html' })],
  ];
  const fault = async (wanted: FaultInput) => {
    await line.mend();
    emulator.control.clearFaults();
    emulator.control.fault({ endpoint: 'any', times: 'always', fault: wanted });
  };
  const outage = (async () => {
    for (const [, begin] of kinds) {
      await begin();
      await delay((seconds * 1000) / kinds.length);
    }
  })();
  await delay(100);
  const [reads, tries] = await Promise.all([
    pace({ count: seconds * 20 - 4, perSecond: 20 }, read),
    pace({ count: seconds * 2 - 1, perSecond: 2 }, signIn),
    outage,
  ]);

  await line.mend();
  emulator.control.clearFaults();
  const healed = performance.now();
  let last: Reply;
  do {
    await delay(250);
    last = await signIn();
  } while (last.status !== 200 && performance.now() - healed < 20_000);
  const recovery = performance.now() - healed;
  const afterwards = await pace({ count: 20, perSecond: 10 }, signIn);
  caller.close();
  await Promise.all([app.close(), line.close(), emulator.close()]);

  const codeOf = ({ text }: Reply) => /"reason":"([^"]+)"/.exec(text)?.[1];
  const refused = tries.filter((reply) => codeOf(reply) === 'circuit-open');
  const asked = tries.filter((reply) => codeOf(reply) !== 'circuit-open');
  printFigures(`R4, R5 · an outage of ${seconds} s: ${kinds.map(([name]) => name).join(', ')}`, {
    'signed-in requests': `${reads.length}, failed ${reads.filter(({ status }) => status !== 200).length}`,
    'their times before': describeTimes(before.map(({ ms }) => ms)),
    'their times during': describeTimes(reads.map(({ ms }) => ms)),
    'sign-ins that asked DingTalk': `${asked.length}, ${describeTimes(asked.map(({ ms }) => ms))}`,
    'sign-ins with the circuit open': `${refused.length}, ${describeTimes(refused.map(({ ms }) => ms))}`,
    recovery: `${Math.round(recovery)} ms`,
  });
  expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
  for (const { status, text, ms } of tries) {
    expect(status).toBe(503);
    expect([UNAVAILABLE, BUSY]).toContain(JSON.parse(text).error.message);
    expect(ms).toBeLessThan(8000);
  }
  expect(refused.length).toBeGreaterThan(seconds);
  expect(
    percentile(
      refused.map(({ ms }) => ms),
      0.9,
    ),
  ).toBeLessThan(200);
  expect(last.status).toBe(200);
  expect(recovery).toBeLessThan(10_000);
  expect(afterwards.filter(({ status }) => status !== 200)).toEqual([]);
});

test('a crowd at the door of a silent DingTalk does not keep the circuit from opening', async () => {
  const emulator = await startEmulator({ enforceQps: false });
  const app = await startApp({ emulator, env: { SHOW_OPERATOR_HINTS: 'true', TRUSTED_PROXY_HOPS: '1' } });
  await signedIn(app, emulator, emulator.company.people[0]!.userid);
  emulator.control.fault({ endpoint: 'any', times: 'always', fault: { kind: 'blackhole' } });
  const caller = createCaller(app, 400);
  // 40 a second for 9 s: twenty are under way, the queue fills, and from 7.5 s on people give up waiting in it.
  const answers = await pace({ count: 9 * 40, perSecond: 40 }, (index) =>
    caller.signIn(emulator.control.mintCode(emulator.company.people[0]!.userid), {
      'x-forwarded-for': `10.3.${index >> 8}.${index & 255}`,
    }),
  );
  const late = answers.slice(-40);
  caller.close();
  await Promise.all([app.close(), emulator.close()]);
  printFigures('A crowd of 40 sign-ins a second at a silent DingTalk', {
    'all answers': describeTimes(answers.map(({ ms }) => ms)),
    'in the last second': describeTimes(late.map(({ ms }) => ms)),
  });
  expect(answers.every(({ status, ms }) => status === 503 && ms < 12_000)).toBe(true);
  expect(late.filter(({ text }) => text.includes('"circuit-open"')).length).toBeGreaterThanOrEqual(36);
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
  const emulator = await startEmulator({ members: 300, enforceQps: false });
  const app = await startApp({ emulator, env: { TRUSTED_PROXY_HOPS: '1' } });
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
  await Promise.all([app.close(), emulator.close()]);

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
