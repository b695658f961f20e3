import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { launchBrowser } from '../support/browser';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { signedIn } from '../support/http-session';
import { freePort } from '../support/port';

/** Meetings in the workbench's clients: the week's grid, DingTalk's picker, and the notice that opens the agenda. */

let emulator: Emulator;
let app: App;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}`, enforceQps: false });
  const env = { TRUSTED_PROXY_HOPS: '1', DINGTALK_AGENT_ID: emulator.agentId };
  app = await startDirectoryApp({ emulator, port, origin: origin(), env });
  await untilRead(await signedIn(app, emulator, people()[0]!.userid));
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
  await browser?.close();
});
beforeEach(async () => {
  page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 900 } });
  return () => page.context().close();
});

const origin = () => `http://localhost:${emulator.port}`;
const people = () => emulator.company.people.filter(({ active }) => active);
const shown = () => page.frameLocator('[data-testid=app-frame]');
const focused = () => shown().locator(':focus');

/** Takes a person's device in hand. @param path of a page that is open on it */
async function take(userid: string, client: string, path?: string): Promise<void> {
  const query = new URLSearchParams({ as: userid, client, ...(path && { open: path }) });
  await page.goto(`${origin()}/__emulator/workbench/?${query}`);
}

/** The Monday after the next one: no slot of its week is over. */
function monday(): string {
  const today = new Date(Date.now() + 8 * 3_600_000);
  return new Date(today.getTime() + (15 - (today.getUTCDay() || 7)) * 86_400_000).toISOString().slice(0, 10);
}

test('people are chosen in DingTalk’s picker, a time with the arrow keys; the notice opens the agenda signed in', async () => {
  const [me, ...guests] = people().slice(0, 3);
  await take(me!.userid, 'android', `/meetings?week=${monday()}`);
  await shown().getByRole('button', { name: '在钉钉中选择', disabled: false }).click();
  const sheet = page.getByTestId('picker');
  for (const { userid, name } of guests) {
    await sheet.getByRole('searchbox').fill(userid);
    await sheet.getByText(name, { exact: true }).first().click();
  }
  await sheet.getByRole('button', { name: '确定' }).click();
  for (const { name } of guests)
    await shown()
      .getByRole('link', { name: `移除${name}` })
      .waitFor();

  // One slot is in the order of the tab key; the arrows reach the others, and stop at the edges.
  const grid = shown().locator('.meeting-grid');
  await expect.poll(() => grid.locator('a[tabindex="0"]').count()).toBe(1);
  await grid.locator('a[tabindex="0"]').focus();
  const column = () => focused().evaluate((link) => link.closest('td')!.cellIndex);
  const row = () => focused().evaluate((link) => (link.closest('tr') as HTMLTableRowElement).sectionRowIndex);
  const [top, left] = [await row(), await column()];
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
  expect([await row(), await column()]).toEqual([top + 2, left + 1]);
  for (const key of ['ArrowUp', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
  expect([await row(), await column()]).toEqual([top + 1, left]);
  expect(await grid.locator('a[tabindex="0"]').count()).toBe(1);
  await page.keyboard.press('Enter');
  await shown().getByRole('button', { name: '预约', exact: true }).click();
  await shown().getByText('已预约，工作通知正在发送。').waitFor();

  for (const [at, client] of ['ios', 'win'].entries()) {
    const { userid } = guests[at]!;
    await take(userid, client);
    await expect.poll(() => page.getByTestId('unread').textContent()).toBe('1');
    await page.getByTestId('notices').getByRole('button').first().click();
    await shown().getByRole('heading', { level: 1, name: '我的日程' }).waitFor();
    expect(await shown().locator('.meeting-event').count()).toBe(1);
    expect(emulator.control.notices(userid)[0]!.isRead).toBe(true);
  }
}, 60_000);
