import 'server-only';
import { existsSync } from 'node:fs';
import type { Config } from '../config';
import type { Database } from '../storage/database';
import {
  type Databases,
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
  current: Databases | undefined;
  close(): Promise<void>;
}

const NOTHING: StorageView = { databases: [], current: undefined, close: async () => undefined };

/** @throws FormerDatabaseError, what the database says */
export async function openStorageView({ dataDir, database }: Config): Promise<StorageView> {
  if (database) {
    const db = await openPostgres(database.url, { poolSize: 2 });
    return viewOf({ records: db, directory: db }, () => assertSupported(db));
  }
  if (hasFormerFile(dataDir)) throw new FormerDatabaseError();
  const { records, directory } = databaseFiles(dataDir);
  if (!existsSync(records) || !existsSync(directory)) return NOTHING;
  return viewOf({ records: await openSqlite(records), directory: await openSqlite(directory) });
}

async function viewOf(whole: Databases, check?: () => Promise<void>): Promise<StorageView> {
  const databases = [...new Set(Object.values(whole))];
  const close = async () => void (await Promise.all(databases.map((db) => db.close())));
  try {
    await check?.();
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
