import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/** Compiles the emulator for use by other projects: `npm pack ./emulator` calls it before it packs, and `--clean` after. */
const here = import.meta.dirname;
const dist = join(here, 'dist');

rmSync(dist, { recursive: true, force: true });
if (process.argv.includes('--clean')) process.exit(0);
await build({
  entryPoints: { server: join(here, 'server.ts'), cli: join(here, 'cli.ts') },
  outdir: dist,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
// Both find the workbench's page beside themselves.
cpSync(join(here, 'workbench/browser'), join(dist, 'browser'), { recursive: true });

const typescript = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
);
execFileSync(process.execPath, [typescript, '-p', join(here, 'tsconfig.json')], { stdio: 'inherit' });

// Projects that resolve as Node.js does find a declaration only by its whole name.
const types = join(dist, 'types');
for (const file of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.d.ts')) continue;
  const text = readFileSync(join(types, file), 'utf8');
  writeFileSync(join(types, file), text.replace(/(from |import\()(['"])(\.{1,2}\/[^'"]+)\2/g, '$1$2$3.js$2'));
}
