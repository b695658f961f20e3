import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { Results } from '../bench/report';
import { isLong } from './support/figures';

/** The others compare with a site of other libraries, which has to be installed and built. */
const WITHOUT_PEERS = ['directory', 'sessions', 'access', 'gate', 'gate-tap', 'start'];
const WITH_PEERS = ['session', 'sign-in', 'tap'];
/** Its parts are the other tests' daily bread; it would start a server and four processes. */
const ON_POSTGRES = ['directory-postgres', 'machines'];

test('the short bench runs every bench, and leaves what was measured before as it is', async () => {
  const before = written();
  const { code, output } = await bench([
    '--short',
    ...(isLong ? [] : WITHOUT_PEERS.flatMap((name) => ['--only', name])),
  ]);
  expect(code, output).toBe(0);

  const file = /^\/.*results\.json$/m.exec(output)?.[0];
  const results = JSON.parse(readFileSync(file!, 'utf8')) as Results;
  rmSync(dirname(file!), { recursive: true });
  expect(Object.keys(results).sort()).toEqual(
    [...WITHOUT_PEERS, ...(isLong ? [...WITH_PEERS, ...ON_POSTGRES] : [])].sort(),
  );
  for (const [name, { figures }] of Object.entries(results)) {
    expect(figures.length, name).toBeGreaterThan(3);
    for (const { what, value } of figures)
      expect(String(value), `${name}: ${what}`).not.toMatch(/NaN|undefined|Infinity/);
  }
  expect(written()).toEqual(before);
}, 240_000);

test('a bench that does not exist is told from those that do', async () => {
  const { code, output } = await bench(['--only', 'everything']);
  expect(code).toBe(1);
  expect(output).toContain('session');
});

/** What a bench that is not short, and `npm run docs`, write. */
function written(): string[] {
  return ['bench/results.json', 'docs/bench.svg', 'docs/performance.md', 'docs/zh-CN/performance.md'].map(
    (file) => readFileSync(file, 'utf8'),
  );
}

async function bench(args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn('npm', ['run', '--silent', 'bench', '--', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
