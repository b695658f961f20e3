import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright';
import { startEmulator } from './emulator/server';
import { demoSettings, exampleRules } from './emulator/demo/demo-settings';
import { anyFreePort, startMachine } from './emulator/demo/machines';
import { startProtectedSites } from './emulator/demo/protected-sites';

const out = '/tmp/g1-shots';
const port = 4310;
const dataDir = '/tmp/g1-shots/data';
rmSync(dataDir, { recursive: true, force: true }); mkdirSync(dataDir, { recursive: true });
const appPort = await anyFreePort();
const sites = await startProtectedSites(dataDir);
const emulator = await startEmulator({ port, appUrl: `http://127.0.0.1:${appPort}`, appOrigin: `http://localhost:${port}`, redirectUris: [`http://localhost:${port}/api/oauth/callback`], protectedHosts: sites.hosts });
writeFileSync(`${dataDir}/access.jsonc`, exampleRules(emulator, { hasGate: true }));
let said = '';
const machine = startMachine({ port: appPort, dev: false, dataDir, settings: { ...demoSettings(emulator, `http://localhost:${port}`), ACCESS_FILE: `${dataDir}/access.jsonc`, ...sites.settings }, onOutput: (c) => { said += c; } });
const problem = await machine.healthy();
if (problem) { console.log(problem, said); process.exit(1); }
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const people = emulator.control.people().filter((p) => p.active);
const bench = (q: string, host = 'localhost') => `http://${host}:${port}/__emulator/workbench/?${q}`;
const step = async (name: string, work: () => Promise<void>) => { try { await work(); console.log('ok', name); } catch (e) { console.log('FAILED', name, String(e).slice(0, 400)); } };
const UA = 'Mozilla/5.0 (Linux; Android 16) Chrome/100.0 Mobile Safari/537.36 AliApp(DingTalk/8.1.10.1) com.alibaba.android.rimet/0';

for (const [client, label] of [['android', 'phone'], ['win', 'pc']] as const) {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  page.on('console', (m) => { if (m.type() === 'error') console.log('console', m.text().slice(0, 200)); });
  const frame = page.frameLocator('[data-testid=app-frame]');
  await step(`${label} desk`, async () => { await page.goto(bench(`as=${people[2]!.userid}&client=${client}`)); await page.getByTestId(`host-wiki.localhost:${port}`).waitFor(); await page.screenshot({ path: `${out}/${label}-desk.png` }); });
  await step(`${label} wiki`, async () => { await page.getByTestId(`host-wiki.localhost:${port}`).click(); await frame.getByText('userid 是').first().waitFor({ timeout: 20000 }); await page.waitForTimeout(1500); await page.screenshot({ path: `${out}/${label}-wiki.png` }); });
  await step(`${label} handbook`, async () => { await page.goto(bench(`as=${people[2]!.userid}&client=${client}&open=/`, 'handbook.localhost')); await page.waitForTimeout(5000); await page.screenshot({ path: `${out}/${label}-handbook.png` }); });
  await context.close();
}
// who may open the handbook
const dept = /department:([^"]+)/.exec(exampleRules(emulator, { hasGate: true }))![1]!;
const insider = people.find((p) => p.departmentNames.includes(dept));
console.log('insider', insider?.userid, dept);
if (insider) {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  await step('insider handbook', async () => { await page.goto(bench(`as=${insider.userid}&client=ios&open=/`, 'handbook.localhost')); await page.frameLocator('[data-testid=app-frame]').getByText('userid 是').first().waitFor({ timeout: 20000 }); await page.screenshot({ path: `${out}/insider-handbook.png` }); });
  await context.close();
}
for (const scheme of ['light', 'dark'] as const) for (const width of [390, 1280]) for (const locale of ['zh-CN', 'en-GB']) {
  const tag = `${width}-${scheme}-${locale.slice(0, 2)}`;
  const context = await browser.newContext({ locale, colorScheme: scheme, viewport: { width, height: width === 390 ? 760 : 800 }, javaScriptEnabled: false, userAgent: UA });
  const page = await context.newPage();
  await step(`signing-in ${tag}`, async () => { await page.goto(`http://wiki.localhost:${port}/x`).catch(() => undefined); await page.waitForTimeout(1000); await page.screenshot({ path: `${out}/page-signing-in-${tag}.png` }); });
  await step(`unavailable ${tag}`, async () => { await page.goto(`http://wiki.localhost:${port}/.dingpass/unavailable?rd=/x`); await page.screenshot({ path: `${out}/page-unavailable-${tag}.png` }); });
  await context.close();
  // signed in by a browser as an outsider of the handbook
  const other = await browser.newContext({ locale, colorScheme: scheme, viewport: { width, height: width === 390 ? 760 : 800 } });
  const tab = await other.newPage();
  await step(`denied ${tag}`, async () => { await tab.goto(`http://handbook.localhost:${port}/x`); await tab.locator('a[href^="/api/oauth/start"]').first().click(); await tab.locator(`[data-account="${people.find((p) => !p.departmentNames.includes(dept))!.userid}"]`).click(); await tab.waitForURL(/handbook/); await tab.waitForTimeout(300); await tab.screenshot({ path: `${out}/page-denied-${tag}.png` });
    await tab.locator('button').click(); await tab.waitForURL(/signed-out/); await tab.screenshot({ path: `${out}/page-signed-out-${tag}.png` }); });
  await other.close();
}
await browser.close(); await machine.stop(); sites.close(); await emulator.close(); process.exit(0);
