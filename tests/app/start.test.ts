import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { openSqlite } from '../../lib/storage/sqlite';
import { appEnv, bareEnv, collect, spawnApp, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';
import { send } from '../support/raw-request';
import { isIn } from '../support/staff';

/** How the app is started and stopped, by the commands that the documents give. */

let emulator: Emulator;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 20 });
  userid = emulator.company.people.find(({ active }) => active)!.userid;
});
afterAll(() => emulator?.close());

interface Running {
  child: ChildProcess;
  url: string;
  output(): string;
}

const newFolder = (name: string) => mkdtempSync(join(tmpdir(), `dingpass-${name}-`));

async function untilUp({ child, url, output }: Running): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 100) {
    if (child.exitCode !== null) throw new Error(output());
    if ((await fetch(`${url}/api/health`).catch(() => undefined))?.status === 200) return;
    await delay(100);
  }
  throw new Error(output());
}

const isListening = (port: number, host = '127.0.0.1') =>
  new Promise<boolean>((answer) => {
    const socket = connect(port, host);
    socket.once('connect', () => socket.destroy()).once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });

async function run(command: [string, ...string[]], env: Record<string, string>): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [program, ...words] = command;
  const child = spawn(program, [...words, '-p', String(port)], {
    env: { ...bareEnv(), ...appEnv(emulator, url), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running = { child, url, output: collect(child) };
  await untilUp(running);
  return running;
}

test.each<[string, [string, ...string[]]]>([
  ['npm start', ['npm', 'start', '--']],
  ['node start.mjs', [process.execPath, 'start.mjs']],
])('a signal to %s ends everything within seconds, and leaves one complete file', async (_, command) => {
  const dataDir = newFolder('stop');
  const { child, url, output } = await run(command, { DATA_DIR: dataDir });
  const port = Number(new URL(url).port);
  const visitor = await signedIn({ url, origin: url }, emulator, userid);
  const [outside] = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal),
  );
  if (outside) expect(await isListening(port, outside.address)).toBe(false);
  const head = await fetch(`${url}/api/health`);
  expect(head.headers.get('keep-alive')).toBe('timeout=75');
  const signalled = performance.now();
  child.kill('SIGTERM');
  // New connections are still answered, so that whoever spreads requests can see it.
  await expect
    .poll(async () => (await fetch(`${url}/api/ready`).catch(() => undefined))?.status, { interval: 20 })
    .toBe(503);
  expect((await visitor.ask('/api/session')).status).toBe(200);
  await once(child, 'exit');
  expect(performance.now() - signalled).toBeLessThan(5000);
  expect(await isListening(port)).toBe(false);
  // The log's lines, and nothing that promises more than there is.
  expect(output()).not.toMatch(/Ready in|[▲✓]/);

  const copy = join(newFolder('copy'), 'copy.db');
  copyFileSync(join(dataDir, 'records.db'), copy);
  const database = await openSqlite(copy);
  expect(await database.all('SELECT user_id FROM session')).toEqual([{ user_id: userid }]);
  expect(await database.all("SELECT id FROM audit WHERE event = 'sign-in'")).toHaveLength(1);
  await database.close();
});

describe('a database that was there before', () => {
  const dataDir = newFolder('before');
  let port: number;
  let visitor: Visitor;
  /** What a second process on the port of the first says. */
  let taken: { code: number; said: string };
  beforeAll(async () => {
    chmodSync(dataDir, 0o755);
    const first = await startApp({ emulator, env: { DATA_DIR: dataDir } });
    port = Number(new URL(first.url).port);
    visitor = await signedIn(first, emulator, userid);
    const second = spawnApp(port, appEnv(emulator, first.origin));
    const output = collect(second);
    taken = { code: (await once(second, 'exit'))[0], said: output() };
    await first.close();
    for (const file of readdirSync(dataDir)) chmodSync(join(dataDir, file), 0o644);
  });

  test('a taken port is said to be taken', () => {
    expect(taken.code).toBe(1);
    expect(taken.said).toMatch(/端口 \d+ 已被占用.*choose another with -p/);
  });

  test.each([
    ['DINGTALK_CORP_ID', 'dinganothercompany'],
    ['DINGTALK_CLIENT_ID', 'dinganotherapp'],
    ['DINGTALK_API_URL', 'http://127.0.0.1:9'],
  ])('of another %s is refused with what to do, and left as it is', async (name, value) => {
    const before = readFileSync(join(dataDir, 'records.db'));
    const env = { ...appEnv(emulator, `http://127.0.0.1:${port}`), DATA_DIR: dataDir, [name]: value };
    const child = spawnApp(await freePort(), env);
    const output = collect(child);
    expect((await once(child, 'exit'))[0]).toBe(1);
    expect(output()).toContain(`- ${name}: `);
    expect(output()).toMatch(/无法启动[\s\S]*npm run database -- --begin-anew/);
    expect(output().includes('--adopt')).toBe(name !== 'DINGTALK_CORP_ID');
    expect(output()).not.toMatch(/Ready in|^\s+at /m);
    expect(readFileSync(join(dataDir, 'records.db')).equals(before)).toBe(true);
  });

  test('of a former version is refused with what to do; beginning anew moves it aside', async () => {
    const former = newFolder('former');
    writeFileSync(join(former, 'dingpass.db'), 'what a former version wrote');
    const env = { ...appEnv(emulator, `http://127.0.0.1:${port}`), DATA_DIR: former };
    const child = spawnApp(await freePort(), env);
    const output = collect(child);
    expect((await once(child, 'exit'))[0]).toBe(1);
    expect(output()).toMatch(/earlier version[\s\S]*旧版本[\s\S]*npm run database -- --begin-anew/);
    expect(output()).not.toMatch(/Ready in|^\s+at /m);
    expect(readdirSync(former)).toEqual(['dingpass.db']);
    const begun = spawnSync(process.execPath, ['command.mjs', 'database', '--begin-anew'], {
      env: { ...bareEnv(), ...env },
      encoding: 'utf8',
    });
    expect([begun.status, begun.stderr]).toEqual([0, '']);
    const [aside] = readdirSync(former);
    expect(readFileSync(join(former, aside!, 'dingpass.db'), 'utf8')).toBe('what a former version wrote');
  });

  test('is for its owner alone, whatever it was and wherever it is, and sessions outlive a stop', async () => {
    const second = await startApp({ emulator, env: { DATA_DIR: dataDir }, port });
    try {
      for (const file of readdirSync(dataDir))
        expect(statSync(join(dataDir, file)).mode & 0o777, file).toBe(0o600);
      expect(await isIn(second, visitor.cookieHeader())).toBe(true);
      expect((await new Visitor(second).ask('/api/ready')).status).toBe(200);
    } finally {
      await second.close();
    }
  });
});

/** A folder like the project's, with a `.env` of an operator in it. */
function projectWith(env: Record<string, string>): string {
  const folder = newFolder('project');
  for (const part of ['.next', 'public', 'node_modules', 'package.json', 'next.config.js', 'app', 'lib'])
    symlinkSync(resolve(part), join(folder, part));
  copyFileSync('start.mjs', join(folder, 'start.mjs'));
  const text = Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
  for (const file of ['.env', '.env.local', '.env.production']) writeFileSync(join(folder, file), text);
  return folder;
}

test('whatever .env files are in the folder: the apps of tests have the settings of their tests', async () => {
  const hostile = newFolder('hostile');
  const directory = projectWith({
    DATA_DIR: hostile,
    SESSION_TTL_SECONDS: '60',
    TRUSTED_PROXY_HOPS: '3',
    DIRECTORY_SYNC: 'on',
    ADMIN_USER_IDS: userid,
    LOG_LEVEL: 'silent',
    HOST: '0.0.0.0',
  });
  const app = await startApp({ emulator, directory });
  try {
    const visitor = await signedIn(app, emulator, userid);
    const { member } = (await visitor.ask('/api/session')).json;
    expect(member.expiresAt - Date.now() / 1000).toBeGreaterThan(40_000);
    expect((await visitor.ask('/api/admin/sync')).status).toBe(403);
    expect(app.output()).toContain('"event":"sign-in"');
    expect(readdirSync(hostile)).toEqual([]);
  } finally {
    await app.close();
  }
  // The same folder as an operator starts it: what is not set otherwise comes from there.
  const { DATA_DIR: _, ...env } = appEnv(emulator, 'http://localhost:3000');
  const child = spawnApp(await freePort(), { ...env, __NEXT_PROCESSED_ENV: '' }, { directory });
  await expect.poll(() => readdirSync(hostile), { timeout: 20_000 }).toContain('records.db');
  child.kill('SIGTERM');
  await once(child, 'exit');
});

test('a start command whose own settings are wrong is refused by their names, like any other', async () => {
  const wrong = { HOST: '"0.0.0.0"', PORT: '"3000"', DRAIN_SECONDS: 'soon' };
  const child = spawnApp(await freePort(), { ...appEnv(emulator, 'http://localhost:3000'), ...wrong });
  const output = collect(child);
  expect((await once(child, 'exit'))[0]).toBe(1);
  for (const name of Object.keys(wrong)) expect(output().split(`- ${name} `)).toHaveLength(2);
});

test('the first request that gets an answer is cleaned like any other', async () => {
  const port = await freePort();
  const child = spawnApp(port, appEnv(emulator, `http://127.0.0.1:${port}`));
  const ended = once(child, 'exit');
  try {
    while (!(await isListening(port))) expect(child.exitCode).toBe(null);
    // Next serves a part of the file to whom it lets through with this header.
    const { status, headers } = await send(
      { url: `http://127.0.0.1:${port}` },
      { path: '/instant-sign-in.js', headers: { range: 'bytes=0-1' } },
    );
    expect([status, headers['cross-origin-opener-policy']]).toEqual([200, 'same-origin']);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
});

test('`next start`, which listens before requests are cleaned, is refused with the right command', async () => {
  const port = await freePort();
  const words = ['node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', String(port)];
  const child = spawn(process.execPath, words, {
    env: { ...bareEnv(), ...appEnv(emulator, `http://127.0.0.1:${port}`) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  expect((await once(child, 'exit'))[0]).toBe(1);
  expect(output()).toContain(
    '请用 npm start（node start.mjs）启动 · Start it with npm start (node start.mjs)',
  );
});

test('the built app with wrong settings ends at once, with one message that lists them all', async () => {
  const key = 'canary-session-key-of-more-than-32-chars';
  const child = spawnApp(await freePort(), {
    DINGTALK_CLIENT_ID: 'dingclient0123',
    DINGTALK_CORP_ID: '',
    DINGTALK_CLIENT_SECRET: 'canary-client-secret with a blank',
    PUBLIC_ORIGIN: 'http://door.example.com',
    SESSION_KEYS: `a:${key},a:${key}`,
  });
  const output = collect(child);
  const killer = setTimeout(() => child.kill('SIGKILL'), 6000);
  const [exitCode, signal] = await once(child, 'exit');
  clearTimeout(killer);
  expect({ exitCode, signal }).toEqual({ exitCode: 1, signal: null });
  for (const name of ['DINGTALK_CORP_ID', 'DINGTALK_CLIENT_SECRET', 'PUBLIC_ORIGIN', 'SESSION_KEYS']) {
    expect(output().split(`- ${name} `)).toHaveLength(2);
  }
  expect(output()).not.toContain('canary');
  expect(output()).not.toMatch(/^\s+at .*\(/m);
});
