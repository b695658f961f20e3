import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { type ClientName, openClient } from '../support/client';
import { freePort } from '../support/port';

let emulator: Emulator;
let app: App;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}`, enforceQps: false });
  [app, browser] = await Promise.all([startApp({ emulator, port }), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await emulator?.close();
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

const person = (index: number) => emulator.company.people[index]!;

async function ordinaryBrowser(): Promise<Page> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1024, height: 720 } });
  contexts.push(context);
  return context.newPage();
}

/** A webview whose holder can change hands. */
async function client(name: ClientName, holder: { userid: string }) {
  const onAsk = () => ({ code: emulator.control.mintCode(holder.userid) });
  const opened = await openClient(browser, { client: name, onAsk });
  contexts.push(opened.context);
  return opened;
}

async function scan(page: Page, account: string): Promise<void> {
  await page.getByRole('link', { name: '用钉钉登录' }).click();
  await page.locator(`[data-account="${account}"]`).click();
}

const greeting = (page: Page, name: string) =>
  page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();

/** The addresses of the app in the browser's history, oldest first. */
async function history(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  return entries.map((entry: { url: string }) => entry.url).filter((url: string) => url.startsWith(app.url));
}

test('in a browser: scan, and land on the deep link with nothing of the code in the address bar or history', async () => {
  const page = await ordinaryBrowser();
  const referers: string[] = [];
  page.on('request', (request) => referers.push(request.headers().referer ?? ''));
  await page.goto(`${app.url}/me?tab=a%20b`);
  await scan(page, person(0).userid);
  await page.getByRole('heading', { name: person(0).name }).waitFor();
  expect(page.url()).toBe(`${app.url}/me?tab=a%20b`);
  const kept = [...(await history(page)), ...referers].filter((url) => url.startsWith(app.url)).join('\n');
  expect(kept).not.toMatch(/[?&](code|authCode|state)=/);
  expect(app.output()).not.toMatch(/authCode=|state=/);
});

test('inside the client the page never offers to scan while the silent sign-in works', async () => {
  const { page } = await client('iphone', person(0));
  const offered: boolean[] = [];
  await page.goto(app.url);
  offered.push((await page.getByRole('link', { name: '用钉钉登录' }).count()) > 0);
  await greeting(page, person(0).name);
  expect(offered).toEqual([false]);
});

test('a client whose bridge refuses is offered the other method', async () => {
  const opened = await openClient(browser, {
    client: 'windows',
    onAsk: () => ({ errorCode: '3', errorMessage: 'no' }),
  });
  contexts.push(opened.context);
  await opened.page.goto(app.url);
  await opened.page.getByRole('link', { name: '改用钉钉网页登录' }).click();
  await opened.page.locator(`[data-account="${person(1).userid}"]`).click();
  await greeting(opened.page, person(1).name);
});

test('a refusal at DingTalk is a clear page without a loop, and signing in again works', async () => {
  const page = await ordinaryBrowser();
  await page.goto(app.url);
  await page.getByRole('link', { name: '用钉钉登录' }).click();
  await page.locator('a.refuse').click();
  await page.getByText('您取消了登录。').waitFor();
  expect(page.url()).toMatch(/\/login\?failed=sign-in-declined/);
  expect((await history(page)).join()).not.toMatch(/callback/);
  await page.getByRole('link', { name: '重试' }).click();
  await page.locator(`[data-account="${person(0).userid}"]`).click();
  await greeting(page, person(0).name);
});

test('a stranger is told that they are no member, and how to go on', async () => {
  const page = await ordinaryBrowser();
  await page.goto(app.url);
  await scan(page, 'stranger');
  await page.getByText('您不是本公司的成员。').waitFor();
  await page.getByText('请切换到本公司的钉钉账号后再试。').waitFor();
  expect(await page.locator('.problem-id code').textContent()).toMatch(/^[0-9a-f-]{36}$/);
  expect((await page.context().cookies()).map((cookie) => cookie.name)).not.toContain('dingpass');
});

test('two tabs begun together both end where they were going', async () => {
  const first = await ordinaryBrowser();
  const second = await first.context().newPage();
  await first.goto(`${app.url}/me?tab=1`);
  await second.goto(`${app.url}/me?tab=2`);
  await first.getByRole('link', { name: '用钉钉登录' }).click();
  await second.getByRole('link', { name: '用钉钉登录' }).click();
  await second.locator(`[data-account="${person(0).userid}"]`).click();
  await second.waitForURL(`${app.url}/me?tab=2`);
  await first.locator(`[data-account="${person(0).userid}"]`).click();
  await first.waitForURL(`${app.url}/me?tab=1`);
});

test('"back" after a browser sign-in does not end it', async () => {
  const page = await ordinaryBrowser();
  await page.goto(`${app.url}/me`);
  await scan(page, person(0).userid);
  await page.getByRole('heading', { name: person(0).name }).waitFor();
  await page.goBack();
  await page.goto(app.url);
  await greeting(page, person(0).name);
});

test('the menu signs out and leads to the right sign-in, and another person comes in with nothing of the first left', async () => {
  const page = await ordinaryBrowser();
  await page.goto(app.url);
  await scan(page, person(0).userid);
  await greeting(page, person(0).name);
  await page.locator('.menu > summary').click();
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.getByRole('button', { name: '重新登录' }).click();
  await scan(page, person(2).userid);
  await greeting(page, person(2).name);
  expect(await page.content()).not.toContain(person(0).name);
});

test('a webview that starts cold in other hands changes over, at the cost of one code', async () => {
  const holder = { ...person(0) };
  const { page, context, asked } = await client('android', holder);
  await page.goto(app.url);
  await greeting(page, holder.name);
  await page.goto(`${app.url}/me`);
  expect(asked).toHaveLength(1);
  await page.close();
  holder.userid = person(1).userid;
  const cold = await context.newPage();
  await cold.goto(app.url);
  await greeting(cold, person(1).name);
  await cold.goto(`${app.url}/me`);
  await cold.goto(app.url);
  await greeting(cold, person(1).name);
  expect(asked).toHaveLength(2);
});

test('a cold start in the same hands costs one code and changes nothing', async () => {
  const { page, context, asked } = await client('harmony', person(0));
  await page.goto(app.url);
  await greeting(page, person(0).name);
  await page.close();
  const cold = await context.newPage();
  await cold.goto(app.url);
  await greeting(cold, person(0).name);
  await expect.poll(() => asked.length).toBe(2);
  await cold.goto(`${app.url}/me`);
  await cold.goto(app.url);
  await greeting(cold, person(0).name);
  expect(asked).toHaveLength(2);
});

test('a link of another company is not answered with this company’s session', async () => {
  const { page } = await client('android', person(0));
  await page.goto(app.url);
  await greeting(page, person(0).name);
  await page.goto(`${app.url}/?corpid=dinganothercompany`);
  await page.getByText('您当前所在的组织不是这个应用所属的组织。').waitFor();
});

/** Makes every session so far older than the five minutes of the sensitive page: another app, whose clock is ahead. */
async function later(minutes: number): Promise<App> {
  const port = Number(new URL(app.url).port);
  await app.close();
  return startApp({
    emulator,
    port,
    env: {
      NODE_OPTIONS: `--import=${new URL('../support/clock-ahead.mjs', import.meta.url)}`,
      TEST_CLOCK_AHEAD_MS: String(minutes * 60_000),
    },
  });
}

test('step-up: a sensitive page renews an old sign-in silently in the client and by a scan in a browser', async () => {
  const { page, asked } = await client('android', person(0));
  const outside = await ordinaryBrowser();
  await page.goto(app.url);
  await greeting(page, person(0).name);
  await outside.goto(app.url);
  await scan(outside, person(0).userid);
  await greeting(outside, person(0).name);
  await page.goto(`${app.url}/example/step-up?x=1`);
  await page.getByRole('heading', { name: '敏感页面示例' }).waitFor();
  expect(asked).toHaveLength(1);

  app = await later(6);
  await page.goto(`${app.url}/example/step-up?x=1`);
  await page.getByRole('heading', { name: '敏感页面示例' }).waitFor();
  expect(page.url()).toBe(`${app.url}/example/step-up?x=1`);
  expect(asked).toHaveLength(2);

  await outside.goto(`${app.url}/me`);
  await outside.getByRole('heading', { name: person(0).name }).waitFor();
  await outside.goto(`${app.url}/example/step-up`);
  await scan(outside, person(0).userid);
  await outside.getByRole('heading', { name: '敏感页面示例' }).waitFor();
});
