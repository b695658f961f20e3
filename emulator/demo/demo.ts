import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { toAppPath } from '../app-path';
import type { OddNames } from '../company/staff';
import { startEmulator } from '../server';
import { startBalancer } from './balancer';
import { createDemoLog } from './demo-log';
import { demoFolder, demoSettings, exampleRules } from './demo-settings';
import { anyFreePort, firstFreePort, type Machine, startMachine } from './machines';
import { openToNetwork } from './network';
import { startPostgres } from './postgres-server';
import { startProtectedSites } from './protected-sites';

const usage = `npm run demo -- [--members 60] [--departments N] [--seed N] [--port 4010] [--odd-names last|among|off] [--machines 2] [--gate] [--base-path /door] [--log] [--lan]     (npm run dev: the same, with hot reload)`;
const root = fileURLToPath(new URL('../..', import.meta.url));
const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
/** Makes the app's clock the emulator's. */
const clock = new URL('./demo-clock.mjs', import.meta.url).href;
const keptOutput = 4_000;

const { dev, log: isShown, lan, gate, appPath, machines: count, port: wantedPort, ...company } = readFlags();
const log = createDemoLog();
const port =
  (await firstFreePort(wantedPort)) ?? fail(`${wantedPort}: 端口都被占用 · all ports from there are taken`);
if (port !== wantedPort)
  say(`端口 ${wantedPort} 已被占用，改用 ${port} · Port ${wantedPort} is taken, using ${port}`);
if (!dev) build();

const dataDir = join(root, 'data', demoFolder(company, port));
const rulesFile = join(dataDir, 'access.jsonc');
const appPorts = await Promise.all(Array.from({ length: count }, anyFreePort));
const appUrls = appPorts.map((appPort) => `http://127.0.0.1:${appPort}`);
const balancer = count > 1 ? await startBalancer(appUrls, appPath) : undefined;
const postgres = count > 1 ? await startPostgres() : undefined;
const databaseUrl = await postgres?.createDatabase('demo');
prepareFolder();
const sites = gate ? await startProtectedSites(dataDir) : undefined;
const emulator = await startEmulator({
  port,
  appUrl: balancer?.url ?? appUrls[0]!,
  appPath,
  appOrigin: `http://localhost:${port}`,
  appLog: log.lines,
  rulesFile,
  redirectUris: [`http://localhost:${port}${appPath}/api/oauth/callback`],
  protectedHosts: sites?.hosts,
  ...company,
});
let isStopping = false;
const machines = startMachines();
process.once('SIGINT', () => stop(0));
process.once('SIGTERM', () => stop(0));
for (const machine of machines) {
  void machine.ended.then((how) => sayEnded(machine, how));
  const problem = await machine.healthy();
  if (problem) await stop(1, `应用没有就绪 · The app is not healthy: /api/health ${problem.status ?? '—'}`);
}
if (lan) await offerToNetwork();
if (postgres)
  say(`\n${count} 个应用进程共用一个 PostgreSQL 数据库，请求轮流分配 · ${count} processes of the app share a PostgreSQL database and take requests in turn:
\n    ${appUrls.join('\n    ')}\n    ${databaseUrl}`);
if (sites)
  say(`\n网关之后的网站，在工作台中点开，或在浏览器中直接打开 · Sites behind the gate, in the workbench or in a browser:
\n    ${sites.hosts.map(({ host, name }) => `http://${host}:${port}/  ${name}`).join('\n    ')}`);
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
        gate: { type: 'boolean' },
        'base-path': { type: 'string', default: '' },
        'odd-names': { type: 'string', default: 'last' },
        port: number,
        machines: number,
        members: number,
        departments: number,
        seed: number,
      },
    });
    const machines = toNumber('machines', values.machines, [1, 8]) ?? 1;
    if (values.dev && machines > 1) throw new Error('--machines: npm run demo');
    if (values.gate && machines > 1) throw new Error('--gate: --machines 1');
    return {
      dev: values.dev ?? false,
      machines,
      log: values.log ?? false,
      lan: values.lan ?? false,
      gate: values.gate ?? false,
      appPath: toAppPath(values['base-path']),
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
    // Otherwise Next takes the path from the shell, or from a `.env`.
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', BASE_PATH: appPath },
  });
  if (status !== 0) fail(`${stdout}${stderr}\n构建失败 · The build failed`);
}

/** The company is invented anew at each start: what was written about the one before is not true of it. */
function prepareFolder(): void {
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true });
}

/** The app as one or several processes, configured as for a real company whose DingTalk is the emulator. */
function startMachines(): Machine[] {
  writeFileSync(rulesFile, exampleRules(emulator, { hasGate: gate }));
  const settings = {
    ...demoSettings(emulator, `http://localhost:${port}`),
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${clock}?${emulator.url}`.trim(),
    ACCESS_FILE: rulesFile,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    ...sites?.settings,
  };
  const onOutput = (chunk: Buffer) => {
    log.add(chunk);
    // Next's own address has no DingTalk around it: one address is shown, the workbench's.
    if (dev || isShown) process.stdout.write(String(chunk).replace(/^.*- (Local|Network):.*\n/gm, ''));
  };
  return appPorts.map((appPort, index) =>
    startMachine({
      port: appPort,
      appPath,
      dev,
      dataDir: count > 1 ? join(dataDir, `machine-${index + 1}`) : dataDir,
      settings,
      onOutput,
    }),
  );
}

/** The demo goes on while one machine is left. */
async function sayEnded(machine: Machine, how: string): Promise<void> {
  if (isStopping) return;
  const said = stripVTControlCharacters(log.tail(keptOutput));
  const isLast = machines.every(
    ({ process: { exitCode, signalCode } }) => exitCode !== null || signalCode !== null,
  );
  say(`\n${isLast ? `${said}\n` : ''}应用已退出 · The app has stopped: ${machine.url} (${how})`);
  if (isLast) await stop(1);
}

/** The app on one's own phone, by the web sign-in: the workbench and the control plane stay on this machine. */
async function offerToNetwork(): Promise<void> {
  const { addresses } = await openToNetwork(0, emulator.serve);
  say(`\n警告：局域网内的任何人都能打开应用，并以任意虚构员工登录；模拟器本身不开放。在手机浏览器中打开：
Warning: anyone in the local network can open the app as any invented employee; the emulator itself stays closed. On a phone:
\n    ${addresses.map((address) => address + appPath).join('\n    ') || '—'}`);
}

async function stop(exitCode: number, message?: string): Promise<never> {
  isStopping = true;
  if (message) say(message);
  await Promise.all(machines.map((machine) => machine.stop()));
  balancer?.close();
  sites?.close();
  await Promise.all([emulator.close(), postgres?.close()]);
  process.exit(exitCode);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
