import type { Browser, BrowserContext, Frame, Page, Route } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { launchBrowser } from '../support/browser';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { signedIn } from '../support/http-session';
import { freePort } from '../support/port';

const EXAMPLE = '/example/choose';

const isLong = process.env.RELIABILITY === 'long';
/** One of each kind of bridge; in the long form, every client. An iPhone has a test of its own. */
const CLIENTS = isLong ? ['android', 'ios', 'harmony', 'win', 'mac'] : ['android', 'win'];
const TIMEOUT_MS = isLong ? 240_000 : 30_000;

/** Queries as a browser has them in `location.href`: in the long form, sixty on every client. */
const QUERIES = [
  '?q=张三&x=1+2#top',
  '?x=1%2B2&y=%25&z=\\',
  '?next=https%3A%2F%2Fa.example%2F%3Fb',
  ...(isLong ? Array.from({ length: 57 }, (_, at) => longQuery(at)) : []),
];

/** Parts that signing treats each in its way, two at a time. */
function longQuery(at: number): string {
  const parts = [
    '%26',
    '+',
    '%2525',
    '?',
    '食堂',
    '%F0%9F%8D%9C',
    "'(!)*",
    '%E5%BC',
    '%zz',
    '%0A',
    '/../',
    '',
  ];
  return `?x=${parts[at % 12]}&${parts[(at * 5 + 1) % 12]}=${at}${at % 3 === 0 ? '#a#b' : ''}`;
}

let emulator: Emulator;
let app: App;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Addresses that the app was asked to sign. */
let signed: string[];

beforeAll(async () => {
  browser = await launchBrowser();
  const port = await freePort();
  emulator = await startEmulator({ appUrl: `http://127.0.0.1:${port}`, enforceQps: false });
  const env = {
    TRUSTED_PROXY_HOPS: '1',
    DINGTALK_AGENT_ID: emulator.agentId,
    // The other digest than that of tests/app/jsapi.test.ts.
    DINGTALK_JSAPI_DIGEST: 'sha1',
  };
  app = await startDirectoryApp({ emulator, port, origin: origin(), env });
});
afterAll(async () => {
  await app.close();
  await emulator.close();
  await browser.close();
});
beforeEach(async () => {
  context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  signed = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname === '/api/jsapi/signature') signed.push(url.searchParams.get('url') ?? '');
  });
});
afterEach(() => context.close());

const origin = () => `http://localhost:${emulator.port}`;
const shown = () => page.frameLocator('[data-testid=app-frame]');
const sheet = () => page.getByTestId('picker');
const answered = () => shown().getByRole('status');
const pressable = (name: string) => shown().getByRole('button', { name, disabled: false });

/** Opens a page of the app in the workbench, on a client whose person is signed in already. */
async function open(client: string, address = EXAMPLE): Promise<Frame> {
  const { userid } = emulator.company.people[0]!;
  const answer = await context.request.post(`${origin()}/api/session`, {
    data: { code: emulator.control.mintCode(userid) },
    headers: { origin: origin() },
  });
  expect(answer.status()).toBe(200);
  const query = new URLSearchParams({ as: userid, client, open: address });
  await page.goto(`${origin()}/__emulator/workbench/?${query}`);
  await pressable('选择同事').waitFor();
  return (await (await page.getByTestId('app-frame').elementHandle())!.contentFrame())!;
}

async function choose(name: string): Promise<void> {
  await pressable('选择同事').click();
  await sheet().getByRole('searchbox').fill(name);
  await sheet().getByText(name, { exact: true }).first().click();
  await sheet().getByRole('button', { name: '确定' }).click();
  await answered().filter({ hasText: name }).waitFor();
}

/** Opens the picker, which needs a page that DingTalk has accepted, and closes it. */
async function lookAtPicker(): Promise<void> {
  await pressable('选择同事').click();
  await sheet().getByRole('button', { name: '取消' }).click();
  await shown().getByRole('alert').filter({ hasText: '您取消了操作' }).waitFor();
}

test.each(CLIENTS)(
  'on %s, a page is signed once, and again where the client takes it for another',
  async (client) => {
    const frame = await open(client, `${EXAMPLE}?from=1#top`);
    await choose(emulator.control.people()[2]!.name);
    await choose(emulator.control.people()[3]!.name);
    const addresses = [`${origin()}${EXAMPLE}?from=1`];
    expect(signed).toEqual(addresses);
    for (const query of QUERIES) {
      await frame.evaluate((address) => history.pushState(null, '', address), EXAMPLE + query);
      await lookAtPicker();
      // An iPhone keeps the address that the page was entered by.
      if (client !== 'ios') addresses.push(await frame.evaluate(() => location.href.split('#')[0]!));
    }
    expect(signed).toEqual(addresses);
  },
  TIMEOUT_MS,
);

test('on an iPhone, a page is signed as it was entered, whatever a router has made of it before', {
  timeout: TIMEOUT_MS,
}, async () => {
  for (const query of isLong ? QUERIES : QUERIES.slice(0, 1)) {
    const frame = await open('ios', EXAMPLE + query);
    const entered = await frame.evaluate(() => location.href.split('#')[0]!);
    await frame.evaluate(() => history.pushState(null, '', '?step=2'));
    await lookAtPicker();
    expect(signed.at(-1)).toBe(entered);
  }
});

test('a ticket that has died early is replaced without a word', async () => {
  await open('android');
  await lookAtPicker();
  emulator.control.advanceClock(7_200_000);
  await open('android', `${EXAMPLE}?again`);
  await lookAtPicker();
  expect(signed).toHaveLength(3);
});

test('phones have a scanner; computers have none, and the page says so', async () => {
  await open('android');
  await pressable('扫一扫').click();
  await sheet().getByRole('textbox').fill('https://a.example/?x=1');
  await sheet().getByRole('button', { name: '确定' }).click();
  await answered().filter({ hasText: 'https://a.example/?x=1' }).waitFor();
  await open('win');
  await pressable('扫一扫').click();
  await shown().getByRole('alert').filter({ hasText: '没有这项功能' }).waitFor();
});

test('a refusal of DingTalk’s or of the server’s is explained, and the next tap signs anew', async () => {
  await open('android');
  const refuse = (times: number, answer: (route: Route) => Promise<void>) =>
    page.route('**/api/jsapi/signature**', answer, { times });
  // A wrong signature is asked for once more: the ticket may be the reason.
  await refuse(2, async (route) => {
    const json = await (await route.fetch()).json();
    expect(json.signature).toMatch(/^[0-9a-f]{40}$/);
    await route.fulfill({ json: { ...json, signature: '0'.repeat(40) } });
  });
  await pressable('选择同事').click();
  await shown().getByRole('alert').filter({ hasText: '没有接受这个页面的地址' }).waitFor();
  const error = { code: 'X', message: '服务正忙', nextStep: '等一等', retry: true, requestId: 'r-1' };
  await refuse(1, (route) => route.fulfill({ status: 503, json: { error } }));
  await pressable('选择同事').click();
  await shown().getByRole('alert').filter({ hasText: '服务正忙' }).filter({ hasText: 'r-1' }).waitFor();
  await lookAtPicker();
  await page.goto(origin() + EXAMPLE);
  await page.getByText('这个页面不是在钉钉中打开的').waitFor();
  expect(await page.getByRole('button', { name: '选择同事' }).count()).toBe(0);
});

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
  const [me, ...guests] = emulator.company.people.filter(({ active }) => active).slice(0, 3);
  await untilRead(await signedIn(app, emulator, me!.userid));
  await take(me!.userid, 'android', `/meetings?week=${monday()}`);
  await shown().getByRole('button', { name: '在钉钉中选择', disabled: false }).click();
  for (const { userid, name } of guests) {
    await sheet().getByRole('searchbox').fill(userid);
    await sheet().getByText(name, { exact: true }).first().click();
  }
  await sheet().getByRole('button', { name: '确定' }).click();
  for (const { name } of guests)
    await shown()
      .getByRole('link', { name: `移除${name}` })
      .waitFor();

  // One slot is in the order of the tab key; the arrows reach the others, and stop at the edges.
  const grid = shown().locator('.meeting-grid');
  await expect.poll(() => grid.locator('a[tabindex="0"]').count()).toBe(1);
  await grid.locator('a[tabindex="0"]').focus();
  const focused = () => shown().locator(':focus');
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
