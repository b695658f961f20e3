import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nothingElse } from './demo-settings';

const root = fileURLToPath(new URL('../..', import.meta.url));
const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
const start = fileURLToPath(new URL('../../start.mjs', import.meta.url));
const HEALTH_DEADLINE_MS = 120_000;

/** A process of the app with a data folder of its own, as on a machine of its own. */
export interface Machine {
  url: string;
  process: ChildProcess;
  /** Resolves when the process has ended by itself, with how. */
  ended: Promise<string>;
  /** @returns once it answers; otherwise what it said last */
  healthy(): Promise<{ status: number | undefined } | undefined>;
  stop(): Promise<void>;
}

export interface MachineOptions {
  port: number;
  /** With hot reload. */
  dev: boolean;
  dataDir: string;
  /** Below which its pages are. */
  appPath: string;
  settings: Record<string, string>;
  /** What it writes to standard output and standard error. */
  onOutput(chunk: Buffer): void;
}

/** Starts the app with exactly these settings: nothing of the shell's, nothing of a `.env`. */
export function startMachine({ port, dev, dataDir, appPath, settings, onOutput }: MachineOptions): Machine {
  mkdirSync(dataDir, { recursive: true });
  const command = dev ? [next, 'dev'] : [start];
  const child = spawn(process.execPath, [...command, '-H', '127.0.0.1', '-p', String(port)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: dev ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      ...nothingElse(readFileSync(join(root, '.env.example'), 'utf8')),
      DRAIN_SECONDS: '0',
      BASE_PATH: appPath,
      DATA_DIR: dataDir,
      ...settings,
    },
  });
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    process: child,
    ended: once(child, 'exit').then(async ([code, signal]) => {
      // The last output may still be in the pipe. 'close' would wait for it, but also for processes that the app left running.
      await delay(300);
      return String(signal ?? code);
    }),
    healthy: () => waitUntilHealthy(`${url}${appPath}`),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      // An app that hangs must not keep the terminal.
      setTimeout(() => child.kill('SIGKILL'), 3000).unref();
      await once(child, 'exit');
    },
  };
}

async function waitUntilHealthy(url: string): Promise<{ status: number | undefined } | undefined> {
  const deadline = Date.now() + HEALTH_DEADLINE_MS;
  for (;;) {
    const answer = await fetch(`${url}/api/health`).catch(() => undefined);
    if (answer?.ok) return undefined;
    if (Date.now() > deadline) return { status: answer?.status };
    await delay(150);
  }
}

/** Both families are tried: browsers turn `localhost` into ::1 first, where another program may be listening. */
export async function firstFreePort(from: number): Promise<number | undefined> {
  for (let candidate = from; candidate < Math.min(from + 100, 65_536); candidate += 1) {
    if ((await isFree(candidate, '127.0.0.1')) && (await isFree(candidate, '::1'))) return candidate;
  }
  return undefined;
}

async function isFree(candidate: number, host: string): Promise<boolean> {
  const probe = createServer().listen(candidate, host);
  try {
    await once(probe, 'listening');
  } catch (error) {
    // A machine without IPv6 has no ::1 to lose.
    return (error as NodeJS.ErrnoException).code !== 'EADDRINUSE';
  }
  probe.close();
  await once(probe, 'close');
  return true;
}

/** Some port that was free a moment ago. */
export async function anyFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
