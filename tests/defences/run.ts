import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defences } from './all';
import type { Defence } from './defence';

/** `npm run test:defences [-- <words>]`: switches each defence off in a copy, and runs the test that has to fail. */

/** Settings of a developer, and what is large and made again. */
const NOT_COPIED = /^(?:\.git|\.next|dist|node_modules|test-results|coverage|data|\.env(?:\.local)?)$/;
const UNITS = ['units', 'units-alone'];

type Report = { testResults: { assertionResults: { fullName: string; status: string }[] }[] };

const copy = mkdtempSync(join(tmpdir(), 'dingpass-defences-'));
const output = join(copy, 'report.json');
const IN_COPY = { cwd: copy, stdio: 'ignore' } as const;

function makeCopy(): void {
  cpSync('.', copy, { recursive: true, filter: (path) => !NOT_COPIED.test(path) });
  // Turbopack follows no link that leads out of the project. Hard links cost no space, where the disk is the same.
  const isLinked = spawnSync('cp', ['-RPl', 'node_modules', copy], { stdio: 'ignore' }).status === 0;
  if (!isLinked) cpSync('node_modules', join(copy, 'node_modules'), { recursive: true, force: true });
  // Written to in place, so a link would change the original's.
  for (const cache of ['.vite', '.vite-temp', '.cache'])
    rmSync(join(copy, 'node_modules', cache), { recursive: true, force: true });
}

/** @returns what puts the sources back */
function switchOff(some: readonly Defence[]): () => void {
  const edits = some.flatMap((defence) => [defence, ...(defence.also ?? [])]);
  const before = new Map(edits.map(({ file }) => [file, readFileSync(join(copy, file), 'utf8')]));
  for (const { file, from, to } of edits) {
    const text = readFileSync(join(copy, file), 'utf8');
    writeFileSync(join(copy, file), text.split(from).join(to));
  }
  return () => {
    for (const [file, text] of before) writeFileSync(join(copy, file), text);
  };
}

/** Runs the listed tests of a file: all of them, as some build on others. @returns the names of those that failed */
function failuresIn(test: string, projects: readonly string[]): string[] {
  const names = defences.filter((one) => one.test === test).map(({ only }) => only);
  const pattern = names.map((name) => name?.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const filter = names.includes(undefined) ? [] : ['-t', pattern];
  const where = projects.flatMap((project) => ['--project', project]);
  const words = ['run', test, '--reporter=json', '--outputFile=report.json', ...filter, ...where];
  rmSync(output, { force: true });
  spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...words], { ...IN_COPY, timeout: 600_000 });
  if (!existsSync(output)) return [];
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
}

let unproven = 0;

function tell({ name, test, only }: Defence, failures: readonly string[]): void {
  const isRed = failures.some((failure) => only === undefined || failure.includes(only));
  if (!isRed) unproven++;
  process.stdout.write(`${isRed ? 'red    ' : 'NOT RED'}  ${name}  ·  ${test}${only ? ` › ${only}` : ''}\n`);
}

function tryUnits(some: readonly Defence[]): void {
  for (const file of new Set(some.map(({ test }) => test))) {
    // What fails with the defence, too, proves nothing.
    const anyway = failuresIn(file, UNITS);
    for (const defence of some.filter(({ test }) => test === file)) {
      const restore = switchOff([defence]);
      const failures = failuresIn(file, UNITS).filter((name) => !anyway.includes(name));
      restore();
      tell(defence, failures);
    }
  }
}

/** By file: the tests of the built app that fail with every defence on. */
const anyway = new Map<string, string[]>();

function build(): void {
  const env = { ...process.env, BASE_PATH: '' };
  execFileSync('npm', ['run', 'build'], { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'], env });
}

function tryBuild(some: readonly Defence[]): void {
  if (some.length === 0) return;
  const restore = switchOff(some);
  build();
  for (const file of new Set(some.map(({ test }) => test))) {
    const failures = failuresIn(file, ['served']).filter((name) => !anyway.get(file)?.includes(name));
    for (const defence of some.filter(({ test }) => test === file)) tell(defence, failures);
  }
  restore();
}

const words = process.argv.slice(2);
const isWanted = (text: string) => words.length === 0 || words.some((word) => text.includes(word));
const chosen = defences.filter(({ name, file, test }) => isWanted(`${name} ${file} ${test}`));
try {
  makeCopy();
  tryUnits(chosen.filter(({ build }) => build === undefined));
  const ofBuild = chosen.filter(({ build: which }) => which !== undefined);
  // As with the units: what fails with the defences, too, proves nothing.
  if (ofBuild.length > 0) build();
  for (const file of new Set(ofBuild.map(({ test }) => test))) anyway.set(file, failuresIn(file, ['served']));
  tryBuild(ofBuild.filter(({ build: which }) => which === 'first'));
  tryBuild(ofBuild.filter(({ build: which }) => which === 'second'));
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(`${chosen.length - unproven} of ${chosen.length} defences are proven\n`);
process.exitCode = unproven > 0 || chosen.length === 0 ? 1 : 0;
