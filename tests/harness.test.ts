import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { defences } from './defences/all';
import { takeConsoleOutput } from './support/console-guard';
import { describeBuild } from './support/global-setup';

test.fails.each(['debug', 'error', 'info', 'log', 'trace', 'warn'] as const)(
  'a test that writes to the console by console.%s fails',
  (method) => {
    // biome-ignore lint/suspicious/noConsole: this is what is caught
    console[method]('unexpected');
  },
);

test.fails('a test fails that makes Node.js warn', async () => {
  process.emitWarning('unexpected');
  await turn();
});

test('a test that expects output takes it', () => {
  // biome-ignore lint/suspicious/noConsole: this is what is caught
  console.warn('expected', 1);
  expect(takeConsoleOutput()).toEqual(['console.warn: expected 1']);
});

test('a build that is missing, below a path or older than a source is named, and what to do', () => {
  const root = mkdtempSync(join(tmpdir(), 'dingpass-build-'));
  for (const folder of ['.next', 'dist', 'lib/room']) mkdirSync(join(root, folder), { recursive: true });
  const at = (path: string, seconds: number) => {
    writeFileSync(join(root, path), '');
    utimesSync(join(root, path), seconds, seconds);
  };
  at('lib/room/file.ts', 1000);
  expect(describeBuild(root)).toMatch(/there is no build: run `npm run build`/);
  at('.next/BUILD_ID', 2000);
  writeFileSync(join(root, '.next/routes-manifest.json'), '{"basePath":"/door"}');
  expect(describeBuild(root)).toMatch(/below \/door: run `npm run build`/);
  writeFileSync(join(root, '.next/routes-manifest.json'), '{"basePath":""}');
  expect(describeBuild(root)).toBeUndefined();
  at('lib/room/file.ts', 3000);
  expect(describeBuild(root)).toMatch(/older than .*lib\/room\/file\.ts: run `npm run build`/);
  rmSync(root, { recursive: true });
});

/** A test file, the files of support that it imports, and the corpora that it opens: where names of tests stand. */
function namesIn(test: string): string {
  const text = readFileSync(test, 'utf8');
  const imported = [...text.matchAll(/from '((?:\.\.\/)+support\/[\w-]+)'/g)].map(([, path = '']) =>
    join(dirname(test), `${path}.ts`),
  );
  const opened = [...text.matchAll(/openCorpus<\w+>\('([\w-]+)'/g)].map(
    ([, name]) => `tests/corpora/${name}.json`,
  );
  return [text, ...[...imported, ...opened].map((path) => readFileSync(path, 'utf8'))].join('\n');
}

test('each defence of the list is where it was, once, and so is its test', () => {
  expect(new Set(defences.map(({ name }) => name)).size).toBe(defences.length);
  const lost = defences.flatMap((defence) => {
    const edits = [defence, ...(defence.also ?? [])];
    const unfound = edits.filter(({ file, from }) => readFileSync(file, 'utf8').split(from).length !== 2);
    const isTested = namesIn(defence.test).includes(defence.only ?? '');
    return [
      ...unfound.map(({ file, from }) => `${defence.name}: ${file} should have once: ${from}`),
      ...(isTested ? [] : [`${defence.name}: ${defence.test} should have a test: ${defence.only}`]),
    ];
  });
  expect(lost).toEqual([]);
});
