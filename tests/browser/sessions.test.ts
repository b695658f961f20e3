import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { signedIn } from '../support/http-session';
import { freePort } from '../support/port';
import { startListener } from '../support/staff';

let emulator: Emulator;
let app: App;
/** Another process of the same company, at which every sign-in is an hour old. */
let second: App;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
let people: { userid: string; name: string }[];
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}`, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active);
  const env = { ADMIN_USER_IDS: people[0]!.userid };
  [app, second, browser] = await Promise.all([
    startListener(emulator, { port, env }),
    startApp({ emulator, env: { ...env, ...anHourAhead } }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([app?.close(), second?.close()]);
  await emulator?.close();
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

const anHourAhead = {
  NODE_OPTIONS: `--import=${new URL('../support/clock-ahead.mjs', import.meta.url)}`,
  TEST_CLOCK_AHEAD_MS: String(3_600_000),
};

/** A browser in which somebody is signed in. */
async function open(userid: string, { javaScript = true } = {}): Promise<Page> {
  const visitor = await signedIn(app, emulator, userid);
  const context = await browser.newContext({
    locale: 'zh-CN',
    viewport: { width: 375, height: 740 },
    javaScriptEnabled: javaScript,
  });
  contexts.push(context);
  await context.addCookies(
    [...visitor.cookies].map(([name, value]) => ({ name, value, url: app.url, httpOnly: true })),
  );
  return context.newPage();
}
const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

test('somebody looks at their sessions, ends the other one, then signs out everywhere', async () => {
  const { userid } = people[1]!;
  const [mine, other] = [await open(userid), await open(userid)];
  await other.goto(`${app.url}/me`);
  await mine.goto(app.url);
  await mine.getByRole('link', { name: '2 台设备已登录' }).click();
  await mine.getByRole('heading', { level: 1, name: '我的设备' }).waitFor();
  expect(await mine.getByText('本机', { exact: true }).count()).toBe(1);
  expect(await fits(mine)).toBe(true);
  await mine.getByText('下线', { exact: true }).click();
  await mine.getByText('其他设备不受影响').waitFor();
  await other.goto(`${app.url}/me`);
  expect(new URL(other.url()).pathname).toBe('/me');
  await mine.getByRole('button', { name: '下线此设备' }).click();
  await mine.getByText('已下线“').waitFor();
  await mine.getByText('没有在其他设备上登录。').waitFor();
  await other.goto(`${app.url}/me`);
  expect(new URL(other.url()).pathname).toBe('/login');
  await mine.getByText('全部下线，包括本机').click();
  await mine.getByRole('button', { name: '全部下线' }).click();
  await mine.getByText('您已退出登录').waitFor();
});

test('all other devices are signed out at once, and this one stays', async () => {
  const { userid } = people[3]!;
  const [mine, ...others] = [await open(userid), await open(userid), await open(userid)];
  await mine!.goto(`${app.url}/me/sessions`);
  await mine!.locator('summary').filter({ hasText: '下线其他设备' }).click();
  await mine!.getByText('本机保持登录。').waitFor();
  await mine!.getByRole('button', { name: '下线其他设备' }).click();
  await mine!.getByText('已下线其他 2 台设备，本机保持登录。').waitFor();
  await mine!.getByText('没有在其他设备上登录。').waitFor();
  for (const other of others) {
    await other.goto(`${app.url}/me`);
    expect(new URL(other.url()).pathname).toBe('/login');
  }
});

test('callApi: answers and refusals are the page’s; who has to sign in, or again, is led there and back', async () => {
  const entryPoints = ['app/_ui/call-api.ts'];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    write: false,
    globalName: 'api',
    define: { 'process.env.BASE_PATH': '""' },
  });
  const page = await open(people[0]!.userid);
  const call = (path: string) =>
    page.evaluate(
      `${outputFiles[0]!.text}; api.callApi('${path}').catch(({ code, message }) => ({ code, message }))`,
    );
  await page.goto(`${app.url}/me?x=1`);
  expect(await call('/api/session')).toMatchObject({ member: { userId: people[0]!.userid } });
  expect(await call('/api/nothing')).toEqual({ code: 'NOT_FOUND', message: '没有找到这个页面。' });

  await page.goto(`${second.url}/me?x=1`);
  void call('/api/admin/sync').catch(() => undefined);
  await page.waitForURL(`${second.url}/login?next=%2Fme%3Fx%3D1&within=1`);
  await page.getByText('您仍处于登录状态').waitFor();

  await page.goto(`${app.url}/me?x=1`);
  await page.context().clearCookies();
  void call('/api/session').catch(() => undefined);
  await page.waitForURL(`${app.url}/login?next=%2Fme%3Fx%3D1`);
});

test('an administrator finds a person and signs them out, without JavaScript: asked once, told what was done; the audit says so', async () => {
  const [boss, leaver] = [people[0]!, people[2]!];
  const victim = await open(leaver.userid);
  const page = await open(boss.userid, { javaScript: false });
  await page.goto(`${app.url}/admin/sessions`);
  await page.getByRole('searchbox', { name: '查找在线人员' }).fill(leaver.userid);
  await page.getByRole('button', { name: '查找' }).click();
  await page.getByText('找到 1 位在线人员').waitFor();
  expect(await fits(page)).toBe(true);
  // One person alone is unfolded; what ends something shows after the question.
  expect(await page.getByRole('button', { name: '下线此设备' }).count()).toBe(0);
  await page.locator('.device .ask summary').first().click();
  await page.getByRole('button', { name: '下线此设备' }).click();
  await page.getByText('的一台设备已下线').waitFor();
  await victim.goto(`${app.url}/me`);
  expect(new URL(victim.url()).pathname).toBe('/login');

  // Somebody who is not listed: named by user id, asked about, then ended.
  await page.getByLabel('userid').fill(` ${leaver.userid} `);
  await page.getByRole('button', { name: '查看' }).click();
  await page.getByRole('heading', { name: `让${leaver.userid}下线？` }).waitFor();
  await page.getByRole('button', { name: '下线', exact: true }).click();
  await page.getByText('没有在线的设备').waitFor();

  await page.goto(`${app.url}/admin/audit?event=session-ended&person=${leaver.userid}`);
  const row = page.getByRole('row').filter({ hasText: leaver.userid });
  await row
    .filter({ hasText: '强制下线' })
    .filter({ hasText: `由 ${boss.userid} 操作` })
    .waitFor();
  expect(await fits(page)).toBe(true);
});

test('whoever is dismissed while they read a page is out with the next click', async () => {
  const { userid } = people[3]!;
  const reader = await signedIn(app, emulator, userid);
  const page = await open(userid);
  await page.goto(app.url);
  emulator.control.fire(userid);
  await expect.poll(async () => (await reader.ask('/api/session')).status, { timeout: 10_000 }).toBe(401);
  await page.locator('a.entry[href="/me"]').click();
  await page.waitForURL(/\/login\?/);
});
