import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../lib/config';
import { bundle } from '../support/bundle';
import { request, withEmulator } from './dingtalk-calls';

const main = fileURLToPath(new URL('../../emulator/cli.ts', import.meta.url));
/** For starts that come to nothing: without the workbench's files, which it does not find there. */
let program: string;
beforeAll(async () => {
  program = await bundle(main);
});

interface Run {
  child: ChildProcess;
  out: () => string;
  err: () => string;
}

function run(words: string[]): Run {
  const child = spawn(process.execPath, words, { stdio: 'pipe' });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return { child, out: () => out, err: () => err };
}

test('the command prints the address and the lines for .env, serves, and ends when told', async () => {
  const { child, out } = run([
    '--import',
    'tsx',
    main,
    '--port',
    '0',
    '--members',
    '9',
    '--departments',
    '3',
    '--app',
    'http://127.0.0.1:3000/door',
  ]);
  while (!out().includes('TRUSTED_PROXY_HOPS=')) await once(child.stdout!, 'data');
  const url = /^DINGTALK_API_URL=(http:\/\/127\.0\.0\.1:\d+)$/m.exec(out())![1]!;
  const names = [...out().matchAll(/^([A-Z_]+)=\S+$/gm)].map((match) => match[1]);
  expect(names).toEqual([
    'DINGTALK_CORP_ID',
    'DINGTALK_CLIENT_ID',
    'DINGTALK_CLIENT_SECRET',
    'DINGTALK_AGENT_ID',
    'DINGTALK_API_URL',
    'DINGTALK_OAPI_URL',
    'DINGTALK_LOGIN_URL',
    'PUBLIC_ORIGIN',
    'BASE_PATH',
    'SESSION_KEYS',
    'AVATAR_HOSTS',
    'TRUSTED_PROXY_HOPS',
  ]);
  const env = Object.fromEntries(
    [...out().matchAll(/^([A-Z_]+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(env.BASE_PATH).toBe('/door');
  expect(parseConfig({ ...env, BASE_PATH: '' })).toMatchObject({ publicOrigin: url, apiUrl: url });
  expect((await request(`${url}/__emulator/company`)).json).toMatchObject({ members: 9, departments: 3 });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each([
  [['--port', 'x'], '--port must be a whole number'],
  [['--members', '0'], '--members must be a whole number'],
  [['--app', 'localhost'], '--app must be an address'],
  [['--app', 'http://127.0.0.1:3000/topapi'], '/topapi: a path of DingTalk'],
  [['--bogus'], "Unknown option '--bogus'"],
])('%j ends with a clear line', async (flags, reason) => {
  const { child, err, out } = run([program, ...flags]);
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(err().split('\n')[0]).toContain(`emulator: ${reason}`);
  expect(out()).toBe('');
});

test('a taken port is said to be taken', async () => {
  await withEmulator({}, async ({ port }) => {
    const { child, err } = run([program, '--port', String(port)]);
    expect((await once(child, 'close'))[0]).toBe(1);
    expect(err()).toBe('emulator: this port is taken: choose another with --port\n');
  });
});
