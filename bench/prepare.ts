import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Where the site of the peers is. */
export const PEERS_SITE = fileURLToPath(new URL('peers', import.meta.url));
const PRODUCT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = [
  'app',
  'lib',
  'public',
  'proxy.ts',
  'instrumentation.ts',
  'next.config.js',
  'package-lock.json',
];
const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

/** Builds the product, where its build is missing or older than its sources. */
export const prepareProduct = once(() => build(PRODUCT, sourcesOf(PRODUCT)));

/** Installs the peers and builds their site, where either is missing or old. */
export const preparePeers = once(async () => {
  const lockfile = `${PEERS_SITE}/package-lock.json`;
  if (isOlder(`${PEERS_SITE}/node_modules/.package-lock.json`, [lockfile])) {
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'], PEERS_SITE);
  }
  await build(PEERS_SITE, [...sourcesOf(PRODUCT), ...sourcesOf(PEERS_SITE)]);
});

function sourcesOf(folder: string): string[] {
  return SOURCES.map((name) => `${folder}/${name}`).filter((path) => existsSync(path));
}

async function build(folder: string, sources: string[]): Promise<void> {
  if (isOlder(`${folder}/.next/BUILD_ID`, sources)) await run(process.execPath, [next, 'build'], folder);
}

function isOlder(file: string, sources: string[]): boolean {
  return !existsSync(file) || sources.some((source) => newest(source) > statSync(file).mtimeMs);
}

function newest(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

/** @throws Error with all that the command said, which is of no interest otherwise */
async function run(command: string, args: string[], cwd: string): Promise<void> {
  process.stderr.write(`${[command, ...args].join(' ')} in ${cwd}\n`);
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const;
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${command} failed in ${cwd}:\n${said}`);
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}
