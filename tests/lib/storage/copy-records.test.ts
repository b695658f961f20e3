import { afterEach, describe, expect, test } from 'vitest';
import { copyRecords, keyOf, tablesOf } from '@/lib/storage/copy-records';
import type { Database } from '@/lib/storage/database';
import { recordsMigrations } from '@/lib/storage/migrations';
import { type Engine, openTestDatabase } from '../../support/databases';

const opened: Database[] = [];
afterEach(async () => {
  for (const db of opened.splice(0)) await db.close();
});
async function open(engine: Engine): Promise<Database> {
  const db = await openTestDatabase(engine, recordsMigrations);
  opened.push(db);
  return db;
}

const everything = async (db: Database) =>
  Object.fromEntries(
    await Promise.all(
      tablesOf(recordsMigrations, db).map(async (table) => [
        table,
        await db.all(`SELECT * FROM ${table} ORDER BY 1`),
      ]),
    ),
  );

/** Some rows of each table, of some of them more than are copied at once. */
async function fill(db: Database): Promise<void> {
  for (const table of tablesOf(recordsMigrations, db)) {
    const columns = await columnsOf(db, table);
    const count = table === 'audit' || table === 'session' ? 603 : 3;
    const isOne = table === 'revocation_head' || columns[0]?.name === 'one';
    await db.run(`DELETE FROM ${table}`);
    const rows = Array.from({ length: isOne ? 1 : count }, (_, index) =>
      columns.map(({ type, isNullable }, at) => {
        const row = index + 1;
        if (isNullable && row % 2 === 0) return null;
        return type.includes('INT') ? (at === 0 ? row : row * 1_000_000_007) : `${table} ${row} 张三 '"\\ 😀`;
      }),
    );
    const places = `(${columns.map(() => '?').join(', ')})`;
    await db.run(`INSERT INTO ${table} VALUES ${rows.map(() => places).join(', ')}`, ...rows.flat());
  }
}

async function columnsOf(db: Database, table: string) {
  const columns =
    db.dialect.name === 'sqlite'
      ? await db.all<{ name: string; type: string; no: number }>(
          `SELECT name, type, "notnull" + pk AS no FROM pragma_table_info('${table}') ORDER BY cid`,
        )
      : await db.all<{ name: string; type: string; no: number }>(
          `SELECT column_name AS name, upper(data_type) AS type, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END AS no
           FROM information_schema.columns WHERE table_name = ? AND table_schema = current_schema()
           ORDER BY ordinal_position`,
          table,
        );
  return columns.map(({ name, type, no }) => ({
    name,
    type: type.replace('BIGINT', 'INT'),
    isNullable: no === 0,
  }));
}

describe.each<[Engine, Engine]>([
  ['file', 'postgres'],
  ['postgres', 'file'],
])('from %s to %s', (source, destination) => {
  test('every row of every table arrives as it was, and it is said how many', async () => {
    const [from, to] = [await open(source), await open(destination)];
    await fill(from);
    const before = await everything(from);
    const copied = await copyRecords(from, to);
    expect(await everything(to)).toEqual(before);
    expect(await everything(from)).toEqual(before);
    expect(Object.fromEntries(copied.map(({ table, rows }) => [table, rows]))).toMatchObject({
      session: 603,
      audit: 603,
      event: 3,
      used_value: 3,
      revocation_person: 3,
      revocation_head: 1,
    });
  });

  test('lines that are written afterwards get ids of their own', async () => {
    const [from, to] = [await open(source), await open(destination)];
    await fill(from);
    await copyRecords(from, to);
    await to.run("INSERT INTO audit (at, event) VALUES (1, 'afterwards')");
    expect(await to.get("SELECT id FROM audit WHERE event = 'afterwards'")).toEqual({ id: 604 });
  });

  test('a database that has been used is refused, and stays as it is', async () => {
    const [from, to] = [await open(source), await open(destination)];
    await fill(from);
    await to.run("INSERT INTO audit (at, event) VALUES (1, 'its own')");
    const before = await everything(to);
    await expect(copyRecords(from, to)).rejects.toThrow('audit');
    expect(await everything(to)).toEqual(before);
  });

  test('a copy that fails in the middle leaves nothing behind', async () => {
    const [from, to] = [await open(source), await open(destination)];
    await fill(from);
    const before = await everything(to);
    await from.run('DROP TABLE used_value');
    await expect(copyRecords(from, to)).rejects.toThrow();
    expect(await everything(to)).toEqual(before);
  });
});

test.each<Engine>(['file', 'postgres'])(
  'no table of the records is left out, and each has a key to go on from: %s',
  async (engine) => {
    const db = await open(engine);
    const { dialect } = db;
    const names =
      dialect.name === 'sqlite'
        ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()';
    const found = (await db.all<{ name: string }>(names)).map(({ name }) => name);
    expect(found.filter((name) => name !== 'migration').sort()).toEqual(
      tablesOf(recordsMigrations, db).sort(),
    );
    for (const table of tablesOf(recordsMigrations, db)) {
      const columns = (await columnsOf(db, table)).map(({ name }) => name);
      const key = keyOf(table, recordsMigrations, db);
      expect({ table, key: key.filter((name) => columns.includes(name)) }).toEqual({ table, key });
      expect(key.length, table).toBeGreaterThan(0);
    }
  },
);
