import 'server-only';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { config } from '../config';
import { databaseFile } from '../storage/database';
import { adoptDatabase, type DatabaseOwner, isOwner, ownerOf } from '../storage/database-owner';
import { migrations } from '../storage/migrations';
import { type Database, openDatabase } from '../storage/sqlite';
import { fail, runCommand, say } from './command';

/**
 * `npm run database`: whose the database is. `-- --begin-anew` moves another company's aside, `-- --adopt` keeps the
 * data of the same company under new settings.
 */

const USAGE = '用法 · usage: npm run database -- [--begin-anew | --adopt]';

await runCommand((words) => {
  const [word, ...more] = words;
  if (more.length > 0 || (word !== undefined && !['--begin-anew', '--adopt'].includes(word)))
    return fail(USAGE);
  const file = databaseFile();
  if (!existsSync(file)) return fail(`没有数据库 · there is no database yet: ${file}`);
  const db = openDatabase(file, migrations);
  const owner = ownerOf(db);
  say(`${file} · ${owner ? Object.values(owner).join(' · ') : '尚无归属 · nobody’s yet'}`);
  const settings = config();
  if (word === undefined) return 0;
  if (!owner || isOwner(owner, settings)) {
    say('与当前设置一致，无需处理 · It is that of these settings: nothing to do');
    return 0;
  }
  return word === '--adopt' ? adopt(db, owner, settings) : beginAnew(db, file, owner);
});

function adopt(db: Database, owner: DatabaseOwner, settings: DatabaseOwner): number {
  if (owner.corpId !== settings.corpId)
    return fail('这是另一个企业的数据，不能沿用 · This is another company’s data: it cannot be kept');
  adoptDatabase(db, settings);
  db.close();
  say('已归入当前设置，请启动应用 · It belongs to these settings now: start the app');
  return 0;
}

function beginAnew(db: Database, file: string, { corpId }: DatabaseOwner): number {
  // The file alone is complete then.
  db.checkpoint();
  db.close();
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const folder = join(dirname(file), `aside-${corpId.replace(/[^\w-]/g, '_')}-${time}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const ending of ['', '-wal', '-shm']) {
    if (existsSync(file + ending)) renameSync(file + ending, join(folder, `dingpass.db${ending}`));
  }
  say(`旧数据库已移到 · The old database is in: ${folder}`);
  say('请重新启动应用 · Start the app again: it begins anew');
  return 0;
}
