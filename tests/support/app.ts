import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../../emulator/server';
import { storageOf } from './app-storage';
import { runContained } from './image';
import { freePort } from './port';

export const SESSION_SECRET = 'a-test-secret-of-more-than-32-characters-a';

export interface App {
  /** Where it listens: http, loopback. */
  url: string;
  /** What it takes for its own address. */
  origin: string;
  /** Everything it wrote to standard output and standard error so far. */
  output(): string;
  process: ChildProcess;
  close(): Promise<void>;
}

export interface AppOptions {
  emulator: Emulator;
  /** The app's PUBLIC_ORIGIN; its own loopback address by default. */
  origin?: string;
  env?: Record<string, string>;
  /** Where it listens; any free port by default. */
  port?: number;
  /** Below which its pages are, where its build has one. */
  basePath?: string;
  /** A project folder with a build of its own. */
  directory?: string;
  /** Another Node.js than the one that runs the tests. */
  node?: string;
  /** Options of Node.js, such as the size of its heap; by default those of the start command. */
  nodeOptions?: readonly string[];
}

/** Starts the built app against an emulator and waits until it serves. */
export async function startApp({ emulator, origin, env = {}, ...options }: AppOptions): Promise<App> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const storage = await storageOf(env.DATA_DIR ?? dataDirOf(emulator));
  const settings = { ...appEnv(emulator, origin ?? url), ...storage.env, ...env };
  const child = spawnApp(port, settings, options);
  const output = collect(child);
  for (let waited = 0; ; waited += 100) {
    if (child.exitCode !== null) throw new Error(`the app ended at once:\n${output()}`);
    if (await isUp(url + (options.basePath ?? ''))) break;
    if (waited > 30_000) throw new Error(`the app does not answer:\n${output()}`);
    await delay(100);
  }
  return {
    url,
    origin: origin ?? url,
    output,
    process: child,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The lines of an app's log with this text: what is written comes by another way than what is answered. */
export async function linesWith(app: App, text: string): Promise<string[]> {
  for (let waited = 0; ; waited += 20) {
    const lines = app
      .output()
      .split('\n')
      .filter((line) => line.includes(text));
    if (lines.length > 0 || waited > 2000) return lines;
    await delay(20);
  }
}

/** The settings of an app that belongs to this emulator's company. */
export function appEnv(emulator: Emulator, origin: string): Record<string, string> {
  return {
    DINGTALK_CORP_ID: emulator.corpId,
    DINGTALK_CLIENT_ID: emulator.clientId,
    DINGTALK_CLIENT_SECRET: emulator.clientSecret,
    DINGTALK_API_URL: emulator.url,
    DINGTALK_OAPI_URL: emulator.url,
    DINGTALK_LOGIN_URL: emulator.url,
    PUBLIC_ORIGIN: origin,
    SESSION_KEYS: `a:${SESSION_SECRET}`,
    AVATAR_HOSTS: new URL(emulator.url).host,
    // Its calls would be counted among those of the test. Tests of the directory switch it on.
    DIRECTORY_SYNC: 'off',
    DATA_DIR: dataDirOf(emulator),
  };
}

const dataDirs = new WeakMap<Emulator, string>();

/** The data folder of a company, which all its apps share. */
export function dataDirOf(emulator: Emulator): string {
  let dataDir = dataDirs.get(emulator);
  if (!dataDir) {
    dataDir = mkdtempSync(join(tmpdir(), 'dingpass-data-'));
    dataDirs.set(emulator, dataDir);
  }
  return dataDir;
}

/** What the command that starts the app says of Node.js's heap. */
export const START_OPTIONS: readonly string[] =
  readFileSync('package.json', 'utf8').match(/--max-[\w-]+=\d+/g) ?? [];

/** Not where a test chooses its own options: those measure what the app needs. */
const COMPILE_CACHE = ['--require', resolve('tests/support/compile-cache.cjs')];

/** A tree of `deploy/assemble.mjs` that is run in place of this folder: `npm run test:image`. */
const IMAGE = process.env.TEST_IMAGE;

/** Runs the app as `npm start` does, with exactly these settings: nothing of the tests' own environment, nothing of a `.env`. */
export function spawnApp(
  port: number,
  env: Record<string, string>,
  { directory = '.', node = process.execPath, nodeOptions }: Omit<AppOptions, 'emulator'> = {},
): ChildProcess {
  const settings = { ...bareEnv(), DRAIN_SECONDS: '0', ...env };
  if (IMAGE && directory === '.') {
    const args = [...(nodeOptions ?? START_OPTIONS), 'start.mjs', '-p', String(port)];
    const shared = [tmpdir(), resolve('emulator/demo'), resolve('tests/support')];
    return runContained(IMAGE, args, settings, { data: tmpdir(), shared, asOwner: true }).process;
  }
  const options = nodeOptions ?? [...START_OPTIONS, ...COMPILE_CACHE];
  return spawn(node, [...options, 'start.mjs', '-p', String(port)], {
    cwd: directory,
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What a process of the built app needs that is no setting. */
export function bareEnv(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    // Next, and our commands, take the .env files for read.
    __NEXT_PROCESSED_ENV: 'true',
  };
}

/** Resident memory of an app's process, in MB. Linux only. */
export function memoryMb({ process: child }: Pick<App, 'process'>): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Gathers what a process writes. */
export function collect(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/health`)).status === 200;
  } catch {
    return false;
  }
}
