import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../emulator/demo/postgres-server';
import type { Database } from '../lib/storage/database';
import { migrate } from '../lib/storage/migrate';
import { directoryMigrations } from '../lib/storage/migrations';
import { openPostgres } from '../lib/storage/postgres';
import { openSqlite } from '../lib/storage/sqlite';

export type Engine = 'file' | 'postgres';

/** An empty directory on one of the engines. */
export interface DirectoryStorage {
  db: Database;
  /** The settings of an app that has this directory. */
  env: Record<string, string>;
  /** Of the directory, in bytes. */
  size(): Promise<number>;
  close(): Promise<void>;
}

export async function openDirectoryStorage(engine: Engine): Promise<DirectoryStorage> {
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const storage = engine === 'file' ? await onFile(folder) : await onPostgres(folder);
  await migrate(storage.db, directoryMigrations);
  return {
    ...storage,
    async close() {
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function onFile(folder: string): Promise<DirectoryStorage> {
  const file = join(folder, 'directory.db');
  const db = await openSqlite(file);
  return { db, env: { DATA_DIR: folder }, size: async () => statSync(file).size, close: () => db.close() };
}

/** Of a server that writes to the disk what it acknowledges. */
async function onPostgres(folder: string): Promise<DirectoryStorage> {
  const server = await startPostgres({ durable: true });
  const url = await server.createDatabase('company');
  const db = await openPostgres(url, { poolSize: 10 });
  return {
    db,
    env: { DATA_DIR: folder, DATABASE_URL: url },
    size: async () =>
      (await db.get<{ bytes: number }>('SELECT pg_database_size(current_database()) AS bytes'))?.bytes ?? 0,
    async close() {
      await db.close();
      await server.close();
    },
  };
}
