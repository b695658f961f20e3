import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { CLIENTS, openClient } from '../support/client';
import { signedIn } from '../support/visitor';
import { sendRsc } from '../support/wire';

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

const PHONE = { 'user-agent': CLIENTS.android, accept: 'text/html,application/xhtml+xml' };
const get = (path: string, headers: Record<string, string> = PHONE) =>
  fetch(app.url + path, { headers, redirect: 'manual' });
const exchanges = () => emulator.control.calls().byEndpoint['/topapi/v2/user/getuserinfo'] ?? 0;
/** The text of the script in the page. */
const scriptIn = (html: string) => /<script nonce="[^"]+" [^>]*>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';

test.each(['android', 'iphone', 'harmony'] as const)(
  'a cold phone (%s) is asked at the address it opened, by less than 20 KB of script, without React',
  async (client) => {
    const answer = await get('/me?tab=1', { ...PHONE, 'user-agent': CLIENTS[client] });
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(html).not.toContain('/_next/');
    expect(scriptIn(html).length).toBeGreaterThan(1000);
    expect(gzipSync(scriptIn(html)).length).toBeLessThan(20_000);
    const nonce = /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1];
    expect(html).toContain(`<script nonce="${nonce}"`);
  },
);

test.each<[string, string, Record<string, string>]>([
  ['a desktop client', '/me', { ...PHONE, 'user-agent': CLIENTS.windows }],
  ['an ordinary browser', '/me', { ...PHONE, 'user-agent': 'Mozilla/5.0 Chrome/133.0 Safari/537.36' }],
  ['a program', '/me', { 'user-agent': CLIENTS.android, accept: 'application/json' }],
  ['a link of another company', '/me?corpid=dingsomebodyelse', PHONE],
  ['a placeholder that nobody replaced', '/me?corpid=$CORPID$', PHONE],
  ['a session that opens to nothing', '/me', { ...PHONE, cookie: 'dingpass=a.Fe26.2*1*x' }],
])('%s is sent to the sign-in page as ever', async (_, path, headers) => {
  const answer = await get(path, headers);
  expect(answer.status).toBe(307);
  expect(answer.headers.get('location')).toContain('/login?next=%2Fme');
});

test('a navigation inside the app is sent to the sign-in page as ever', async () => {
  const answer = await sendRsc(app, { path: '/me', headers: { ...PHONE, accept: '*/*' } });
  expect(answer.text).not.toContain('data-corp-id');
  expect(`${answer.headers.location} ${answer.text}`).toContain('/login?next=%2Fme');
});

test('whoever has a session gets the page, and the sign-in page stays what it is', async () => {
  const visitor = await signedIn(app, emulator, userid);
  expect(await (await get('/', { ...PHONE, cookie: visitor.cookieHeader() })).text()).toContain(name);
  expect(await (await get('/login')).text()).toContain('/_next/');
});

test.each([
  '/me?x="><script>alert(1)</script>',
  "/me?x='onload='alert(1)",
  '/me?x=</script><script>alert(1)</script>',
  '/me?x=%22%3E%3Cscript%3Ealert(1)%3C/script%3E',
  '/me?"+data-corp-id="evil',
  '/%5cevil.example/%2f..',
])('the address %s stands in the page as text, or not at all', async (path) => {
  const opened = await openClient(browser, {
    client: 'android',
    onAsk: () => ({ code: emulator.control.mintCode(userid) }),
  });
  const surprises: string[] = [];
  opened.page.on('dialog', (dialog) => {
    surprises.push(dialog.message());
    void dialog.dismiss();
  });
  opened.page.on('request', (request) => {
    if (new URL(request.url()).origin !== app.url && request.url() !== emulator.url)
      surprises.push(request.url());
  });
  await opened.page.goto(app.url + path);
  await opened.page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();
  expect(new URL(opened.page.url()).origin).toBe(app.url);
  expect(surprises.filter((url) => !url.startsWith(emulator.url))).toEqual([]);
  await opened.context.close();
});

test('where the script in the page does not run, the sign-in page does it all: one code, one sign-in', async () => {
  const before = exchanges();
  const { page, context, asked } = await openClient(browser, {
    client: 'android',
    onAsk: () => ({ code: emulator.control.mintCode(userid) }),
  });
  await page.route(`${app.url}/me`, async (route) => {
    const answer = await route.fetch();
    const html = await answer.text();
    if (!scriptIn(html)) return route.fulfill({ response: answer, body: html });
    return route.fulfill({ response: answer, body: html.replace(scriptIn(html), '') });
  });
  await page.goto(`${app.url}/me`);
  await page.getByRole('heading', { level: 1 }).filter({ hasText: name }).waitFor();
  expect(asked).toHaveLength(1);
  expect(exchanges() - before).toBe(1);
  await context.close();
});

test('what went wrong at the quick door is told by the sign-in page, which asks for nothing anew', async () => {
  const before = exchanges();
  const { page, context, asked } = await openClient(browser, {
    client: 'iphone',
    onAsk: () => ({ errorCode: '3', errorMessage: '对应企业没有某域名微应用' }),
  });
  await page.goto(`${app.url}/me`);
  await page.getByRole('alert').filter({ hasText: '登记' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/login');
  expect(asked).toHaveLength(1);
  expect(exchanges() - before).toBe(0);
  await context.close();
});

test('without JavaScript the way leads to the sign-in page', async () => {
  const context = await browser.newContext({ userAgent: CLIENTS.android, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${app.url}/me`);
  await page.waitForURL(/\/login\?next=%2Fme/);
  await context.close();
});
