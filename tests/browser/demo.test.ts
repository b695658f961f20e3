import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDemoLog } from '../../emulator/demo/demo-log';
import { demoSettings, exampleRules } from '../../emulator/demo/demo-settings';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { freePort } from '../support/port';
import { untilReady } from '../support/staff';

let emulator: Emulator;
let app: App;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  const emulatorPort = await freePort();
  const origin = `http://localhost:${emulatorPort}`;
  const log = createDemoLog();
  const rulesFile = join(mkdtempSync(join(tmpdir(), 'demo-')), 'access.jsonc');
  emulator = await startEmulator({
    port: emulatorPort,
    appUrl: `http://127.0.0.1:${port}`,
    appOrigin: origin,
    appLog: log.lines,
    rulesFile,
    redirectUris: [`${origin}/api/oauth/callback`],
    oddNames: 'last',
  });
  writeFileSync(rulesFile, exampleRules(emulator));
  const clock = new URL('../../emulator/demo/demo-clock.mjs', import.meta.url).href;
  app = await startApp({
    emulator,
    port,
    origin,
    env: {
      ...demoSettings(emulator, origin),
      ACCESS_FILE: rulesFile,
      NODE_OPTIONS: `--import=${clock}?${emulator.url}`,
    },
  });
  log.add(app.output());
  app.process.stdout!.on('data', (chunk) => log.add(chunk));
  await untilReady(app);
  page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
});
afterAll(async () => {
  await browser.close();
  await app?.close();
  await emulator?.close();
});

const workbench = (query = '?open=1') => `http://localhost:${emulator.port}/__emulator/workbench/${query}`;
const frame = () => page.frameLocator('[data-testid=app-frame]');
const isGreeted = (name: string) =>
  frame().getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();

test('whoever is made a main administrator finds the pages of administrators within a minute', async () => {
  const { name } = emulator.company.people[5]!;
  await page.goto(workbench(`?as=${emulator.company.people[5]!.userid}&open=1`));
  await isGreeted(name);
  expect(await frame().locator('a[href="/admin/sync"]').count()).toBe(0);
  await expect.poll(() => app.output()).toContain('stream-connected');
  await page.getByTestId('staff-promote').click();
  await expect
    .poll(
      async () => {
        await page.getByTestId('nav-refresh').click();
        await isGreeted(name);
        return frame().locator('a[href="/admin/sync"]').count();
      },
      { timeout: 20_000, interval: 500 },
    )
    .toBe(1);
});

test('one tap opens a browser that knows nothing, where the other way in can be seen; the webview stays as it was', async () => {
  const { userid, name } = emulator.company.people[0]!;
  for (let visit = 0; visit < 2; visit += 1) {
    await page.goto(workbench(`?as=${userid}&open=1`));
    await isGreeted(name);
    const [tab] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByTestId('open-in-tab').click(),
    ]);
    const noise: string[] = [];
    tab.on('console', (message) => noise.push(message.text()));
    const own = `http://127.0.0.1:${emulator.port}`;
    await tab.getByRole('link', { name: '用钉钉登录' }).click();
    await tab.waitForURL(`${own}/oauth2/auth?**`);
    await tab.locator(`[data-account="${emulator.company.people[1]!.userid}"]`).click();
    await tab
      .getByRole('heading', { level: 1 })
      .filter({ hasText: emulator.company.people[1]!.name })
      .waitFor();
    expect(new URL(tab.url()).origin).toBe(own);
    expect(noise).toEqual([]);
    await tab.close();
  }
  await page.getByTestId('nav-refresh').click();
  await isGreeted(name);
});

test('a browser that asks under another name is refused by the app where it lies about its origin', async () => {
  const answer = await fetch(`${emulator.url}/api/session`, {
    method: 'POST',
    headers: { origin: 'http://evil.example', 'content-type': 'application/json' },
    body: '{}',
  });
  expect(answer.status).toBe(403);
});

test('moving the clock in the workbench makes the sign-in old, and the sensitive page asks again', async () => {
  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    page.goto(workbench()).then(() => page.getByTestId('open-in-tab').click()),
  ]);
  await tab.getByRole('link', { name: '用钉钉登录' }).click();
  await tab.locator(`[data-account="${emulator.company.people[1]!.userid}"]`).click();
  await tab.getByRole('heading', { level: 1 }).waitFor();
  const sensitive = `http://127.0.0.1:${emulator.port}/example/step-up`;
  await tab.goto(sensitive);
  expect(tab.url()).toBe(sensitive);
  await page.getByTestId('advance-clock').click();
  await page.getByTestId('clock-ahead').filter({ hasText: '10' }).waitFor();
  await expect
    .poll(async () => {
      await tab.goto(sensitive);
      return new URL(tab.url()).pathname;
    })
    .toBe('/login');
  await tab.close();
  emulator.control.advanceClock(-600_000);
});

test('the fault panel shows the line of the log that belongs to a request id', async () => {
  await page.goto(workbench('?'));
  emulator.control.fault({ endpoint: 'userinfo', times: 4, fault: { kind: 'errcode', errcode: 60020 } });
  // Opened before the data are gone, the app would be signed in still.
  await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/clear-data')),
    page.getByTestId('clear-data').click(),
  ]);
  await page.getByTestId('app-icon').click();
  const id = (await frame().locator('.problem-id code').textContent())!;
  expect(await frame().getByText('127.0.0.1').count()).toBeGreaterThan(0);
  await page.getByTestId('log-search').fill(id);
  // Not the line that was there before the search: it says sign-in, too.
  const line = page.getByTestId('log-lines').locator(`summary[title*="${id}"]`);
  await line.waitFor();
  await expect.poll(() => page.getByTestId('log-lines').locator('summary').count()).toBe(1);
  await line.filter({ hasText: 'sign-in' }).click();
  await page.getByTestId('log-lines').getByText(id).first().waitFor();
  emulator.control.clearFaults();
});

test('odd names come last', () => {
  const names = emulator.company.people.map(({ name }) => name);
  expect(names.slice(0, 42).filter((name) => !/^\p{Script=Han}{2,4}$/u.test(name))).toEqual([]);
  expect(names.slice(42)).toContain('null');
});

test('whoever is dismissed in the workbench of the demo is refused at the next click in the app, within two seconds', async () => {
  const frame = page.frameLocator('[data-testid=app-frame]');
  await page.goto(`http://localhost:${emulator.port}/__emulator/workbench/?open=1`);
  await frame
    .getByRole('heading', { level: 1 })
    .filter({ hasText: emulator.company.people[0]!.name })
    .waitFor();
  await expect.poll(() => app.output()).toContain('stream-connected');
  const pressed = performance.now();
  await page.getByTestId('staff-fire').click();
  await page.waitForTimeout(1000);
  await frame.locator('a.entry[href="/me"]').click();
  expect(performance.now() - pressed).toBeLessThan(2000);
  await frame.getByText('您不是本公司的成员').waitFor();
  expect(page.frames().map((one) => one.url())).toContain(`${app.origin}/login?next=%2Fme`);
});

test('a rule that is edited in the panel closes the page on the phone; a broken one changes nothing', async () => {
  const { userid, name } = emulator.company.people[6]!;
  const save = async (text: string) => {
    await page.getByTestId('rules-text').fill(text);
    await page.getByTestId('rules-save').click();
    await page.getByTestId('rules-state').filter({ hasText: '已保存' }).waitFor();
  };
  await page.goto(workbench(`?as=${userid}&open=1`));
  await isGreeted(name);
  expect(await page.getByTestId('rules-text').inputValue()).toBe(exampleRules(emulator));
  await save('[{ "at": "/", "for": ["person:another"] }]');
  await frame().getByRole('heading', { name: '您没有打开此页面的权限' }).waitFor();
  await save('[{ "at": "/", "fro": ["everybody"] }]');
  await expect.poll(() => app.output()).toContain('access-file-refused');
  await frame().getByRole('heading', { name: '您没有打开此页面的权限' }).waitFor();
  await save('[]');
  await frame().getByRole('link', { name: '重试' }).click();
  await isGreeted(name);
});
