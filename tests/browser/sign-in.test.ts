import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { type BridgeAnswer, type ClientName, openClient } from '../support/client';

let emulator: Emulator;
let app: App;
let browser: Browser;
let userid: string;
let name: string;

beforeAll(async () => {
  emulator = await startEmulator();
  [app, browser] = await Promise.all([startApp({ emulator }), launchBrowser()]);
  ({ userid, name } = emulator.company.people[0]!);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await emulator?.close();
});
beforeEach(() => emulator.control.clearFaults());

const code = (): BridgeAnswer => ({ code: emulator.control.mintCode(userid) });
const exchanges = () => emulator.control.calls().byEndpoint['/topapi/v2/user/getuserinfo'] ?? 0;
const spent = () => emulator.control.calls().codes.used;

/** Opens a page of the app in a client and gives the test what it needs; closes it at the end. */
async function inClient(
  client: ClientName,
  path: string,
  onAsk: (times: number) => BridgeAnswer,
  then: (opened: Awaited<ReturnType<typeof openClient>>) => Promise<void>,
  context = {},
) {
  let times = 0;
  const opened = await openClient(browser, { client, onAsk: () => onAsk(++times), context });
  try {
    await opened.page.goto(app.url + path);
    await then(opened);
  } finally {
    await opened.context.close();
  }
}

test.each([
  ['android', 'runtime.permission.requestAuthCodeV2'],
  ['android-old', 'runtime.permission.requestAuthCode'],
] as const)('opens in DingTalk on %s and the member is in, through %s', async (client, method) => {
  const before = exchanges();
  await inClient(client, `/?corpid=${emulator.corpId}`, code, async ({ page, asked }) => {
    await page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(asked).toEqual([method]);
    expect(exchanges() - before).toBe(1);
  });
});

test.each(['android', 'windows'] as const)('comes back to the exact deep link on %s', async (client) => {
  const link = '/me?tab=a%20b&x=%E5%BC%A0#part';
  await inClient(client, link, code, async ({ page }) => {
    await page.getByRole('heading', { name }).waitFor();
    expect(page.url()).toBe(app.url + link);
  });
});

test('a code that was used up is replaced by a fresh one, once', async () => {
  const used = emulator.control.mintCode(userid);
  await fetch(`${app.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: app.origin },
    body: JSON.stringify({ code: used }),
  });
  await inClient(
    'iphone',
    '/',
    (times) => (times === 1 ? { code: used } : code()),
    async ({ page, asked }) => {
      await page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();
      expect(asked).toHaveLength(2);
    },
  );
});

test('codes that are always refused are asked for twice, then a sentence, a retry button and a request id', async () => {
  await inClient(
    'android',
    '/',
    (times) => ({ code: `wrong-${times}` }),
    async ({ page, asked }) => {
      await page.getByText('登录凭证已失效，请重新打开应用。').waitFor();
      await page.getByRole('button', { name: '重试' }).waitFor();
      expect(await page.locator('.problem-id code').textContent()).toMatch(/^[0-9a-f-]{36}$/);
      expect(asked).toHaveLength(2);
    },
  );
});

test('a bridge that refuses gets a sentence of its own, and the retry button works', async () => {
  await inClient(
    'harmony',
    '/',
    (times) => (times === 1 ? { errorCode: '3', errorMessage: 'some reason' } : code()),
    async ({ page }) => {
      await page.getByText('钉钉没有给出登录凭证。').waitFor();
      await page.getByRole('button', { name: '重试' }).click();
      await page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();
    },
  );
});

test('an address that DingTalk does not know is told apart, and does not say "try again"', async () => {
  await inClient(
    'windows',
    '/',
    () => ({ errorCode: '3', errorMessage: '对应企业没有某域名微应用' }),
    async ({ page }) => {
      await page.getByText('应用的访问地址没有在钉钉登记').waitFor();
      expect(await page.getByRole('button').count()).toBe(0);
    },
  );
});

test('a bridge that never answers is given up after ten seconds', async () => {
  await inClient(
    'android',
    '/',
    () => 'silence',
    async ({ page }) => {
      const before = exchanges();
      await page.getByText('正在向钉钉确认您的身份').waitFor();
      await page.getByText('钉钉没有回应。').waitFor({ timeout: 15_000 });
      expect(exchanges()).toBe(before);
    },
  );
});

test('a link of another company is refused before a code is asked for', async () => {
  await inClient('android', '/?corpid=dingsomebodyelse', code, async ({ page, asked }) => {
    await page.getByText('您当前所在的组织不是这个应用所属的组织。').waitFor();
    expect(asked).toEqual([]);
  });
});

test('a $CORPID$ that nobody replaced is explained', async () => {
  await inClient('android', '/?corpid=$CORPID$', code, async ({ page, asked }) => {
    await page.getByText('应用首页的地址没有填写正确').waitFor();
    expect(asked).toEqual([]);
  });
});

test('outside DingTalk the page says so and what to do', async () => {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await context.newPage();
  await page.goto(`${app.url}/me`);
  await page.getByText('or open this app from the DingTalk workbench').waitFor();
  await page.getByRole('link', { name: 'Sign in with DingTalk' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await context.close();
});

test('a webview that keeps no cookie is told, and does not go round in circles', async () => {
  await inClient('android', '/api/health', code, async ({ page, asked }) => {
    // Fetched outside the browser, so that its answer's cookie is lost.
    await page.route('**/api/session', async (route) => {
      const request = route.request();
      const headers = { 'content-type': 'application/json', origin: app.origin };
      const answer = await fetch(request.url(), { method: 'POST', headers, body: request.postData() });
      await route.fulfill({ status: answer.status, json: await answer.json() });
    });
    await page.goto(`${app.url}/me`);
    await page.getByText('登录成功了，但浏览器没有保存登录状态。').waitFor();
    expect(asked).toHaveLength(1);
    expect(page.url()).toContain('/login?next=%2Fme');
  });
});

describe.each([
  ['android', '/?corpid='],
  ['windows', '/'],
] as const)('after signing out on %s of what was opened as %s', (client, opening) => {
  const home = () => (opening.endsWith('=') ? opening + emulator.corpId : opening);
  const greeting = (page: Page) => page.getByRole('heading', { level: 1 }).filter({ hasText: name });

  /** In, through the page that was opened, and out again. */
  async function out(then: (opened: Awaited<ReturnType<typeof openClient>>) => Promise<void>) {
    await inClient(client, home(), code, async (opened) => {
      const { page } = opened;
      await greeting(page).waitFor();
      // With the keyboard alone, as everything here.
      await page.locator('.menu > summary').focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Shift+Tab');
      await page.getByRole('button', { name: '退出登录' }).focus();
      await page.keyboard.press('Enter');
      await isOut(page);
      await then(opened);
    });
  }

  async function isOut(page: Page) {
    await page.getByText('您已退出登录。').waitFor();
    await page.getByRole('button', { name: '重新登录' }).waitFor();
    expect(await page.content()).not.toContain(name);
  }

  test('"back" and a reload show nothing of the member and ask for nothing, until somebody taps', async () => {
    await out(async ({ page, asked }) => {
      await page.goBack();
      await page.waitForURL(/\/login\?next=/);
      await isOut(page);
      await page.reload();
      await isOut(page);
      await page.goto(`${app.url}/me`);
      await isOut(page);
      expect(asked).toHaveLength(1);
      await page.getByRole('button', { name: '重新登录' }).click();
      await page.getByRole('heading', { name }).waitFor();
      expect(page.url()).toBe(`${app.url}/me`);
      expect(asked).toHaveLength(2);
    });
  });

  test('"back" is not too quick for it: React is not there yet', async () => {
    await inClient(client, home(), code, async ({ page, asked }) => {
      await greeting(page).waitFor();
      await page.route('**/_next/**', (route) => route.abort());
      await page.locator('.menu > summary').click();
      await page.getByRole('button', { name: '退出登录' }).click();
      await isOut(page);
      await page.unroute('**/_next/**');
      await page.goBack();
      await page.waitForURL(/\/login\?next=/);
      await isOut(page);
      expect(asked).toHaveLength(1);
    });
  });

  test('the workbench opens the app as ever', async () => {
    await out(async ({ page, asked, context }) => {
      await page.goto(`${app.url}/?corpid=${emulator.corpId}`);
      await greeting(page).waitFor();
      expect(asked).toHaveLength(2);
      // Before React takes the flag of the sign-in away, a cookie that is gone would be one that was not kept.
      await page.waitForFunction(() => sessionStorage.getItem('dingpass.entered') === null);
      // Whoever is back has not signed out any more.
      await context.clearCookies();
      await page.goto(`${app.url}/me`);
      await page.getByRole('heading', { name }).waitFor();
      expect(asked).toHaveLength(3);
    });
  });
});

test('a second render of React never spends a second code', async () => {
  const before = spent();
  await inClient('mac', '/', code, async ({ page, asked }) => {
    await page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();
    expect({ asked: asked.length, spent: spent() - before }).toEqual({ asked: 1, spent: 1 });
  });
});

test('an app whose permission is missing says that the admin must act, not "try again"', async () => {
  emulator.control.fault({
    endpoint: 'userdetail',
    times: 'always',
    fault: { kind: 'errcode', errcode: 60011, wrapped: true },
  });
  await inClient('android', '/', code, async ({ page }) => {
    await page.getByText('应用配置有误，请联系管理员。').waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
  });
});
