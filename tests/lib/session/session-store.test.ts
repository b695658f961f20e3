import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Libsql from 'libsql';
import { afterAll, expect, test } from 'vitest';
import { createSessionStore } from '../../../lib/session/libsql-session-store';
import { createLibsqlAudit } from '../../../lib/storage/audit-store';
import { noteLeavers } from '../../../lib/storage/leavers';
import { migrations } from '../../../lib/storage/migrations';
import { openDatabase } from '../../../lib/storage/sqlite';
import { describeRevocations } from '../../support/revocation-suite';

const folder = mkdtempSync(join(tmpdir(), 'dingpass-revocations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function openFile() {
  const path = join(folder, `${++files}.db`);
  const db = openDatabase(path, migrations, { busyTimeoutMs: 10 });
  return { path, db };
}

describeRevocations((clock) => {
  const { path, db } = openFile();
  const second = openDatabase(path, migrations, { busyTimeoutMs: 10 });
  return {
    store: createSessionStore(db, clock),
    other: createSessionStore(second, clock),
    audit: createLibsqlAudit(second, clock),
    noteLeaver: (userId) => noteLeavers(second, [userId]),
    close: () => {
      db.close();
      second.close();
    },
  };
});

test('a write waits for another process’s without holding up this one', async () => {
  const { path, db } = openFile();
  const store = createSessionStore(db);
  const writer = new Libsql(path);
  writer.exec('BEGIN IMMEDIATE');
  let turns = 0;
  const watch = setInterval(() => turns++, 5);
  const ended = store.endPeople(['zhang'], { reason: 'left', by: 'event' });
  setTimeout(() => {
    clearInterval(watch);
    writer.exec('COMMIT');
  }, 500);
  await ended;
  expect((await store.changesSince(-1)).people).toHaveLength(1);
  expect(turns).toBeGreaterThan(10);
  writer.close();
  db.close();
});

test('a database that was moved away, or replaced, is no answer; moved back, it is', async () => {
  const { path, db } = openFile();
  const store = createSessionStore(db);
  renameSync(path, `${path}.away`);
  await expect(store.changesSince(-1)).rejects.toThrow('moved or replaced');
  await expect(store.endPeople(['x'], { reason: 'left', by: 'event' })).rejects.toThrow('moved or replaced');
  new Libsql(path).close();
  await expect(store.changesSince(-1)).rejects.toThrow('moved or replaced');
  renameSync(`${path}.away`, path);
  expect((await store.changesSince(-1)).people).toEqual([]);
  db.close();
});

test('endings are synced to the disk before they are acknowledged', () => {
  const { db } = openFile();
  const during = db.writeDurably(() => db.get<{ synchronous: number }>('PRAGMA synchronous')?.synchronous);
  expect(during).toBe(2);
  expect(db.get<{ synchronous: number }>('PRAGMA synchronous')?.synchronous).toBe(1);
  db.close();
});

test('a crowd shares waits for the disk, also when it comes one by one; whoever comes alone waits for nobody', async () => {
  const { db } = openFile();
  let waits = 0;
  const writeDurably = <T>(action: () => T) => {
    waits++;
    return db.writeDurably(action);
  };
  const store = createSessionStore({ ...db, writeDurably });
  const ending = { reason: 'left', by: 'event' } as const;
  const crowd: Promise<unknown>[] = [];
  for (let at = 0; at < 300; at++) {
    crowd.push(store.endPeople([`u${at}`], ending));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(crowd);
  expect((await store.changesSince(-1)).people).toHaveLength(300);
  expect(waits).toBeLessThan(60);
  await delay(50);
  const before = waits;
  await store.endPeople(['alone'], ending);
  await delay(20);
  await store.endPeople(['alone-too'], ending);
  expect(waits - before).toBe(2);
  db.close();
});

test('an event is remembered with its whole effect or not at all', async () => {
  const { db } = openFile();
  let isFull = true;
  const run: typeof db.run = (sql, ...values) => {
    if (isFull && sql.includes('INTO stale')) throw new Error('the disk is full');
    return db.run(sql, ...values);
  };
  const store = createSessionStore({ ...db, run });
  const event = { id: 'event-1', deduplicationKeys: ['twin'] };
  const effect = { left: ['zhang'], refresh: [{ what: 'member', id: 'zhang' } as const] };
  await expect(store.applyEvent(event, effect)).rejects.toThrow('the disk is full');
  expect(await store.knowsEvent('event-1')).toBe(false);
  expect((await store.changesSince(-1)).people).toEqual([]);
  isFull = false;
  expect(await store.applyEvent(event, effect)).toBe(true);
  expect((await store.changesSince(-1)).people).toEqual([{ userId: 'zhang', generation: 1 }]);
  expect(await store.refreshJobs(0)).toHaveLength(1);
  db.close();
});

// ── A clock that is wrong ─────────────────────────────────────────────────────────────────────────────────────────

const HOUR_MS = 3_600_000;
const session = (id: string, nowMs: number) => ({
  id,
  userId: 'zhang',
  name: '张',
  door: 'client' as const,
  client: 'dingtalk-android' as const,
  issuedAt: Math.floor(nowMs / 1000),
  expiresAt: Math.floor(nowMs / 1000) + 12 * 3600,
});

test.each([40, 24 * 30, 24 * 400])(
  'a clock that is %i hours ahead when the process starts drops no ending of a session that may still be good',
  async (hoursAhead) => {
    const { db } = openFile();
    const rightNow = 1_700_000_000_000;
    const before = createSessionStore(db, () => rightNow);
    const line = { event: 'sign-in' as const, userId: 'zhang' };
    const ended = session('ended', rightNow);
    await before.open(ended, { since: await before.sequence(), line });
    await before.prune();
    await before.endSession(ended, { reason: 'signed-out', by: 'zhang' });

    let passedMs = 0;
    const wrong = createSessionStore(
      db,
      () => rightNow + hoursAhead * HOUR_MS + passedMs,
      () => passedMs,
    );
    for (let hour = 0; hour < 11; hour++, passedMs += HOUR_MS) await wrong.prune();
    const right = createSessionStore(db, () => rightNow + passedMs);
    expect((await right.changesSince(-1)).sessions.map(({ id }) => id)).toEqual(['ended']);
  },
);

test('what expired while nothing ran is dropped in the end', async () => {
  const { db } = openFile();
  const start = 1_700_000_000_000;
  const line = { event: 'sign-in' as const, userId: 'zhang' };
  const before = createSessionStore(db, () => start);
  await before.open(session('old', start), { since: await before.sequence(), line });
  await before.prune();
  let now = start + 5 * 24 * HOUR_MS;
  const later = createSessionStore(db, () => now);
  for (let hour = 0; hour < 40; hour++, now += HOUR_MS) await later.prune();
  expect(db.all("SELECT id FROM session WHERE id = 'old'")).toEqual([]);
});
