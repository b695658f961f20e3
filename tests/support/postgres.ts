import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
} from '../../emulator/demo/postgres-server';
import { runSql } from '../../emulator/demo/run-sql';

/** An empty database of one test file. */
export interface TestDatabase {
  /** For `DATABASE_URL`. */
  url: string;
  /** Removes it, whoever is connected. */
  drop(): Promise<void>;
  /**
   * Copies it as it is now: by `pg_dump`, where `TEST_POSTGRES_BIN` has it, else as a template, for which everybody is
   * disconnected for a moment.
   *
   * @returns puts the copy in its place, as a restored backup or a replica that lagged; everybody is disconnected
   */
  copy(): Promise<() => Promise<void>>;
}

/**
 * Makes an empty database on the server of `TEST_DATABASE_URL` (its role has to have CREATEDB), or on the one of this
 * test run, where it belongs to an ordinary role. That one is fast and loses what it has when it is killed: for
 * durability see `postgresServer`.
 */
export async function postgresDatabase({ encoding = '' } = {}): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  const given = process.env.TEST_DATABASE_URL;
  const adminUrl = given ?? (await addressOfRun());
  const coded = encoding && ` ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`;
  await runSql(adminUrl, `CREATE DATABASE ${name}${given ? '' : ' OWNER dingpass'}${coded}`);
  const url = new URL(adminUrl);
  if (!given) url.username = 'dingpass';
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => void (await runSql(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`)),
    async copy() {
      const copied = `${name}_copy_${randomBytes(4).toString('hex')}`;
      const owner = given ? '' : 'OWNER dingpass';
      if (DUMP) {
        const data = await dumped(urlOf(adminUrl, name));
        await runSql(adminUrl, `CREATE DATABASE ${copied} ${owner}`);
        await restored(urlOf(adminUrl, copied), data);
      } else {
        await alone(adminUrl, name, () =>
          runSql(adminUrl, `CREATE DATABASE ${copied} TEMPLATE ${name} ${owner}`),
        );
      }
      return () =>
        alone(adminUrl, name, async () => {
          await runSql(adminUrl, `ALTER DATABASE ${name} RENAME TO ${copied}_lost`);
          await runSql(adminUrl, `ALTER DATABASE ${copied} RENAME TO ${name}`);
        });
    },
  };
}

const DUMP = [join(process.env.TEST_POSTGRES_BIN ?? '/nowhere', 'pg_dump')].find((path) => existsSync(path));

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** As docs/backup.md says. */
async function dumped(url: string): Promise<Buffer> {
  const words = ['--format=custom', '--no-owner', `--dbname=${url}`];
  const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const;
  return (await promisify(execFile)(DUMP as string, words, options)).stdout;
}

async function restored(url: string, data: Buffer): Promise<void> {
  const program = join(process.env.TEST_POSTGRES_BIN as string, 'pg_restore');
  const running = promisify(execFile)(program, ['--no-owner', '--role=dingpass', `--dbname=${url}`]);
  running.child.stdin?.end(data);
  await running;
}

/** While nobody is connected to a database, nor can be. */
async function alone(adminUrl: string, name: string, work: () => Promise<unknown>): Promise<void> {
  await runSql(adminUrl, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  const connected = `FROM pg_stat_activity WHERE datname = '${name}'`;
  await runSql(adminUrl, `SELECT pg_terminate_backend(pid) ${connected}`);
  for (let isEmpty = false; !isEmpty; ) {
    const { rows } = await runSql(adminUrl, `SELECT count(*)::int AS n ${connected}`);
    isEmpty = rows[0].n === 0;
  }
  await work();
  await runSql(adminUrl, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
}

/** A server of one's own, to be killed and started again; whoever starts it closes it. */
export function postgresServer(options: PostgresOptions): Promise<PostgresServer> {
  return startPostgres(options);
}

/** The server of this test run, and the authority by which it is `localhost` over TLS. */
export async function tlsServer(): Promise<{ url: string; authority: string }> {
  return { url: await addressOfRun(), authority: await askSetup('authority') };
}

function addressOfRun(): Promise<string> {
  return askSetup('');
}

async function askSetup(path: string): Promise<string> {
  const answer = await fetch(inject('postgres') + path);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
