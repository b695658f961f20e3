import { existsSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';

/**
 * Makes the operators' commands (`npm run sync` …) into files that run without development dependencies: `dist/`.
 * `npm run build` calls it; packages stay outside.
 */
const commands = {
  access: 'lib/entry/access-command.ts',
  sync: 'lib/entry/sync-command.ts',
  keys: 'lib/entry/keys-command.ts',
  doctor: 'lib/entry/doctor-command.ts',
  setup: 'lib/entry/setup-command.ts',
  backup: 'lib/entry/backup-command.ts',
  database: 'lib/entry/database-command.ts',
  ticket: 'lib/entry/ticket-command.ts',
  storage: 'lib/entry/storage-command.ts',
};

await build({
  entryPoints: commands,
  outdir: process.argv[2] ?? 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  // The guard throws outside a React server bundle; these are no bundles for browsers.
  alias: { 'server-only': `${import.meta.dirname}/node_modules/server-only/empty.js` },
  absWorkingDir: import.meta.dirname,
  define: {
    'process.env.BASE_PATH': JSON.stringify(builtBasePath()),
  },
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
});

/** What Next has just built with, from the environment or a `.env`: commands for another path would refuse to run. */
function builtBasePath() {
  const manifest = `${import.meta.dirname}/.next/routes-manifest.json`;
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).basePath : '';
}
