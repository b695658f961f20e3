import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HostProxy, startHostProxy } from '../../emulator/demo/host-proxy';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { isLong } from '../support/figures';
import { freePort } from '../support/port';

/** One of phones and one of computers; how each client signs in: workbench.test.ts. */
const CLIENTS = isLong ? ['android', 'ios', 'harmony', 'win', 'mac'] : ['harmony', 'win'];
const WIKI_APP = { clientId: 'dingwikiapp00key1', clientSecret: 'wiki-secret-that-opens-nothing' };

let emulator: Emulator;
let app: App;
let proxy: HostProxy;
let site: Server;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Pages that were asked for, without their queries, and how each was answered. */
let navigations: string[];

beforeAll(async () => {
  const [port, appPort, gatePort] = [await freePort(), await freePort(), await freePort()];
  site = createServer((request, response) => {
    const { 'remote-user': user = 'nobody', cookie = '' } = request.headers;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>${request.headers.host}</title><h1>${user}</h1><p id="part">${request.url}</p>
<pre>${cookie}</pre>`);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  proxy = await startHostProxy({
    gateUrl: `http://127.0.0.1:${gatePort}`,
    siteUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
  });
  const origin = `http://localhost:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'gate-browser-'));
  const rules = join(folder, 'access.jsonc');
  const hosts = ['wiki.localhost', 'team.localhost', 'docs.localhost'];
  writeFileSync(rules, JSON.stringify(hosts.map((host) => ({ at: `${host}/*`, for: ['everybody'] }))));
  emulator = await startEmulator({
    port,
    appUrl: `http://127.0.0.1:${appPort}`,
    appOrigin: origin,
    redirectUris: [`${origin}/api/oauth/callback`],
    enforceQps: false,
    protectedHosts: hosts.map((host) => ({
      host,
      name: host,
      url: proxy.url,
      app: host === 'wiki.localhost' ? WIKI_APP : undefined,
    })),
  });
  [app, browser] = await Promise.all([
    startApp({
      emulator,
      port: appPort,
      origin,
      env: {
        DINGTALK_LOGIN_URL: origin,
        TRUSTED_PROXY_HOPS: '1',
        ACCESS_FILE: rules,
        GATE_LISTEN: `127.0.0.1:${gatePort}`,
        GATE_HOSTS: hosts.join(','),
        GATE_APPS: `wiki.localhost=${WIKI_APP.clientId}:${WIKI_APP.clientSecret}`,
        DATA_DIR: join(folder, 'data'),
      },
    }),
    launchBrowser(),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await app?.close();
  proxy?.close();
  site?.close();
  await emulator?.close();
});

beforeEach(async () => {
  emulator.control.reset();
  context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  navigations = [];
  page.on('response', (answer) => {
    const request = answer.request();
    const { origin, pathname } = new URL(answer.url());
    if (request.isNavigationRequest() && !pathname.startsWith('/__emulator/'))
      navigations.push(`${answer.status()} ${origin.replace(/^.*\/\/|:\d+$/g, '')}${pathname}`);
  });
});
afterEach(() => context.close());

const person = (index: number) => emulator.control.people().filter(({ active }) => active)[index]!;
const codes = () => emulator.control.calls().codes;
const hostUrl = (host: string) => `http://${host}.localhost:${emulator.port}`;
const shown = () => page.frameLocator('[data-testid=app-frame]');
const frameUrl = async () =>
  (await page.getByTestId('app-frame').elementHandle())!.contentFrame().then((frame) => frame!.url());

/** The workbench, opened with one page of one host. */
const openAt = (host: string, client: string, path: string) =>
  page.goto(
    `${hostUrl(host)}/__emulator/workbench/?${new URLSearchParams({ as: person(2).userid, client, open: path })}`,
  );

describe.each(CLIENTS)('in the client on %s', (client) => {
  test('a host with an app of its own opens from its tile, at its own address, with one code', async () => {
    await page.goto(
      `http://localhost:${emulator.port}/__emulator/workbench/?as=${person(2).userid}&client=${client}`,
    );
    await page.getByTestId(`host-wiki.localhost:${emulator.port}`).click();
    await shown()
      .getByRole('heading', { name: person(2).userid })
      .waitFor();
    expect(codes()).toEqual({ minted: 1, used: 1 });
    expect(navigations).toEqual(['401 wiki.localhost/', '200 wiki.localhost/']);
  });

  test('any other host opens by way of the main origin, without a tap, with one code; the fragment is kept', async () => {
    await openAt('team', client, '/a?b=1#part');
    await shown()
      .getByRole('heading', { name: person(2).userid })
      .waitFor();
    expect(codes()).toEqual({ minted: 1, used: 1 });
    expect(await frameUrl()).toBe(`${hostUrl('team')}/a?b=1#part`);
    // The next host finds somebody signed in: no more codes.
    await openAt('docs', client, '/');
    await shown()
      .getByRole('heading', { name: person(2).userid })
      .waitFor();
    expect(codes()).toEqual({ minted: 1, used: 1 });
  });
});

test('a host with an app of its own keeps the fragment, and upstreams see no cookie of the gate', async () => {
  await openAt('wiki', 'android', '/a?b=1#part');
  await shown()
    .getByRole('heading', { name: person(2).userid })
    .waitFor();
  expect(await frameUrl()).toBe(`${hostUrl('wiki')}/a?b=1#part`);
  expect(await shown().locator('pre').textContent()).not.toContain('dingpass');
});

test('where the client refuses the host, it opens by way of the main origin', async () => {
  emulator.control.settings({ refusedHosts: [`wiki.localhost:${emulator.port}`] });
  await openAt('wiki', 'ios', '/a#part');
  await shown()
    .getByRole('heading', { name: person(2).userid })
    .waitFor();
  expect(codes()).toEqual({ minted: 1, used: 1 });
  expect(await frameUrl()).toBe(`${hostUrl('wiki')}/a#part`);
});

test('in a browser one scan opens every host, each at the page that was asked for', async () => {
  const { userid } = person(3);
  await page.goto(`${hostUrl('team')}/a?b=1#part`);
  await page.getByRole('link', { name: '用钉钉登录' }).click();
  await page.locator(`[data-account="${userid}"]`).click();
  await page.getByRole('heading', { name: userid }).waitFor();
  expect(page.url()).toContain(`${hostUrl('team')}/a?b=1`);
  for (const host of ['docs', 'wiki']) {
    await page.goto(`${hostUrl(host)}/other#part`);
    await page.getByRole('heading', { name: userid }).waitFor();
    expect(page.url()).toBe(`${hostUrl(host)}/other#part`);
  }
  expect(codes()).toEqual({ minted: 1, used: 1 });
});

test('from DingTalk on a computer, one press in the menu and one in the browser', async () => {
  const { userid, name } = person(2);
  await page.goto(`http://localhost:${emulator.port}/__emulator/workbench/?as=${userid}&client=win&open=/me`);
  await shown().locator('summary', { hasText: name }).first().click();
  await shown().getByRole('link', { name: '在浏览器中打开' }).click();
  const [opened] = await Promise.all([
    context.waitForEvent('page'),
    shown().getByRole('button', { name: '打开浏览器' }).click(),
  ]);
  await opened.getByRole('button', { name: `以“${name}”登录` }).click();
  await opened.getByRole('heading', { name }).waitFor();
  expect(new URL(opened.url()).pathname).toBe('/me');
  expect(codes().minted).toBe(1);
});

test('phones have no way to another browser', async () => {
  const { userid, name } = person(2);
  await page.goto(`http://localhost:${emulator.port}/__emulator/workbench/?as=${userid}&client=ios&open=/me`);
  await shown().locator('summary', { hasText: name }).first().click();
  await shown().getByRole('link', { name: '我的设备', exact: true }).waitFor();
  expect(await shown().getByRole('link', { name: '在浏览器中打开' }).count()).toBe(0);
});
