import 'server-only';
import type { Database, Parameter, Statements, Transaction } from './database';
import { type Migration, recordsMigrations } from './migrations';

/** What was copied of one table. */
export interface CopiedTable {
  table: string;
  rows: number;
}

/** The copy cannot be made. Its message says why, in words for the operator. */
export class CopyError extends Error {
  override name = 'CopyError';
}

type Row = Record<string, Parameter>;

const ROWS_AT_ONCE = 500;
const COPY_MS = 30 * 60_000;

/**
 * Copies every table of the records into a database that has none of its own yet, all or nothing: an ending that is not
 * copied would bring a session back to life.
 *
 * @param from nothing writes to it meanwhile
 * @param to has taken its migrations
 * @throws CopyError where `to` has been used
 */
export async function copyRecords(from: Database, to: Database): Promise<CopiedTable[]> {
  const tables = tablesOf(recordsMigrations, from);
  return from.snapshot(
    (source) =>
      to.transaction(
        async (target) => {
          await assertUnused(target, tables);
          const copied: CopiedTable[] = [];
          for (const table of tables) copied.push({ table, rows: await copyTable(source, target, table) });
          return copied;
        },
        { durable: true, lock: 'migrations', timeoutMs: COPY_MS },
      ),
    { timeoutMs: COPY_MS },
  );
}

/** In the order in which they are made. */
export function tablesOf(
  migrations: readonly Migration[],
  { dialect }: Pick<Statements, 'dialect'>,
): string[] {
  return migrations.flatMap(({ sql }) =>
    [...(typeof sql === 'string' ? sql : sql(dialect)).matchAll(/^CREATE TABLE (\w+)/gm)].map(
      ([, name = '']) => name,
    ),
  );
}

/** A new database has rows in those tables only that the migrations fill. */
async function assertUnused(target: Transaction, tables: readonly string[]): Promise<void> {
  for (const table of tables.filter((name) => name !== 'revocation_head')) {
    const row = await target.get(`SELECT 1 AS one FROM ${table} LIMIT 1`);
    if (row)
      throw new CopyError(
        `目标数据库已有数据（表 ${table}），请使用空数据库 · The target has data already (table ${table}): use an empty database`,
      );
  }
}

/** The first column of each table of the records is its key. */
async function copyTable(source: Statements, target: Transaction, table: string): Promise<number> {
  await target.run(`DELETE FROM ${table}`);
  let copied = 0;
  let rows = await source.all<Row>(`SELECT * FROM ${table} ORDER BY 1 LIMIT ${ROWS_AT_ONCE}`);
  while (rows.length > 0) {
    const columns = Object.keys(rows[0]!);
    await insert(target, table, columns, rows);
    copied += rows.length;
    const [key = ''] = columns;
    const next = `SELECT * FROM ${table} WHERE ${key} > ? ORDER BY 1 LIMIT ${ROWS_AT_ONCE}`;
    rows = rows.length < ROWS_AT_ONCE ? [] : await source.all<Row>(next, rows.at(-1)![key]!);
  }
  return copied;
}

async function insert(target: Transaction, table: string, columns: string[], rows: readonly Row[]) {
  const places = `(${columns.map(() => '?').join(', ')})`;
  await target.run(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => places).join(', ')}`,
    ...rows.flatMap((row) => Object.values(row)),
  );
  const [key = ''] = columns;
  const { continueIds } = target.dialect;
  if (continueIds && typeof rows[0]![key] === 'number') await target.all(continueIds(table, key));
}
