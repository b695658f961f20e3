import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoSettings } from '../../emulator/demo-settings';
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
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}` });
  const origin = `http://localhost:${emulator.port}`;
  app = await startApp({ emulator, port, origin, env: demoSettings(emulator, origin) });
  await untilReady(app);
  page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
});
afterAll(async () => {
  await browser.close();
  await app?.close();
  await emulator?.close();
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
  await frame.locator('a[href="/me"]').first().click();
  expect(performance.now() - pressed).toBeLessThan(2000);
  await frame.getByText('您不是本公司的成员').waitFor();
  expect(page.frames().map((one) => one.url())).toContain(`${app.origin}/login?next=%2Fme`);
});
