import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defences } from './all';
import type { Defence, Edit } from './defence';

/** `npm run test:defences [-- <words>]`: switches each defence off in a copy, and runs the test that has to fail. */

/** Settings of a developer, and what is large and made again. */
const NOT_COPIED = /^(?:\.git|\.next|dist|node_modules|test-results|coverage|data|\.env(?:\.local)?)$/;
const UNIT_MS = 5 * 60_000;

const copy = mkdtempSync(join(tmpdir(), 'dingpass-defences-'));
const output = join(copy, 'report.json');

function makeCopy(): void {
  cpSync('.', copy, { recursive: true, filter: (path) => !NOT_COPIED.test(path) });
  // Turbopack follows no link that leads out of the project. Hard links cost no space, where the disk is the same.
  const isLinked = spawnSync('cp', ['-RPl', 'node_modules', copy], { stdio: 'ignore' }).status === 0;
  if (!isLinked) cpSync('node_modules', join(copy, 'node_modules'), { recursive: true, force: true });
}

/** @returns what puts the sources back */
function switchOff(edits: readonly Edit[]): () => void {
  const before = new Map(edits.map(({ file }) => [file, readFileSync(join(copy, file), 'utf8')]));
  for (const { file, from, to } of edits) {
    const text = readFileSync(join(copy, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no longer: ${from}`);
    writeFileSync(join(copy, file), text.split(from).join(to));
  }
  return () => {
    for (const [file, text] of before) writeFileSync(join(copy, file), text);
  };
}

/** Runs some tests of one file. @returns the names of those that failed; none where the file as a whole did */
function failuresOf(file: string, names: readonly (string | undefined)[], projects: string[]): string[] {
  const wanted = names.every((name) => name !== undefined)
    ? ['-t', names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')]
    : [];
  rmSync(output, { force: true });
  const words = ['run', file, ...wanted, ...projects.flatMap((project) => ['--project', project])];
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
  spawnSync(process.execPath, [vitest, ...words, '--reporter=json', `--outputFile=${output}`], {
    cwd: copy,
    stdio: 'ignore',
    timeout: UNIT_MS * names.length,
  });
  if (!existsSync(output)) return [];
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as {
    testResults: { assertionResults: { fullName: string; status: string }[] }[];
  };
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
}

const editsOf = (defence: Defence) => [defence, ...(defence.also ?? [])];
const isBuilt = ({ test }: Defence) => /^tests\/(?:app|browser)\//.test(test);
const [, , ...words] = process.argv;
const chosen = defences.filter(({ name, file, test }) =>
  words.every((word) => `${name} ${file} ${test}`.includes(word)),
);
let passed = 0;

function tell({ name, test, only }: Defence, failures: readonly string[]): void {
  const isRed = failures.some((failure) => only === undefined || failure.includes(only));
  if (!isRed) passed++;
  process.stdout.write(`${isRed ? 'red    ' : 'NOT RED'}  ${name}  ·  ${test}${only ? ` › ${only}` : ''}\n`);
}

function tryBuild(together: readonly Defence[]): void {
  if (together.length === 0) return;
  const restore = switchOff(together.flatMap(editsOf));
  execFileSync('npm', ['run', 'build'], { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] });
  for (const file of new Set(together.map(({ test }) => test))) {
    const own = together.filter(({ test }) => test === file);
    const names = own.map(({ only }) => only);
    const failures = failuresOf(file, names, ['served']);
    for (const defence of own) tell(defence, failures);
  }
  restore();
}

try {
  makeCopy();
  for (const defence of chosen.filter((one) => !isBuilt(one))) {
    const restore = switchOff(editsOf(defence));
    tell(defence, failuresOf(defence.test, [defence.only], ['units', 'units-alone']));
    restore();
  }
  const built = chosen.filter(isBuilt);
  tryBuild(built.filter(({ build = 'first' }) => build === 'first'));
  tryBuild(built.filter(({ build }) => build === 'second'));
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(`${chosen.length - passed} of ${chosen.length} defences are proven\n`);
process.exitCode = passed > 0 || chosen.length === 0 ? 1 : 0;
