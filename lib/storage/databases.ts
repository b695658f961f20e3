import 'server-only';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, config } from '../config';
import { log } from '../log';
import { outsideRequest, singleton } from '../singleton';
import type { Database } from './database';
import { claimDatabase } from './database-owner';
import { measured } from './measured';
import { migrate } from './migrate';
import { directoryMigrations, type Migration, migrations, recordsMigrations } from './migrations';
import { assertSupported, openPostgres } from './postgres';
import { openSqlite } from './sqlite';
import { explained, isUnavailable } from './unavailable';

/**
 * Records and directory. On the file engine each has its own file, so that a publication of the directory keeps no
 * sign-out waiting; on PostgreSQL both are one database.
 */
export interface Databases {
  records: Database;
  directory: Database;
}

/** Where PostgreSQL may still be starting itself. */
const WAIT_MS = 30_000;
const RETRY_MS = 1000;
const RECORDS_FILE = 'records.db';
const DIRECTORY_FILE = 'directory.db';
/** Files of earlier versions: everything was in one. */
const FORMER_FILE = 'dingpass.db';

const opened = singleton('databases', () => ({
  opening: undefined as Promise<Databases> | undefined,
  current: undefined as Databases | undefined,
}));

/**
 * Opens what `DATABASE_URL` or `DATA_DIR` names, once for the process: takes migrations, and makes sure that the data
 * belongs to this company.
 *
 * @throws FormerDatabaseError, DatabaseOwnerError
 */
export async function openDatabases(): Promise<void> {
  const state = opened();
  state.opening ??= outsideRequest(async () => {
    const databases = await openUnclaimed();
    for (const db of new Set(Object.values(databases))) await claimDatabase(db, config());
    return databases;
  });
  try {
    const { records, directory } = await state.opening;
    const explainedRecords = explained(measured(records));
    state.current = {
      records: explainedRecords,
      directory: records === directory ? explainedRecords : explained(measured(directory)),
    };
  } catch (error) {
    state.opening = undefined;
    throw error;
  }
}

/** As they are, whomever they belong to: for the commands that mend that. The caller closes them. */
export async function openUnclaimed(
  settings: Pick<Config, 'dataDir' | 'database'> = config(),
): Promise<Databases> {
  const { dataDir, database } = settings;
  if (database) return openServer(database);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (hasFormerFile(dataDir)) throw new FormerDatabaseError();
  const { records, directory } = databaseFiles(dataDir);
  return {
    records: await migrated(await openSqlite(records), recordsMigrations),
    directory: await migrated(await openSqlite(directory), directoryMigrations),
  };
}

export function databaseFiles(dataDir = config().dataDir) {
  return { records: join(dataDir, RECORDS_FILE), directory: join(dataDir, DIRECTORY_FILE) };
}

/** Whether a folder has a database of a former version, and none of this. */
export function hasFormerFile(dataDir: string): boolean {
  return existsSync(join(dataDir, FORMER_FILE)) && !existsSync(join(dataDir, RECORDS_FILE));
}

/** What a folder has of this and of former versions. */
export function allDatabaseFiles(dataDir = config().dataDir): string[] {
  return [RECORDS_FILE, DIRECTORY_FILE, FORMER_FILE]
    .flatMap((name) => ['', '-wal', '-shm'].map((ending) => join(dataDir, name + ending)))
    .filter((path) => existsSync(path));
}

async function openServer({ url, poolSize }: NonNullable<Config['database']>): Promise<Databases> {
  const db = await openPostgres(url, { poolSize });
  let isFirst = true;
  for (const giveUpAt = performance.now() + WAIT_MS; ; ) {
    try {
      await assertSupported(db);
      await migrate(db, migrations);
      return { records: db, directory: db };
    } catch (error) {
      if (isUnavailable(error) && performance.now() < giveUpAt) {
        if (isFirst) log().warn({ event: 'database-waiting', err: error });
        isFirst = false;
        await delay(RETRY_MS);
        continue;
      }
      await db.close();
      throw error;
    }
  }
}

async function migrated(db: Database, wanted: readonly Migration[]): Promise<Database> {
  try {
    await migrate(db, wanted);
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Sessions, their endings, events, the audit, access rules. @throws before `openDatabases` has resolved */
export function recordsDatabase(): Database {
  return current().records;
}

/** What can be read from DingTalk again. @throws before `openDatabases` has resolved */
export function directoryDatabase(): Database {
  return current().directory;
}

function current(): Databases {
  const { current: databases } = opened();
  if (!databases) throw new Error('the databases are not open yet');
  return databases;
}

/** The last thing that a process does: afterwards each file has everything, and can be copied. Files are closed at once. */
export function closeDatabases(): Promise<unknown> {
  const { current: databases } = opened();
  Object.assign(opened(), { opening: undefined, current: undefined });
  const open = databases ? [...new Set(Object.values(databases))] : [];
  // What is in the WAL stays there, and the next start finds it.
  return Promise.allSettled(open.map((db) => db.close()));
}

/** A file of an earlier version: it is left as it is. Its message says what to do. */
export class FormerDatabaseError extends Error {
  constructor() {
    super(
      [
        'dingpass cannot start: DATA_DIR has a database of an earlier version (dingpass.db), which is not carried over.',
        'dingpass 无法启动：DATA_DIR 中有旧版本的数据库（dingpass.db），不会自动转换。',
        'To begin anew (the old file is moved aside, nothing is deleted): npm run database -- --begin-anew',
        '要重新开始（旧文件移到一旁，不会删除）：npm run database -- --begin-anew',
      ].join('\n'),
    );
    this.name = 'FormerDatabaseError';
  }
}
