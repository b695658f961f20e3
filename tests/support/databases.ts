import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../lib/storage/database';
import { migrate } from '../../lib/storage/migrate';
import type { Migration } from '../../lib/storage/migrations';
import { openPostgres } from '../../lib/storage/postgres';
import { openSqlite } from '../../lib/storage/sqlite';
import { postgresDatabase } from './postgres';

/** An empty database of a test's own, which several "processes" open. */
export interface TestDatabase {
  /** Opens it once more, as another process would. */
  open(migrations?: readonly Migration[]): Promise<Database>;
}

export type Engine = 'file' | 'postgres';
export const ENGINES: readonly Engine[] = ['file', 'postgres'];

export async function createTestDatabase(engine: Engine): Promise<TestDatabase> {
  const open = engine === 'file' ? newFile() : await newSchema();
  return {
    async open(migrations = []) {
      const db = await open();
      await migrate(db, migrations);
      return db;
    },
  };
}

/** @returns one that is open. @see createTestDatabase */
export async function openTestDatabase(engine: Engine, migrations: readonly Migration[]): Promise<Database> {
  const { open } = await createTestDatabase(engine);
  return open(migrations);
}

function newFile(): () => Promise<Database> {
  const path = join(mkdtempSync(join(tmpdir(), 'dingpass-database-')), 'test.db');
  return () => openSqlite(path);
}

let database: Promise<string> | undefined;

/** One database for each test file, and in it a schema for each test: that takes a tenth of the time. */
async function newSchema(): Promise<() => Promise<Database>> {
  database ??= postgresDatabase().then(({ url }) => url);
  const url = new URL(await database);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const administration = await openPostgres(url.href, { poolSize: 1 });
  await administration.run(`CREATE SCHEMA ${name}`);
  await administration.close();
  url.searchParams.set('options', `-c search_path=${name}`);
  return () => openPostgres(url.href, { poolSize: 6 });
}
