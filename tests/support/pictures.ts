import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collect } from './app';
import { launchBrowser } from './browser';
import { freePort } from './port';

/** `npm run pictures`: takes the documents' pictures anew, from the demo and always of the same company. */

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
} finally {
  await browser.close();
  demo.kill('SIGTERM');
}
