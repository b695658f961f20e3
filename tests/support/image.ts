import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

/** An unprivileged user who owns nothing. */
const NOBODY = 65_534;
/** What Node.js itself needs of a system: nothing of this repository, and no other `node_modules`, is in it. */
const SYSTEM = [
  ...['--ro-bind', '/usr', '/usr', '--proc', '/proc', '--dev', '/dev'],
  ...['lib', 'lib64', 'bin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
];

const BWRAP = ['/usr/bin/bwrap', '/usr/local/bin/bwrap'].find((path) => existsSync(path));
/** Whether the tree can be run as in a container: namespaces, a read-only root, nobody. Elsewhere it runs in its folder. */
export const isContained = BWRAP !== undefined && process.execPath.startsWith('/usr/') && mayContain();

function mayContain(): boolean {
  try {
    execFileSync(BWRAP!, [...SYSTEM, '--unshare-all', '/usr/bin/true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Makes the tree that the image holds, in a new folder. */
export function assembleImage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-image-'));
  execFileSync(process.execPath, ['deploy/assemble.mjs', folder], { stdio: 'pipe' });
  chmodSync(folder, 0o755);
  return folder;
}

/** A folder that nobody may write to, in place of the volume. */
export function dataVolume(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-volume-'));
  if (process.getuid?.() === 0) chownSync(folder, NOBODY, NOBODY);
  return folder;
}

export interface Contained {
  process: ChildProcess;
  /** Of the command itself, which is process 1 of its container. */
  pid(): Promise<number>;
}

/** What a command sees besides its tree. */
interface Volumes {
  data: string;
  /** Folders of this machine that are there by the same name, and may be written to. */
  shared?: readonly string[];
  /** Runs under the user id of nobody, but with the file permissions of the user who runs the tests: `shared` needs them. */
  asOwner?: boolean;
}

/** Runs Node.js on the tree, as the image's entry point does. Without `bwrap` it is the same without walls. */
export function runContained(
  tree: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { data, shared = [], asOwner = false }: Volumes,
): Contained {
  if (!isContained) {
    const bare: ChildProcess = spawn(process.execPath, args, {
      cwd: tree,
      env: { ...env, DATA_DIR: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { process: bare, pid: async () => bare.pid! };
  }
  const walls = [
    ...[
      '--unshare-all',
      '--share-net',
      '--die-with-parent',
      '--as-pid-1',
      '--info-fd',
      '3',
      '--cap-drop',
      'ALL',
    ],
    ...(asOwner ? ['--unshare-user', '--uid', String(NOBODY), '--gid', String(NOBODY)] : []),
    ...SYSTEM,
    ...['--tmpfs', '/tmp', '--ro-bind', resolve(tree), '/app', '--bind', data, '/data', '--chdir', '/app'],
    ...shared.flatMap((folder) => ['--bind', folder, folder]),
    ...['--remount-ro', '/', '--'],
  ];
  const user = process.getuid?.() === 0 && !asOwner ? { uid: NOBODY, gid: NOBODY } : {};
  const child: ChildProcess = spawn(BWRAP!, [...walls, process.execPath, ...args], {
    ...user,
    env: { ...env, DATA_DIR: asOwner ? (env.DATA_DIR ?? '/data') : '/data' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const info = new Promise<number>((resolve) => {
    let text = '';
    (child.stdio[3] as Readable).on('data', (chunk) => {
      text += chunk;
    });
    child.stdio[3]!.once('close', () => resolve(JSON.parse(text)['child-pid']));
  });
  return { process: child, pid: () => info };
}
