import { spawn } from 'node:child_process';
import { inspect } from 'node:util';
import { startVitest } from 'vitest/node';

/**
 * `npm test`: checks, builds and runs every test. The unit tests need no build and run beside it, then come the tests of
 * the built app. Prints how long each file took and what
 * failed, and ends with a line `N passed, N failed`.
 */

const started = performance.now();
const failures = [];
const files = [];
let passed = 0;

/** Runs a command silently. @returns whether it succeeded; otherwise its output is printed */
async function run(command) {
  const begun = performance.now();
  // Next would take the path from a `.env`.
  const env = { ...process.env, BASE_PATH: '' };
  const child = spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) {
    failures.push(command);
    process.stderr.write(`\n${command} failed:\n${output}\n`);
  }
  files.push({ name: command, ms: performance.now() - begun });
  return code === 0;
}

/** `npm run check` without the types, which need the ones that the build writes. */
async function checkAndBuild() {
  const [isBuilt] = await Promise.all([run('npm run --silent build'), run('npm run --silent lint')]);
  if (!isBuilt) return false;
  // For a test of the served ones; it takes as long as the build.
  await Promise.all([
    run('node_modules/.bin/tsc --noEmit'),
    run('node_modules/.bin/tsx tests/support/altered-build.ts'),
  ]);
  return true;
}

async function runTests(...project) {
  const vitest = await startVitest('test', [], { run: true, project });
  for (const module of vitest.state.getTestModules()) {
    const tests = [...module.children.allTests()];
    passed += tests.filter((test) => test.result().state === 'passed').length;
    const failedHere = tests.filter((test) => test.result().state === 'failed');
    for (const test of failedHere) {
      failures.push(
        `${module.relativeModuleId} > ${test.fullName}\n    ${test.result().errors?.[0]?.message ?? ''}`,
      );
    }
    const { duration, collectDuration, setupDuration } = module.diagnostic();
    files.push({ name: module.relativeModuleId, ms: duration + collectDuration + setupDuration });
    if (!module.ok() && failedHere.length === 0) failures.push(module.relativeModuleId);
  }
  for (const error of vitest.state.getUnhandledErrors()) failures.push(inspect(error));
  await vitest.close();
}

const [isBuilt] = await Promise.all([checkAndBuild(), runTests('units', 'units-alone')]);
if (isBuilt) await runTests('served', 'timed');

const seconds = (ms) => (ms / 1000).toFixed(1).padStart(7);
files.sort((a, b) => b.ms - a.ms);
process.stdout.write(`\n${files.map(({ name, ms }) => `${seconds(ms)} s  ${name}\n`).join('')}`);
process.stdout.write(`${seconds(performance.now() - started)} s  in all\n\n`);
for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 && passed > 0 ? 0 : 1);
