import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startEmulator } from '../../emulator/server';
import { localDay } from '../../lib/local-time';
import { type App, startApp } from '../support/app';
import { signedIn, type Visitor } from '../support/http-session';
import { untilReady } from '../support/staff';

const DAY_MS = 86_400_000;

test('lines are kept for AUDIT_DAYS, also by processes that do not live for an hour', async () => {
  const emulator = await startEmulator({ enforceQps: false, members: 20 });
  const [admin, other] = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const apps: App[] = [];
  const start = async (days: number, ahead: number) => {
    const env = {
      ADMIN_USER_IDS: admin!,
      AUDIT_DAYS: String(days),
      NODE_OPTIONS: `--import=${resolve('tests/support/clock-ahead.mjs')}`,
      TEST_CLOCK_AHEAD_MS: String(ahead * DAY_MS),
    };
    apps.push(await startApp({ emulator, env }));
    await untilReady(apps.at(-1)!);
    return apps.at(-1)!;
  };
  const today = localDay(Date.now(), 'Asia/Shanghai');
  const linesOf = async (boss: Visitor) =>
    (await boss.ask(`/api/admin/audit.csv?event=sign-in&person=${other}&day=${today}`)).text
      .trim()
      .split('\r\n').length - 1;
  try {
    const now = await start(180, 0);
    await signedIn(now, emulator, other!);
    expect(await linesOf(await signedIn(now, emulator, admin!))).toBe(1);
    // It may be gone before anybody can sign in there: the first look is taken five seconds after the start.
    const boss = await signedIn(await start(1, 2), emulator, admin!);
    for (let waited = 0; (await linesOf(boss)) > 0; waited += 250) {
      if (waited > 10_000) throw new Error('it is still there');
      await delay(250);
    }
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    await emulator.close();
  }
}, 60_000);
