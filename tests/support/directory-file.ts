import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../lib/storage/database';
import { migrate } from '../../lib/storage/migrate';
import { directoryMigrations } from '../../lib/storage/migrations';
import { openSqlite } from '../../lib/storage/sqlite';

export function temporaryFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'dingpass-directory-')), 'directory.db');
}

/** The file of a directory, alone. */
export async function openDirectory(file = temporaryFile()): Promise<Database> {
  const db = await openSqlite(file);
  await migrate(db, directoryMigrations);
  return db;
}
