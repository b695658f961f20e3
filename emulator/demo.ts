import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { startEmulator } from './server';

const usage = `npm run demo -- [--members 60] [--departments N] [--seed N] [--port 4010]     (npm run dev: the same, with hot reload)`;
const root = fileURLToPath(new URL('..', import.meta.url));
const next = fileURLToPath(new URL('../node_modules/next/dist/bin/next', import.meta.url));
const healthDeadlineMs = 120_000;
const keptOutput = 4_000;

const { values: flags } = readFlags();
const wantedPort = Number(flags.port);
const port = await firstFreePort(wantedPort);
if (port !== wantedPort)
  say(`端口 ${wantedPort} 已被占用，改用 ${port} · Port ${wantedPort} is taken, using ${port}`);
if (!flags.dev) build();

const appPort = await anyFreePort();
const emulator = await startEmulator({
  port,
  appUrl: `http://127.0.0.1:${appPort}`,
  ...numbers({ members: flags.members, departments: flags.departments, seed: flags.seed }),
});
const app = startApp();
process.once('SIGINT', () => stop(0));
process.once('SIGTERM', () => stop(0));
await waitUntilHealthy();
say(
  `\n工作台已就绪，请打开 · The workbench is ready, open:\n\n    http://localhost:${port}/__emulator/workbench/\n`,
);

function readFlags() {
  try {
    return parseArgs({
      options: {
        dev: { type: 'boolean', default: false },
        port: { type: 'string', default: '4010' },
        members: { type: 'string' },
        departments: { type: 'string' },
        seed: { type: 'string' },
      },
    });
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function numbers(texts: Record<string, string | undefined>): Record<string, number> {
  const given = Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined);
  for (const [name, text] of given) if (!/^\d+$/.test(text)) fail(`--${name} ${text}: ? \n${usage}`);
  return Object.fromEntries(given.map(([name, text]) => [name, Number(text)]));
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
  const origin = `http://localhost:${port}`;
  const child = spawn(
    process.execPath,
    [next, flags.dev ? 'dev' : 'start', '-H', '127.0.0.1', '-p', String(appPort)],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_ENV: flags.dev ? 'development' : 'production',
        NEXT_TELEMETRY_DISABLED: '1',
        DINGTALK_CORP_ID: emulator.corpId,
        DINGTALK_CLIENT_ID: emulator.clientId,
        DINGTALK_CLIENT_SECRET: emulator.clientSecret,
        DINGTALK_AGENT_ID: emulator.agentId,
        DINGTALK_API_URL: emulator.url,
        DINGTALK_OAPI_URL: emulator.url,
        DINGTALK_LOGIN_URL: origin,
        PUBLIC_ORIGIN: origin,
        SESSION_KEYS: `demo:${randomBytes(32).toString('hex')}`,
        SESSION_SEAL_KEY: 'demo',
        SHOW_OPERATOR_HINTS: 'true',
        AVATAR_HOSTS: `localhost:${port}`,
        TRUSTED_PROXY_HOPS: '1',
      },
    },
  );
  let tail = '';
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk).slice(-keptOutput);
    if (flags.dev) process.stdout.write(chunk);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('close', (code, signal) => {
    say(`\n${stripVTControlCharacters(tail)}\n应用已退出 · The app has stopped (${signal ?? code})`);
    void stop(1);
  });
  return child;
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
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

async function stop(exitCode: number): Promise<never> {
  app.removeAllListeners('close');
  if (app.exitCode === null && app.signalCode === null) {
    app.kill('SIGTERM');
    // An app that hangs must not keep the terminal.
    setTimeout(() => app.kill('SIGKILL'), 3000).unref();
    await once(app, 'exit');
  }
  await emulator.close();
  process.exit(exitCode);
}

/** Both families are tried: browsers turn `localhost` into ::1 first, where somebody else may be listening. */
async function firstFreePort(from: number): Promise<number> {
  for (let candidate = from; candidate < from + 100; candidate += 1) {
    if ((await isFree(candidate, '127.0.0.1')) && (await isFree(candidate, '::1'))) return candidate;
  }
  return fail(`--port ${from}: ${usage}`);
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
