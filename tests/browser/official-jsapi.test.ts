import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { launchBrowser } from '../support/browser';

/** A page as DingTalk's documentation has it, with the official package unmodified: it signs, chooses and shows. */
const PAGE = `
  import * as dd from 'dingtalk-jsapi';
  const show = (text) => { document.querySelector('h1').textContent = text; };
  const url = location.href.split('#')[0];
  const signed = await (await fetch('/sign?url=' + encodeURIComponent(url))).json();
  dd.error((error) => show(JSON.stringify(error)));
  dd.config({ ...signed, type: 0, jsApiList: ['biz.contact.choose'] });
  dd.ready(async () => {
    const people = await dd.biz.contact.choose({ corpId: signed.corpId, multiple: true, users: [] });
    show(people.map(({ name }) => name).join());
  });`;

let emulator: Emulator;
let server: Server;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  const script = await bundle();
  server = createServer(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://localhost');
    if (pathname === '/sign') return res.end(JSON.stringify(await sign(searchParams.get('url')!)));
    res.setHeader('content-type', pathname === '/script.js' ? 'text/javascript' : 'text/html');
    return res.end(
      pathname === '/script.js' ? script : '<h1></h1><script type="module" src="/script.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const appUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  emulator = await startEmulator({ appUrl, enforceQps: false });
  browser = await launchBrowser();
  page = await browser.newPage({ locale: 'zh-CN' });
});
afterAll(async () => {
  await browser.close();
  await emulator.close();
  server.close();
});

async function bundle(): Promise<string> {
  const stdin = { contents: PAGE, resolveDir: process.cwd() };
  const { outputFiles } = await build({ stdin, bundle: true, write: false, format: 'esm', target: 'es2022' });
  return outputFiles[0]!.text;
}

/** As the older official samples do it: SHA-1. */
async function sign(url: string): Promise<object> {
  const post = async (path: string, init: RequestInit) =>
    (await fetch(emulator.url + path, { method: 'POST', ...init })).json();
  const { accessToken } = await post('/v1.0/oauth2/accessToken', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appKey: emulator.clientId, appSecret: emulator.clientSecret }),
  });
  const headers = { 'x-acs-dingtalk-access-token': accessToken };
  const { jsapiTicket } = await post('/v1.0/oauth2/jsapiTickets', { headers });
  const [nonceStr, timeStamp] = ['abc', Date.now()];
  const [path, query] = url.split('?');
  const address = query ? `${path}?${decodeURIComponent(query)}` : path;
  const text = `jsapi_ticket=${jsapiTicket}&noncestr=${nonceStr}&timestamp=${timeStamp}&url=${address}`;
  const signature = createHash('sha1').update(text).digest('hex');
  return { agentId: emulator.agentId, corpId: emulator.corpId, timeStamp, nonceStr, signature };
}

async function open(client: string, path: string): Promise<void> {
  const query = new URLSearchParams({ client, open: path });
  await page.goto(`http://localhost:${emulator.port}/__emulator/workbench/?${query}`);
}

const heading = () => page.frameLocator('[data-testid=app-frame]').getByRole('heading', { level: 1 });

/** One of each kind of bridge; in the long form, every client. */
const CLIENTS =
  process.env.RELIABILITY === 'long' ? ['android', 'ios', 'harmony', 'win', 'mac'] : ['android', 'win'];

test.each(CLIENTS)('on %s, dd.config and DingTalk’s picker', async (client) => {
  const { name } = emulator.control.people()[2]!;
  await open(client, '/?q=%E5%BC%A0#top');
  const sheet = page.getByTestId('picker');
  await sheet.getByRole('searchbox').fill(name);
  await sheet.getByText(name, { exact: true }).first().click();
  await sheet.getByRole('button', { name: '确定' }).click();
  await heading().filter({ hasText: name }).waitFor();
});

test.each(CLIENTS.slice(0, -1))('on %s, a page whose signature is wrong gets dd.error', async (client) => {
  await page.route('**/sign?**', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ json: { ...(await response.json()), nonceStr: 'another' } });
  });
  await open(client, '/a');
  await heading().filter({ hasText: 'Code:52013' }).waitFor();
  expect(await heading().textContent()).toContain(`url:[http://localhost:${emulator.port}/a]`);
  await page.unroute('**/sign?**');
});
