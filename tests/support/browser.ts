import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright';

const SYSTEM_BROWSERS = [
  // Chromium without a window to draw: it takes half the processor time.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/microsoft-edge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** The browser that is there already: the one named in CHROMIUM_PATH, Playwright's own, or the system's. */
export function findBrowser(): string | undefined {
  const candidates = [process.env.CHROMIUM_PATH, chromium.executablePath(), ...SYSTEM_BROWSERS];
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** Finds a browser or installs one. Tests in a browser are never skipped: without one, they fail with instructions. */
export function ensureBrowser(): string {
  const attempts: [string, string[]][] = [['npx', ['playwright', 'install', 'chromium']]];
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    attempts.push(['apt-get', ['update']]);
    const install = ['install', '-y', '--no-install-recommends', 'fonts-wqy-zenhei'];
    attempts.push(
      ['apt-get', [...install, 'chromium-headless-shell']],
      ['apt-get', [...install, 'chromium']],
    );
  }
  for (const [command, args] of attempts) {
    const found = findBrowser();
    if (found) return found;
    process.stdout.write(`No browser found; trying: ${command} ${args.join(' ')}\n`);
    try {
      execFileSync(command, args, {
        stdio: 'pipe',
        timeout: 300_000,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch {
      // The next way may work.
    }
  }
  const found = findBrowser();
  if (found) return found;
  throw new Error(
    'The tests need a Chromium. Install one (npx playwright install chromium; on Debian: apt-get install chromium) or set CHROMIUM_PATH.',
  );
}

/** A headless browser that talks to nobody but the pages it is shown. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: ensureBrowser(),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      // Without a graphics card the GPU process draws in software, on the processor that the tests need.
      '--disable-gpu',
      '--disable-software-rasterizer',
    ],
  });
}
