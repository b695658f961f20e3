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
import { assertSupported, openPostgres } from '../storage/postgres';
import { openSqlite } from '../storage/sqlite';

/** The databases, for reading: nothing is created, migrated or claimed. */
export interface StorageView {
  /** Undefined before the app has started for the first time. */
  records: Database | undefined;
  directory: Database | undefined;
  close(): Promise<void>;
}

/** @throws FormerDatabaseError, what the database says */
export async function openStorageView({ dataDir, database }: Config): Promise<StorageView> {
  if (database) {
    const db = await openPostgres(database.url, { poolSize: 2 });
    try {
      await assertSupported(db);
    } catch (error) {
      await db.close();
      throw error;
    }
    return { records: db, directory: db, close: () => db.close() };
  }
  if (hasFormerFile(dataDir)) throw new FormerDatabaseError();
  const files = databaseFiles(dataDir);
  const open = async (path: string) => (existsSync(path) ? openSqlite(path) : undefined);
  const [records, directory] = [await open(files.records), await open(files.directory)];
  return {
    ...{ records, directory },
    close: async () => void (await Promise.all([records?.close(), directory?.close()])),
  };
}

/** Those of the running app; they stay open. */
export async function appStorageView(): Promise<StorageView> {
  return { records: recordsDatabase(), directory: directoryDatabase(), close: async () => undefined };
}
