import { parse } from 'node:path';
import { build } from 'esbuild';

/** Makes a program of the tests that Node.js runs by itself: a start with tsx costs a second of processor time. @returns its path */
export async function bundle(entry: string): Promise<string> {
  const outfile = `test-results/programs/${parse(entry).name}-${process.pid}.mjs`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    // The guard throws outside a React server bundle.
    alias: { 'server-only': './tests/support/server-only.ts' },
    logLevel: 'warning',
  });
  return outfile;
}
