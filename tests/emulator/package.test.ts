import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);

/** An empty project outside this tree, with the packed emulator in it. */
let project: string;
let packed: string;
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'emulator-package-'));
  await run('npm', ['pack', './emulator', '--pack-destination', project], { shell: false });
  const tarball = readdirSync(project).find((file) => file.endsWith('.tgz'))!;
  const modules = join(project, 'node_modules');
  packed = join(modules, 'dingtalk-emulator');
  mkdirSync(packed, { recursive: true });
  await run('tar', ['-xzf', join(project, tarball), '-C', packed, '--strip-components=1']);
  // The packages that npm would fetch.
  for (const name of ['httpxy', 'ws', 'zod', '@types'])
    symlinkSync(resolve('node_modules', name), join(modules, name));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

test('startEmulator() works there, with the workbench’s page', async () => {
  writeFileSync(
    join(project, 'try.mjs'),
    `import { startEmulator } from 'dingtalk-emulator';
const emulator = await startEmulator({ members: 5 });
const page = await fetch(emulator.url + '/__emulator/workbench/');
const script = await fetch(emulator.url + '/__emulator/workbench/picker.js');
console.log(JSON.stringify([page.status, script.status, emulator.control.mintCode(emulator.company.people[0].userid).length > 8]));
await emulator.close();`,
  );
  const { stdout } = await run(process.execPath, ['try.mjs'], { cwd: project });
  expect(JSON.parse(stdout)).toEqual([200, 200, true]);
});

test('it asks for the packages that it is tested with', () => {
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
  const root = read('package.json');
  const { dependencies } = read('emulator/package.json');
  const known = { ...root.devDependencies, ...root.dependencies };
  for (const [name, version] of Object.entries(dependencies)) expect(known[name], name).toBe(version);
});

test('it has a command', async () => {
  const child = spawn(process.execPath, [join(packed, 'dist/cli.js'), '--port', '0'], { cwd: project });
  const [output] = await once(child.stdout, 'data');
  expect(String(output)).toMatch(/DingTalk emulator: http:\/\/127\.0\.0\.1:\d+\/__emulator\//);
  child.kill('SIGTERM');
  await once(child, 'exit');
  const wrong = await run(process.execPath, [join(packed, 'dist/cli.js'), '--nonsense']).catch(
    (error) => error,
  );
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('usage: dingtalk-emulator')]);
});

test.each(['nodenext', 'bundler'])('it has types, found by moduleResolution %s', async (moduleResolution) => {
  writeFileSync(
    join(project, 'types.ts'),
    `import { startEmulator, type Emulator } from 'dingtalk-emulator';
const emulator: Emulator = await startEmulator({ members: 5 });
const { userid }: { userid: string } = emulator.company.people[0]!;
const code: string = emulator.control.mintCode(userid);
// @ts-expect-error an unknown option
await startEmulator({ nonsense: code });
// @ts-expect-error a deep type that must not have become any
emulator.company.people[0]!.userid = 1;`,
  );
  const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext';
  const options = [
    '--module',
    module,
    '--moduleResolution',
    moduleResolution,
    '--target',
    'es2022',
    '--types',
    'node',
  ];
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', ...options, 'types.ts'];
  const result = await run(process.execPath, [tsc, ...flags], { cwd: project }).catch((error) => error);
  expect(result.stdout).toBe('');
});

test('nothing of this project’s tests, settings or sources is in it', () => {
  const files = readdirSync(packed, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))).toEqual([]);
  expect(readdirSync(packed).sort()).toEqual(['README.md', 'dist', 'package.json']);
});
