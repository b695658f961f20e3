import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { PROBE_ADDRESS, PROBE_HEADER, sealProbe } from '../../lib/doctor/probe';
import { type App, appEnv, bareEnv, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { CLIENTS, type ClientName, openClient } from '../support/client';
import { isLong } from '../support/figures';
import { Visitor } from '../support/http-session';
import { freePort } from '../support/port';

const BASE = '/door';
const NGINX = '/usr/sbin/nginx';

/**
 * The short round is `tests/lib/base-path.test.ts` and the rule of `tests/architecture.test.ts`: a build for a sub-path
 * is a whole build of its own, which is for the long one.
 */
test('the parts of a build for a sub-path are there', () => {
  for (const part of PARTS) expect(existsSync(part), part).toBe(true);
});

const PARTS = [
  ...['app', 'gate', 'lib', 'public', 'proxy.ts', 'access-check.js', 'instrumentation.ts', 'next.config.js'],
  ...['package.json', 'script-loader.cjs', 'start.mjs', 'tsconfig.json'],
];

if (isLong)
  describe('below /door, behind nginx', () => {
    const folder = 'test-results/sub-path';
    let emulator: Emulator;
    let app: App;
    let origin: string;
    let browser: Browser;
    let nginx: ReturnType<typeof spawn> | undefined;

    beforeAll(async () => {
      build(folder);
      const [port, front] = [await freePort(), await freePort()];
      origin = `http://127.0.0.1:${front}`;
      emulator = await startEmulator({
        enforceQps: false,
        redirectUris: [`${origin}${BASE}/api/oauth/callback`],
      });
      nginx = startNginx(front, port);
      app = await startApp({ emulator, port, origin, directory: folder, basePath: BASE });
      for (let tries = 0; !(await fetch(`${origin}${BASE}/api/health`).catch(() => undefined))?.ok; tries++) {
        if (tries > 100) throw new Error('nginx does not pass on');
        await delay(50);
      }
      browser = await launchBrowser();
    }, 300_000);

    afterAll(async () => {
      await browser?.close();
      await app?.close();
      nginx?.kill();
      await emulator?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const person = (index = 0) => emulator.company.people.filter(({ active }) => active)[index]!;

    test.each(Object.keys(CLIENTS) as ClientName[])(
      '%s signs in at once, on a deep link',
      async (name) => {
        const { userid, name: shown } = person();
        const { page, context } = await openClient(browser, {
          client: name,
          onAsk: () => ({ code: emulator.control.mintCode(userid) }),
        });
        const lost = missing(page);
        await page.goto(`${origin}${BASE}/me?tab=a%20b#x`);
        await page.getByRole('heading', { name: shown }).waitFor();
        expect(page.url()).toBe(`${origin}${BASE}/me?tab=a%20b#x`);
        const [cookie] = await context.cookies();
        expect(cookie).toMatchObject({ name: 'dingpass.door', path: '/' });
        // The workbench's link, without a slash and with one.
        for (const home of ['', '/']) {
          await page.goto(`${origin}${BASE}${home}?corpid=${emulator.corpId}`);
          await page.getByRole('heading', { level: 1 }).filter({ hasText: shown }).waitFor();
        }
        expect(lost).toEqual([]);
        await context.close();
      },
      60_000,
    );

    test('in a browser: scan, deep link, links, forms, search, language, sign out', async () => {
      const page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
      const lost = missing(page);
      await page.goto(`${origin}${BASE}/me/sessions?x=1`);
      expect(new URL(page.url()).pathname).toBe(`${BASE}/login`);
      await page.getByRole('link', { name: '用钉钉登录' }).click();
      await page.locator(`[data-account="${person().userid}"]`).click();
      await page.waitForURL(`${origin}${BASE}/me/sessions?x=1`);
      await page.goto(`${origin}${BASE}`);
      await page.locator(`main a[href="${BASE}/me"]`).first().click();
      await page.waitForURL(`${origin}${BASE}/me`);
      const outside = await page
        .locator('a[href^="/"], form[action^="/"], [src^="/"]')
        .evaluateAll((all) =>
          all
            .map(
              (one) =>
                one.getAttribute('href') ?? one.getAttribute('action') ?? one.getAttribute('src') ?? '',
            )
            .filter((address) => !/^\/door(?:[/?#]|$)/.test(address)),
        );
      expect(outside).toEqual([]);
      await page.goto(`${origin}${BASE}/directory?q=${encodeURIComponent(person(1).name)}`);
      expect(new URL(page.url()).pathname).toBe(`${BASE}/directory`);
      const answer = await page.evaluate(async (base) => (await fetch(`${base}/api/session`)).status, BASE);
      expect(answer).toBe(200);
      const signOut = page.locator(`form[action="${BASE}/api/session/sign-out"]`);
      await signOut.evaluate((form: HTMLFormElement) => form.submit());
      await page.waitForURL(`${origin}${BASE}/login?signedout=1`);
      expect(await page.context().cookies()).toEqual([]);
      expect(lost).toEqual([]);
      await page.close();
    }, 60_000);

    test('the doctor finds what it sent through the path', async () => {
      const { SESSION_KEYS: keys = '' } = appEnv(emulator, origin);
      const [sealKey = '', secret = ''] = keys.split(':');
      const seal = await sealProbe({ sessionKeys: new Map([[sealKey, secret]]), sealKey }, 'a-nonce');
      const answer = await fetch(`${origin}${BASE}${PROBE_ADDRESS}?q=1`, {
        method: 'POST',
        headers: { [PROBE_HEADER]: seal },
      });
      expect(await answer.json()).toMatchObject({ nonce: 'a-nonce', path: PROBE_ADDRESS, search: '?q=1' });
    });

    test('return targets stay below the path, and nothing beside it is the app’s', async () => {
      const visitor = new Visitor({ url: origin, origin });
      const { headers } = await visitor.ask(`${BASE}/me?a=b`);
      expect(headers.get('location')).toMatch(
        new RegExp(`^(?:${origin})?${BASE}/login\\?next=%2Fme%3Fa%3Db$`),
      );
      const home = await visitor.ask(BASE);
      expect(home.status).toBe(307);
      expect(home.headers.get('location')).toContain(`${BASE}/login?next=%2F`);
      // From proxy.ts, which Next might not ask for the path itself.
      expect(home.headers.get('content-security-policy')).toContain("'nonce-");
      for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
        const code = emulator.control.mintCode(person().userid);
        const answer = await visitor.post(`${BASE}/api/session`, { code, next });
        expect(answer.json.next).toBe('/');
      }
      expect((await visitor.ask('/me')).status).toBe(404);
      expect((await visitor.ask('/doors/me')).status).toBe(404);
      expect((await visitor.ask(`${BASE}/api//ready/`)).status).toBe(200);
    });
  });

function missing(page: import('playwright').Page): string[] {
  const lost: string[] = [];
  page.on('response', (response) => {
    if (response.status() === 404) lost.push(response.url());
  });
  return lost;
}

function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const part of PARTS) cpSync(part, join(folder, part), { recursive: true });
  const next = join(process.cwd(), 'node_modules/next/dist/bin/next');
  execFileSync(process.execPath, [next, 'build'], {
    cwd: folder,
    env: { ...bareEnv(), BASE_PATH: BASE } as NodeJS.ProcessEnv,
    stdio: 'pipe',
  });
}

function startNginx(front: number, port: number) {
  if (!existsSync(NGINX)) throw new Error('apt-get install nginx-light');
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream dingpass { server 127.0.0.1:${port}; keepalive 8; }
  server {
    listen 127.0.0.1:${front};
    location = /door { proxy_pass http://dingpass; proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /door/ { proxy_pass http://dingpass; proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location / { return 404; }
  }
}`,
  );
  return spawn(NGINX, ['-c', file, '-p', folder], { stdio: 'inherit' });
}
