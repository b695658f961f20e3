import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmulatorProcess } from './emulator-process';

/** The built app in a process of its own, as `npm start` runs it. */
export interface AppProcess {
  /** Where it listens, and what it takes for its own origin. */
  url: string;
  pid: number;
  /** Resolves when it has ended. */
  close(): Promise<void>;
}

const NEXT = join('node_modules', 'next', 'dist', 'bin', 'next');
const PATIENCE_MS = 60_000;

/**
 * Starts the built app against an emulator and waits until it serves; builds it only where there is no build.
 *
 * @param env settings besides, such as DATA_DIR; without one its data is where `.env` says
 * @param directory the project's folder; here by default
 */
export async function startAppProcess({
  emulator,
  env = {},
  directory = process.cwd(),
}: {
  emulator: EmulatorProcess;
  env?: Record<string, string>;
  directory?: string;
}): Promise<AppProcess> {
  const next = join(directory, NEXT);
  const surroundings = { PATH: process.env.PATH, HOME: process.env.HOME, NEXT_TELEMETRY_DISABLED: '1' };
  if (!existsSync(join(directory, '.next', 'BUILD_ID'))) {
    const { status } = spawnSync(process.execPath, [next, 'build'], {
      cwd: directory,
      env: { ...surroundings, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error('the app cannot be built');
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { corpId } = (await emulator.control('company')) as { corpId: string };
  const settings = {
    DINGTALK_CORP_ID: corpId,
    DINGTALK_CLIENT_ID: emulator.clientId,
    DINGTALK_CLIENT_SECRET: emulator.clientSecret,
    DINGTALK_API_URL: emulator.url,
    DINGTALK_OAPI_URL: emulator.url,
    DINGTALK_LOGIN_URL: emulator.url,
    PUBLIC_ORIGIN: url,
    SESSION_KEYS: 'bench:a-key-of-a-bench-that-opens-nothing-else',
    DIRECTORY_SYNC: 'off',
  };
  const child = spawn(
    process.execPath,
    [next, 'start', '-H', '127.0.0.1', '-p', String(port), '--keepAliveTimeout', '75000'],
    {
      cwd: directory,
      env: { ...surroundings, NODE_ENV: 'production', ...settings, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said.push(String(chunk));
      if (said.length > 100) said.shift();
    });
  }
  const app = { url, pid: child.pid!, close: () => end(child) };
  for (const startedAt = performance.now(); !(await isUp(url)); await delay(100)) {
    if (child.exitCode === null && performance.now() - startedAt < PATIENCE_MS) continue;
    await app.close();
    throw new Error(`the app does not answer:\n${said.join('')}`);
  }
  return app;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/api/health`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
