import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { claimDatabase, DatabaseOwnerError, ownerOf } from '../../../lib/storage/database-owner';
import { FormerDatabaseError, openUnclaimed } from '../../../lib/storage/databases';
import { migrations } from '../../../lib/storage/migrations';
import { startFaultProxy } from '../../support/fault-proxy';
import { postgresDatabase } from '../../support/postgres';

const logged: string[] = [];
vi.mock('../../../lib/log', () => ({
  log: () => ({ warn: ({ event }: { event: string }) => logged.push(event) }),
}));

const newFolder = () => mkdtempSync(join(tmpdir(), 'dingpass-databases-'));
const OWNER = { corpId: 'dingone', clientId: 'one', apiUrl: 'https://api.dingtalk.com' };

test('records and directory are two files, each with what it needs, and bound to one company', async () => {
  const dataDir = newFolder();
  const { records, directory } = await openUnclaimed({ dataDir, database: undefined });
  expect(readdirSync(dataDir).filter((name) => name.endsWith('.db'))).toEqual(['directory.db', 'records.db']);
  for (const db of [records, directory]) {
    expect(await ownerOf(db)).toBeUndefined();
    await claimDatabase(db, OWNER);
    await claimDatabase(db, OWNER);
    await expect(claimDatabase(db, { ...OWNER, corpId: 'dingother' })).rejects.toThrow(DatabaseOwnerError);
    expect(await ownerOf(db)).toEqual(OWNER);
  }
  await expect(directory.all('SELECT id FROM session')).rejects.toThrow(/no such table/);
  for (const db of [records, directory]) await db.close();
});

test('a file of an earlier version is named and left alone', async () => {
  const dataDir = newFolder();
  writeFileSync(join(dataDir, 'dingpass.db'), 'of an earlier version');
  await expect(openUnclaimed({ dataDir, database: undefined })).rejects.toThrow(FormerDatabaseError);
  expect(readdirSync(dataDir)).toEqual(['dingpass.db']);
});

test('machines that start together on an empty PostgreSQL make its tables once, and bind it to one company', async () => {
  const { url } = await postgresDatabase();
  const database = { url, poolSize: 3 };
  const opened = await Promise.all([1, 2, 3].map(() => openUnclaimed({ dataDir: newFolder(), database })));
  for (const { records, directory } of opened) expect(records).toBe(directory);
  const [first] = opened;
  expect(await first!.records.all('SELECT name FROM migration')).toHaveLength(migrations.length);
  const claims = await Promise.allSettled(
    opened.map(({ records }, at) => claimDatabase(records, { ...OWNER, clientId: `app ${at}` })),
  );
  expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  for (const { records } of opened) await records.close();
});

test('a PostgreSQL that starts at the same time is waited for', async () => {
  const { url } = await postgresDatabase();
  const proxy = await startFaultProxy(Number(new URL(url).port));
  await proxy.cut();
  const opening = openUnclaimed({ dataDir: newFolder(), database: { url: proxy.through(url), poolSize: 2 } });
  await delay(200);
  await proxy.heal();
  const { records } = await opening;
  expect(logged).toEqual(['database-waiting']);
  await records.close();
  await proxy.close();
});

test('a PostgreSQL that refuses these credentials is not waited for', async () => {
  const { url } = await postgresDatabase();
  const wrong = new URL(url);
  wrong.pathname = '/no_such_database';
  const begun = performance.now();
  await expect(
    openUnclaimed({ dataDir: newFolder(), database: { url: wrong.href, poolSize: 2 } }),
  ).rejects.toThrow(/does not exist/);
  expect(performance.now() - begun).toBeLessThan(5000);
});
