import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { benchDirectory } from './directory';
import type { Figure } from './figure';
import { benchSessions } from './sessions';

/** `npm run bench -- [--only directory] [--real]`: measures, prints a table, and writes `bench/results.json`. */

const BENCHES: Record<string, (options: { real: boolean }) => Promise<Figure[]>> = {
  directory: benchDirectory,
  sessions: benchSessions,
};
const RESULTS = new URL('results.json', import.meta.url);

const { values } = parseArgs({
  options: { only: { type: 'string' }, real: { type: 'boolean', default: false } },
});
const wanted = Object.keys(BENCHES).filter((name) => values.only === undefined || name === values.only);
if (wanted.length === 0) {
  process.stderr.write(`there is: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(1);
}

const results = existsSync(RESULTS)
  ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, unknown>)
  : {};
let missed = 0;
for (const name of wanted) {
  const figures = await BENCHES[name]!({ real: values.real });
  results[values.real ? `${name}-real` : name] = {
    at: new Date().toISOString(),
    node: process.version,
    cpus: cpus().length,
    loadBefore: loadavg()[0],
    figures,
  };
  process.stdout.write(`\n${name}\n`);
  for (const { what, value, unit, limit, met } of figures) {
    const mark = met === undefined ? ' ' : met ? '✓' : '✗';
    if (met === false) missed++;
    process.stdout.write(`${mark} ${what.padEnd(58)} ${`${value}${unit}`.padStart(14)}  ${limit ?? ''}\n`);
  }
}
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
process.exit(missed > 0 ? 1 : 0);
