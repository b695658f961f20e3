import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, dataDirOf, startApp } from '../support/app';
import { storageOf } from '../support/app-storage';
import { describeTimes, printFigures, span } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { send } from '../support/raw-request';
import { CALLBACK_ENV, isIn, postEvent } from '../support/staff';

/**
 * What holds while the database is away. A second of these processes' own clock is a minute of the promise: beside
 * other tests a busy machine would break its bounds.
 */

vi.setConfig({ testTimeout: 900_000 });

async function startFast(emulator: Emulator, env: Record<string, string> = {}): Promise<App> {
  const NODE_OPTIONS = `--import=${resolve('tests/support/clock-fast.mjs')}`;
  const app = await startApp({ emulator, env: { ...CALLBACK_ENV, ...env, NODE_OPTIONS } });
  // The first look counts from before the process loaded its modules: half a minute of this clock.
  await delay(1100);
  return app;
}

test('while the database is away people stay in for a minute; then a 503 says so, and its return mends it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'dingpass-away-'));
  const emulator = await startEmulator({ members: 20, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const somebody = () => people.shift()!;
  const app = await startFast(emulator, { DATA_DIR: dataDir });
  const storage = await storageOf(dataDir);
  try {
    const userid = somebody();
    const leaverId = somebody();
    const [visitor, leaver] = [
      await signedIn(app, emulator, userid),
      await signedIn(app, emulator, leaverId),
    ];
    const leaving = await signedIn(app, emulator, somebody());
    await storage.takeAway();
    expect(await isIn(app, visitor.cookieHeader())).toBe(true);
    const newcomer = await new Visitor(app).post('/api/session', {
      code: emulator.control.mintCode(somebody()),
    });
    expect(newcomer.status).toBe(503);
    // What cannot be written down is not acknowledged, and DingTalk sends it again; it stands here all the same.
    const left = { EventType: 'user_leave_org', UserId: [leaverId], eventId: 'while-away' };
    expect(await postEvent(app, emulator, left)).toBe(503);
    expect(await isIn(app, leaver.cookieHeader())).toBe(false);
    await expect
      .poll(async () => (await visitor.ask('/api/session')).status, { interval: 100, timeout: 10_000 })
      .toBe(503);
    const refused = await visitor.ask('/api/session');
    expect(refused.status).toBe(503);
    expect(refused.json.error.code).toBe('SESSIONS_UNKNOWN');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(refused.headers.get('set-cookie')).toBeNull();
    // Signing out takes the cookie away all the same: it may be a shared computer.
    for (const [path, method] of [
      ['/api/session', 'DELETE'],
      ['/api/session/sign-out', 'POST'],
    ] as const) {
      const headers = { origin: app.origin, cookie: leaving.cookieHeader() };
      const gone = await new Visitor(app).ask(path, { method, headers });
      expect([path, gone.status]).toEqual([path, 503]);
      expect(gone.headers.getSetCookie()).toEqual([expect.stringMatching(/^dingpass=; Max-Age=0;/)]);
    }
    expect((await visitor.ask('/api/ready')).status).toBe(503);
    expect((await visitor.ask('/api/health')).status).toBe(200);
    const page = await visitor.ask('/me?x=1');
    expect(page.headers.get('location')).toBe('/unavailable?next=%2Fme%3Fx%3D1');
    const notice = await visitor.ask('/unavailable?next=%2Fme%3Fx%3D1', {
      headers: { 'accept-language': 'en' },
    });
    expect(notice.status).toBe(503);
    expect(notice.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(notice.headers.get('refresh')).toBe('5;url=/me?x=1');
    expect(notice.text).toContain('whether you are signed in');
    await storage.bringBack();
    await expect.poll(() => isIn(app, visitor.cookieHeader()), { interval: 100, timeout: 10_000 }).toBe(true);
    expect(await isIn(app, leaver.cookieHeader())).toBe(false);
    expect(await postEvent(app, emulator, left)).toBe(200);
    expect(await isIn(app, leaver.cookieHeader())).toBe(false);
  } finally {
    await app.close();
    await emulator.close();
  }
});

test('R17: a store that goes away at random: a minute of what was known, then 503, and back within 5 s; nothing is acknowledged in vain', async () => {
  const rounds = span(2, 50);
  const emulator = await startEmulator({ members: rounds * 2 + 20, enforceQps: false });
  const people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const app = await startFast(emulator);
  const storage = await storageOf(dataDirOf(emulator));
  const stayer = (await signedIn(app, emulator, people.shift()!)).cookieHeader();
  const statusOf = async (cookie: string) =>
    (await send(app, { path: '/api/session', headers: { cookie } })).status;
  const backAfter: number[] = [];
  const counts = { 'served on': 0, refused: 0, 'not acknowledged': 0 };
  for (let round = 0; round < rounds; round++) {
    const userid = people.shift()!;
    const leaver = (await signedIn(app, emulator, userid)).cookieHeader();
    const event = { EventType: 'user_leave_org', UserId: [userid], eventId: `round-${round}` };
    // The first time long enough to be refused.
    const awayMs = round === 0 ? 2500 : 200 + Math.random() * 2500;
    await storage.takeAway();
    const away = performance.now();
    while (performance.now() - away < awayMs) {
      const silentMs = performance.now() - away;
      const status = await statusOf(stayer);
      if (status === 200) counts['served on']++;
      else if (status === 503) counts.refused++;
      // A look every half second, and as much for a busy machine.
      if (silentMs < 400) expect(status).toBe(200);
      else if (silentMs > 2000) expect(status).toBe(503);
      else expect([200, 503]).toContain(status);
      await delay(50);
    }
    expect(await postEvent(app, emulator, event)).toBe(503);
    counts['not acknowledged']++;
    await storage.bringBack();
    const back = performance.now();
    while ((await statusOf(stayer)) !== 200) {
      if (performance.now() - back > 10_000) throw new Error('it does not come back');
      await delay(20);
    }
    backAfter.push(performance.now() - back);
    // DingTalk sends it again.
    expect(await postEvent(app, emulator, event)).toBe(200);
    expect(await statusOf(leaver)).toBe(401);
  }
  printFigures('R17: the store goes away', { rounds, ...counts, 'back after': describeTimes(backAfter) });
  expect(Math.max(...backAfter)).toBeLessThanOrEqual(5000);
  await app.close();
  await emulator.close();
});
