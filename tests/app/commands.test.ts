import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { appEnv, bareEnv, startApp } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { signedIn, Visitor } from '../support/http-session';
import { postgresDatabase } from '../support/postgres';
import { isIn } from '../support/staff';

/** The operators' commands, where `npm prune --omit=dev` has left the packages of production only. */

let emulator: Emulator;
let project: string;
let userid: string;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 30 });
  userid = emulator.company.people.find(({ active }) => active)!.userid;
  project = mkdtempSync(join(tmpdir(), 'dingpass-pruned-'));
  const bundle = await run(process.execPath, ['bundle-commands.mjs', join(project, 'dist')], {
    cwd: '.',
    env: {},
  });
  expect(bundle).toMatchObject({ code: 0 });
  for (const file of ['package.json', 'command.mjs']) copyFileSync(file, join(project, file));
  linkProductionPackages(join(project, 'node_modules'));
}, 60_000);
afterAll(async () => {
  await emulator?.close();
  rmSync(project, { recursive: true, force: true });
});

/** What the lock file has without `dev`: what `npm prune --omit=dev` leaves. */
function linkProductionPackages(target: string): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    const [, name, nested] = /^node_modules\/((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(path) ?? [];
    if (name === undefined || nested !== undefined || dev || devOptional) continue;
    if (!statSync(path, { throwIfNoEntry: false })) continue;
    mkdirSync(join(target, name, '..'), { recursive: true });
    symlinkSync(resolve(path), join(target, name));
  }
}

interface Outcome {
  code: number;
  said: string;
}

function run(
  program: string,
  words: string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<Outcome> {
  return new Promise((done) => {
    execFile(program, words, { cwd, env: { ...bareEnv(), ...env } }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    );
  });
}

const settings = (env: Record<string, string>) => ({ ...appEnv(emulator, 'http://127.0.0.1:3000'), ...env });

/** `npm run <command> -- <words>` in the pruned project. */
const npmRun = (command: string, words: string[], env: Record<string, string>) =>
  run('npm', ['run', '--silent', command, '--', ...words], { cwd: project, env: settings(env) });

/** What the script of `npm run <command>` starts, without npm. */
const command = (name: string, words: string[], env: Record<string, string>) =>
  run(process.execPath, ['command.mjs', name, ...words], { cwd: project, env: settings(env) });
const newFolder = () => mkdtempSync(join(tmpdir(), 'dingpass-commands-'));

const FILES = ['records.db', 'directory.db'];

test('no development package is there', () => {
  expect(readdirSync(join(project, 'node_modules'))).not.toContain('tsx');
  expect(readdirSync(join(project, 'node_modules'))).not.toContain('esbuild');
});

test('every command runs without development packages', async () => {
  const DATA_DIR = newFolder();
  const sync = await npmRun('sync', [], { DATA_DIR, DIRECTORY_CALLS_PER_SECOND: '500' });
  expect([sync.code, sync.said]).toEqual([0, expect.stringContaining('完整 · Complete')]);
  const keys = await npmRun('keys', [], { DATA_DIR });
  expect([keys.code, keys.said]).toEqual([0, expect.stringContaining('SESSION_SEAL_KEY=a')]);
  const backup = await npmRun('backup', [], { DATA_DIR });
  expect([backup.code, backup.said]).toEqual([0, expect.stringContaining('dingpass-')]);
  const database = await npmRun('database', [], { DATA_DIR });
  expect([database.code, database.said]).toEqual([0, expect.stringContaining(emulator.corpId)]);
  for (const name of ['sync', 'database', 'backup']) {
    const wrong = await command(name, [], { DATA_DIR, DINGTALK_CORP_ID: '' });
    expect([wrong.code, wrong.said]).toEqual([1, expect.stringContaining('DINGTALK_CORP_ID is missing')]);
    expect(wrong.said).not.toMatch(/^\s+at /m);
  }
}, 60_000);

test('a command before the build says what to do', async () => {
  const bare = newFolder();
  copyFileSync('command.mjs', join(bare, 'command.mjs'));
  expect(await run(process.execPath, ['command.mjs', 'sync'], { cwd: bare, env: {} })).toEqual({
    code: 1,
    said: '请先执行 npm run build · Run npm run build first\n',
  });
});

test('a backup of a running app, restored, has the endings, the directory and the audit', async () => {
  const [DATA_DIR, restored] = [newFolder(), newFolder()];
  const app = await startDirectoryApp({ emulator, env: { DATA_DIR, ADMIN_USER_IDS: userid } });
  const [stays, ended] = [await signedIn(app, emulator, userid), await signedIn(app, emulator, userid)];
  const late = await signedIn(app, emulator, userid);
  await untilRead(stays);
  const cookie = ended.cookieHeader();
  expect(
    (await ended.ask('/api/session', { method: 'DELETE', headers: { origin: app.origin } })).status,
  ).toBe(204);
  const copy = join(newFolder(), 'copy');
  expect(await npmRun('backup', [copy], { DATA_DIR })).toMatchObject({ code: 0 });
  for (const file of FILES) expect(statSync(join(copy, file)).mode & 0o777).toBe(0o600);
  expect(await command('backup', [copy], { DATA_DIR })).toMatchObject({ code: 1 });
  // The app goes on; nothing of what comes now is in the copy.
  expect(await isIn(app, stays.cookieHeader())).toBe(true);
  const forgotten = late.cookieHeader();
  await late.ask('/api/session', { method: 'DELETE', headers: { origin: app.origin } });
  const newer = (await signedIn(app, emulator, userid)).cookieHeader();
  await app.close();

  for (const file of FILES) copyFileSync(join(copy, file), join(restored, file));
  const again = await startApp({
    emulator,
    env: { DATA_DIR: restored, ADMIN_USER_IDS: userid },
    port: Number(new URL(app.url).port),
  });
  try {
    expect(await isIn(again, cookie)).toBe(false);
    expect(await isIn(again, stays.cookieHeader())).toBe(true);
    const found = (await stays.ask('/api/directory/search?q=a')).json;
    expect(found.state).toBe('complete');
    expect((await stays.ask('/api/admin/audit.csv?event=sign-out')).text).toContain(userid);
    // The first cookie that is newer than the copy proves that it is one: what was ended since is not known.
    for (const old of [newer, forgotten, stays.cookieHeader()]) expect(await isIn(again, old)).toBe(false);
    const after = await signedIn(again, emulator, userid);
    expect((await after.ask('/api/ready')).json).toMatchObject({
      status: 'ready',
      restoredAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect((await after.ask('/api/admin/audit.csv?event=everyone-ended')).text).toMatch(/database.*restored/);
    expect(await isIn(again, after.cookieHeader())).toBe(true);
  } finally {
    await again.close();
  }
}, 60_000);

test('the operator’s word begins anew and loses nothing; adopting keeps the data of the same company only', async () => {
  const DATA_DIR = newFolder();
  const app = await startApp({ emulator, env: { DATA_DIR } });
  const visitor = await signedIn(app, emulator, userid);
  await app.close();
  const read = () => FILES.map((file) => readFileSync(join(DATA_DIR, file)));
  const before = read();

  const own = await command('database', ['--begin-anew'], { DATA_DIR });
  expect([own.code, own.said]).toEqual([0, expect.stringContaining('nothing to do')]);
  const foreign = { DATA_DIR, DINGTALK_CORP_ID: 'dinganother' };
  expect(await command('database', ['--adopt'], foreign)).toMatchObject({ code: 1 });
  expect(await command('database', ['--destroy'], foreign)).toMatchObject({ code: 1 });
  expect(read()).toEqual(before);

  const moved = { DATA_DIR, DINGTALK_API_URL: 'http://127.0.0.1:9/proxy' };
  expect(await command('database', ['--adopt'], moved)).toMatchObject({ code: 0 });
  expect(await command('database', ['--adopt'], { DATA_DIR })).toMatchObject({ code: 0 });

  expect(await command('database', ['--begin-anew'], foreign)).toMatchObject({ code: 0 });
  const [aside] = readdirSync(DATA_DIR);
  expect(readdirSync(DATA_DIR)).toEqual([expect.stringMatching(`^aside-${emulator.corpId}-`)]);
  const restored = newFolder();
  for (const file of FILES) cpSync(join(DATA_DIR, aside!, file), join(restored, file));
  const again = await startApp({
    emulator,
    env: { DATA_DIR: restored },
    port: Number(new URL(app.url).port),
  });
  expect(await isIn(again, visitor.cookieHeader())).toBe(true);
  await again.close();
}, 60_000);

test('what is moved to PostgreSQL is complete: who is in stays in, what has ended stays ended, and a used code is used', async () => {
  const DATA_DIR = newFolder();
  const { url: DATABASE_URL } = await postgresDatabase();
  const app = await startApp({ emulator, env: { DATA_DIR } });
  const [stays, ended] = [await signedIn(app, emulator, userid), await signedIn(app, emulator, userid)];
  const cookie = ended.cookieHeader();
  await ended.ask('/api/session', { method: 'DELETE', headers: { origin: app.origin } });
  const code = emulator.control.mintCode(userid);
  expect((await new Visitor(app).post('/api/session', { code })).status).toBe(200);
  const copy = () => command('storage', ['copy'], { DATA_DIR, DATABASE_URL });
  expect(await npmRun('storage', ['copy'], { DATA_DIR })).toMatchObject({ code: 1 });
  const running = await copy();
  expect([running.code, running.said]).toEqual([1, expect.stringContaining('Stop every process')]);
  await app.close();

  const copied = await copy();
  expect([copied.code, copied.said]).toEqual([0, expect.stringMatching(/session +3\n/)]);
  expect(readdirSync(DATA_DIR)).toEqual([expect.stringMatching(/^copied-/)]);
  const again = await copy();
  expect([again.code, again.said]).toEqual([1, expect.stringContaining('no database to copy')]);
  cpSync(join(DATA_DIR, readdirSync(DATA_DIR)[0]!), DATA_DIR, { recursive: true });
  const twice = await copy();
  expect([twice.code, twice.said]).toEqual([1, expect.stringContaining('has data already')]);
  for (const { said } of [copied, twice]) expect(said).not.toContain(new URL(DATABASE_URL).password);

  const moved = await startApp({
    emulator,
    env: { DATA_DIR: newFolder(), DATABASE_URL },
    port: Number(new URL(app.url).port),
  });
  try {
    expect(await isIn(moved, stays.cookieHeader())).toBe(true);
    expect(await isIn(moved, cookie)).toBe(false);
    const before = emulator.control.calls().total;
    expect((await new Visitor(moved).post('/api/session', { code })).status).toBe(401);
    expect(emulator.control.calls().total).toBe(before);
  } finally {
    await moved.close();
  }
}, 60_000);
