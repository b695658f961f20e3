import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bareEnv, collect } from './app';

/** Below which the copy is built. */
export const BASE = '/door';
/** A copy of the project, with a build of its own. */
export const FOLDER = 'test-results/sub-path';
export const PARTS = [
  ...['app', 'emulator', 'gate', 'lib', 'public', 'proxy.ts', 'access-check.js', 'instrumentation.ts'],
  ...['next.config.js', 'package.json', 'script-loader.cjs', 'start.mjs', 'tsconfig.json', '.env.example'],
];
const NGINX = '/usr/sbin/nginx';
const BUILD_DEADLINE_MS = 240_000;

/** The demo of a copy, as it is started below a path: it builds that copy. */
export interface DemoBelowPath {
  output(): string;
  stop(): Promise<void>;
}

/** Copies the project, and starts the demo there. A `BASE_PATH` of the shell has no effect. */
export async function startDemoBelowPath(port: number): Promise<DemoBelowPath> {
  rmSync(FOLDER, { recursive: true, force: true });
  for (const part of PARTS) cpSync(part, join(FOLDER, part), { recursive: true });
  const words = ['emulator/demo/demo.ts', '--base-path', `${BASE}/`, '--port', String(port)];
  const child = spawn(process.execPath, ['--import', 'tsx', ...words], {
    cwd: FOLDER,
    env: { ...bareEnv(), BASE_PATH: '/another' } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  for (let waited = 0; !output().includes('/__emulator/workbench/'); waited += 100) {
    if (child.exitCode !== null || waited > BUILD_DEADLINE_MS) throw new Error(`no demo:\n${output()}`);
    await delay(100);
  }
  return { output, stop: () => end(child) };
}

/** nginx, as `docs/image.md` says, in front of an app at this port: `/door` and what is below is the app's, and no more. */
export async function startNginx(front: number, port: number): Promise<{ stop(): Promise<void> }> {
  if (!existsSync(NGINX)) throw new Error('apt-get install nginx-light');
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const headers = `proxy_set_header Host $http_host; proxy_http_version 1.1; proxy_set_header Connection "";`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream dingpass { server 127.0.0.1:${port}; keepalive 8; }
  server {
    listen 127.0.0.1:${front};
    location = ${BASE}  { proxy_pass http://dingpass; ${headers} }
    location   ${BASE}/ { proxy_pass http://dingpass; ${headers} }
    location / { return 404; }
  }
}`,
  );
  const child = spawn(NGINX, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' });
  for (
    let tries = 0;
    !(await fetch(`http://127.0.0.1:${front}${BASE}/api/health`).catch(() => undefined))?.ok;
    tries++
  ) {
    if (tries > 100) throw new Error('nginx does not pass on');
    await delay(50);
  }
  return {
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
