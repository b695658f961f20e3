import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import type { OddNames } from '../company/staff';
import { startEmulator } from '../server';
import { createDemoLog } from './demo-log';
import { demoFolder, demoSettings, exampleRules, nothingElse } from './demo-settings';
import { openToNetwork } from './network';

const usage = `npm run demo -- [--members 60] [--departments N] [--seed N] [--port 4010] [--odd-names last|among|off] [--log] [--lan]     (npm run dev: the same, with hot reload)`;
const root = fileURLToPath(new URL('../..', import.meta.url));
const next = fileURLToPath(new URL('../../node_modules/next/dist/bin/next', import.meta.url));
const start = fileURLToPath(new URL('../../start.mjs', import.meta.url));
/** Makes the app's clock the emulator's. */
const clock = new URL('./demo-clock.mjs', import.meta.url).href;
const healthDeadlineMs = 120_000;
const keptOutput = 4_000;

const { dev, log: isShown, lan, port: wantedPort, ...company } = readFlags();
const log = createDemoLog();
const port = await firstFreePort(wantedPort);
if (port !== wantedPort)
  say(`端口 ${wantedPort} 已被占用，改用 ${port} · Port ${wantedPort} is taken, using ${port}`);
if (!dev) build();

const dataDir = join(root, 'data', demoFolder(company, port));
const appPort = await anyFreePort();
const emulator = await startEmulator({
  port,
  appUrl: `http://127.0.0.1:${appPort}`,
  appOrigin: `http://localhost:${port}`,
  appLog: log.lines,
  rulesFile: join(dataDir, 'access.jsonc'),
  redirectUris: [`http://localhost:${port}/api/oauth/callback`],
  ...company,
});
const app = startApp();
process.once('SIGINT', () => stop(0));
process.once('SIGTERM', () => stop(0));
await waitUntilHealthy();
if (lan) await offerToNetwork();
say(
  `\n工作台已就绪，请打开 · The workbench is ready, open:\n\n    http://localhost:${port}/__emulator/workbench/\n`,
);

function readFlags() {
  const number = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: {
        dev: { type: 'boolean' },
        log: { type: 'boolean' },
        lan: { type: 'boolean' },
        'odd-names': { type: 'string', default: 'last' },
        port: number,
        members: number,
        departments: number,
        seed: number,
      },
    });
    return {
      dev: values.dev ?? false,
      log: values.log ?? false,
      lan: values.lan ?? false,
      oddNames: toOddNames(values['odd-names']),
      port: toNumber('port', values.port, [1, 65_535]) ?? 4010,
      members: toNumber('members', values.members, [1, 1_000_000]),
      departments: toNumber('departments', values.departments, [0, 100_000]),
      seed: toNumber('seed', values.seed, [0, 2 ** 31]),
    };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function toOddNames(text: string): OddNames {
  if (text === 'last' || text === 'among' || text === 'off') return text;
  throw new Error('--odd-names: last, among, off');
}

function toNumber(name: string, text: string | undefined, [min, max]: [number, number]): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new Error(`--${name}: ${min}–${max}`);
}

function build(): void {
  say('正在构建应用… · Building the app…');
  const { status, stdout, stderr } = spawnSync(process.execPath, [next, 'build'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (status !== 0) fail(`${stdout}${stderr}\n构建失败 · The build failed`);
}

/** The app as its own process, configured as for a real company whose DingTalk is the emulator. */
function startApp(): ChildProcess {
  // The company is invented anew at each start: what was written about the one before is not true of it.
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, 'access.jsonc'), exampleRules(emulator));
  const command = dev ? [next, 'dev'] : [start];
  const child = spawn(process.execPath, [...command, '-H', '127.0.0.1', '-p', String(appPort)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: dev ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      ...nothingElse(readFileSync(join(root, '.env.example'), 'utf8')),
      ...demoSettings(emulator, `http://localhost:${port}`),
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${clock}?${emulator.url}`.trim(),
      DATA_DIR: dataDir,
      ACCESS_FILE: join(dataDir, 'access.jsonc'),
      DRAIN_SECONDS: '0',
    },
  });
  const keep = (chunk: Buffer) => {
    log.add(chunk);
    // Next's own address has no DingTalk around it: one address is shown, the workbench's.
    if (dev || isShown) process.stdout.write(String(chunk).replace(/^.*- (Local|Network):.*\n/gm, ''));
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('exit', async (code, signal) => {
    // The last output may still be in the pipe. 'close' would wait for it, but also for processes that the app left running.
    await delay(300);
    say(
      `\n${stripVTControlCharacters(log.tail(keptOutput))}\n应用已退出 · The app has stopped (${signal ?? code})`,
    );
    await stop(1);
  });
  return child;
}

/** The app on one's own phone, by the web sign-in: the workbench and the control plane stay on this machine. */
async function offerToNetwork(): Promise<void> {
  const { addresses } = await openToNetwork(0, emulator.serve);
  say(`\n警告：局域网内的任何人都能打开应用，并以任意虚构员工登录；模拟器本身不开放。在手机浏览器中打开：
Warning: anyone in the local network can open the app as any invented employee; the emulator itself stays closed. On a phone:
\n    ${addresses.join('\n    ') || '—'}`);
}

async function waitUntilHealthy(): Promise<void> {
  const deadline = Date.now() + healthDeadlineMs;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${appPort}/api/health`).catch(() => undefined);
    if (answer?.ok) return;
    if (Date.now() > deadline) {
      say(`应用没有就绪 · The app is not healthy: /api/health ${answer?.status ?? '—'}`);
      return stop(1);
    }
    await delay(150);
  }
}

async function stop(exitCode: number): Promise<never> {
  app.removeAllListeners('exit');
  if (app.exitCode === null && app.signalCode === null) {
    app.kill('SIGTERM');
    // An app that hangs must not keep the terminal.
    setTimeout(() => app.kill('SIGKILL'), 3000).unref();
    await once(app, 'exit');
  }
  await emulator.close();
  process.exit(exitCode);
}

/** Both families are tried: browsers turn `localhost` into ::1 first, where another program may be listening. */
async function firstFreePort(from: number): Promise<number> {
  for (let candidate = from; candidate < Math.min(from + 100, 65_536); candidate += 1) {
    if ((await isFree(candidate, '127.0.0.1')) && (await isFree(candidate, '::1'))) return candidate;
  }
  return fail(`${from}–${from + 99}: 端口都被占用 · all these ports are taken`);
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

async function anyFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : fail('no port');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
