import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { launchBrowser } from '../support/browser';
import { CLIENTS } from '../support/client';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { isLong } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { difference, isReferenceBrowser, PAGE_PICTURES, takePicture } from '../support/page-pictures';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [320, 768, 1280];
/** What is there does not depend on the scheme, its colours not on the width, and on the words only how wide it is. */
const isLookedAt = (locale: string, width: number, scheme: 'light' | 'dark') => {
  if (isLong) return true;
  if (locale === 'en') return scheme === 'light' && width === 320;
  return width === 1280 || (scheme === 'light' && width === 320);
};
const PAGES = [
  '/',
  '/me',
  '/me/sessions',
  '/directory',
  '/directory?q=a',
  '/directory/people/{person}',
  '/directory/departments/1',
  '/admin',
  '/admin/sessions',
  '/admin/audit',
  '/admin/sync',
  '/admin/access',
  '/admin/doctor',
  '/meetings?with={person}',
  '/meetings/mine',
  '/example/choose',
  '/example/canteen',
  '/example/step-up',
  '/login?signedout=1',
  '/denied?next=%2Fadmin',
  '/nothing',
];

/** What pages of one's own may load and use. */
const OPENED = {
  CSP_IMG_SRC: 'https://pictures.example.com',
  CSP_CONNECT_SRC: 'https://api.example.com',
  CSP_FRAME_SRC: 'https://charts.example.com',
  ALLOWED_FEATURES: 'camera',
};

let emulator: Emulator;
let app: App;
let browser: Browser;
let member: Visitor;
let person: string;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  const [boss, other] = emulator.company.people.filter(({ active }) => active);
  person = other!.userid;
  [app, browser] = await Promise.all([
    startDirectoryApp({ emulator, env: { ADMIN_USER_IDS: boss!.userid, SHOW_EXAMPLES: 'on', ...OPENED } }),
    launchBrowser(),
  ]);
  member = await signedIn(app, emulator, boss!.userid);
  await signedIn(app, emulator, boss!.userid);
  await untilRead(member);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await emulator?.close();
});

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'zh-CN', bypassCSP: true, ...options });
  await context.addCookies(
    [...member.cookies].map(([name, value]) => ({ name, value, url: app.url, httpOnly: true })),
  );
  return context;
}

/** What hinders people, in the words of axe. */
async function hindrances(page: Page, only?: string[]): Promise<string[]> {
  const { violations } = (await page.evaluate(
    (rules) =>
      (globalThis as unknown as { axe: { run(options: object): Promise<unknown> } }).axe.run({
        resultTypes: ['violations'],
        ...(rules ? { runOnly: rules } : {}),
      }),
    only,
  )) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

const isWiderThanWindow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test.each(['zh-CN', 'en'])(
  'nothing hinders people on any page, in any look; letters of 150 %% fit on the smallest phone: %s',
  async (locale) => {
    const context = await open({ locale });
    const page = await context.newPage();
    const wrong: Record<string, string[]> = {};
    for (const address of PAGES) {
      await page.goto(app.url + address.replace('{person}', person));
      await page.evaluate(AXE);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        for (const scheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: scheme });
          const found = isLookedAt(locale, width, scheme)
            ? await hindrances(page, scheme === 'dark' ? ['color-contrast'] : undefined)
            : [];
          if (await isWiderThanWindow(page)) found.push('wider than the window');
          if (found.length > 0) wrong[`${address} ${width} ${scheme}`] = found;
        }
      }
      await page.setViewportSize({ width: 320, height: 640 });
      await page.addStyleTag({ content: 'html{font-size:24px}' });
      if (await isWiderThanWindow(page)) wrong[`${address}, letters of 150 %`] = ['wider than the window'];
    }
    expect(wrong).toEqual({});
    await context.close();
  },
  90_000,
);

test('every link, button and field can be reached with the keyboard, and the focus is seen', async () => {
  const context = await open({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const missed: Record<string, string[]> = {};
  for (const address of PAGES) {
    await page.goto(app.url + address.replace('{person}', person));
    await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true;
      const all = [...document.querySelectorAll<HTMLElement>('a[href], button, summary, input, select')];
      for (const one of all)
        if (one.checkVisibility() && !one.matches('[type=hidden], [disabled]')) one.dataset.reach = 'no';
      document.addEventListener('focusin', ({ target }) => {
        const one = target as HTMLElement;
        const box = one.closest('.search') ?? one;
        const style = getComputedStyle(one);
        const isSeen = style.outlineStyle !== 'none' || getComputedStyle(box).boxShadow !== 'none';
        if (isSeen) delete one.dataset.reach;
        // One of a group has the keyboard; the arrows reach the others.
        for (const group of ['[type=radio]', '.meeting-grid a'])
          if (one.matches(group))
            for (const other of document.querySelectorAll<HTMLElement>(group)) delete other.dataset.reach;
      });
    });
    const count = await page.locator('[data-reach]').count();
    for (let presses = 0; presses < count + 10; presses++) await page.keyboard.press('Tab');
    const left = await page
      .locator('[data-reach]')
      .evaluateAll((all) => all.map((one) => one.outerHTML.slice(0, 120)));
    if (left.length > 0) missed[address] = left;
  }
  expect(missed).toEqual({});
  await context.close();
});

test('without JavaScript: the menu opens, the language changes, and back keeps the words of a search', async () => {
  const context = await open({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${app.url}/directory?q=a`);
  await page.locator('a[href^="/directory/people/"]').first().click();
  await page.locator('.back').click();
  expect(new URL(page.url()).search).toBe('?q=a');
  await page.locator('.menu > summary').click();
  await page.getByRole('button', { name: 'English' }).click();
  expect(new URL(page.url()).search).toBe('?q=a');
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.locator('.menu > summary').click();
  await page.getByRole('link', { name: 'My devices' }).click();
  await page.getByRole('heading', { level: 1, name: 'My devices' }).waitFor();
  await context.close();
});

test('back leads to where one came from, and to the page above for those who came from elsewhere', async () => {
  const context = await open({ viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${app.url}/me`);
  await page.locator('.back').click();
  await page.waitForURL(`${app.url}/`);
  await page.getByRole('searchbox').fill('a');
  await page.getByRole('searchbox').press('Enter');
  await page.waitForURL(/\/directory\?q=a/);
  await page.locator('a[href^="/directory/people/"]').first().click();
  await page.waitForURL(/\/directory\/people\//);
  await page.locator('.back').click();
  await page.waitForURL(/\/directory\?q=a/);
  await context.close();
});

test('a page that takes long is announced by a line, which goes when it is there', async () => {
  const context = await open({ viewport: { width: 390, height: 800 } });
  const page = await context.newPage();
  await page.goto(app.url);
  let arrive = () => {};
  const held = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route('**/me?_rsc=*', async (route) => {
    await held;
    await route.continue();
  });
  await page.locator('.entry[href="/me"]').click();
  await page.getByRole('progressbar', { name: '正在打开…' }).waitFor();
  arrive();
  await page.getByRole('heading', { level: 1 }).filter({ hasNotText: '好' }).waitFor();
  await page.getByRole('progressbar').waitFor({ state: 'detached' });
  await context.close();
});

test('in DingTalk on a phone, neither title nor way back is shown twice; readers still have the title', async () => {
  for (const [client, isRepeated] of [
    ['iphone', false],
    ['windows', true],
  ] as const) {
    const context = await open({ userAgent: CLIENTS[client], viewport: { width: 390, height: 800 } });
    const page = await context.newPage();
    await page.goto(`${app.url}/me/sessions`);
    const title = page.getByRole('heading', { level: 1 });
    expect(await page.locator('.back').count()).toBe(isRepeated ? 1 : 0);
    expect(((await title.boundingBox())?.width ?? 0) > 20).toBe(isRepeated);
    await context.close();
  }
});

test('pages may load and use what the settings open, and nothing else', async () => {
  const { headers } = await member.ask('/me');
  const policy = headers.get('content-security-policy')!.split('; ');
  expect(policy).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^img-src 'self' data: .*https:\/\/pictures\.example\.com$/),
      "connect-src 'self' https://api.example.com",
      "frame-src 'self' https://charts.example.com",
      "object-src 'none'",
    ]),
  );
  const features = headers.get('permissions-policy')!.split(', ');
  expect(features).toContain('camera=(self)');
  expect(features.filter((feature) => !feature.endsWith('=()'))).toEqual(['camera=(self)']);
});

/** Day, greeting and times of the pictures are others; whatever else is, is more than that. */
const MOST_DIFFERENT = 0.02;

test.runIf(isReferenceBrowser())(
  'pages look as in the documents; if they should not: npm run pictures',
  async () => {
    const page = await browser.newPage();
    for (const picture of PAGE_PICTURES) {
      const shown = await takePicture({ app, browser, visitor: member }, picture);
      const share = await difference(page, shown, readFileSync(`docs/${picture.file}`));
      expect(share, picture.file).toBeLessThan(MOST_DIFFERENT);
    }
    await page.context().close();
  },
);

test('the instant sign-in fetches the icons while it waits', async () => {
  const headers = { 'user-agent': CLIENTS.android, accept: 'text/html' };
  const { text } = await new Visitor(app).ask('/', { headers });
  const [, address] = /<link rel="prefetch" href="([^"]+)"/.exec(text) ?? [];
  const icons = await fetch(app.url + address);
  expect([icons.status, icons.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
  expect(icons.headers.get('cache-control')).toContain('immutable');
  expect((await member.ask('/')).text).toContain(`href="${address}#people"`);
});

test('styles of the administration are not sent with other pages', async () => {
  const [home, admin] = [(await member.ask('/')).text, (await member.ask('/admin')).text];
  expect(admin).toContain('.health');
  expect(home).not.toContain('.health');
  expect(home).not.toContain('.table');
});
