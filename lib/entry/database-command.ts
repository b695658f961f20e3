import 'server-only';
import { mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { config } from '../config';
import type { Database } from '../storage/database';
import { adoptDatabase, type DatabaseOwner, isOwner, ownerOf } from '../storage/database-owner';
import { allDatabaseFiles, FormerDatabaseError, openUnclaimed } from '../storage/databases';
import { fail, runCommand, say } from './command';

/**
 * `npm run database`: whose the database is. `-- --begin-anew` moves another company's, or a former version's, aside;
 * `-- --adopt` keeps the data of the same company under new settings.
 */

await runCommand(async (words) => {
  const [word, ...more] = words;
  if (more.length > 0 || (word !== undefined && !['--begin-anew', '--adopt'].includes(word)))
    return fail('用法 · usage: npm run database -- [--begin-anew | --adopt]');
  const { dataDir, database } = config();
  if (!database && allDatabaseFiles(dataDir).length === 0)
    return fail(`没有数据库 · there is no database yet: ${dataDir}`);
  try {
    return await settle([...new Set(Object.values(await openUnclaimed()))], word);
  } catch (error) {
    if (!(error instanceof FormerDatabaseError && word === '--begin-anew')) throw error;
    return moveAside('former');
  }
});

async function settle(databases: readonly Database[], word: string | undefined): Promise<number> {
  const settings = config();
  const owners = await Promise.all(databases.map(ownerOf));
  const owner = owners.find((one) => one && !isOwner(one, settings)) ?? owners.find((one) => one);
  say(
    `${settings.database ? 'DATABASE_URL' : settings.dataDir} · ${owner ? Object.values(owner).join(' · ') : '尚无归属 · nobody’s yet'}`,
  );
  if (word === undefined) return 0;
  if (!owner || isOwner(owner, settings)) {
    say('与当前设置一致，无需处理 · It is that of these settings: nothing to do');
    return 0;
  }
  if (word === '--adopt') return adopt(databases, owner);
  if (settings.database)
    return fail('请改用一个空的 PostgreSQL 数据库 · Name an empty PostgreSQL database instead');
  for (const db of databases) await db.close();
  return moveAside(owner.corpId);
}

async function adopt(databases: readonly Database[], owner: DatabaseOwner): Promise<number> {
  const settings = config();
  if (owner.corpId !== settings.corpId)
    return fail('这是另一个企业的数据，不能沿用 · This is another company’s data: it cannot be kept');
  for (const db of databases) {
    await adoptDatabase(db, settings);
    await db.close();
  }
  say('已归入当前设置，请启动应用 · It belongs to these settings now: start the app');
  return 0;
}

function moveAside(name: string): number {
  const { dataDir } = config();
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const folder = join(dataDir, `aside-${name.replace(/[^\w-]/g, '_')}-${time}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const file of allDatabaseFiles(dataDir)) renameSync(file, join(folder, basename(file)));
  say(`旧数据库已移到 · The old database is in: ${folder}`);
  say('请重新启动应用 · Start the app again: it begins anew');
  return 0;
}
