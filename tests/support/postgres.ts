import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import {
  type PostgresOptions,
  type PostgresServer,
  runSql,
  startPostgres,
} from '../../emulator/demo/postgres-server';

/** An empty database of one test file. */
export interface TestDatabase {
  /** For `DATABASE_URL`. */
  url: string;
  /** Removes it, whoever is connected. */
  drop(): Promise<void>;
}

/**
 * Makes an empty database on the server of `TEST_DATABASE_URL` (its role has to have CREATEDB), or on the one of this
 * test run, where it belongs to an ordinary role. That one is fast and loses what it has when it is killed: for
 * durability see `postgresServer`.
 */
export async function postgresDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  const given = process.env.TEST_DATABASE_URL;
  const adminUrl = given ?? (await addressOfRun());
  await runSql(adminUrl, `CREATE DATABASE ${name}${given ? '' : ' OWNER dingpass'}`);
  const url = new URL(adminUrl);
  if (!given) url.username = 'dingpass';
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => void (await runSql(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
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
