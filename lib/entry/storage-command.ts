import 'server-only';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { config } from '../config';
import { type CopiedTable, CopyError, copyRecords } from '../storage/copy-records';
import { allDatabaseFiles, databaseFiles, openUnclaimed } from '../storage/databases';
import { isFileInUse } from '../storage/file-in-use';
import { fail, runCommand, say } from './command';

/** `npm run storage -- copy`: moves the records from the file in DATA_DIR into the empty database of DATABASE_URL. */

const USAGE = '用法 · usage: npm run storage -- copy';

await runCommand(async ([word, ...more]) => {
  if (word !== 'copy' || more.length > 0) return fail(USAGE);
  const { dataDir, database } = config();
  const { records } = databaseFiles(dataDir);
  if (!database)
    return fail(
      '请先将 DATABASE_URL 设为空的 PostgreSQL 数据库 · Set DATABASE_URL to an empty PostgreSQL database first',
    );
  if (!existsSync(records)) return fail(`没有可复制的数据库 · there is no database to copy: ${records}`);
  if (isFileInUse(records))
    return fail(`请先停止使用此文件的所有进程 · Stop every process that uses this file first: ${records}`);
  const from = await openUnclaimed({ dataDir, database: undefined });
  const to = await openUnclaimed({ dataDir, database });
  try {
    sayCopied(await copyRecords(from.records, to.records));
  } catch (error) {
    if (error instanceof CopyError) return fail(error.message);
    throw error;
  } finally {
    for (const db of new Set([...Object.values(from), ...Object.values(to)])) await db.close();
  }
  sayNext(moveAside(dataDir));
  return 0;
});

function sayCopied(tables: readonly CopiedTable[]): void {
  for (const { table, rows } of tables) say(`  ${table.padEnd(20)}${rows}`);
}

/** A process that is started on the file again would know nothing of what ended afterwards. */
function moveAside(dataDir: string): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const folder = join(dataDir, `copied-${time}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const file of allDatabaseFiles(dataDir)) renameSync(file, join(folder, basename(file)));
  return folder;
}

function sayNext(folder: string): void {
  say('记录已全部复制到 DATABASE_URL 的数据库：已登录的会话继续有效，已注销的会话仍然无效。');
  say('通讯录不复制，启动后会从钉钉重新读取。');
  say(`原文件已移到：${folder}`);
  say(
    'All records are in the database of DATABASE_URL: sessions go on, and those that have ended stay ended.',
  );
  say('The directory was not copied: it is read from DingTalk again after the start.');
  say(`The files are now in: ${folder}`);
}
