import { execFile } from 'node:child_process';
import { renameSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import Libsql from 'libsql';
import { expect, test } from 'vitest';
import { createSessionStore } from '../../../lib/session/stored-sessions';
import type { Database } from '../../../lib/storage/database';
import { migrate } from '../../../lib/storage/migrate';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { openSqlite } from '../../../lib/storage/sqlite';
import { bundle } from '../../support/bundle';
import { temporaryFile } from '../../support/directory';

const ENDING = { reason: 'left', by: 'event' } as const;

async function openFile(path = temporaryFile()) {
  const db = await openSqlite(path);
  await migrate(db, recordsMigrations);
  return { path, db };
}

test('a write waits for another process’s without holding up this one', async () => {
  const { path, db } = await openFile();
  const store = createSessionStore(db);
  const writer = new Libsql(path);
  writer.exec('BEGIN IMMEDIATE');
  let turns = 0;
  const watch = setInterval(() => turns++, 5);
  const ended = store.endPeople(['zhang'], ENDING);
  setTimeout(() => {
    clearInterval(watch);
    writer.exec('COMMIT');
  }, 500);
  await ended;
  expect((await store.changesSince(-1)).people).toHaveLength(1);
  expect(turns).toBeGreaterThan(10);
  writer.close();
  await db.close();
});

test('a transaction that works for long, and many queries in a row, let everything else have its turn', async () => {
  const { db } = await openFile();
  const slow =
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) SELECT count(*) FROM n';
  const turnsDuring = async (work: () => Promise<unknown>) => {
    let turns = 0;
    const watch = setInterval(() => turns++, 1);
    await work();
    clearInterval(watch);
    return turns;
  };
  const often = async (query: () => Promise<unknown>) => {
    for (let at = 0; at < 25; at++) await query();
  };
  expect(await turnsDuring(() => db.transaction((tx) => often(() => tx.get(slow))))).toBeGreaterThan(5);
  expect(await turnsDuring(() => db.snapshot((tx) => often(() => tx.all(slow))))).toBeGreaterThan(5);
  expect(await turnsDuring(() => often(() => db.all(slow)))).toBeGreaterThan(5);
  await db.close();
});

test('a database that was moved away, or replaced, is no answer; moved back, it is', async () => {
  const { path, db } = await openFile();
  const store = createSessionStore(db);
  renameSync(path, `${path}.away`);
  await expect(store.changesSince(-1)).rejects.toThrow('moved or replaced');
  await expect(store.endPeople(['x'], ENDING)).rejects.toThrow('moved or replaced');
  await expect(store.touch()).rejects.toThrow('moved or replaced');
  await expect(db.snapshot(async () => 1)).rejects.toThrow('moved or replaced');
  new Libsql(path).close();
  await expect(store.changesSince(-1)).rejects.toThrow('moved or replaced');
  renameSync(`${path}.away`, path);
  expect((await store.changesSince(-1)).people).toEqual([]);
  await db.close();
});

/** As the file engine sees it: how each transaction was synced. */
async function watched(db: Database) {
  const synced: number[] = [];
  const watching: Database = {
    ...db,
    transaction: (work, options) =>
      db.transaction(async (tx) => {
        synced.push((await tx.get<{ synchronous: number }>('PRAGMA synchronous'))?.synchronous ?? -1);
        return work(tx);
      }, options),
  };
  return { watching, synced };
}

test('endings are synced to the disk before they are acknowledged, sign-ins need not be', async () => {
  const { db } = await openFile();
  const { watching, synced } = await watched(db);
  const store = createSessionStore(watching);
  await store.endPeople(['zhang'], ENDING);
  await store.enqueueRefresh([{ what: 'directory' }]);
  await store.applyEvent({ id: 'e', deduplicationKeys: [] }, { left: [], refresh: [] });
  expect(synced).toEqual([2, 1, 2]);
  await db.close();
});

test('a crowd shares waits for the disk, also when it comes one by one; an ending alone waits for none', async () => {
  const { path, db } = await openFile();
  const store = createSessionStore(db);
  const commits = () => statSync(`${path}-wal`).size;
  // One commit of one ending, to compare with.
  const empty = commits();
  await store.endPeople(['first'], ENDING);
  const one = commits() - empty;
  const before = commits();
  const crowd: Promise<unknown>[] = [];
  for (let at = 0; at < 300; at++) {
    crowd.push(store.endPeople([`u${at}`], ENDING));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(crowd);
  expect((await store.changesSince(-1)).people).toHaveLength(301);
  expect(commits() - before).toBeLessThan(one * 60);
  await delay(50);
  const begun = performance.now();
  await store.endPeople(['alone'], ENDING);
  expect(performance.now() - begun).toBeLessThan(500);
  await db.close();
});

test('what runs beside an open transaction does not run in it, and the event loop is free', async () => {
  const { db } = await openFile();
  let release: () => void = () => undefined;
  const long = db.transaction(async (tx) => {
    await tx.run("INSERT INTO missed_event VALUES ('a', 'x')");
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    throw new Error('undone');
  });
  await delay(10);
  const other = db.run("INSERT INTO missed_event VALUES ('b', 'y')");
  expect(await db.all('SELECT id FROM missed_event')).toEqual([]);
  release();
  await expect(long).rejects.toThrow('undone');
  expect(await other).toBe(1);
  expect(await db.all('SELECT id FROM missed_event')).toEqual([{ id: 'b' }]);
  await db.close();
});

test('closed, the one file has everything', async () => {
  const { path, db } = await openFile();
  await db.run("INSERT INTO missed_event VALUES ('a', 'x')");
  db.copyTo(`${path}.copy`);
  await db.close();
  for (const file of [path, `${path}.copy`]) {
    const copy = new Libsql(file, { readonly: true });
    expect(copy.prepare('SELECT id FROM missed_event').all()).toEqual([{ id: 'a' }]);
    copy.close();
  }
});

test('closed while a transaction is under way: it fails, and what came before is in the one file', async () => {
  const { path, db } = await openFile();
  await db.run("INSERT INTO missed_event VALUES ('a', 'x')");
  let release: () => void = () => undefined;
  const long = db.transaction(async (tx) => {
    await tx.run("INSERT INTO missed_event VALUES ('b', 'y')");
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  await delay(10);
  await db.close();
  release();
  await expect(long).rejects.toThrow();
  expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  const file = new Libsql(path, { readonly: true });
  expect(file.prepare('SELECT id FROM missed_event').all()).toEqual([{ id: 'a' }]);
  file.close();
});

test('processes that open a new file at the same moment take the migrations once, and none fails', async () => {
  const file = temporaryFile();
  const program = await bundle('tests/support/open-child.ts');
  const child = [program, file, String(Date.now() + 1500)];
  const opened = await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, child)));
  expect(opened.map(({ stdout }) => Number(stdout))).toEqual(Array(3).fill(recordsMigrations.length));
});

test('what a large transaction wrote is copied into the file while the process runs, and the WAL begins again', async () => {
  const { path, db } = await openFile();
  await db.transaction((tx) => tx.script('CREATE TABLE large (text TEXT)'));
  await db.transaction(async (tx) => {
    for (let at = 0; at < 70; at++) await tx.run('INSERT INTO large VALUES (?)', 'x'.repeat(2 ** 20));
  });
  const megabytes = (file: string) => statSync(file).size / 2 ** 20;
  const next = () => db.transaction((tx) => tx.run("INSERT INTO large VALUES ('a little')"));
  await expect
    .poll(async () => (await next()) && megabytes(`${path}-wal`), { timeout: 10_000 })
    .toBeLessThan(20);
  expect(megabytes(path)).toBeGreaterThan(70);
  await db.close();
});
