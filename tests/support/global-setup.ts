import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { ensureBrowser } from './browser';

const SOURCES = [
  'app',
  'gate',
  'lib',
  'public',
  'proxy.ts',
  'instrumentation.ts',
  'next.config.js',
  'script-loader.cjs',
  'package-lock.json',
];

const COMPILED = 'test-results/compile-cache';

/** Before the first test of the built app: a browser, and a build of these sources. */
export default function setup(): void {
  ensureBrowser();
  const message = describeBuild('.');
  if (message) throw new Error(message);
  // What was compiled of an earlier build: see compile-cache.cjs.
  const kept = statSync(COMPILED, { throwIfNoEntry: false });
  if (kept && kept.birthtimeMs < statSync('.next/BUILD_ID').mtimeMs) rmSync(COMPILED, { recursive: true });
}

/** @returns why the tests cannot use the build of a project, if they cannot */
export function describeBuild(root: string): string | undefined {
  const build = `${root}/.next/BUILD_ID`;
  if (!existsSync(build) || !existsSync(`${root}/dist`))
    return 'The tests use the built app, and there is no build: run `npm run build` first.';
  const { basePath } = JSON.parse(readFileSync(`${root}/.next/routes-manifest.json`, 'utf8'));
  if (basePath)
    return `The tests use the built app, and the build is below ${basePath}: run \`npm run build\` first.`;
  const builtAt = statSync(build).mtimeMs;
  const newer = SOURCES.map((source) => `${root}/${source}`).flatMap((source) => newerIn(source, builtAt));
  if (newer.length > 0)
    return `The tests use the built app, and the build is older than ${newer[0]}: run \`npm run build\` first.`;
  return undefined;
}

function newerIn(path: string, time: number): string[] {
  if (!existsSync(path)) return [];
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs > time ? [path] : [];
  return readdirSync(path).flatMap((name) => newerIn(`${path}/${name}`, time));
}
