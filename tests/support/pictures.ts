import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmulator } from '../../emulator/server';
import { collect } from './app';
import { launchBrowser } from './browser';
import { startDirectoryApp, untilRead } from './directory-app';
import { signedIn } from './http-session';
import { PAGE_PICTURES, takePicture } from './page-pictures';
import { freePort } from './port';

/** `npm run pictures`: takes the documents' pictures anew, of the built app and always of the same companies. */

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const port = await freePort();
const demo = spawn(
  process.execPath,
  ['--import', 'tsx', 'emulator/demo/demo.ts', '--port', String(port), '--seed', '7'],
  { stdio: ['ignore', 'pipe', 'pipe'] },
);
const output = collect(demo);
const workbench = `http://localhost:${port}/__emulator/workbench/`;
while (!output().includes(workbench)) {
  if (demo.exitCode !== null) throw new Error(output());
  await delay(200);
}
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ locale: 'zh-CN', viewport: { width: 1280, height: 800 } });
  const frame = page.frameLocator('[data-testid=app-frame]');
  await page.goto(`${workbench}?open=1`);
  await frame.locator('.hello-title').waitFor();
  if (!(await page.getByTestId('fault-permission').isVisible()))
    await page.getByTestId('faults-toggle').click();
  await page.screenshot({ path: `${docs}workbench.png` });

  await page.getByTestId('fault-permission').check();
  const phone = await browser.newPage({ locale: 'zh-CN', viewport: { width: 390, height: 930 } });
  await phone.goto(`${workbench}?open=1`);
  await phone.frameLocator('[data-testid=app-frame]').getByRole('alert').first().waitFor();
  await phone.screenshot({ path: `${docs}sign-in-error.png` });
  await takePages();
} finally {
  await browser.close();
  demo.kill('SIGTERM');
}

/** As tests/browser/frame.test.ts has its app. */
async function takePages(): Promise<void> {
  const emulator = await startEmulator({ enforceQps: false });
  const { userid } = emulator.company.people.find(({ active }) => active)!;
  const app = await startDirectoryApp({ emulator, env: { ADMIN_USER_IDS: userid, SHOW_EXAMPLES: 'on' } });
  const visitor = await signedIn(app, emulator, userid);
  await untilRead(visitor);
  for (const picture of PAGE_PICTURES)
    writeFileSync(docs + picture.file, await takePicture({ app, browser, visitor }, picture));
  await app.close();
  await emulator.close();
}
