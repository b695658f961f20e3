import 'server-only';
import { existsSync } from 'node:fs';
import type { Config } from '../config';
import type { Database } from '../storage/database';
import {
  databaseFiles,
  directoryDatabase,
  FormerDatabaseError,
  hasFormerFile,
  recordsDatabase,
} from '../storage/databases';
import { migrations } from '../storage/migrations';
import { assertSupported, openPostgres } from '../storage/postgres';
import { openSqlite } from '../storage/sqlite';

/** The databases, for reading: nothing is created, migrated or claimed. */
export interface StorageView {
  /** Each once; none before the app has started for the first time. */
  databases: readonly Database[];
  /** With all tables of this version; undefined before it has started once. */
  current: { records: Database; directory: Database } | undefined;
  close(): Promise<void>;
}

/** @throws FormerDatabaseError, what the database says */
export async function openStorageView({ dataDir, database }: Config): Promise<StorageView> {
  if (database) return openServer(database.url);
  if (hasFormerFile(dataDir)) throw new FormerDatabaseError();
  const files = databaseFiles(dataDir);
  if (!existsSync(files.records) || !existsSync(files.directory)) return viewOf([], undefined);
  const [records, directory] = [await openSqlite(files.records), await openSqlite(files.directory)];
  return viewOf([records, directory], { records, directory });
}

async function openServer(url: string): Promise<StorageView> {
  const db = await openPostgres(url, { poolSize: 2 });
  try {
    await assertSupported(db);
    return await viewOf([db], { records: db, directory: db });
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function viewOf(databases: readonly Database[], whole: StorageView['current']): Promise<StorageView> {
  const close = async () => void (await Promise.all(databases.map((db) => db.close())));
  try {
    const taken = (await Promise.all(databases.map(migrationsOf))).flat();
    const isCurrent = migrations.every(({ name }) => taken.includes(name));
    return { databases, current: isCurrent ? whole : undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Names of the migrations that a database has taken. */
export async function migrationsOf(db: Database): Promise<string[]> {
  try {
    return (await db.all<{ name: string }>('SELECT name FROM migration')).map(({ name }) => name);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === '42P01' || /no such table/.test(message)) return [];
    throw error;
  }
}

/** Those of the running app; they stay open. */
export async function appStorageView(): Promise<StorageView> {
  const current = { records: recordsDatabase(), directory: directoryDatabase() };
  return { databases: [...new Set(Object.values(current))], current, close: async () => undefined };
}
