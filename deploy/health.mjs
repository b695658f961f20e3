/** For the image's health check: exit code 0 while the process serves. */
import { readFile } from 'node:fs/promises';

const { PORT, HOST } = process.env;
const manifest = await readFile(new URL('.next/routes-manifest.json', import.meta.url), 'utf8');
const { basePath = '' } = JSON.parse(manifest);
// As `start.mjs` reads them: an empty line of an env file counts as none.
const name = HOST?.trim().replace(/^0\.0\.0\.0$/, '') || '127.0.0.1';
const host = name.includes(':') ? `[${name}]` : name;
const answer = await fetch(`http://${host}:${PORT?.trim() || 3000}${basePath}/api/health`, {
  signal: AbortSignal.timeout(3000),
}).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
