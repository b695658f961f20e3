import 'server-only';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { config } from '../config';
import { singleton } from '../singleton';
import { claimDatabase } from './database-owner';
import { migrations } from './migrations';
import { type Database, openDatabase } from './sqlite';

const RECORDS_BUSY_TIMEOUT_MS = 10;

const opened = singleton('opened-databases', () => new Set<Database>());

function keepOpen(db: Database): Database {
  opened().add(db);
  return db;
}

/** The one database of this process: `dingpass.db` in `DATA_DIR`. @throws DatabaseOwnerError where it is another company's */
export const database = singleton('database', () => {
  const db = openDatabase(databaseFile(), migrations);
  claimDatabase(db, config());
  return keepOpen(db);
});

/**
 * The same file over a connection of its own, for what every request waits on: it gives a busy database up after some
 * milliseconds, so that the caller can wait for its turn without holding up everybody in the process.
 */
export const recordsDatabase = singleton('records-database', () => {
  database();
  return keepOpen(openDatabase(databaseFile(), migrations, { busyTimeoutMs: RECORDS_BUSY_TIMEOUT_MS }));
});

/** The last thing that a process does: afterwards the one file has everything, and can be copied. Never throws. */
export function closeDatabases(): void {
  for (const db of opened()) {
    try {
      db.checkpoint();
      db.close();
    } catch {
      // What is in the WAL stays there, and the next start finds it.
    }
  }
  opened().clear();
}

/** Where the database is; its folder is made when it is not there. */
export function databaseFile(): string {
  const { dataDir } = config();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return join(dataDir, 'dingpass.db');
}
