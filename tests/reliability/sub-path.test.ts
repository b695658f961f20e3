import { existsSync, rmSync } from 'node:fs';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { PROBE_ADDRESS, PROBE_HEADER, sealProbe } from '../../lib/doctor/probe';
import { type App, appEnv, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { CLIENTS, type ClientName, openClient } from '../support/client';
import { isLong } from '../support/figures';
import { Visitor } from '../support/http-session';
import { freePort } from '../support/port';
import { BASE, type DemoBelowPath, FOLDER, PARTS, startDemoBelowPath, startNginx } from '../support/sub-path';

/**
 * The short round is `tests/lib/base-path.test.ts` and the rule of `tests/architecture.test.ts`: a build for a sub-path
 * is a whole build of its own, which is for the long one.
 */
test('the parts of a build for a sub-path are there', () => {
  for (const part of PARTS) expect(existsSync(part), part).toBe(true);
});

if (isLong)
  describe('below /door', () => {
    let demo: DemoBelowPath;
    let demoPort: number;
    let emulator: Emulator;
    let app: App;
    let origin: string;
    let browser: Browser;
    let nginx: { stop(): Promise<void> } | undefined;

    beforeAll(async () => {
      demoPort = await freePort();
      demo = await startDemoBelowPath(demoPort);
      const [port, front] = [await freePort(), await freePort()];
      origin = `http://127.0.0.1:${front}`;
      emulator = await startEmulator({
        enforceQps: false,
        redirectUris: [`${origin}${BASE}/api/oauth/callback`],
      });
      app = await startApp({ emulator, port, origin, directory: FOLDER, basePath: BASE });
      nginx = await startNginx(front, port);
      browser = await launchBrowser();
    }, 300_000);

    afterAll(async () => {
      await browser?.close();
      await app?.close();
      await nginx?.stop();
      await emulator?.close();
      await demo?.stop();
      rmSync(FOLDER, { recursive: true, force: true });
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
      await page.locator('.menu > summary').click();
      await page.locator('button[name=language]').click();
      await page.locator('html[lang=en]').waitFor();
      expect(new URL(page.url()).pathname).toBe(`${BASE}/directory`);
      const signOut = page.locator(`form[action="${BASE}/api/session/sign-out"]`);
      await signOut.evaluate((form: HTMLFormElement) => form.submit());
      await page.waitForURL(`${origin}${BASE}/login?signedout=1`);
      const left = (await page.context().cookies()).map(({ name }) => name).sort();
      expect(left).toEqual(['dingpass.door-device', 'dingpass.door-language']);
      expect(lost).toEqual([]);
      await page.close();
    }, 60_000);

    test.each(['android', 'ios', 'harmony', 'harmony-compatible', 'win', 'mac'])(
      'the demo’s workbench opens its app there on %s, at home and on a deep link',
      async (client) => {
        const page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
        const lost = missing(page);
        const frame = page.frameLocator('[data-testid=app-frame]');
        const shows = async (path: string) => {
          await page.waitForFunction((wanted) => frames[0]?.location.pathname === wanted, path);
          await frame.getByRole('heading', { level: 1 }).waitFor();
        };
        const workbench = `http://localhost:${demoPort}/__emulator/workbench/?client=${client}`;
        await page.goto(workbench);
        await page.getByTestId('app-icon').click();
        await frame.locator(`a.entry[href="${BASE}/me"]`).click();
        await shows(`${BASE}/me`);
        await page.goto(`${workbench}&open=${BASE}/me/sessions`);
        await shows(`${BASE}/me/sessions`);
        expect(lost).toEqual([]);
        await page.close();
      },
      60_000,
    );

    test('and in a browser, by scan', async () => {
      const page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
      await page.goto(`http://localhost:${demoPort}/__emulator/workbench/`);
      const [tab] = await Promise.all([
        page.context().waitForEvent('page'),
        page.getByTestId('open-in-tab').click(),
      ]);
      const lost = missing(tab);
      const own = `http://127.0.0.1:${demoPort}${BASE}`;
      await tab.waitForURL(`${own}/login?**`);
      await tab.getByRole('link', { name: '用钉钉登录' }).click();
      await tab.locator('[data-account]').first().click();
      await tab.waitForURL(own);
      await tab.locator(`a.entry[href="${BASE}/me"]`).click();
      await tab.waitForURL(`${own}/me`);
      expect(lost).toEqual([]);
      await page.context().close();
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

function missing(page: Page): string[] {
  const lost: string[] = [];
  page.on('response', (response) => {
    if (response.status() === 404) lost.push(response.url());
  });
  return lost;
}
