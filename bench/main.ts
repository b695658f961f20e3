import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchAccess } from './access';
import { benchDirectory } from './directory';
import type { Figure } from './figure';
import { benchGate } from './gate';
import { benchGateTap } from './gate-tap';
import { benchMachines } from './machines';
import type { Results } from './report';
import { benchSessionCheck } from './session-check';
import { benchSessions } from './sessions';
import { benchSignIn } from './sign-in';
import { benchStart } from './start';
import { benchTap } from './tap';

/**
 * `npm run bench [-- --only <name> …] [--real] [--short]`: measures, prints, and writes `bench/results.json`, from which
 * `npm run docs` makes the tables and the plot of docs/performance.md. `--real`: the syncs of `directory` as slow as DingTalk's
 * own limits make them. `--short`: only proves that every bench runs; it demands nothing, and its results go to a
 * temporary file.
 */

type Bench = (options: { real: boolean; short: boolean }) => Promise<Figure[]>;

const BENCHES: Record<string, Bench> = {
  session: benchSessionCheck,
  sessions: benchSessions,
  access: benchAccess,
  directory: benchDirectory('file'),
  'directory-postgres': benchDirectory('postgres'),
  gate: benchGate,
  'gate-tap': benchGateTap,
  machines: benchMachines,
  'sign-in': benchSignIn,
  tap: benchTap,
  start: benchStart,
};
const RESULTS = fileURLToPath(new URL('results.json', import.meta.url));

const { only, real, short } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    real: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
}).values;
const wanted = Object.keys(BENCHES).filter((name) => only === undefined || only.includes(name));
if (wanted.length === 0) {
  process.stderr.write(`there is: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(1);
}

const file = short ? join(mkdtempSync(join(tmpdir(), 'dingpass-bench-')), 'results.json') : RESULTS;
const results: Results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
// One after the other: two at once would measure each other. Where nothing is measured, they need not wait.
if (short) await Promise.all(wanted.map(run));
else for (const name of wanted) await run(name);
process.stdout.write(`\n${file}\n`);
const isMet = wanted.every((name) => results[keyOf(name)]?.figures.every(({ met }) => met !== false));
process.exit(isMet || short ? 0 : 1);

async function run(name: string): Promise<void> {
  const loadBefore = loadavg()[0]!;
  const figures = await BENCHES[name]!({ real, short });
  const at = new Date().toISOString();
  results[keyOf(name)] = { at, node: process.version, cpus: cpus().length, loadBefore, figures };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  process.stdout.write(`\n${name}\n${figures.map(toLine).join('')}`);
}

function keyOf(name: string): string {
  return real ? `${name}-real` : name;
}

function toLine({ what, value, unit, spread = '', limit = '', met }: Figure): string {
  const mark = met === undefined ? ' ' : met ? '✓' : '✗';
  return `${mark} ${what.padEnd(58)} ${`${value}${unit}`.padStart(14)}  ${spread.padEnd(12)} ${limit}\n`;
}
