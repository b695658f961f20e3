import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { startFaultProxy } from './fault-proxy';
import { throughPgBouncer } from './pgbouncer';
import { postgresDatabase } from './postgres';

/** Where apps of one data folder keep what they know: its files, or with `TEST_ENGINE=postgres` a database of its own. */
export interface AppStorage {
  /** The settings that name it, besides `DATA_DIR`. */
  env: Record<string, string>;
  /** From now on it does not answer. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
}

const storages = new Map<string, Promise<AppStorage>>();

export function storageOf(dataDir: string): Promise<AppStorage> {
  let storage = storages.get(dataDir);
  if (!storage) {
    storage = process.env.TEST_ENGINE === 'postgres' ? onPostgres() : Promise.resolve(onFiles(dataDir));
    storages.set(dataDir, storage);
  }
  return storage;
}

function onFiles(dataDir: string): AppStorage {
  const file = join(dataDir, 'records.db');
  return {
    env: {},
    takeAway: async () => renameSync(file, `${file}.away`),
    bringBack: async () => renameSync(`${file}.away`, file),
  };
}

/** Over a network that can fail and, where it is installed, over PgBouncer. */
async function onPostgres(): Promise<AppStorage> {
  const { url: direct } = await postgresDatabase();
  const url = (await throughPgBouncer(direct)) ?? direct;
  const proxy = await startFaultProxy(Number(new URL(url).port));
  return { env: { DATABASE_URL: proxy.through(url) }, takeAway: proxy.cut, bringBack: proxy.heal };
}
