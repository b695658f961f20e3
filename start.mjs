import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import nextEnv from '@next/env';
import next from 'next';
import nextConfig from 'next/dist/server/config.js';
import { PHASE_PRODUCTION_SERVER } from 'next/dist/shared/lib/constants.js';

/**
 * `npm start`: the built app in this very process, so that a signal to it reaches the server. What a start needs is
 * decided here and nowhere else: the address, the keep-alive, and how a stop goes.
 *
 * The settings are checked before anything listens (`lib/entry/boot.ts`), and standard output has the log's lines only.
 */

const USAGE = 'npm start -- [-H 127.0.0.1] [-p 3000] [--keepAliveTimeout 75000]   (or HOST and PORT)';
/** Longer than a reverse proxy in front keeps an idle connection: the proxy must be the one that closes it. */
const DEFAULT_KEEP_ALIVE_MS = 75_000;
/** Requests that are still under way after this are cut. */
const STOP_DEADLINE_MS = 10_000;
/** From a signal to the last new connection: a load balancer needs it to see that `/api/ready` is 503. */
const DEFAULT_DRAIN_SECONDS = 1;

process.env.NODE_ENV ??= 'production';
const { host, port, keepAliveMs, drainSeconds } = readOptions();
// Next reads it once more; another value than the build's is refused with the settings.
process.env.BASE_PATH ||= builtBasePath();

/** `lib/entry/boot.ts` fills it in. @see lib/lifecycle.ts */
const lifecycle = { isManaged: true, draining: false, otherServers: [], settle: async () => undefined };
globalThis[Symbol.for('dingpass.lifecycle')] = lifecycle;

const app = next({ dev: false, dir: import.meta.dirname, hostname: host, port, quiet: true });
const server = createServer({ keepAliveTimeout: keepAliveMs });
try {
  // Next keeps it. If its server reads it first, that is told on standard output, among the log's lines.
  await nextConfig.default(PHASE_PRODUCTION_SERVER, import.meta.dirname);
  await app.prepare();
} catch (error) {
  fail(
    error instanceof Error && error.message.includes('production build')
      ? 'npm run build first · 请先执行 npm run build'
      : String(error),
  );
}
const answer = app.getRequestHandler();
server.on('request', (request, response) => void answer(request, response));
server.on('error', (error) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `端口 ${port} 已被占用，请用 -p 另选 · Port ${port} is taken: choose another with -p`
      : `${host}:${port}: ${error.message}`,
  ),
);
server.listen(port, host);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop);
// Who read the log is gone: the error would be logged, which fails again, for ever.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

let stopping;
/** A second signal does not wait for load balancers. */
async function stop() {
  if (stopping) return stopping.abort();
  stopping = new AbortController();
  lifecycle.draining = true;
  await pause(drainSeconds * 1000, stopping.signal);
  const servers = [server, ...lifecycle.otherServers];
  const closed = servers.map((one) => new Promise((resolve) => one.close(resolve)));
  for (const one of servers) one.closeIdleConnections();
  const deadline = setTimeout(() => cutAll(servers), STOP_DEADLINE_MS);
  await Promise.all(closed);
  clearTimeout(deadline);
  await app.close();
  await lifecycle.settle();
  process.exit(0);
}

function cutAll(servers) {
  for (const one of servers) one.closeAllConnections();
}

function builtBasePath() {
  try {
    const manifest = readFileSync(join(import.meta.dirname, '.next/routes-manifest.json'), 'utf8');
    return JSON.parse(manifest).basePath ?? '';
  } catch {
    return '';
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', resolve);
  });
}

function readOptions() {
  nextEnv.loadEnvConfig(import.meta.dirname, false, { info() {}, error: warn });
  const { HOST, PORT, DRAIN_SECONDS } = process.env;
  try {
    const { values } = parseArgs({
      options: {
        hostname: { type: 'string', short: 'H', default: HOST?.trim() || '127.0.0.1' },
        port: { type: 'string', short: 'p', default: whole(PORT) ?? '3000' },
        keepAliveTimeout: { type: 'string', default: String(DEFAULT_KEEP_ALIVE_MS) },
      },
    });
    return {
      host: values.hostname,
      port: toNumber('port', values.port, 65_535),
      keepAliveMs: toNumber('keepAliveTimeout', values.keepAliveTimeout, 3_600_000),
      drainSeconds: Number(whole(DRAIN_SECONDS) ?? DEFAULT_DRAIN_SECONDS),
    };
  } catch (error) {
    return fail(`${error.message}\n${USAGE}`);
  }
}

/** Whatever else stands there is refused, by its name, before anything listens: `lib/entry/boot.ts` checks every setting. */
function whole(text) {
  return /^\d{1,5}$/.test(text?.trim() ?? '') ? text.trim() : undefined;
}

function toNumber(name, text, most) {
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  throw new Error(`${name}: 0–${most}`);
}

/** A file of settings that cannot be read. */
function warn(...words) {
  process.stderr.write(`${words.join(' ')}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
