import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { describeTimes, printFigures, span } from '../support/figures';
import { percentile } from '../support/load';
import { CALLBACK_ENV, isIn, postEvent, startListener, untilRefused } from '../support/staff';
import { signedIn } from '../support/visitor';

vi.setConfig({ testTimeout: 900_000 });

const leave = (UserId: string[]) => ({ EventType: 'user_leave_org', UserId });

test('R10: dismissed in the company → refused by two processes, within 2 s', async () => {
  const rounds = span(20, 200);
  const emulator = await startEmulator({ members: rounds * 2, enforceQps: false });
  const one = await startListener(emulator);
  const two = await startApp({ emulator });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const stayer = await signedIn(one, emulator, people.shift()!);
  const times: number[] = [];
  for (const userid of people.slice(0, rounds)) {
    const cookie = (await signedIn(one, emulator, userid)).cookieHeader();
    emulator.control.fire(userid);
    times.push(...(await Promise.all([untilRefused(one, cookie), untilRefused(two, cookie)])));
  }
  printFigures('R10: dismissed → refused, two processes', { rounds, times: describeTimes(times) });
  expect(percentile(times, 0.99)).toBeLessThanOrEqual(2000);
  expect(Math.max(...times)).toBeLessThanOrEqual(5000);
  for (const app of [one, two]) expect(await isIn(app, stayer.cookieHeader())).toBe(true);
  await Promise.all([one.close(), two.close()]);
  await emulator.close();
});

test('R10: a thousand leavers at once are refused within 10 s, and nobody else is', async () => {
  const [leavers, signedInLeavers, stayers] = [1000, span(60, 1000), span(20, 100)];
  const emulator = await startEmulator({ members: 1500, enforceQps: false });
  const one = await startListener(emulator);
  const two = await startApp({ emulator });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
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
  await Promise.all([one.close(), two.close()]);
  await emulator.close();
});

test('R9: kill -9 after the acknowledgement loses no revocation and nobody else’s session', async () => {
  const rounds = span(10, 100);
  const emulator = await startEmulator({ members: rounds * 2 + 50, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const start = () => startApp({ emulator, env: CALLBACK_ENV });
  const kill = async (app: App) => {
    const ended = new Promise((resolve) => app.process.once('exit', resolve));
    app.process.kill('SIGKILL');
    await ended;
  };
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
