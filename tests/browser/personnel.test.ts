import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { launchBrowser } from '../support/browser';
import { SECRETS } from '../support/callback-receiver';

let emulator: Emulator;
let browser: Browser;
let page: Page;
let noise: string[];

beforeAll(async () => {
  browser = await launchBrowser();
  emulator = await startEmulator();
});
afterAll(async () => {
  await emulator.close();
  await browser.close();
});

beforeEach(async () => {
  emulator.control.reset();
  // Nobody listens, and what is sent is listed all the same.
  await emulator.control.events.subscribe({ url: 'http://127.0.0.1:9/', ...SECRETS, check: false });
  noise = [];
  page = await browser.newPage({ locale: 'en', viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => noise.push(error.message));
  await page.goto(`http://localhost:${emulator.port}/__emulator/workbench/?lang=en`);
  await button('rename').waitFor();
});
afterEach(async () => {
  await page.close();
  expect(noise).toEqual([]);
});

const button = (name: string) => page.getByTestId(`staff-${name}`);
/** Who holds the device, as the bar says. */
const holder = () => page.locator('.bar-person').textContent();
const first = () => emulator.company.people[0]!;
const told = () => emulator.control.events.deliveries().map(({ type }) => type);
const said = (text: string | RegExp) => page.getByRole('status').filter({ hasText: text }).first().waitFor();

test('renaming shows everywhere and is told', async () => {
  const { name } = first();
  await button('rename').click();
  await said(`The name is “${name} II” now`);
  await expect.poll(holder).toContain(`${name} II`);
  await button('rename').click();
  await expect.poll(() => first().name).toBe(name);
  expect(told()).toEqual(['user_modify_org', 'user_modify_org']);
});

test('moving and promoting', async () => {
  const [before] = first().departmentIds;
  await button('move').click();
  await expect.poll(() => first().departmentIds[0]).not.toBe(before);
  const badge = page.getByTestId(`person-${first().userid}`).locator('.is-admin');
  await button('promote').click();
  await expect.poll(() => first().adminLevel).toBe(1);
  await said(/is a main administrator now/);
  await badge.filter({ hasText: 'main admin' }).waitFor();
  await button('promote').filter({ hasText: 'Remove' }).click();
  await expect.poll(() => first().adminLevel).toBe(0);
  await badge.waitFor({ state: 'detached' });
  await button('promoteSub').click();
  await expect.poll(() => first().adminLevel).toBe(2);
  await said(/is a sub-administrator now/);
  await button('promoteSub').filter({ hasText: 'Remove' }).click();
  await expect.poll(() => first().adminLevel).toBe(0);
  expect(told()).toEqual(
    expect.arrayContaining(['user_modify_org', 'org_admin_add', 'org_admin_remove', 'label_user_change']),
  );
});

test('somebody dismissed keeps the device, and can only be taken back', async () => {
  const { userid, name } = first();
  await button('fire').click();
  await said(`${name} has left`);
  await expect.poll(() => button('rename').isDisabled()).toBe(true);
  expect(told()).toEqual(['user_leave_org']);
  expect(await holder()).toContain(name);
  await expect.poll(() => page.getByTestId(`person-${userid}`).count()).toBe(0);
  await button('fire').click();
  await said(`${name} is back`);
  await expect.poll(() => emulator.company.person(userid)?.name).toBe(name);
  await expect.poll(() => button('rename').isDisabled()).toBe(false);
});

test('who the administrators are stands in the list, which can show only them', async () => {
  const [, , main, sub] = emulator.company.people;
  const badge = (userid: string) => page.getByTestId(`person-${userid}`).locator('.is-admin').textContent();
  expect(await badge(main!.userid)).toBe('main admin');
  expect(await badge(sub!.userid)).toBe('sub-admin');
  await page.getByTestId('only-admins').check();
  await expect.poll(() => page.locator('.person').count()).toBe(3);
  await page.getByTestId('only-admins').uncheck();
  await expect.poll(() => page.locator('.person').count()).toBe(40);
});

test('taking somebody back is no red button', async () => {
  const isRed = () => button('fire').evaluate((node) => node.classList.contains('is-danger'));
  await expect.poll(isRed).toBe(true);
  await button('fire').click();
  await button('fire').filter({ hasText: 'Rehire' }).waitFor();
  expect(await isRed()).toBe(false);
});

test('somebody new is hired', async () => {
  await button('hire').click();
  await said('was hired');
  expect(emulator.company.person('newcomer01')).toBeDefined();
  expect(told()).toEqual(['user_add_org', 'user_modify_org']);
});
