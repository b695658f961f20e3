import type { Browser, BrowserContext, Frame, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { freePort } from '../support/port';

const CLIENTS = ['android', 'ios', 'harmony', 'harmony-compatible', 'win', 'mac'];
const PHONES = CLIENTS.slice(0, 4);
const EXAMPLE = '/example/choose';

let emulator: Emulator;
let app: App;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}`, enforceQps: false });
  const env = { TRUSTED_PROXY_HOPS: '1', DINGTALK_AGENT_ID: emulator.agentId };
  app = await startApp({ emulator, port, origin: origin(), env });
});
afterAll(async () => {
  await app.close();
  await emulator.close();
  await browser.close();
});
beforeEach(async () => {
  emulator.control.reset();
  context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
});
afterEach(() => context.close());

const origin = () => `http://localhost:${emulator.port}`;
const shown = () => page.frameLocator('[data-testid=app-frame]');
const sheet = () => page.getByTestId('picker');
const answered = () => shown().getByRole('status');

/** Opens the app in the workbench on a client, and then a page of it. */
async function open(client: string, address = EXAMPLE): Promise<Frame> {
  const { userid } = emulator.company.people[0]!;
  await page.goto(`${origin()}/__emulator/workbench/?as=${userid}&client=${client}&open=1`);
  await shown().getByRole('heading', { level: 1 }).waitFor();
  const frame = page.frame({ url: /corpid=/ }) ?? page.frames()[1]!;
  await frame.evaluate((to) => location.assign(to), address);
  await shown().getByRole('button', { name: '选择同事' }).waitFor();
  return frame;
}

async function choose(name: string): Promise<void> {
  await shown().getByRole('button', { name: '选择同事' }).click();
  await sheet().getByRole('searchbox').fill(name);
  await sheet().getByText(name, { exact: true }).first().click();
  await sheet().getByRole('button', { name: '确定' }).click();
}

test.each(CLIENTS)('on %s, DingTalk’s picker opens and tells who was chosen', async (client) => {
  const { name } = emulator.control.people()[2]!;
  await open(client);
  await choose(name);
  await answered().filter({ hasText: name }).waitFor();
});

test.each(PHONES)('on %s, the scanner reads a code', async (client) => {
  await open(client);
  await shown().getByRole('button', { name: '扫一扫' }).click();
  await sheet().getByRole('textbox').fill('https://a.example/?x=1');
  await sheet().getByRole('button', { name: '确定' }).click();
  await answered().filter({ hasText: 'https://a.example/?x=1' }).waitFor();
});

test('a computer has no scanner, and the page says so', async () => {
  await open('win');
  await shown().getByRole('button', { name: '扫一扫' }).click();
  await shown().getByRole('alert').filter({ hasText: '没有这项功能' }).waitFor();
});

test('whoever closes the picker has cancelled, and may choose again', async () => {
  await open('android');
  await shown().getByRole('button', { name: '选择同事' }).click();
  await sheet().getByRole('button', { name: '取消' }).click();
  await shown().getByRole('alert').filter({ hasText: '您取消了操作' }).waitFor();
  const { name } = emulator.control.people()[3]!;
  await choose(name);
  await answered().filter({ hasText: name }).waitFor();
});

test.each([
  '?q=%E5%BC%A0%E4%B8%89',
  '?q=张三&x=1+2',
  '?x=1%2B2&y=%25#top',
  '?',
  '?next=https%3A%2F%2Fa.example%2F%3Fb',
])('a page at %s is signed as each client sees it', async (query) => {
  const { name } = emulator.control.people()[2]!;
  for (const client of ['android', 'ios', 'win']) {
    await open(client, EXAMPLE + query);
    await choose(name);
    await answered().filter({ hasText: name }).waitFor();
  }
});

test.each(CLIENTS)(
  'on %s, a page is signed once, and again only where a router makes it another',
  async (client) => {
    const { name } = emulator.control.people()[2]!;
    const signatures: string[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === '/api/jsapi/signature') signatures.push(url.searchParams.get('url') ?? '');
    });
    const frame = await open(client, `${EXAMPLE}?from=1#top`);
    await choose(name);
    await answered().filter({ hasText: name }).waitFor();
    await choose(name);
    await answered().filter({ hasText: name }).waitFor();
    const entered = `${origin()}${EXAMPLE}?from=1`;
    expect(signatures).toEqual([entered]);
    await frame.evaluate(() => history.pushState(null, '', '?step=2'));
    await choose(name);
    await answered().filter({ hasText: name }).waitFor();
    expect(signatures).toEqual(client === 'ios' ? [entered] : [entered, `${origin()}${EXAMPLE}?step=2`]);
  },
);

test('on an iPhone, a page that is first signed after a router has changed it is signed as it was entered', async () => {
  const { name } = emulator.control.people()[2]!;
  const frame = await open('ios', `${EXAMPLE}?from=1`);
  await frame.evaluate(() => history.pushState(null, '', '?step=2'));
  await choose(name);
  await answered().filter({ hasText: name }).waitFor();
});

test('a page that DingTalk refuses says who must act, and is signed anew at the next tap', async () => {
  await open('android');
  await page.route('**/api/jsapi/signature**', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ json: { ...(await response.json()), signature: '0'.repeat(64) } });
  });
  await shown().getByRole('button', { name: '选择同事' }).click();
  await shown().getByRole('alert').filter({ hasText: '没有接受这个页面的地址' }).waitFor();
  await page.unroute('**/api/jsapi/signature**');
  const { name } = emulator.control.people()[2]!;
  await choose(name);
  await answered().filter({ hasText: name }).waitFor();
});

test('a server that does not sign is heard, in its own words', async () => {
  await open('android');
  await page.route('**/api/jsapi/signature**', (route) =>
    route.fulfill({
      status: 503,
      json: { error: { code: 'X', message: '服务正忙', nextStep: '等一等', retry: true, requestId: 'r-1' } },
    }),
  );
  await shown().getByRole('button', { name: '选择同事' }).click();
  await shown().getByRole('alert').filter({ hasText: '服务正忙' }).filter({ hasText: 'r-1' }).waitFor();
});

test('outside DingTalk the page says that it needs it', async () => {
  const { userid } = emulator.company.people[0]!;
  const code = emulator.control.mintCode(userid);
  await page.goto(`${app.url}/login`);
  const answer = await context.request.post(`${app.url}/api/session`, {
    data: { code },
    headers: { origin: origin() },
  });
  expect(answer.status()).toBe(200);
  await page.goto(`${app.url}${EXAMPLE}`);
  await page.getByText('这个页面不是在钉钉中打开的').waitFor();
  expect(await page.getByRole('button', { name: '选择同事' }).count()).toBe(0);
});
