import type { Database, Transaction } from '../lib/storage/database';

const PUBLISHED = [
  'person',
  'place',
  'department',
  'role',
  'role_member',
  'administrator',
  'detail',
  'key',
  'leaver',
];

/**
 * Counts from now on every row of what is published that this process writes, even one that stays as it was. In a file
 * the triggers are of the one connection that writes.
 */
export async function countWrites(db: Database): Promise<() => Promise<number>> {
  const isFile = db.dialect.name === 'sqlite';
  await db.transaction(isFile ? watchFile : watchServer);
  const count = async (sql: string) =>
    (await db.transaction((tx) => tx.get<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)))?.n ?? 0;
  const counts = async () => ({
    rows: await count('writes'),
    // Nothing triggers where a file keeps the full text. Its blocks become more or, when they are merged, fewer.
    blocks: isFile ? await count('directory_text_data') : 0,
  });
  const before = await counts();
  return async () => {
    const { rows, blocks } = await counts();
    return rows - before.rows + Math.abs(blocks - before.blocks);
  };
}

async function watchFile(tx: Transaction): Promise<void> {
  await tx.script('CREATE TEMP TABLE IF NOT EXISTS writes (n INTEGER)');
  for (const table of PUBLISHED) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      await tx.script(
        `CREATE TEMP TRIGGER IF NOT EXISTS ${table}_${event} AFTER ${event} ON main.directory_${table}
         BEGIN INSERT INTO writes VALUES (1); END`,
      );
    }
  }
}

async function watchServer(tx: Transaction): Promise<void> {
  await tx.script(`
    CREATE TABLE writes (n INTEGER);
    CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO writes VALUES (1); RETURN NULL; END $$;`);
  for (const table of [...PUBLISHED, 'text']) {
    await tx.script(
      `CREATE TRIGGER count_write AFTER INSERT OR UPDATE OR DELETE ON directory_${table}
       FOR EACH ROW EXECUTE FUNCTION count_write()`,
    );
  }
}

/** What is measured afterwards must not pay for it. */
export async function endCounting(db: Database): Promise<void> {
  const isFile = db.dialect.name === 'sqlite';
  await db.transaction(async (tx) => {
    if (!isFile) return tx.script('DROP FUNCTION count_write CASCADE; DROP TABLE writes');
    for (const table of PUBLISHED)
      for (const event of ['INSERT', 'UPDATE', 'DELETE'])
        await tx.script(`DROP TRIGGER temp.${table}_${event}`);
  });
}
