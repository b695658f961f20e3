import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../lib/storage/database';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../support/databases';

const schema = {
  name: 'one',
  sql: `CREATE TABLE one (id INTEGER PRIMARY KEY, a TEXT) WITHOUT ROWID;
    CREATE TABLE head (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
    INSERT INTO head VALUES (1, 0);`,
};
const second = { name: 'two', sql: 'ALTER TABLE one ADD COLUMN b TEXT' };

describe.each(ENGINES)('a database: %s', (engine) => {
  let place: TestDatabase;
  let db: Database;
  const opened: Database[] = [];
  async function open(migrations = [schema]) {
    const another = await place.open(migrations);
    opened.push(another);
    return another;
  }
  beforeEach(async () => {
    place = await createTestDatabase(engine);
    db = await open();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  const ids = async (from = db) =>
    (await from.all<{ id: number }>('SELECT id FROM one ORDER BY id')).map(({ id }) => id);

  test('what is written is read, by this process and another', async () => {
    expect(await db.run("INSERT INTO one VALUES (?, 'a ? that is none'), (?, ?)", 1, 2, 'b')).toBe(2);
    const another = await open();
    expect(await another.all('SELECT * FROM one ORDER BY id')).toEqual([
      { id: 1, a: 'a ? that is none' },
      { id: 2, a: 'b' },
    ]);
    expect(await another.get('SELECT a FROM one WHERE id = ?', 2)).toEqual({ a: 'b' });
    expect(await another.get('SELECT a FROM one WHERE id = ?', 3)).toBeUndefined();
  });

  test('numbers have 53 bits, sums and counts are numbers, any text comes back', async () => {
    await db.run('INSERT INTO one VALUES (?, ?)', 9_007_199_254_740_991, '工号 😀 \ufffd');
    await db.run('INSERT INTO one VALUES (?, ?)', -1, null);
    expect(await db.get('SELECT count(*) AS n, sum(id) AS sum, min(a) AS a FROM one')).toEqual({
      n: 2,
      sum: 9_007_199_254_740_990,
      a: '工号 😀 \ufffd',
    });
    // PostgreSQL has no U+0000: it finds nothing, and fails nothing.
    expect(await db.get('SELECT id FROM one WHERE a = ?', 'a\0b')).toBeUndefined();
  });

  test.each(['\0', 'a\0b', '\ud800', 'x\udfffy', '\ud83d', '😀\ud83d'])(
    'text that is no text fails nothing, and is the same text by whatever way it comes: %j',
    async (odd) => {
      const { dialect } = db;
      await db.run('INSERT INTO one VALUES (1, ?)', odd);
      const table = dialect.table('given', { id: 'integer', a: 'text' });
      await db.run(`INSERT INTO one SELECT id, a FROM ${table}`, dialect.rows([{ id: 2, a: odd }]));
      const [one, two] = await db.all<{ a: string }>('SELECT a FROM one ORDER BY id');
      expect(two).toEqual(one);
      expect(await db.all('SELECT id FROM one WHERE a = ?', odd)).toHaveLength(2);
      expect(await db.all(`SELECT id FROM one WHERE ${dialect.isIn('a')}`, dialect.list([odd]))).toHaveLength(
        2,
      );
    },
  );

  test('text is ordered by its code points', async () => {
    const words = ['b', 'a', 'B', '_', 'é', '张', 'A', '1'];
    for (const [at, word] of words.entries()) await db.run('INSERT INTO one VALUES (?, ?)', at, word);
    const rows = await db.all<{ a: string }>('SELECT a FROM one ORDER BY a');
    expect(rows.map(({ a }) => a)).toEqual(['1', 'A', 'B', '_', 'a', 'b', 'é', '张']);
  });

  test('a list, and a table of rows, are one parameter each', async () => {
    const rows = [
      { id: 1, a: "it's" },
      { id: 2, a: '[1,2]' },
      { id: 3, a: null },
    ];
    const { dialect } = db;
    await db.run(
      `INSERT INTO one SELECT id, a FROM ${dialect.table('given', { id: 'integer', a: 'text' })}`,
      dialect.rows(rows),
    );
    expect(await db.all('SELECT * FROM one ORDER BY id')).toEqual(rows);
    const named = await db.all(
      `SELECT id FROM one WHERE ${dialect.isIn('a')}`,
      dialect.list(["it's", '[1,2]']),
    );
    expect(named).toHaveLength(2);
    expect(await db.all(`SELECT id FROM one WHERE ${dialect.isIn('id')}`, dialect.list([]))).toEqual([]);
    expect(await db.run(`DELETE FROM one WHERE ${dialect.isIn('id')}`, dialect.list([1, 3, 99]))).toBe(2);
  });

  test.each([{}, { durable: true }, { lock: 'x' }, { durable: true, lock: 'x', timeoutMs: 1000 }])(
    'a transaction is all or nothing, sees its own writes, and gives its value: %o',
    async (options) => {
      const failed = db.transaction(async (tx) => {
        await tx.run('INSERT INTO one VALUES (1, NULL)');
        expect(await tx.get('SELECT id FROM one')).toEqual({ id: 1 });
        throw new Error('no');
      }, options);
      await expect(failed).rejects.toThrow('no');
      expect(await ids()).toEqual([]);
      expect(await db.transaction(async (tx) => tx.run('INSERT INTO one VALUES (2, NULL)'), options)).toBe(1);
      expect(await ids()).toEqual([2]);
    },
  );

  test('a transaction is invisible until it ends, and readers do not wait for it', async () => {
    let finish = () => undefined as unknown;
    const open = db.transaction(async (tx) => {
      await tx.run('INSERT INTO one VALUES (1, NULL)');
      await new Promise((resolve) => {
        finish = () => resolve(undefined);
      });
    });
    await expect.poll(() => String(finish)).toContain('resolve(');
    expect(await ids()).toEqual([]);
    finish();
    await open;
    expect(await ids()).toEqual([1]);
  });

  test('a statement that is not awaited does not end up in another transaction', async () => {
    const late: Promise<unknown>[] = [];
    await db.transaction(async (tx) => {
      const statement = delay(20).then(() => tx.run('INSERT INTO one VALUES (1, NULL)'));
      late.push(statement.catch((error: Error) => error.message));
    });
    expect(await late[0]).toMatch('the transaction is over');
    expect(await ids()).toEqual([]);
  });

  test('a statement whose failure is swallowed writes nothing on PostgreSQL, and is no success', async () => {
    const work = db.transaction(async (tx) => {
      await tx.run('INSERT INTO one VALUES (1, NULL)');
      await tx.run('INSERT INTO one VALUES (1, NULL)').catch(() => undefined);
    });
    if (engine === 'postgres') await expect(work).rejects.toThrow('nothing was written');
    else await work;
    expect(await ids()).toEqual(engine === 'postgres' ? [] : [1]);
  });

  test('durable transactions that come together share one, and one that throws takes nothing else with it', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) =>
        db.transaction(
          async (tx) => {
            await tx.run('INSERT INTO one VALUES (?, NULL)', at);
            if (at % 5 === 0) throw new Error('no');
            // A statement that fails, too.
            if (at % 7 === 0) await tx.run('INSERT INTO one VALUES (?, NULL)', at);
            return at;
          },
          { durable: true },
        ),
      ),
    );
    const good = Array.from({ length: 20 }, (_, at) => at).filter((at) => at % 5 && at % 7);
    expect(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))).toEqual(
      good,
    );
    expect(await ids()).toEqual(good);
  });

  test('a snapshot sees one state, whatever is committed meanwhile, and writes nothing', async () => {
    const another = await open();
    await db.run('INSERT INTO one VALUES (1, NULL)');
    const seen = await db.snapshot(async (tx) => {
      const before = (await tx.all('SELECT id FROM one')).length;
      await another.run('INSERT INTO one VALUES (2, NULL)');
      await db.run('INSERT INTO one VALUES (3, NULL)');
      return [before, (await tx.all('SELECT id FROM one')).length];
    });
    expect(seen).toEqual([1, 1]);
    expect(await ids()).toEqual([1, 2, 3]);
    await expect(db.snapshot((tx) => tx.run('DELETE FROM one'))).rejects.toThrow(/read.?only/i);
    // And the connection is good for others afterwards.
    expect(await db.snapshot((tx) => ids(tx as Database))).toEqual([1, 2, 3]);
  });

  test('numbers that are taken from a locked row are committed in their order', async () => {
    const another = await open();
    const seen: number[] = [];
    const next = (from: Database, pauseMs: number) =>
      from.transaction(async (tx) => {
        await tx.get(`SELECT n FROM head ${tx.dialect.forUpdate}`);
        await tx.run('UPDATE head SET n = n + 1');
        const { n } = (await tx.get<{ n: number }>('SELECT n FROM head'))!;
        await tx.run('INSERT INTO one VALUES (?, NULL)', n);
        await delay(pauseMs);
      });
    const writes = [next(db, 100), next(another, 0), next(db, 30), next(another, 0)];
    const watch = (async () => {
      for (let last = 0; last < 4; await delay(2)) {
        const found = await ids();
        last = found.length;
        if (seen.at(-1) !== last) seen.push(last);
        expect(found).toEqual(Array.from({ length: last }, (_, at) => at + 1));
      }
    })();
    await Promise.all([...writes, watch]);
    expect(seen.at(-1)).toBe(4);
  });

  test('a transaction with a lock waits for the one before, and not for ever', async () => {
    const another = await open();
    let release = () => undefined as unknown;
    const first = db.transaction(
      () =>
        new Promise((resolve) => {
          release = () => resolve(undefined);
        }),
      { lock: 'directory', timeoutMs: 5000 },
    );
    await expect.poll(() => String(release)).toContain('resolve(');
    await expect(another.transaction(async () => 1, { lock: 'directory', timeoutMs: 200 })).rejects.toThrow();
    const third = another.transaction(async () => 3, { lock: 'directory', timeoutMs: 5000 });
    release();
    await first;
    expect(await third).toBe(3);
  });

  test('migrations are taken once, in their order, and new ones later; a failing one leaves nothing behind', async () => {
    await open();
    const newer = await open([schema, second]);
    await newer.run('INSERT INTO one VALUES (1, NULL, NULL)');
    const broken = { name: 'three', sql: 'CREATE TABLE three (a INTEGER); NONSENSE;' };
    await expect(place.open([schema, second, broken])).rejects.toThrow();
    await expect(newer.all('SELECT * FROM three')).rejects.toThrow();
    // A process of the version before works beside the newer one, and a new process of it starts.
    const older = await open([schema]);
    expect(await older.run('INSERT INTO one (id, a) VALUES (?, ?)', 5, 'old')).toBe(1);
    expect(await ids(older)).toEqual([1, 5]);
  });

  test('processes that start at the same moment take the migrations once, and none fails', async () => {
    const empty = await createTestDatabase(engine);
    const all = await Promise.all(Array.from({ length: 5 }, () => empty.open([schema, second])));
    opened.push(...all);
    expect(await all[0]!.all('SELECT * FROM head')).toEqual([{ id: 1, n: 0 }]);
    expect(await all[1]!.all('SELECT name FROM migration')).toHaveLength(2);
  });
});
