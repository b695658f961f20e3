import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { launchBrowser } from '../support/browser';
import { openClient } from '../support/client';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { isLong } from '../support/figures';
import { signedIn, type Visitor } from '../support/http-session';

let emulator: Emulator;
let app: App;
let browser: Browser;
let member: Visitor;
/** A department of 130 people. */
let big: number;
const contexts: BrowserContext[] = [];
/** What a page complained of. */
const complaints: string[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ members: 220, departments: 12, enforceQps: false });
  const { company, control } = emulator;
  big = company.departments.find(({ id }) => id !== 1 && company.childrenOf(id).length > 0)!.id;
  for (const { userid } of company.people.slice(20, 150)) {
    control.patchPerson(userid, { departmentIds: [big], leads: [] });
  }
  control.patchPerson(company.people[0]!.userid, { name: '曾静怡', departmentIds: [big], hideMobile: false });
  browser = await launchBrowser();
  app = await startDirectoryApp({
    emulator,
    env: { ADMIN_USER_IDS: company.people[0]!.userid, WATERMARK: 'on' },
  });
  member = await signedIn(app, emulator, company.people[0]!.userid);
  await untilRead(member);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await emulator?.close();
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  emulator.control.settings({ latencyMs: 0 });
  expect(complaints.splice(0)).toEqual([]);
});

/** A page of somebody who is signed in. */
async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    locale: 'zh-CN',
    viewport: { width: 375, height: 740 },
    ...options,
  });
  contexts.push(context);
  return visit(context, path);
}

async function visit(context: BrowserContext, path: string): Promise<Page> {
  await context.addCookies([...member.cookies].map(([name, value]) => ({ name, value, url: app.url })));
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
  await page.goto(app.url + path);
  return page;
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const people = (page: Page) => page.locator('a[href^="/directory/people/"]');
const headcount = () => emulator.company.membersOf(big).length;

test('without JavaScript: tree, department, pages, person, search', async () => {
  const page = await open('/directory', { javaScriptEnabled: false });
  const { name } = emulator.company.department(big)!;
  await page.locator('.tree summary').first().click();
  await page.getByRole('link', { name }).first().click();
  expect(await heading(page).textContent()).toBe(name);
  const seen = new Set<string | null>();
  for (;;) {
    for (const link of await people(page).all()) seen.add(await link.getAttribute('href'));
    const next = page.locator('a[rel="next"]');
    if ((await next.count()) === 0) break;
    const address = app.url + (await next.getAttribute('href'));
    await next.click();
    await page.waitForURL(address);
  }
  expect(seen.size).toBe(headcount());
  await page.locator('a[rel="prev"]').click();
  expect(page.url()).toContain('?page=');
  await people(page).first().click();
  await page.getByRole('heading', { name: '联系方式' }).waitFor();
  await page.getByRole('link', { name: '通讯录', exact: false }).click();
  await page.getByRole('searchbox').fill('zjy');
  await page.getByRole('button', { name: '搜索' }).click();
  expect(page.url()).toContain('/directory?q=zjy');
  expect(await people(page).first().textContent()).toContain('曾静怡');
});

test('a department goes on loading as one scrolls, and is as it was after coming back', async () => {
  const page = await open(`/directory/departments/${big}`);
  expect(await people(page).count()).toBeLessThan(headcount());
  for (let turns = 0; (await people(page).count()) < headcount() && turns < 40; turns += 1) {
    await page.mouse.wheel(0, 4000);
    await page.waitForTimeout(50);
  }
  const addresses = await people(page).evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(new Set(addresses).size).toBe(headcount());
  expect(addresses).toHaveLength(headcount());
  expect(await page.locator('a[rel="next"]').count()).toBe(0);
  await people(page).last().click();
  await page.getByRole('heading', { name: '工作' }).waitFor();
  await page.goBack();
  await heading(page)
    .filter({ hasText: emulator.company.department(big)!.name })
    .waitFor();
  await expect.poll(() => people(page).count()).toBe(headcount());
});

test('a page that does not load says so and can be asked for again', async () => {
  const page = await open('/directory');
  await page.route('**/api/directory/departments/**', (route) => route.abort());
  await page.goto(`${app.url}/directory/departments/${big}`);
  await page.mouse.wheel(0, 9000);
  const more = page.getByRole('link', { name: '加载失败，点这里重试' });
  await more.waitFor();
  await page.unroute('**/api/directory/departments/**');
  const before = await people(page).count();
  await more.click();
  await expect.poll(() => people(page).count()).toBeGreaterThan(before);
  complaints.splice(0);
});

test('the search finds as one types, drops what is stale, and keeps the address', async () => {
  const page = await open('/directory');
  const box = page.getByRole('searchbox');
  let asked = 0;
  await page.route('**/api/directory/search?*', async (route) => {
    asked += 1;
    // The first answer is late: it must not replace the later one.
    if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 800));
    await route.continue().catch(() => undefined);
  });
  await box.pressSequentially('zz', { delay: 5 });
  await page.waitForTimeout(200);
  await box.fill('');
  await box.pressSequentially('zengjing', { delay: 5 });
  await page.getByText('找到').waitFor();
  await expect.poll(() => people(page).first().textContent()).toContain('曾静怡');
  expect(asked).toBeLessThanOrEqual(3);
  await page.waitForTimeout(900);
  expect(await people(page).first().textContent()).toContain('曾静怡');
  expect(await box.inputValue()).toBe('zengjing');
  expect(page.url()).toBe(`${app.url}/directory?q=zengjing`);
  await people(page).first().click();
  await page.getByRole('heading', { name: '联系方式' }).waitFor();
  // The way back says where to, and the search is as it was.
  await page.getByRole('link', { name: '“zengjing”的搜索结果' }).click();
  await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('zengjing');
  await expect.poll(() => people(page).first().textContent()).toContain('曾静怡');
  await page.getByRole('searchbox').fill('');
  await expect.poll(() => page.url()).toBe(`${app.url}/directory`);
  expect(await people(page).count()).toBe(0);
  // Nothing found: the next step is there.
  await page.getByRole('searchbox').fill('qqqqqq');
  await page.getByRole('link', { name: '按部门查看' }).click();
  await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('');
  await expect.poll(() => page.url()).toBe(`${app.url}/directory`);
});

test('a search that could not look at everybody does not say that there is nobody', async () => {
  const page = await open('/directory');
  await page.route('**/api/directory/search?*', (route) =>
    route.fulfill({ json: { query: 'x', people: [], departments: [], more: true, state: 'complete' } }),
  );
  await page.getByRole('searchbox').fill('x');
  await page.getByText('未能全部核对').waitFor();
  expect(await page.getByText('没有找到').count()).toBe(0);
});

test('half a syllable of an input method is not looked for', async () => {
  const page = await open('/directory');
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/api/directory/search')) asked.push(new URL(request.url()).search);
  });
  await page.getByRole('searchbox').focus();
  const session = await page.context().newCDPSession(page);
  await session.send('Input.imeSetComposition', { text: 'zeng', selectionStart: 4, selectionEnd: 4 });
  await page.waitForTimeout(300);
  expect(asked).toEqual([]);
  await session.send('Input.insertText', { text: '曾' });
  await expect.poll(() => asked).toEqual([`?q=${encodeURIComponent('曾')}`]);
});

test('at 320, 375 and 1280 px nothing sticks out, and everything has a name', async () => {
  const page = await open('/directory');
  const { userid } = emulator.company.people[0]!;
  for (const path of [
    '/directory',
    '/directory?q=z',
    `/directory/departments/${big}`,
    `/directory/people/${userid}`,
    '/admin',
    `/admin/sessions?whom=${userid}`,
    '/admin/audit',
    '/admin/sync',
    `/admin/access?person=${userid}`,
  ]) {
    await page.goto(app.url + path);
    for (const width of [320, 375, 1280]) {
      await page.setViewportSize({ width, height: 740 });
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect({ path, width, excess: Math.max(0, excess) }).toEqual({ path, width, excess: 0 });
      const nameless = await page.locator('a, button, input, summary').evaluateAll((all) =>
        all
          .filter((one) => !one.textContent?.trim() && !one.getAttribute('aria-label'))
          .filter((one) => !(one as HTMLInputElement).labels?.length && one.getAttribute('type') !== 'hidden')
          .map((one) => one.outerHTML),
      );
      expect({ path, width, nameless, headings: await heading(page).count() }).toEqual({
        path,
        width,
        nameless: [],
        headings: 1,
      });
    }
  }
});

test('the watermark is over directory and administration, also on paper, and neither selected nor in the way', async () => {
  const { mobile } = emulator.company.people[0]!;
  const mark = `曾静怡 ${mobile.slice(-4)}`;
  const page = await open('/directory');
  for (const path of ['/directory', `/directory/departments/${big}`, '/admin', '/admin/audit']) {
    await page.goto(app.url + path);
    expect(await page.getByTestId('watermark').textContent()).toBe(mark + mark);
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByTestId('watermark').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
  }
  const selected = await page.evaluate(() => {
    getSelection()?.selectAllChildren(document.body);
    return String(getSelection());
  });
  expect(selected).not.toContain(mark);
  for (const path of ['/', '/me', '/me/sessions']) {
    await page.goto(app.url + path);
    expect(await page.getByTestId('watermark').count()).toBe(0);
  }
});

test('a chat is offered where it can open: in DingTalk on a phone by a tap, in a phone’s browser by way of DingTalk', async () => {
  const { userid } = emulator.company.people[0]!;
  const path = `/directory/people/${userid}`;
  const chat = (page: Page) => page.getByRole('link', { name: '钉钉聊天' });
  // One of phones and one of computers: every client's bridge is in instant-sign-in.test.ts.
  const clients = isLong
    ? (['android', 'iphone', 'harmony-compatible', 'windows', 'mac'] as const)
    : (['harmony-compatible', 'windows'] as const);
  for (const client of clients) {
    const { page, context, asked } = await openClient(browser, {
      client,
      onAsk: (method) =>
        method === 'biz.chat.openSingleChat' ? { code: '' } : { code: emulator.control.mintCode(userid) },
    });
    contexts.push(context);
    await page.goto(app.url + path);
    await page
      .getByRole('heading', { level: 1 })
      .filter({ hasText: emulator.company.people[0]!.name })
      .waitFor();
    // Before the page's own script listens, the link would leave the page.
    await page.waitForLoadState('networkidle');
    const isPhone = client !== 'windows' && client !== 'mac';
    expect([client, await chat(page).count()]).toEqual([client, isPhone ? 1 : 0]);
    if (isPhone) {
      await chat(page).click();
      await expect.poll(() => asked).toContain('biz.chat.openSingleChat');
    }
    expect(page.url()).toBe(app.url + path);
  }
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X) AppleWebKit/605.1.15 Version/26.4 Mobile Safari/604.1';
  const page = await open(path, { javaScriptEnabled: false, userAgent: phone });
  expect(await chat(page).getAttribute('href')).toBe(
    `dingtalk://dingtalkclient/page/link?url=${encodeURIComponent(app.origin + path)}`,
  );
  expect(await chat(await open(path)).count()).toBe(0);
});

test('the sync’s page shows the run as it goes, and its result when it has ended', async () => {
  emulator.control.settings({ latencyMs: 1500 });
  const page = await open('/admin/sync');
  expect(await page.getByTestId('run').count()).toBe(1);
  await page.getByRole('button', { name: '立即读取' }).click();
  await page.getByRole('progressbar').waitFor();
  await page.getByText(/\d+ \/ \d+ 步/).waitFor();
  expect(await page.getByRole('button', { name: '立即读取' }).count()).toBe(0);
  emulator.control.settings({ latencyMs: 0 });
  await page.getByRole('button', { name: '立即读取' }).waitFor();
  expect(await page.getByTestId('run').count()).toBe(2);
  expect(await page.getByTestId('run').first().textContent()).toContain('完整');
});

test('the sync’s page without JavaScript goes on by itself too', async () => {
  emulator.control.settings({ latencyMs: 1500 });
  const page = await open('/admin/sync', { javaScriptEnabled: false });
  const runs = await page.getByTestId('run').count();
  await page.getByRole('button', { name: '立即读取' }).click();
  await page.getByRole('progressbar').waitFor();
  emulator.control.settings({ latencyMs: 0 });
  await page.getByRole('button', { name: '立即读取' }).waitFor();
  expect(await page.getByTestId('run').count()).toBe(runs + 1);
});
