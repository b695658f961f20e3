import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EmulatorProcess } from './emulator-process';

/** A built app in a process of its own, as `npm start` runs it. */
export interface AppProcess {
  url: string;
  pid: number;
  close(): Promise<void>;
}

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

/** Starts a built app for an emulator's company, and waits until it serves. @param directory where the build is */
export async function startAppProcess({
  emulator,
  env = {},
  directory = '.',
}: {
  emulator: EmulatorProcess;
  env?: Record<string, string>;
  directory?: string;
}): Promise<AppProcess> {
  const { corpId } = (await emulator.control('company')) as { corpId: string };
  const dataDir = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    // A site of peers has no start command of ours.
    directory === '.'
      ? ['start.mjs', '-p', String(port)]
      : [next, 'start', '-H', '127.0.0.1', '-p', String(port), '--keepAliveTimeout', '75000'],
    {
      cwd: directory,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_ENV: 'production',
        NEXT_TELEMETRY_DISABLED: '1',
        __NEXT_PROCESSED_ENV: 'true',
        DRAIN_SECONDS: '0',
        DINGTALK_CORP_ID: corpId,
        DINGTALK_CLIENT_ID: emulator.clientId,
        DINGTALK_CLIENT_SECRET: emulator.clientSecret,
        DINGTALK_API_URL: emulator.url,
        DINGTALK_OAPI_URL: emulator.url,
        DINGTALK_LOGIN_URL: emulator.url,
        PUBLIC_ORIGIN: url,
        SESSION_KEYS: `bench:${'0123456789abcdef'.repeat(4)}`,
        DIRECTORY_SYNC: 'off',
        LOG_LEVEL: 'warn',
        DATA_DIR: dataDir,
        ...env,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (!(await isUp(url))) {
    if (child.exitCode !== null) throw new Error(`the app in ${directory} ended at once`);
    await delay(20);
  }
  return {
    url,
    pid: child.pid!,
    close: async () => {
      child.kill();
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/api/health`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
