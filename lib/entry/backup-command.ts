import 'server-only';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { config } from '../config';
import { databaseFiles } from '../storage/databases';
import { openSqlite } from '../storage/sqlite';
import { fail, runCommand, say } from './command';

/** `npm run backup [-- <folder>]`: a complete copy of the database files in a new folder, also while the app runs. */

await runCommand(async ([given, ...more]) => {
  if (more.length > 0 || given?.startsWith('-')) return fail('用法 · usage: npm run backup -- [folder]');
  const { dataDir, database } = config();
  if (database)
    return fail(
      '数据在 PostgreSQL 中，请用 pg_dump 备份 · The data is in PostgreSQL: back it up with pg_dump',
    );
  const sources = Object.values(databaseFiles(dataDir)).filter((file) => existsSync(file));
  if (sources.length === 0) return fail(`没有数据库 · there is no database: ${dataDir}`);
  const folder = given ?? join(dataDir, 'backups', `dingpass-${stamp()}`);
  if (existsSync(folder)) return fail(`已存在 · this exists: ${folder}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const source of sources) {
    const target = join(folder, basename(source));
    const db = await openSqlite(source);
    db.copyTo(target);
    await db.close();
    say(`${target} · ${statSync(target).size} bytes`);
  }
  say('恢复：停止应用，将这些文件放回 DATA_DIR 并删除旁边的 -wal、-shm，再启动。');
  say(
    'To restore: stop the app, put these files back into DATA_DIR, delete -wal and -shm beside them, start.',
  );
  return 0;
});

/** Local time, as file names have it: `20261128-013005`. */
function stamp(now = new Date()): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
