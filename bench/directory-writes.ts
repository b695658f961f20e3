import type { Database } from '../lib/storage/database';

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
 * Counts from now on every row of what is published that this process writes, even one that stays as it was. In a file:
 * the triggers are of the one connection that writes.
 */
export async function countWrites(db: Database): Promise<() => Promise<number>> {
  await db.transaction(async (tx) => {
    await tx.script('CREATE TEMP TABLE IF NOT EXISTS writes (n INTEGER)');
    for (const table of PUBLISHED) {
      for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
        await tx.script(
          `CREATE TEMP TRIGGER IF NOT EXISTS ${table}_${event} AFTER ${event} ON main.directory_${table}
           BEGIN INSERT INTO writes VALUES (1); END`,
        );
      }
    }
  });
  const count = async (sql: string) =>
    (await db.transaction((tx) => tx.get<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)))?.n ?? 0;
  const counts = async () => ({
    rows: await count('writes'),
    // Nothing triggers where the full text is kept. Its blocks become more or, when they are merged, fewer.
    blocks: await count('directory_text_data'),
  });
  const before = await counts();
  return async () => {
    const { rows, blocks } = await counts();
    return rows - before.rows + Math.abs(blocks - before.blocks);
  };
}
