import type { Database } from '../lib/storage/sqlite';

const PUBLISHED = [
  'member',
  'membership',
  'department',
  'count',
  'role',
  'role_member',
  'administrator',
  'detail',
  'key',
  'leaver',
];

/** Counts from now on every row of what is published that this connection writes, even one that stays as it was. */
export function countWrites(db: Database): () => number {
  db.run('CREATE TEMP TABLE IF NOT EXISTS writes (n INTEGER)');
  for (const table of PUBLISHED) {
    for (const event of ['INSERT', 'UPDATE', 'DELETE']) {
      db.run(
        `CREATE TEMP TRIGGER IF NOT EXISTS ${table}_${event} AFTER ${event} ON main.directory_${table}
         BEGIN INSERT INTO writes VALUES (1); END`,
      );
    }
  }
  const count = () => db.get<{ n: number }>('SELECT count(*) AS n FROM writes')!.n;
  // Nothing triggers where the full text is kept. Its blocks become more or, when they are merged, fewer.
  const blocks = () => db.get<{ n: number }>('SELECT count(*) AS n FROM directory_text_data')!.n;
  const before = { count: count(), blocks: blocks() };
  return () => count() - before.count + Math.abs(blocks() - before.blocks);
}
