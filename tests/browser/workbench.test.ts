import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { freePort } from '../support/port';

const clients = ['android', 'ios', 'harmony', 'harmony-compatible', 'win', 'mac'];

let emulator: Emulator;
let app: App;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let noise: string[];

beforeAll(async () => {
  browser = await launchBrowser();
  // The app lives behind the workbench, on the emulator's origin: each must know the other's address before it starts.
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}` });
  app = await startApp({ emulator, port, origin: origin(), env: { TRUSTED_PROXY_HOPS: '1' } });
});

afterAll(async () => {
  await app.close();
  await emulator.close();
  await browser.close();
});

beforeEach(async () => {
  emulator.control.reset();
  noise = [];
  context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.on('pageerror', (error) => noise.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') noise.push(message.text());
  });
});

afterEach(() => context.close());

const origin = () => `http://localhost:${emulator.port}`;
const workbench = (query = '') => `${origin()}/__emulator/workbench/${query}`;
const greeting = () => page.frameLocator('[data-testid=app-frame]').getByRole('heading', { level: 1 });
const titled = (text: string) => page.getByTestId('nav-title').filter({ hasText: text });
const person = (index: number) => emulator.control.people().filter(({ active }) => active)[index]!;
const codes = () => emulator.control.calls().codes;

async function isGreeted(name: string): Promise<void> {
  await greeting().filter({ hasText: name }).waitFor();
}

describe('a person taps the app in the workbench and is signed in', () => {
  test.each(clients)('on %s, at the instant sign-in', async (client) => {
    const { userid, name } = person(2);
    const addresses: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (/^\/(login|instant-sign-in\.js)$/.test(pathname)) addresses.push(pathname);
    });
    await page.goto(workbench());
    await page.getByTestId(`person-${userid}`).click();
    await page.getByTestId(`client-${client}`).click();
    await page.getByTestId('app-icon').click();
    await isGreeted(name);
    expect(codes()).toEqual({ minted: 1, used: 1 });
    expect(addresses).toEqual(['/instant-sign-in.js']);
    expect(noise).toEqual([]);
  });

  test('while an ordinary tab beside it stays one', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    await page.getByTestId('clear-data').click();
    await expect.poll(() => context.cookies()).toEqual([]);
    const tab = await context.newPage();
    const asked: string[] = [];
    tab.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await tab.goto(`${origin()}/me`);
    await tab.getByRole('link', { name: '用钉钉登录' }).waitFor();
    expect(asked.slice(0, 2)).toEqual(['/me', '/login']);
    expect(asked).not.toContain('/instant-sign-in.js');
  });

  test('by a link that opens the app at once', async () => {
    const { userid, name } = person(3);
    await page.goto(workbench(`?as=${userid}&client=mac&open=1`));
    await isGreeted(name);
    expect(codes()).toEqual({ minted: 1, used: 1 });
  });

  test('with the keyboard alone', async () => {
    await page.goto(workbench());
    await page.getByTestId(`person-${person(0).userid}`).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByTestId('app-icon').focus();
    await page.keyboard.press('Enter');
    await isGreeted(emulator.control.people()[1]!.name);
  });

  test('on a screen as narrow as a phone, which the app then fills', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(workbench('?client=ios'));
    await page.getByTestId('app-icon').click();
    await isGreeted(person(0).name);
    const frame = await page.getByTestId('app-frame').boundingBox();
    expect(frame).toMatchObject({ x: 0, width: 320 });
    expect(frame!.height).toBeGreaterThan(580);
  });
});

test.each(['zh', 'en'])('nothing is cut off on a narrow screen, whatever the name: %s', async (lang) => {
  emulator.control.patchPerson(person(0).userid, { name: '欧阳建国上官若海阿卜杜热合曼' });
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 640 });
    await page.goto(workbench(`?lang=${lang}`));
    await page.getByTestId('app-icon').waitFor();
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll('.bar-action, .client, .bar-person')]
        .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth)
        .map((node) => node.textContent),
    );
    expect([width, cut]).toEqual([width, []]);
  }
});

describe('the webview', () => {
  test('keeps its cookies when the app is closed and opened again', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    await page.getByTestId('nav-close').click();
    await page.getByTestId('app-icon').click();
    await isGreeted(person(0).name);
    expect(codes().minted).toBe(1);
  });

  test('signs in anew once its data is cleared', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    await page.getByTestId('clear-data').click();
    await expect.poll(() => context.cookies()).toEqual([]);
    await page.getByTestId('app-icon').click();
    await isGreeted(person(0).name);
    expect(codes().minted).toBe(2);
  });

  test('belongs to a person: another one finds another', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    await page.getByTestId(`person-${person(1).userid}`).click();
    await page.getByTestId('app-icon').click();
    await isGreeted(person(1).name);
  });

  test('keeps the last person’s session when the device is passed on', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    await page.getByTestId('pass-on').check();
    await page.getByTestId(`person-${person(1).userid}`).click();
    await page.getByTestId('nav-refresh').click();
    await isGreeted(person(0).name);
  });

  test('goes back page by page, and at the first page closes the app and stays in the workbench', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    await page.frameLocator('[data-testid=app-frame]').locator('a.entry[href="/me"]').click();
    await page.waitForFunction(
      () => location.pathname.startsWith('/__emulator') && frames[0]?.location.pathname === '/me',
    );
    await page.getByTestId('nav-back').click();
    // The heading of both pages has the name.
    await page.waitForFunction(() => frames[0]?.location.pathname === '/');
    await isGreeted(person(0).name);
    await page.getByTestId('nav-back').click();
    await page.getByTestId('app-frame').waitFor({ state: 'detached' });
    expect(page.url()).toContain('/__emulator/workbench/');
  });

  test('tells the app the language of the client, which is the workbench’s', async () => {
    for (const lang of ['en', 'zh']) {
      await page.goto(workbench(`?lang=${lang}&open=1`));
      await isGreeted(person(0).name);
      const frame = page.frame({ url: /corpid/ })!;
      expect([lang, await frame.evaluate(() => document.documentElement.lang)]).toEqual([
        lang,
        lang === 'en' ? 'en' : 'zh-CN',
      ]);
      expect(await frame.evaluate(() => `${navigator.language} ${navigator.userAgent}`)).toMatch(
        lang === 'en' ? /^en-US .*language\/en-US/ : /^zh-CN .*language\/zh-CN/,
      );
    }
  });

  test('opens a chat on a phone', async () => {
    const { userid, name } = person(1);
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    const frame = page.frame({ url: /corpid/ })!;
    const opened = await frame.evaluate(
      ([corpId, userId]) =>
        new Promise((resolve) => {
          const exec = Reflect.get(window, 'nuva').require();
          exec(() => resolve('opened'), resolve, 'biz.chat', 'openSingleChat', { corpId, userId });
        }),
      [emulator.corpId, userid],
    );
    expect(opened).toBe('opened');
    await page
      .getByRole('status')
      .filter({ hasText: `与${name}的聊天` })
      .waitFor();
  });

  test('shows the title that the page gives itself', async () => {
    await page.goto(workbench('?open=1'));
    await isGreeted(person(0).name);
    const title = await page.frame({ url: /corpid/ })!.title();
    await titled(title).waitFor();
  });
});

describe('the fault panel', () => {
  test('refuses one code: the app asks for another, and the switch goes off by itself', async () => {
    await page.goto(workbench());
    await page.getByTestId('fault-codeRefused').check();
    await page.getByTestId('app-icon').click();
    await isGreeted(person(0).name);
    expect(codes().minted).toBe(2);
    await expect.poll(() => page.getByTestId('fault-codeRefused').isChecked()).toBe(false);
  });

  test('takes the permission away until all is back to normal', async () => {
    await page.goto(workbench());
    await page.getByTestId('fault-permission').check();
    await expect.poll(() => emulator.control.faults().length).toBe(1);
    await page.getByTestId('clear-faults').click();
    await expect.poll(() => emulator.control.faults()).toEqual([]);
    await page.getByTestId('app-icon').click();
    await isGreeted(person(0).name);
  });

  test('lets the client refuse, and answer again when the person retries', async () => {
    await page.goto(workbench());
    await page.getByTestId('bridge-refuses').check();
    await page.getByTestId('app-icon').click();
    const retry = page.frameLocator('[data-testid=app-frame]').getByRole('alert');
    await retry.first().waitFor();
    expect(codes().minted).toBe(0);
    await page.getByTestId('bridge-answers').check();
    await page.getByTestId('nav-refresh').click();
    await isGreeted(person(0).name);
  });
});

describe('without an app', () => {
  test('the emulator says, in both languages, how to start one', async () => {
    const alone = await startEmulator();
    const answer = await fetch(`${alone.url}/`, { headers: { accept: 'text/html' } });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toMatch(/没有连接应用[\s\S]*No app is connected[\s\S]*npm run demo/);
    await alone.close();
  });

  test('an app that is down is a 502 that tries again, and JSON for a program', async () => {
    const before = await startEmulator({ appUrl: `http://127.0.0.1:${await freePort()}` });
    const shown = await fetch(`${before.url}/me`, { headers: { accept: 'text/html' } });
    expect(shown.status).toBe(502);
    expect(await shown.text()).toContain('http-equiv="refresh"');
    const asked = await fetch(`${before.url}/api/session`, { method: 'POST' });
    expect(await asked.json()).toMatchObject({ error: { code: 'app-down' } });
    await before.close();
  });
});

describe('before a small app', () => {
  test('a computer stays white where an error has no body', async () => {
    const answers: Record<string, [number, string]> = { '/bare': [500, ''], '/told': [500, '<h1>500</h1>'] };
    const small = createServer((req, res) => {
      const [status, body] = answers[req.url ?? ''] ?? [200, '<h1>home</h1>'];
      res.writeHead(status, { 'content-type': 'text/html' }).end(body);
    });
    await once(small.listen(0, '127.0.0.1'), 'listening');
    const other = await startEmulator({
      appUrl: `http://127.0.0.1:${(small.address() as AddressInfo).port}`,
    });
    const white = page.getByTestId('white-page');
    for (const [client, path, isWhite] of [
      ['win', '/bare', true],
      ['mac', '/bare', true],
      ['win', '/told', false],
      ['android', '/bare', false],
    ] as const) {
      await page.goto(`http://localhost:${other.port}/__emulator/workbench/?client=${client}&open=1`);
      await page.frameLocator('[data-testid=app-frame]').getByText('home').waitFor();
      const loaded = page.evaluate(
        () =>
          new Promise((resolve) =>
            document.querySelector('iframe')!.addEventListener('load', resolve, { once: true }),
          ),
      );
      await page.frame({ url: /corpid/ })!.evaluate((to) => location.assign(to), path);
      await loaded;
      if (isWhite) await white.getByText('-379').waitFor();
      expect([client, path, await white.isVisible()]).toEqual([client, path, isWhite]);
    }
    await other.close();
    small.closeAllConnections();
    small.close();
  });
});
