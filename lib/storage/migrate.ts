import 'server-only';
import type { Database } from './database';
import type { Migration } from './migrations';

/** How long for another process's migration. */
const MIGRATION_MS = 120_000;

/**
 * Takes the migrations that a database has not taken yet, in their order, all or none. However many processes start at
 * once, each is taken once. Those that this version does not know were taken by a newer one, and are left alone.
 */
export async function migrate(db: Database, migrations: readonly Migration[]): Promise<void> {
  if (await areTaken(db, migrations)) return;
  await db.transaction(
    async (tx) => {
      await tx.script(tx.dialect.schema(MIGRATION_TABLE));
      const rows = await tx.all<{ name: string }>('SELECT name FROM migration');
      const taken = new Set(rows.map(({ name }) => name));
      for (const { name, sql } of migrations) {
        if (taken.has(name)) continue;
        await tx.script(tx.dialect.schema(typeof sql === 'string' ? sql : sql(tx.dialect)));
        await tx.run('INSERT INTO migration (name, taken_at) VALUES (?, ?)', name, Date.now());
      }
    },
    { durable: true, lock: 'migrations', timeoutMs: MIGRATION_MS },
  );
}

const MIGRATION_TABLE =
  'CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, taken_at INTEGER NOT NULL)';

async function areTaken(db: Database, migrations: readonly Migration[]): Promise<boolean> {
  try {
    const rows = await db.all<{ name: string }>('SELECT name FROM migration');
    const taken = new Set(rows.map(({ name }) => name));
    return migrations.every(({ name }) => taken.has(name));
  } catch (error) {
    if (isMissingTable(error)) return false;
    throw error;
  }
}

function isMissingTable(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return code === '42P01' || /no such table/.test(message);
}
