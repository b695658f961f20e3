import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { describeTimes, printFigures, span } from '../support/figures';
import { signedIn } from '../support/http-session';
import { percentile } from '../support/load';
import { send } from '../support/raw-request';
import { CALLBACK_ENV, isIn, postEvent, startListener, untilRefused } from '../support/staff';

vi.setConfig({ testTimeout: 900_000 });

const leave = (UserId: string[]) => ({ EventType: 'user_leave_org', UserId });

async function kill(app: App): Promise<void> {
  const ended = new Promise((resolve) => app.process.once('exit', resolve));
  app.process.kill('SIGKILL');
  await ended;
}

async function untilSaid(app: App, what: RegExp): Promise<void> {
  for (let waited = 0; !what.test(app.output()); waited += 20) {
    if (waited > 15_000) throw new Error(`it did not say ${what}:\n${app.output()}`);
    await delay(20);
  }
}

describe('two processes', () => {
  let emulator: Emulator;
  let one: App;
  let two: App;
  let people: string[];
  beforeAll(async () => {
    emulator = await startEmulator({ members: 1800, enforceQps: false });
    people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
    one = await startListener(emulator);
    two = await startApp({ emulator });
  });
  afterAll(async () => {
    await Promise.all([one?.close(), two?.close()]);
    await emulator?.close();
  });

  test('R10: dismissed in the company → refused by two processes, within 2 s', async () => {
    const rounds = span(10, 200);
    const stayer = await signedIn(one, emulator, people.shift()!);
    const times: number[] = [];
    for (const userid of people.splice(0, rounds)) {
      const cookie = (await signedIn(one, emulator, userid)).cookieHeader();
      emulator.control.fire(userid);
      times.push(...(await Promise.all([untilRefused(one, cookie), untilRefused(two, cookie)])));
    }
    printFigures('R10: dismissed → refused, two processes', { rounds, times: describeTimes(times) });
    expect(percentile(times, 0.99)).toBeLessThanOrEqual(2000);
    expect(Math.max(...times)).toBeLessThanOrEqual(5000);
    for (const app of [one, two]) expect(await isIn(app, stayer.cookieHeader())).toBe(true);
  });

  test('R10: a thousand leavers at once are refused within 10 s, and nobody else is', async () => {
    const [leavers, signedInLeavers, stayers] = [1000, span(60, 1000), span(20, 100)];
    const cookiesOf = async (userIds: string[]) => {
      const cookies: string[] = [];
      for (let at = 0; at < userIds.length; at += 20) {
        const some = userIds.slice(at, at + 20).map((userid) => signedIn(one, emulator, userid));
        cookies.push(...(await Promise.all(some)).map((visitor) => visitor.cookieHeader()));
      }
      return cookies;
    };
    const gone = await cookiesOf(people.slice(0, signedInLeavers));
    const kept = await cookiesOf(people.slice(leavers, leavers + stayers));
    const started = performance.now();
    // In the long run DingTalk tells of each by an event of its own.
    const together = span(50, 1);
    for (let at = 0; at < leavers; at += together) {
      emulator.control.events.emit({ type: 'user_leave_org', userIds: people.slice(at, at + together) });
    }
    for (const app of [one, two]) {
      for (let at = 0; at < gone.length; at += 50)
        await Promise.all(gone.slice(at, at + 50).map((cookie) => untilRefused(app, cookie)));
    }
    const ms = Math.round(performance.now() - started);
    const wrong = (await Promise.all(kept.map((cookie) => isIn(two, cookie)))).filter((stays) => !stays);
    printFigures('R10: a thousand leavers', {
      events: leavers / together,
      'asked about': gone.length,
      'all refused after ms': ms,
    });
    expect(ms).toBeLessThanOrEqual(10_000);
    expect(wrong).toEqual([]);
  });
});

test('an event about five hundred people is answered within 1.5 s: none of them is in any more, and the directory follows', async () => {
  const company = await startEmulator({ enforceQps: false, members: 620, departments: 40 });
  const ids = company.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const [stayer, leavers] = [ids.shift()!, ids.slice(0, 500)];
  const crowded = await startDirectoryApp({
    emulator: company,
    env: { ...CALLBACK_ENV, ADMIN_USER_IDS: stayer },
  });
  try {
    const boss = await signedIn(crowded, company, stayer);
    await untilRead(boss);
    const cookies: string[] = [];
    for (const userid of leavers.slice(0, 20))
      cookies.push((await signedIn(crowded, company, userid)).cookieHeader());
    const started = performance.now();
    expect(await postEvent(crowded, company, { EventType: 'user_leave_org', UserId: leavers })).toBe(200);
    const ms = performance.now() - started;
    for (const cookie of cookies) expect(await isIn(crowded, cookie)).toBe(false);
    expect(ms).toBeLessThan(1500);
    // What is left to be written after a second does not keep the answer waiting.
    const statusOfLast = async () => (await boss.ask(`/directory/people/${leavers.at(-1)}`)).status;
    await expect.poll(statusOfLast, { timeout: 10_000 }).toBe(404);
  } finally {
    await crowded.close();
    await company.close();
  }
}, 90_000);

test('R9: kill -9 after the acknowledgement loses no revocation and nobody else’s session', async () => {
  const rounds = span(1, 100);
  const emulator = await startEmulator({ members: rounds * 2 + 50, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const start = () => startApp({ emulator, env: CALLBACK_ENV });
  let app = await start();
  const stayers = await Promise.all(people.splice(0, 5).map((userid) => signedIn(app, emulator, userid)));
  let [lost, others] = [0, 0];
  const gone: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const userid = people.shift()!;
    gone.push((await signedIn(app, emulator, userid)).cookieHeader());
    expect(await postEvent(app, emulator, leave([userid]))).toBe(200);
    await delay(Math.random() < 0.5 ? 0 : Math.random() * 50);
    await kill(app);
    app = await start();
    if (await isIn(app, gone.at(-1)!)) lost++;
    for (const stayer of stayers) if (!(await isIn(app, stayer.cookieHeader()))) others++;
  }
  for (const cookie of gone) if (await isIn(app, cookie)) lost++;
  printFigures('R9: kill -9 after the acknowledgement', { rounds, lost, 'others signed out': others });
  expect({ lost, others }).toEqual({ lost: 0, others: 0 });
  await app.close();
  await emulator.close();
});

test('R9: the same where the acknowledgement goes over Stream', async () => {
  const rounds = span(1, 30);
  const emulator = await startEmulator({ members: rounds * 2 + 20, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const start = async () => {
    const app = await startApp({ emulator, env: { DINGTALK_STREAM: 'on' } });
    await untilSaid(app, /stream-connected/);
    return app;
  };
  let app = await start();
  const stayer = await signedIn(app, emulator, people.shift()!);
  let [lost, others] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const userid = people.shift()!;
    const gone = (await signedIn(app, emulator, userid)).cookieHeader();
    const { acknowledged } = emulator.control.events.stream();
    emulator.control.events.emit({ type: 'user_leave_org', userIds: [userid] });
    while (emulator.control.events.stream().acknowledged === acknowledged) await delay(1);
    await kill(app);
    app = await start();
    if (await isIn(app, gone)) lost++;
    if (!(await isIn(app, stayer.cookieHeader()))) others++;
  }
  printFigures('R9: kill -9 after the acknowledgement over Stream', {
    rounds,
    lost,
    'others signed out': others,
  });
  expect({ lost, others }).toEqual({ lost: 0, others: 0 });
  await app.close();
  await emulator.close();
});

test('kill -9 after the acknowledgement of any other event: what it makes stale is read after the restart', async () => {
  const rounds = span(1, 20);
  const emulator = await startEmulator({ members: 40, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const start = () => startApp({ emulator, env: CALLBACK_ENV });
  let app = await start();
  const [userid, gone] = [people.shift()!, people.splice(0, rounds)];
  const visitor = await signedIn(app, emulator, userid);
  const mayRead = async () =>
    (await send(app, { path: '/api/admin/audit.csv', headers: { cookie: visitor.cookieHeader() } }))
      .status === 200;
  const until = async (wanted: boolean) => {
    const started = performance.now();
    while ((await mayRead()) !== wanted) {
      if (performance.now() - started > 20_000) throw new Error(`it is lost: may read ${!wanted}`);
      await delay(50);
    }
    return performance.now() - started;
  };
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const leaver = await signedIn(app, emulator, gone[round]!);
    for (const level of [1, 0] as const) {
      emulator.control.patchPerson(userid, { adminLevel: level });
      const EventType = level === 1 ? 'org_admin_add' : 'org_admin_remove';
      expect(await postEvent(app, emulator, { EventType, UserId: [userid] })).toBe(200);
      if (level === 1) await until(true);
    }
    // Somebody of whom no event tells that they left.
    emulator.control.fire(gone[round]!);
    expect(await postEvent(app, emulator, { EventType: 'user_modify_org', UserId: [gone[round]!] })).toBe(
      200,
    );
    await kill(app);
    app = await start();
    times.push(await until(false), await untilRefused(app, leaver.cookieHeader()));
  }
  printFigures('kill -9 after the acknowledgement of other events', { rounds, times: describeTimes(times) });
  expect(Math.max(...times)).toBeLessThanOrEqual(60_000);
  await app.close();
  await emulator.close();
});
