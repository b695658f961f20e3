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

/** The columns of a table's primary key, as its migration has them. */
export function keyOf(
  table: string,
  migrations: readonly Migration[],
  { dialect }: Pick<Statements, 'dialect'>,
): string[] {
  const text = migrations.map(({ sql }) => (typeof sql === 'string' ? sql : sql(dialect))).join('\n');
  const columns = new RegExp(`^CREATE TABLE ${table} \\(([^;]*);`, 'm').exec(text)?.[1] ?? '';
  const [, several, single] =
    /\bPRIMARY KEY \(([\w, ]+)\)|^\s*(\w+) [A-Z ]*\bPRIMARY KEY\b/m.exec(columns) ?? [];
  return several?.split(', ') ?? (single === undefined ? [] : [single]);
}

async function copyTable(source: Statements, target: Transaction, table: string): Promise<number> {
  await target.run(`DELETE FROM ${table}`);
  const key = keyOf(table, recordsMigrations, source);
  const [names, places] = [key.join(', '), key.map(() => '?').join(', ')];
  const end = `ORDER BY ${names} LIMIT ${ROWS_AT_ONCE}`;
  let copied = 0;
  let rows = await source.all<Row>(`SELECT * FROM ${table} ${end}`);
  while (rows.length > 0) {
    await insert(target, table, key, rows);
    copied += rows.length;
    const last = rows.at(-1)!;
    rows =
      rows.length < ROWS_AT_ONCE
        ? []
        : await source.all<Row>(
            `SELECT * FROM ${table} WHERE (${names}) > (${places}) ${end}`,
            ...key.map((name) => last[name]!),
          );
  }
  return copied;
}

async function insert(target: Transaction, table: string, key: readonly string[], rows: readonly Row[]) {
  const columns = Object.keys(rows[0]!);
  const places = `(${columns.map(() => '?').join(', ')})`;
  await target.run(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => places).join(', ')}`,
    ...rows.flatMap((row) => Object.values(row)),
  );
  const { continueIds } = target.dialect;
  const [id = ''] = key;
  if (continueIds && key.length === 1 && typeof rows[0]![id] === 'number')
    await target.all(continueIds(table, id));
}
