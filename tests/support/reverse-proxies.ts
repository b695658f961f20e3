import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bareEnv, collect } from './app';
import type { Certificate } from './certificates';
import { freePort } from './port';

export const PROXIES = ['nginx', 'caddy', 'haproxy', 'httpd'] as const;
export type ProxyName = (typeof PROXIES)[number];

const BINARIES: Record<ProxyName, string[]> = {
  nginx: ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'],
  caddy: ['/usr/bin/caddy', '/usr/local/bin/caddy', '/opt/homebrew/bin/caddy'],
  haproxy: ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/opt/homebrew/bin/haproxy'],
  httpd: ['/usr/sbin/apache2'],
};
const PACKAGES = ['nginx', 'caddy', 'haproxy', 'apache2', 'lua-socket', 'radicale'];
const MODULES = '/usr/lib/apache2/modules';

/** The reverse proxies that are there, or can be installed: on Debian, as root. */
export function availableProxies(): ProxyName[] {
  const isThere = (name: ProxyName) => BINARIES[name].some((path) => existsSync(path));
  if (!PROXIES.every(isThere) && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) install();
  return PROXIES.filter(isThere);
}

/** Without starting what is installed. */
function install(): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (!existsSync(policy)) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...PACKAGES]]) {
    try {
      execFileSync('apt-get', args, { stdio: 'pipe', timeout: 300_000, env });
    } catch {
      // What is missing is listed as not run.
    }
  }
}

interface ProxyOptions {
  host: string;
  certificate: Certificate;
  /** Ports of this machine. */
  gatePort: number;
  upstreamPort: number;
  /** Changes the text of each file of the recipe, as an operator does. */
  edit?: ((recipe: string) => string) | undefined;
}

export interface ReverseProxy {
  port: number;
  close(): Promise<void>;
}

/** Runs a recipe of the documents as it stands, with its names and ports replaced. */
export async function startReverseProxy(name: ProxyName, options: ProxyOptions): Promise<ReverseProxy> {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const pem = join(folder, 'host.pem');
  const key = join(folder, 'host.key');
  writeFileSync(pem, options.certificate.cert + (name === 'haproxy' ? options.certificate.key : ''));
  writeFileSync(key, options.certificate.key);
  const { edit = (recipe: string) => recipe } = options;
  const fill = (file: string) =>
    edit(readFileSync(`gate/recipes/${file}`, 'utf8'))
      .replaceAll('127.0.0.1:4180', `127.0.0.1:${options.gatePort}`)
      .replaceAll('127.0.0.1 4180', `127.0.0.1 ${options.gatePort}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${options.upstreamPort}`)
      .replace(/\/etc\/(?:ssl|haproxy)\/wiki\.example\.com\.pem/g, pem)
      .replace(/\/etc\/ssl\/wiki\.example\.com\.key/g, key)
      .replaceAll('wiki.example.com', options.host);
  const command = STARTERS[name]({ folder, port, pem, key, fill });
  const child = spawn(BINARIES[name].find((path) => existsSync(path))!, command, {
    cwd: folder,
    env: { ...bareEnv(), HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const errorLog = join(folder, 'error.log');
  const log = () => output() + (existsSync(errorLog) ? readFileSync(errorLog, 'utf8') : '');
  await untilListening(child, port, () => `${name} did not start:\n${log()}`);
  return { port, close: () => end(child) };
}

interface Start {
  folder: string;
  port: number;
  pem: string;
  key: string;
  fill(file: string): string;
}

/** Writes what the proxy needs around the recipe. @returns its arguments */
const STARTERS: Record<ProxyName, (start: Start) => string[]> = {
  nginx({ folder, port, fill }) {
    for (const name of ['body', 'proxy', 'logs']) mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, 'recipe.conf'),
      fill('nginx.conf').replace('listen 443', `listen 127.0.0.1:${port}`),
    );
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid ${folder}/pid; error_log stderr;
events { worker_connections 512; }
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
include ${folder}/recipe.conf; }`,
    );
    return ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  },
  caddy({ folder, port, pem, key, fill }) {
    const text = fill('Caddyfile').replace(
      /^([\w.-]+) \{$/m,
      `{\n\tadmin off\n\tauto_https off\n}\nhttps://$1:${port} {\n\ttls ${pem} ${key}`,
    );
    writeFileSync(join(folder, 'Caddyfile'), text);
    return ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  },
  haproxy({ folder, port, fill }) {
    writeFileSync(join(folder, 'dingpass.lua'), fill('haproxy.lua'));
    const text = fill('haproxy.cfg')
      .replaceAll('/etc/haproxy/dingpass.lua', join(folder, 'dingpass.lua'))
      .replace('bind :443', `bind 127.0.0.1:${port}`);
    writeFileSync(join(folder, 'haproxy.cfg'), text);
    return ['-db', '-f', join(folder, 'haproxy.cfg')];
  },
  httpd({ folder, port, fill }) {
    writeFileSync(join(folder, 'dingpass.lua'), fill('httpd.lua'));
    const modules = [
      'mpm_event',
      'authz_core',
      'lua',
      'proxy',
      'proxy_http',
      'headers',
      'ssl',
      'socache_shmcb',
      'alias',
      'env',
      'setenvif',
    ];
    const loads = modules
      .filter((name) => existsSync(`${MODULES}/mod_${name}.so`))
      .map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`);
    const recipe = fill('httpd.conf')
      .replaceAll('/etc/apache2/dingpass.lua', join(folder, 'dingpass.lua'))
      .replace('<VirtualHost *:443>', `<VirtualHost 127.0.0.1:${port}>`);
    writeFileSync(
      join(folder, 'httpd.conf'),
      `${loads.join('\n')}\nServerRoot ${folder}\nServerName localhost\nPidFile ${folder}/pid\nDefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log\nLogLevel error\nMutex file:${folder} default\nListen 127.0.0.1:${port}\n${process.getuid?.() === 0 ? 'User nobody\nGroup nogroup' : ''}\n${recipe}`,
    );
    return ['-D', 'FOREGROUND', '-f', join(folder, 'httpd.conf')];
  },
};

async function untilListening(child: ChildProcess, port: number, message: () => string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (child.exitCode !== null) throw new Error(message());
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isUp) return;
    await delay(50);
  }
  throw new Error(message());
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(timer);
}
