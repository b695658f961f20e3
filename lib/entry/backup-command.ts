import 'server-only';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { config } from '../config';
import { databaseFile } from '../storage/database';
import { ownerOf } from '../storage/database-owner';
import { ownerMigrations } from '../storage/migrations';
import { openDatabase } from '../storage/sqlite';
import { fail, runCommand, say } from './command';

/** `npm run backup [-- <file>]`: a complete copy of the database in one new file, also while the app runs. */

await runCommand(async ([given, ...more]) => {
  if (more.length > 0 || given?.startsWith('-')) return fail('用法 · usage: npm run backup -- [file]');
  const source = databaseFile();
  if (!existsSync(source)) return fail(`没有数据库 · there is no database: ${source}`);
  const target = given ?? join(config().dataDir, 'backups', `dingpass-${stamp()}.db`);
  if (existsSync(target)) return fail(`文件已存在 · this file exists: ${target}`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  // The copy of another company's data is as good a copy: nothing is checked here but that it is there.
  const database = openDatabase(source, ownerMigrations);
  database.copyTo(target);
  const owner = ownerOf(database);
  database.close();
  say(`${target} · ${statSync(target).size} bytes${owner ? ` · ${owner.corpId}` : ''}`);
  say('恢复：停止应用，将此文件放回 DATA_DIR/dingpass.db 并删除旁边的 -wal、-shm，再启动。');
  say(
    'To restore: stop the app, put this file back as DATA_DIR/dingpass.db, delete -wal and -shm beside it, start.',
  );
  return 0;
});

/** Local time, as file names have it: `20261128-013005`. */
function stamp(now = new Date()): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
