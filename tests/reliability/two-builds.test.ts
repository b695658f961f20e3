import { rmSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { type ClientName, openClient } from '../support/client';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { printFigures, span } from '../support/figures';
import { signedIn, type Visitor } from '../support/http-session';
import { crowd } from '../support/load';
import { freePort } from '../support/port';
import { type Balancer, makeOtherBuild, startBalancer } from '../support/two-builds';

vi.setConfig({ testTimeout: 1_800_000 });

const DIRECTORY = 'test-results/other-build';
const OLD = 0;
const NEW = 1;

let emulator: Emulator;
let apps: App[] = [];
let balancer: Balancer;
let browser: Browser;
let userid: string;
let name: string;
let member: Visitor;

beforeAll(async () => {
  makeOtherBuild(DIRECTORY);
  emulator = await startEmulator({ enforceQps: false });
  ({ userid, name } = emulator.company.people[0]!);
  balancer = await startBalancer(() => apps.map(({ url }) => url));
  const options = async (directory: string) => ({
    emulator,
    directory,
    origin: balancer.url,
    port: await freePort(),
  });
  [apps, browser] = await Promise.all([
    Promise.all([startDirectoryApp(await options('.')), startApp(await options(DIRECTORY))]),
    launchBrowser(),
  ]);
  member = await signedIn({ url: apps[OLD]!.url, origin: balancer.url }, emulator, userid);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all(apps.map((app) => app.close()));
  await balancer?.close();
  await emulator?.close();
  rmSync(DIRECTORY, { recursive: true, force: true });
});
beforeEach(() => balancer.choose(() => NEW));

const heading = (page: Page) => page.getByRole('heading').filter({ hasText: name });
const again = (page: Page) => page.getByRole('button', { name: '重新登录' });
/** A page in pieces may have two: the sign-in's own, and that of the scripts that did not come. */
const button = (page: Page) => page.getByRole('link', { name: '重新加载' }).first();
const isScript = ({ url = '' }) => url.startsWith('/_next/');

/** Opens a page in a client of DingTalk, in a browser that has nothing of ours yet. */
async function inClient(path: string, then: (page: Page) => Promise<void>, client: ClientName = 'android') {
  const { page, context } = await openClient(browser, {
    client,
    onAsk: () => ({ code: emulator.control.mintCode(userid) }),
  });
  try {
    await page.goto(balancer.url + path, { waitUntil: 'commit' });
    await then(page);
  } finally {
    await context.close();
  }
}

/** Opens a page in a browser that has a member's cookie, and nothing else of ours. */
async function asMember(path: string, then: (page: Page) => Promise<void>) {
  const context = await browser.newContext({ locale: 'zh-CN' });
  const cookies = [...member.cookies].map(([name, value]) => ({ name, value, url: balancer.url }));
  await context.addCookies(cookies);
  try {
    const page = await context.newPage();
    await page.goto(balancer.url + path, { waitUntil: 'commit' });
    await then(page);
  } finally {
    await context.close();
  }
}

test('F1: a page of the build before is loaded again when a part of it is gone, and then signs in', async () => {
  balancer.choose(() => OLD);
  await inClient('/login?signedout=1', async (page) => {
    await again(page).waitFor();
    await page.waitForLoadState('networkidle');
    balancer.choose(() => NEW);
    const loaded = page.waitForEvent('load');
    await again(page).click();
    await loaded;
    await again(page).click();
    await heading(page).waitFor();
  });
});

test('F1: while nothing answers, the sign-in says so and keeps the page; when the network is back it goes on', async () => {
  await inClient('/login?signedout=1', async (page) => {
    await again(page).waitFor();
    await page.waitForLoadState('networkidle');
    await page.context().setOffline(true);
    await again(page).click();
    await page.getByText('网络连接失败').waitFor();
    await page.context().setOffline(false);
    await page.getByRole('button', { name: '重试' }).click();
    await heading(page).waitFor();
  });
});

test('scripts that never come: loaded again six times, then a button that leads to the page', async () => {
  let pages = 0;
  balancer.choose((request) => {
    if (request.headers.accept?.includes('text/html')) pages++;
    return isScript(request) ? NEW : OLD;
  });
  await asMember('/me', async (page) => {
    await button(page).waitFor({ timeout: 60_000 });
    expect(pages).toBe(7);
    balancer.choose(() => NEW);
    await button(page).click();
    await page.waitForLoadState('networkidle');
    expect(await button(page).count()).toBe(0);
    await heading(page).waitFor();
  });
});

test('one script of the page does not come, each in turn: the page is loaded again, and whole', async () => {
  const scripts = new Set<string>();
  balancer.choose((request) => {
    if (isScript(request)) scripts.add(request.url!);
    return NEW;
  });
  await inClient('/login?signedout=1', async (page) => {
    await page.waitForLoadState('networkidle');
    await again(page).waitFor();
  });
  expect(scripts.size).toBeGreaterThan(4);
  for (const script of [...scripts].slice(0, span(1, scripts.size))) {
    let pages = 0;
    balancer.choose((request) => {
      if (request.headers.accept?.includes('text/html')) pages++;
      return request.url === script && pages < 2 ? OLD : NEW;
    });
    await inClient('/login?signedout=1', async (page) => {
      await page.waitForEvent('load');
      await expect.poll(() => pages, { message: script, timeout: 15_000 }).toBe(2);
      await again(page).click();
      await heading(page).waitFor();
    });
  }
});

test('a link of a page of the build before leads to its page', async () => {
  balancer.choose(() => OLD);
  await asMember('/', async (page) => {
    await page.waitForLoadState('networkidle');
    balancer.choose(() => NEW);
    await page.locator('a.entry[href="/me"]').click();
    await page.waitForURL('**/me');
    await page.locator('.who-name').waitFor();
    await page.waitForLoadState('networkidle');
    expect(await button(page).count()).toBe(0);
  });
});

test('a lazy part that is gone: the page of somebody is loaded again, and whole', async () => {
  await untilRead(member);
  const path = `/directory/people/${emulator.company.people[1]!.userid}`;
  const { text } = await member.ask(path);
  let pages = 0;
  balancer.choose((request) => {
    if (request.headers.accept?.includes('text/html')) pages++;
    return pages > 1 || (isScript(request) && !text.includes(request.url!)) ? NEW : OLD;
  });
  await asMember(path, async (page) => {
    // What has arrived at first may end before the head.
    await page.locator('script[data-sentence]').waitFor({ state: 'attached' });
    await page.evaluate(() => {
      const part = document.createElement('script');
      part.src = '/_next/static/chunks/of-the-build-before.js';
      document.head.append(part);
    });
    await expect.poll(() => pages, { timeout: 15_000 }).toBe(2);
    await page.waitForLoadState('networkidle');
    await page.locator('.reach a').first().waitFor();
    expect(await button(page).count()).toBe(0);
  });
});

/** What became of a visit: how often the button was needed, or what was seen last where it led nowhere. */
type Visit = number | { url: string; seen: string };

/** What a person does until they are there: taps whatever is offered. @param way what they came to tap, where there is more */
async function goOn(page: Page, path: string, way?: string): Promise<Visit> {
  const giveUpAt = Date.now() + 60_000;
  const tap = (what: Locator) =>
    what
      .first()
      .click({ timeout: 500 })
      .then(() => true)
      .catch(() => false);
  const isThere = async () =>
    new URL(page.url()).pathname === path && (await page.locator('.who-name, .hello-title').count()) > 0;
  for (let taps = 0; Date.now() < giveUpAt; await page.waitForTimeout(100)) {
    if (await isThere().catch(() => false)) return taps;
    // Whoever is asked to load the page again does so, and taps again what a page lost that was loaded meanwhile.
    if ((await button(page).isVisible()) && (await tap(button(page)))) taps++;
    else if (way) await tap(page.locator(way));
    else await tap(again(page).or(page.getByRole('button', { name: '重试' })));
  }
  return { url: page.url(), seen: await page.locator('body').innerText() };
}

test('two builds behind one balancer that knows no sessions: every visit comes to its page', async () => {
  const count = span(6, 200);
  let turn = 0;
  balancer.choose(() => turn++ % 2);
  const kinds = [
    (end: (visit: Visit) => void) => inClient('/', async (page) => end(await goOn(page, '/'))),
    (end: (visit: Visit) => void) =>
      inClient('/login?signedout=1', async (page) => end(await goOn(page, '/'))),
    (end: (visit: Visit) => void) =>
      asMember('/', async (page) => end(await goOn(page, '/me', 'a.entry[href="/me"]'))),
  ];
  const visits: Visit[] = [];
  await crowd({ count, atOnce: 3 }, (visit) => kinds[visit % kinds.length]!((end) => visits.push(end)));
  const lost = visits.filter((visit) => typeof visit === 'object');
  printFigures(`${count} visits of two builds behind one balancer`, {
    'without the page': lost.length,
    'by the button': visits.filter((taps) => Number(taps) > 0).length,
  });
  expect(lost).toEqual([]);
  expect(visits.length).toBe(count);
});
