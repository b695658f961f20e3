import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './port';

/** Debian has it in a folder that is not in everybody's PATH. */
const PROGRAM = ['/usr/sbin', ...(process.env.PATH ?? '').split(':')]
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => existsSync(path));

/** Fewer than the app has: transactions of several of its connections share one. */
const SERVER_CONNECTIONS = 4;

/**
 * Puts PgBouncer, in transaction mode, before a server.
 *
 * @param url of a database
 * @returns the address of the same database behind it; undefined where there is no such program here
 */
export async function throughPgBouncer(url: string): Promise<string | undefined> {
  if (!PROGRAM) return undefined;
  const target = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-pgbouncer-'));
  // Its user has to reach what is inside.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(
    settings,
    `[databases]
* = host=${target.hostname} port=${target.port} user=${target.username} password=${target.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 200
`,
  );
  const child = spawn(PROGRAM, [settings], { ...ordinaryUser(), stdio: ['ignore', 'ignore', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  await untilListening(child);
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  const address = new URL(url);
  address.port = String(port);
  return address.href;
}

/** It refuses to run as root. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: string) => Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function untilListening(child: ChildProcess): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PgBouncer does not start:\n${output}`)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('process up')) resolve();
    });
  });
}
