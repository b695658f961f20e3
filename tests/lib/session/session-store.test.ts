import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createSessionStore } from '../../../lib/session/stored-sessions';
import { createAuditStore } from '../../../lib/storage/audit-store';
import type { Database, Transaction } from '../../../lib/storage/database';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { createTestDatabase, ENGINES, openTestDatabase } from '../../support/databases';
import { describeRevocations } from '../../support/revocation-suite';

describe.each(ENGINES)('%s', (engine) => {
  describeRevocations(async (clock) => {
    const { open } = await createTestDatabase(engine);
    const [db, second] = [await open(recordsMigrations), await open(recordsMigrations)];
    return {
      store: createSessionStore(db, clock),
      other: createSessionStore(second, clock),
      audit: createAuditStore(second, clock),
      close: () => Promise.all([db.close(), second.close()]),
    };
  });

  test('sessions of a database from before sign-in methods had their names are taken over', async () => {
    const { open } = await createTestDatabase(engine);
    const before = await open(recordsMigrations.filter(({ name }) => name !== 'session-methods'));
    for (const door of ['client', 'browser', 'ticket'])
      await before.run(
        `INSERT INTO session (id, user_id, name, door, client, generation, epoch, issued_at, expires_at, last_seen)
         VALUES (?, 'zhang', '张', ?, 'other-other', 0, (SELECT epoch FROM revocation_head), 1, 100, 1)`,
        door,
        door,
      );
    const db = await open(recordsMigrations);
    const store = createSessionStore(db, () => 50_000);
    const methodOf = async (id: string) => (await store.find(id))?.method;
    expect(await Promise.all(['client', 'browser', 'ticket'].map(methodOf))).toEqual([
      'webview',
      'oauth',
      'ticket',
    ]);
    await Promise.all([before.close(), db.close()]);
  });

  test('an event is remembered with its whole effect or not at all', async () => {
    const db = await openTestDatabase(engine, recordsMigrations);
    let isFull = true;
    const store = createSessionStore({
      ...db,
      transaction: (work, options) =>
        db.transaction((tx) => work(isFull ? failing(tx, 'INTO refresh_job') : tx), options),
    });
    const event = { id: 'event-1', deduplicationKeys: ['twin'] };
    const effect = { left: ['zhang'], refresh: [{ what: 'member', id: 'zhang' } as const] };
    await expect(store.applyEvent(event, effect)).rejects.toThrow('the disk is full');
    expect(await store.knowsEvent('event-1')).toBe(false);
    expect((await store.changesSince(-1)).people).toEqual([]);
    isFull = false;
    expect(await store.applyEvent(event, effect)).toBe(true);
    expect((await store.changesSince(-1)).people).toEqual([{ userId: 'zhang', generation: 1 }]);
    expect(await store.refreshJobs(0)).toHaveLength(1);
    await db.close();
  });

  test('a poll never skips an ending: one that stays open is committed before those with later numbers', async () => {
    const { open } = await createTestDatabase(engine);
    const held = [await holding(await open(recordsMigrations)), await holding(await open(recordsMigrations))];
    const [first, second] = held.map(({ db }) => createSessionStore(db));
    const reader = await open(recordsMigrations);
    const store = createSessionStore(reader);
    const seen: string[] = [];
    let since = -1;
    const poll = async () => {
      const changes = await store.changesSince(since);
      since = changes.sequence;
      seen.push(...changes.people.map(({ userId }) => userId));
    };
    await poll();
    const ending = { reason: 'left', by: 'event' } as const;
    const one = first!.endPeople(['first'], ending);
    await held[0]!.reached;
    const two = second!.endPeople(['second'], ending);
    // Long enough for it to take its number, if nothing keeps it from that.
    await delay(100);
    await poll();
    expect(seen).toEqual([]);
    held[0]!.release();
    await one;
    await poll();
    expect(seen).toEqual(['first']);
    await held[1]!.reached;
    await poll();
    held[1]!.release();
    await two;
    await poll();
    expect(seen).toEqual(['first', 'second']);
    for (const db of [...held.map((each) => each.db), reader]) await db.close();
  });
});

/** A database whose transactions stay open when their work is done, until they are released. */
async function holding(db: Database) {
  let [release, reach]: (() => void)[] = [];
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const transaction: Database['transaction'] = (work, options) =>
    db.transaction(async (tx) => {
      const value = await work(tx);
      reach?.();
      await released;
      return value;
    }, options);
  return { db: { ...db, transaction }, reached, release: () => release?.() };
}

/** A transaction in which one kind of statement fails. */
function failing(tx: Transaction, part: string): Transaction {
  return {
    ...tx,
    run: (sql, ...values) => {
      if (sql.includes(part)) throw new Error('the disk is full');
      return tx.run(sql, ...values);
    },
  };
}

// ── A clock that is wrong ─────────────────────────────────────────────────────────────────────────────────────────

const HOUR_MS = 3_600_000;
const session = (id: string, nowMs: number) => ({
  id,
  userId: 'zhang',
  name: '张',
  method: 'webview' as const,
  client: 'dingtalk-android' as const,
  issuedAt: Math.floor(nowMs / 1000),
  expiresAt: Math.floor(nowMs / 1000) + 12 * 3600,
});

test.each([40, 24 * 30, 24 * 400])(
  'a clock that is %i hours ahead when the process starts drops no ending of a session that may still be good',
  async (hoursAhead) => {
    const db = await openTestDatabase('file', recordsMigrations);
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
  const db = await openTestDatabase('file', recordsMigrations);
  const start = 1_700_000_000_000;
  const line = { event: 'sign-in' as const, userId: 'zhang' };
  const before = createSessionStore(db, () => start);
  await before.open(session('old', start), { since: await before.sequence(), line });
  await before.prune();
  let now = start + 5 * 24 * HOUR_MS;
  const later = createSessionStore(db, () => now);
  for (let hour = 0; hour < 40; hour++, now += HOUR_MS) await later.prune();
  expect(await db.all("SELECT id FROM session WHERE id = 'old'")).toEqual([]);
});
