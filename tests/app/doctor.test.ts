import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, appEnv, bareEnv, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';

/** The doctor and the set-up as operators run them: the built commands, beside the built app. */

let emulator: Emulator;
let app: App;
let env: Record<string, string>;
beforeAll(async () => {
  const origin = `http://127.0.0.1:${await freePort()}`;
  emulator = await startEmulator({ members: 30, redirectUris: [`${origin}/api/oauth/callback`] });
  env = {
    ...appEnv(emulator, origin),
    DATA_DIR: mkdtempSync(join(tmpdir(), 'dingpass-doctor-')),
    SESSION_KEYS: `1:${randomBytes(32).toString('hex')}`,
    SESSION_SEAL_KEY: '1',
    DINGTALK_STREAM: 'on',
    DINGTALK_CALLBACK_TOKEN: 'aTokenOfTheDoctorsTest',
    DINGTALK_CALLBACK_AES_KEY: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ',
  };
  app = await startApp({ emulator, origin, env, port: Number(new URL(origin).port) });
}, 60_000);
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

interface Outcome {
  code: number | null;
  said: string;
}

/** A built command, as `npm run` and an image start it. */
function command(
  name: string,
  words: string[],
  options: { env?: object; cwd?: string; input?: string } = {},
) {
  const child = spawn(process.execPath, [resolve('dist', `${name}.mjs`), ...words], {
    cwd: options.cwd ?? '.',
    env: { ...bareEnv(), LANG: 'en_US.UTF-8', ...options.env },
  });
  child.stdin.end(options.input ?? '');
  return new Promise<Outcome>((done) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += part));
    child.on('close', (code) => done({ code, said }));
  });
}

const secretsOf = () => [
  env.DINGTALK_CLIENT_SECRET!,
  env.SESSION_KEYS!.slice(2),
  env.DINGTALK_CALLBACK_TOKEN!,
  env.DINGTALK_CALLBACK_AES_KEY!,
];

test('a right set-up: exit code 0 within ten seconds, nothing to do, no secret', async () => {
  const started = performance.now();
  const { code, said } = await command('doctor', ['--json'], { env });
  expect(performance.now() - started).toBeLessThan(10_000);
  const { findings, exitCode } = JSON.parse(said);
  const wrong = findings.filter(({ outcome }: { outcome: string }) => !/^(ok|manual)$/.test(outcome));
  expect(wrong).toEqual([]);
  expect([code, exitCode]).toEqual([0, 0]);
  for (const secret of secretsOf()) expect(said).not.toContain(secret);
});

test('a wrong secret: exit code 2, the remedy in the language of the locale, and no secret', async () => {
  const wrong = { ...env, DINGTALK_CLIENT_SECRET: 'a-wrong-secret-0001' };
  const english = await command('doctor', [], { env: wrong });
  expect(english.code).toBe(2);
  expect(english.said).toContain('docs/troubleshooting.md#bad-credentials');
  expect(english.said).toMatch(/✗ App token/);
  expect(english.said).not.toContain('a-wrong-secret-0001');
  const chinese = await command('doctor', [], { env: { ...wrong, LANG: 'zh_CN.UTF-8' } });
  expect(chinese.said).toMatch(/由谁处理：/);
});

test('settings that are missing are named, and nothing else is tried', async () => {
  const { code, said } = await command('doctor', [], { cwd: tmpdir() });
  expect(code).toBe(2);
  expect(said).toMatch(/DINGTALK_CORP_ID is missing/);
  expect(said.match(/✗/g)).toHaveLength(1);
  expect((await command('doctor', ['--what'])).code).toBe(2);
});

test('administrators have the same on a page; the body of /api/ready names what is wrong', async () => {
  const userid = emulator.company.people.find(({ adminLevel, active }) => adminLevel === 1 && active)!.userid;
  const other = emulator.company.people.find(({ adminLevel, active }) => adminLevel === 0 && active)!.userid;
  expect((await (await signedIn(app, emulator, other)).ask('/admin/doctor')).status).not.toBe(200);
  const visitor = await signedIn(app, emulator, userid);
  const permissions = emulator.control
    .settings()
    .permissions.filter((point) => point !== 'qyapi_get_department_list');
  emulator.control.settings({ permissions });
  const page = await visitor.ask('/admin/doctor', { headers: { 'accept-language': 'en' } });
  emulator.control.settings({ permissions: [...permissions, 'qyapi_get_department_list'] });
  expect(page.status).toBe(200);
  expect(page.text).toContain('https://open-dev.dingtalk.com/appscope/apply');
  expect(page.text).toContain('dws dev app permission add');
  for (const secret of secretsOf()) expect(page.text).not.toContain(secret);
  expect((await new Visitor(app).ask('/api/ready')).json).toMatchObject({
    status: 'ready',
    checks: { warn: [], bad: ['permission:qyapi_get_department_list'] },
  });
});

test('to strangers the probe does not exist', async () => {
  const visitor = new Visitor(app);
  for (const seal of ['', '1.Fe26.2*1*x', 'x'.repeat(5000)])
    expect((await visitor.post('/api/doctor', {}, { 'x-dingpass-probe': seal })).status).toBe(404);
  expect((await visitor.ask('/api/doctor')).status).toBe(405);
});

test('an empty folder, eight answers, and the first person signs in', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'dingpass-setup-'));
  copyFileSync('.env.example', join(cwd, '.env.example'));
  const port = await freePort();
  const { corpId, clientId, clientSecret } = emulator;
  const answers = [corpId, clientId, clientSecret, '', `http://127.0.0.1:${port}`, '0', 'on', ''];
  const input = `${answers.join('\n')}\n`;
  const { code, said } = await command('setup', ['--interactive', '--dingtalk', emulator.url], {
    cwd,
    input,
  });
  expect(code, said).toBe(0);
  expect(said).not.toContain(clientSecret);
  const written = Object.fromEntries(
    [...readFileSync(join(cwd, '.env'), 'utf8').matchAll(/^([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  expect(said).not.toContain(written.SESSION_KEYS);
  const fresh = await startApp({
    emulator,
    origin: `http://127.0.0.1:${port}`,
    port,
    env: { ...written, DATA_DIR: join(cwd, 'data') },
  });
  try {
    const userid = emulator.company.people.find(({ active }) => active)!.userid;
    expect((await (await signedIn(fresh, emulator, userid)).ask('/me')).status).toBe(200);
  } finally {
    await fresh.close();
  }
});

test('set-up without --yes only prints, filled in from .env', async () => {
  const { code, said } = await command('setup', ['--name', 'Door'], {
    env: { ...env, DINGTALK_CLIENT_ID: '' },
  });
  expect(code).toBe(0);
  expect(said).toContain('dws dev app create --name Door');
  expect(said).toContain(`--redirect-urls ${env.PUBLIC_ORIGIN}/api/oauth/callback`);
  for (const secret of secretsOf()) expect(said).not.toContain(secret);
  const missing = await command('setup', ['--yes', '--dws', '/nowhere/dws'], { env });
  expect([missing.code, missing.said]).toEqual([1, expect.stringContaining('dws was not found')]);
});
