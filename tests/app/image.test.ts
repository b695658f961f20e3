import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBalancer } from '../../emulator/demo/balancer';
import { type Emulator, startEmulator } from '../../emulator/server';
import { appEnv, bareEnv, collect, START_OPTIONS } from '../support/app';
import { isLong, printFigures } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { assembleImage, type Contained, dataVolume, isContained, runContained } from '../support/image';
import { createCaller } from '../support/load';
import { processorMs } from '../support/malformed-requests';
import { freePort } from '../support/port';

let tree: string;
let data: string;
let app: Served;
let emulator: Emulator;
const running: Contained[] = [];

beforeAll(async () => {
  tree = assembleImage();
  emulator = await startEmulator({ members: 20, enforceQps: false });
  data = dataVolume();
  app = await serve(data);
});

afterAll(async () => {
  for (const { process: child, pid } of running) if (child.exitCode === null) process.kill(await pid());
  await emulator.close();
});

interface Served {
  url: string;
  origin: string;
  metrics: string;
  env: NodeJS.ProcessEnv;
  output(): string;
  /** Ends it. @returns milliseconds until it is gone */
  stop(): Promise<number>;
  startedMs: number;
  /** Of processor time until it answered. */
  startedProcessorMs: number;
}

async function serve(data: string, command = [...START_OPTIONS, 'start.mjs']): Promise<Served> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...bareEnv(),
    ...appEnv(emulator, url),
    ...{ PORT: String(port), METRICS_PORT: String(metricsPort), DRAIN_SECONDS: '2' },
  };
  const startedAt = performance.now();
  const contained =
    command[0] === 'npm'
      ? asPlain(
          spawn('npm', command.slice(1), {
            env: { ...env, DATA_DIR: data },
            stdio: ['ignore', 'pipe', 'pipe'],
          }),
        )
      : runContained(tree, command, env, { data });
  running.push(contained);
  const output = collect(contained.process);
  while (!(await fetch(`${url}/api/health`).catch(() => undefined))?.ok) {
    if (contained.process.exitCode !== null || performance.now() - startedAt > 30_000)
      throw new Error(output());
    await delay(20);
  }
  const startedMs = performance.now() - startedAt;
  const startedProcessorMs = processorMs({ process: { pid: await contained.pid() } });
  const stop = async () => {
    const signalled = performance.now();
    const ended = new Promise((resolve) => contained.process.once('close', resolve));
    process.kill(await contained.pid(), 'SIGTERM');
    await ended;
    return performance.now() - signalled;
  };
  return {
    url,
    origin: url,
    metrics: `http://127.0.0.1:${metricsPort}`,
    env,
    output,
    stop,
    startedMs,
    startedProcessorMs,
  };
}

const asPlain = (child: ReturnType<typeof spawn>): Contained => ({
  process: child,
  pid: async () => child.pid!,
});
const metricsOf = async ({ metrics }: Served) => (await fetch(`${metrics}/metrics`)).text();
const somebody = () => emulator.company.people.find(({ active }) => active)!.userid;

test('the tree has no development dependency, no data and no settings, and at most 150 MB', () => {
  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' });
  const bytes = files.reduce((sum, file) => sum + lstatSync(join(tree, file)).size, 0);
  expect(bytes / 1024 / 1024).toBeLessThan(150);
  for (const name of ['esbuild', 'tsx', 'typescript', 'vitest', 'playwright', '@biomejs', '@img', 'sharp'])
    expect(existsSync(join(tree, 'node_modules', name)), name).toBe(false);
  expect(files.filter((file) => /(^|\/)\.env|^data\/|\.db$|^tests\/|^emulator\//.test(file))).toEqual([]);
});

test('as nobody, on a read-only root, it starts, signs in, shows pages and has its metrics apart', async () => {
  const visitor = await signedIn(app, emulator, somebody());
  const page = await visitor.ask('/me');
  expect(page.status).toBe(200);
  const [, script = ''] = /<script[^>]* src="(\/_next\/[^"]+)"/.exec(page.text) ?? [];
  expect((await new Visitor(app).ask(script)).status).toBe(200);
  expect((await new Visitor(app).ask('/metrics')).status).not.toBe(200);
  await expect.poll(() => metricsOf(app)).toContain('dingpass_ready 1');
  expect(await metricsOf(app)).toContain('dingpass_sign_ins_total{method="webview",outcome="ok"} 1');
  expect(app.output().match(/.*(EROFS|EACCES|"level":"error"|Error:).*/g) ?? []).toEqual([]);
  printFigures('start of the image', {
    ms: Math.round(app.startedMs),
    'of them processor': app.startedProcessorMs,
  });
  expect(app.startedProcessorMs).toBeLessThan(2000);
  // Beside other tests it waits for a core.
  if (isLong) expect(app.startedMs).toBeLessThan(2000);
});

test('commands and the health check run in it as `node <file>`', async () => {
  const run = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
    const { process: child } = runContained(tree, args, env, { data });
    const output = collect(child);
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, output: output() };
  };
  expect(await run(app.env, 'health.mjs')).toEqual({ code: 0, output: '' });
  expect((await run({ ...app.env, PORT: String(await freePort()) }, 'health.mjs')).code).toBe(1);
  expect((await run(app.env, 'dist/keys.mjs')).code).toBe(0);
  expect(await run(app.env, 'command.mjs', 'sync')).toMatchObject({ code: 0 });
});

test('the image, and then `npm start`, ended by SIGTERM under load, behind a balancer that asks /api/ready: no request is lost', async () => {
  const [image, command] = [await serve(dataVolume()), await serve(dataVolume(), ['npm', 'start'])];
  const balancer = await startBalancer([image.url, command.url, app.url]);
  const caller = createCaller({ url: balancer.url, origin: balancer.url });
  // Until the balancer knows all of them.
  await delay(600);
  let isOver = false;
  const asked: Promise<{ status: number }>[] = [];
  const load = (async () => {
    for (let index = 0; !isOver; index++) {
      asked.push(caller.ask(index % 10 === 0 ? '/login' : '/api/health'));
      await delay(20);
    }
  })();
  await delay(300);
  const goneMs = [await image.stop(), await command.stop()];
  isOver = true;
  await load;
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.length).toBeGreaterThan(100);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  for (const ms of goneMs) expect(ms).toBeLessThan(10_000);
  caller.close();
  balancer.close();
}, 120_000);

test('the image is run as in a container, where this machine allows it', () => {
  if (!isContained)
    process.stdout.write('NOT RUN: as nobody on a read-only root, for want of bwrap (bubblewrap)\n');
  if (process.env.CI) expect(isContained).toBe(true);
  expect(existsSync(join(tree, 'start.mjs'))).toBe(true);
});
