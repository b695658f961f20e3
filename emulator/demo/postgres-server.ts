import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findPostgres, type PostgresBinaries } from './postgres-binaries';
import { runSql } from './run-sql';

/** A PostgreSQL server on loopback, with a data folder of its own, which is removed with it. */
export interface PostgresServer {
  /** The database `postgres`, as its superuser. */
  adminUrl: string;
  port: number;
  version: number;
  /** Makes an empty database that belongs to an ordinary role. @returns its address, with the role's password */
  createDatabase(name: string): Promise<string>;
  /** Ends every process of the server at once, without a shutdown. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface PostgresOptions {
  /** Whether what is acknowledged is on the disk; otherwise the server is faster, and a power cut loses everything. */
  durable?: boolean;
  /** Also over TLS. In PEM. */
  certificate?: { cert: string; key: string };
}

const FOLDER = 'dingpass-postgres-';
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
const ROLE = 'dingpass';
const START_TIMEOUT_MS = 60_000;

/** Makes a data folder and starts a server on it: some three seconds. */
export async function startPostgres({
  durable = false,
  certificate,
}: PostgresOptions = {}): Promise<PostgresServer> {
  removeOrphans();
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  // The server's user has to reach what is inside.
  chmodSync(folder, 0o755);
  const binaries = findPostgres(join(folder, 'binaries'));
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  initialise(binaries, folder, data, password);
  if (certificate) {
    // Where the server looks for them.
    writeOwned(join(data, 'server.crt'), certificate.cert, binaries.user);
    writeOwned(join(data, 'server.key'), certificate.key, binaries.user);
  }
  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'wal_level=minimal',
    'max_wal_senders=0',
    ...(durable ? [] : FAST),
    ...(certificate ? ['ssl=on'] : []),
  ].flatMap((setting) => ['-c', setting]);
  const start = () => spawnServer(binaries, ['-D', data, ...settings]);
  let server = await start();
  const address = (role: string, database: string) =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const adminUrl = address('postgres', 'postgres');
  const atExit = () => void server.kill('SIGQUIT');
  process.once('exit', atExit);
  await runSql(adminUrl, `CREATE ROLE ${ROLE} LOGIN PASSWORD '${password}'`);
  return {
    adminUrl,
    port,
    version: binaries.version,
    async createDatabase(name) {
      await runSql(adminUrl, `CREATE DATABASE ${name} OWNER ${ROLE}`);
      return address(ROLE, name);
    },
    async kill() {
      const processes = [server.pid, ...childrenOf(server.pid)];
      const ended = hasEnded(server);
      for (const pid of processes) if (pid !== undefined) killHard(pid);
      await ended;
    },
    async restart() {
      server = await start();
    },
    async close() {
      process.off('exit', atExit);
      const ended = hasEnded(server);
      server.kill('SIGQUIT');
      // One that waits for the disk; the server itself then ends in order.
      const timer = setTimeout(() => childrenOf(server.pid).forEach(killHard), 500);
      await ended;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function initialise(
  { initdb, user, version }: PostgresBinaries,
  folder: string,
  data: string,
  password: string,
) {
  const passwordFile = join(folder, 'password');
  mkdirSync(data, { mode: 0o700 });
  if (user) chownSync(data, user.uid, user.gid);
  writeOwned(passwordFile, password, user);
  // Sorts otherwise than by code unit, as the databases of most companies do.
  const locale =
    version >= 15 ? ['--locale-provider=icu', '--icu-locale=en-US', '--locale=C'] : ['--locale=C'];
  const words = ['-D', data, '-U', 'postgres', `--pwfile=${passwordFile}`, '-A', 'scram-sha-256'];
  execFileSync(initdb, [...words, '-E', 'UTF8', '--no-sync', '--no-instructions', ...locale], {
    ...user,
    cwd: folder,
    env: serverEnv(),
    stdio: 'pipe',
  });
}

function writeOwned(path: string, text: string, user: PostgresBinaries['user']): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (user) chownSync(path, user.uid, user.gid);
}

/** Resolves once the server takes connections. While processes of a killed one are still ending, it is tried again. */
async function spawnServer({ postgres, user }: PostgresBinaries, words: string[]): Promise<ChildProcess> {
  for (const giveUpAt = performance.now() + START_TIMEOUT_MS; ; await delay(100)) {
    // A group of its own: Ctrl-C in the terminal goes to this process, which stops the server when it ends.
    const child = spawn(postgres, words, {
      ...user,
      cwd: '/',
      env: serverEnv(),
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    const isUp = await new Promise<boolean>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => resolve(false));
      child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
        // While it recovers, it refuses each connection with a line.
        output = (output + chunk).slice(-10_000);
        if (output.includes('ready to accept connections')) resolve(true);
      });
    });
    if (isUp) {
      child.unref();
      (child.stderr as unknown as { unref(): void }).unref();
      return child;
    }
    if (!/still in use|already exists|postmaster/.test(output) || performance.now() > giveUpAt)
      throw new Error(`PostgreSQL does not start:\n${output}`);
  }
}

function serverEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', NODE_ENV: 'test' };
}

function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  child.ref();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** On other systems than Linux the children end by themselves when they see that the server is gone. */
function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean);
  } catch {
    return [];
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/** Servers whose process was killed before it could stop them. */
function removeOrphans(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER))) {
    if (isAlive(Number(name.slice(FOLDER.length).split('-')[0]))) continue;
    const folder = join(tmpdir(), name);
    try {
      const pid = Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
      // The number may be another process's by now.
      const command = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
      if (command.includes(folder)) process.kill(pid, 'SIGQUIT');
    } catch {
      // It is not running.
    }
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or still ending: the next one removes it.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
