import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { wasReplaced } from '../../../lib/session/replaced-sessions';
import { createRevocationCache, type RevocationCache } from '../../../lib/session/revocation-cache';
import type { EndReason, RevocationChanges } from '../../../lib/session/session-store';

const FAR = Math.floor(Date.now() / 1000) + 43_200;

/** A store of which nothing is real but its answers. */
function createFakeStore() {
  const fake = {
    epoch: 1000,
    sequence: 0,
    databaseId: 7,
    restoredAt: null as number | null,
    people: new Map<string, { generation: number; sequence: number }>(),
    sessions: new Map<string, { reason: EndReason; sequence: number }>(),
    fails: undefined as 'throws' | 'hangs' | undefined,
    asked: 0,
    leave(userId: string) {
      const generation = (fake.people.get(userId)?.generation ?? 0) + 1;
      fake.people.set(userId, { generation, sequence: ++fake.sequence });
    },
    async changesSince(since: number): Promise<RevocationChanges> {
      fake.asked++;
      if (fake.fails === 'throws') throw new Error('silent');
      if (fake.fails === 'hangs') await new Promise(() => undefined);
      return {
        sequence: fake.sequence,
        epoch: fake.epoch,
        databaseId: fake.databaseId,
        restoredAt: fake.restoredAt,
        people: [...fake.people]
          .filter(([, { sequence }]) => sequence > since)
          .map(([userId, { generation }]) => ({ userId, generation })),
        sessions: [...fake.sessions]
          .filter(([, { sequence }]) => sequence > since)
          .map(([id, { reason }]) => ({ id, reason })),
      };
    },
  };
  return fake;
}

let views: RevocationCache[] = [];
afterEach(() => {
  for (const view of views) view.close();
  views = [];
});

/** A cache that polls only when it is told to, with a clock in the test's hand. */
async function setUp(more: Partial<Parameters<typeof createRevocationCache>[0]> = {}) {
  const store = createFakeStore();
  const clock = { now: 0 };
  const view = createRevocationCache({ store, pollMs: 3_600_000, now: () => clock.now, ...more });
  views.push(view);
  await view.refresh();
  return { store, clock, view };
}
const zhang = {
  id: 'session-1',
  userId: 'zhang',
  generation: 0,
  epoch: 1000,
  sequence: 0,
  databaseId: 7,
  expiresAt: FAR,
};

test('a session stands as long as its numbers do', async () => {
  const { store, view } = await setUp();
  expect(view.check(zhang)).toBe('valid');
  store.leave('zhang');
  await view.refresh();
  expect(view.check(zhang)).toBe('ended');
  expect(view.check({ ...zhang, userId: 'li' })).toBe('valid');
  expect(view.check({ ...zhang, generation: 1 })).toBe('valid');
});

test('ids that mean something in JavaScript are ids like any other', async () => {
  const { store, view } = await setUp();
  for (const userId of ['__proto__', 'constructor', 'toString']) {
    expect(view.check({ ...zhang, userId })).toBe('valid');
    store.leave(userId);
    await view.refresh();
    expect(view.check({ ...zhang, userId })).toBe('ended');
  }
});

test('a new epoch ends everybody', async () => {
  const { store, view } = await setUp();
  store.epoch++;
  store.sequence++;
  await view.refresh();
  expect(view.check(zhang)).toBe('ended');
  expect(view.check({ ...zhang, epoch: 1001 })).toBe('valid');
});

test('a session that this process ended is over at once, before the store says so', async () => {
  const { view } = await setUp();
  view.end(zhang);
  expect(view.check(zhang)).toBe('ended');
});

test('a session that is newer than what is known is looked up; its own numbers alone are no reason to', async () => {
  const { store, view } = await setUp();
  store.leave('zhang');
  const newer = { ...zhang, generation: 1, sequence: 1 };
  expect(view.check(newer)).toBe('stale');
  expect(await view.verify(newer)).toBe('valid');
  const { asked } = store;
  expect(await view.verify({ ...zhang, generation: 7 })).toBe('ended');
  expect(await view.verify({ ...zhang, epoch: 5000 })).toBe('ended');
  expect(store.asked).toBe(asked);
});

test('while the store is silent, a session that is newer than what is known is unknown, not ended', async () => {
  const { store, view } = await setUp();
  store.fails = 'throws';
  expect(await view.verify({ ...zhang, sequence: 1 })).toBe('unknown');
  expect(await view.verify(zhang)).toBe('valid');
});

// ── An older copy of the database ─────────────────────────────────────────────────────────────────────────────────

/** A cache that collects what it says of older copies. */
async function watching() {
  const noticed: unknown[] = [];
  const made = await setUp({ onOlder: async (...what) => noticed.push(what) });
  return { ...made, noticed };
}

test('a session that is newer than the store itself proves that the store is an older copy', async () => {
  const { store, view, noticed } = await watching();
  store.sequence = 5;
  const newer = { ...zhang, sequence: 6 };
  expect(await view.verify(newer)).toBe('ended');
  expect(noticed).toEqual([[{ sequence: 6, epoch: 1000 }, false]]);
  // Once everybody was ended in it, the same session, and others of the lost history, prove nothing more.
  Object.assign(store, { sequence: 7, epoch: 3000 });
  await view.refresh();
  const { asked } = store;
  for (const sequence of [6, 7, 8, 9999]) expect(await view.verify({ ...zhang, sequence })).toBe('ended');
  expect(noticed).toHaveLength(1);
  expect(store.asked).toBe(asked);
});

test.each([
  ['of another database', { databaseId: 8, sequence: 99 }],
  ['of an epoch that is over', { epoch: 999, sequence: 99 }],
])('a session %s is refused, and proves nothing', async (_, numbers) => {
  const { store, view, noticed } = await watching();
  const { asked } = store;
  expect(await view.verify({ ...zhang, ...numbers })).toBe('ended');
  expect([noticed, store.asked]).toEqual([[], asked]);
});

test.each([{ sequence: Number.MAX_SAFE_INTEGER }, { sequence: 99, epoch: Number.MAX_SAFE_INTEGER }])(
  'numbers that no history reaches prove nothing: %o',
  async (numbers) => {
    const { view, noticed } = await watching();
    expect(await view.verify({ ...zhang, ...numbers })).toBe('ended');
    expect(noticed).toEqual([]);
  },
);

test('a store that was not asked, because it is silent, is not taken for an older copy', async () => {
  const { store, view, noticed } = await watching();
  store.fails = 'throws';
  expect(await view.verify({ ...zhang, sequence: 99 })).toBe('unknown');
  expect(noticed).toEqual([]);
});

test('a process that knows more than the store keeps what it knows, and says so until it is noticed there', async () => {
  const { store, clock, view, noticed } = await watching();
  store.leave('zhang');
  store.leave('li');
  await view.refresh();
  // The copy was made before either was ended.
  store.people.clear();
  store.sequence = 0;
  await view.refresh();
  expect(noticed).toEqual([[{ sequence: 2, epoch: 1000 }, true]]);
  expect(view.check(zhang)).toBe('ended');
  expect(view.check({ ...zhang, userId: 'wang' })).toBe('valid');
  // An answer of an older copy is none.
  clock.now = 60_001;
  expect(view.check({ ...zhang, userId: 'wang' })).toBe('unknown');
  Object.assign(store, { sequence: 3, epoch: 2000, restoredAt: 17 });
  await view.refresh();
  expect([view.check(zhang), view.check({ ...zhang, userId: 'wang' })]).toEqual(['ended', 'ended']);
  // Their generations are those of the copy now.
  expect(view.check({ ...zhang, epoch: 2000, sequence: 3 })).toBe('valid');
  expect(view.restoredAt()).toBe(17);
  expect(noticed).toHaveLength(1);
});

test('what another process has noticed is taken over, though its numbers are lower than what is known here', async () => {
  const { store, view, noticed } = await watching();
  for (let time = 0; time < 9; time++) store.leave('zhang');
  await view.refresh();
  store.people = new Map([['zhang', { generation: 2, sequence: 1 }]]);
  Object.assign(store, { sequence: 4, epoch: 2000 });
  await view.refresh();
  expect(noticed).toEqual([]);
  expect(view.check({ ...zhang, epoch: 2000, sequence: 4, generation: 2 })).toBe('valid');
});

test('another database in the place of the one that was there is taken over whole', async () => {
  const { store, view, noticed } = await watching();
  store.leave('zhang');
  await view.refresh();
  Object.assign(store, { databaseId: 8, sequence: 0, epoch: 5, people: new Map() });
  await view.refresh();
  expect(noticed).toEqual([]);
  expect(view.check(zhang)).toBe('ended');
  expect(view.check({ ...zhang, epoch: 5, databaseId: 8 })).toBe('valid');
});

test('before the first answer nobody is let in', async () => {
  const store = createFakeStore();
  store.fails = 'throws';
  const view = createRevocationCache({ store, pollMs: 3_600_000 });
  views.push(view);
  expect(view.check(zhang)).toBe('unknown');
  expect(await view.verify(zhang)).toBe('unknown');
  store.fails = undefined;
  expect(await view.verify(zhang)).toBe('valid');
});

test('a silent store is believed for a minute, then nobody is let in, and its first word mends it', async () => {
  const { store, clock, view } = await setUp();
  store.fails = 'throws';
  store.leave('zhang');
  clock.now = 60_000;
  await view.refresh();
  expect(view.check(zhang)).toBe('valid');
  expect(view.isFresh()).toBe(true);
  clock.now = 60_001;
  await view.refresh();
  expect(view.check(zhang)).toBe('unknown');
  expect(view.check({ ...zhang, userId: 'li' })).toBe('unknown');
  expect(view.isFresh()).toBe(false);
  store.fails = undefined;
  await view.refresh();
  expect(view.check(zhang)).toBe('ended');
  expect(view.check({ ...zhang, userId: 'li' })).toBe('valid');
});

test('an answer is as old as its question', async () => {
  const { store, clock, view } = await setUp();
  const answer = store.changesSince;
  store.changesSince = async (since) => {
    const changes = await answer(since);
    clock.now += 50_000;
    return changes;
  };
  await view.refresh();
  clock.now += 10_001;
  expect(view.check(zhang)).toBe('unknown');
});

test('a look tells what had changed when it was asked for, and a crowd that asks meanwhile shares the next one', async () => {
  const { store, view } = await setUp();
  const answers: (() => void)[] = [];
  const answer = store.changesSince;
  store.changesSince = async (since) => {
    const changes = await answer(since);
    await new Promise<void>((resolve) => answers.push(resolve));
    return changes;
  };
  const before = store.asked;
  const first = view.refresh();
  await delay(1);
  store.leave('zhang');
  const crowd = Array.from({ length: 50 }, () => view.refresh());
  answers.pop()!();
  await first;
  expect(view.check(zhang)).toBe('valid');
  await delay(1);
  answers.pop()!();
  await Promise.all(crowd);
  expect(view.check(zhang)).toBe('ended');
  expect(store.asked - before).toBe(2);
});

test('of a session that another process replaced is known that a newer cookie is there', async () => {
  const { store, view } = await setUp();
  store.sessions.set('replaced-elsewhere', { reason: 'replaced', sequence: ++store.sequence });
  store.sessions.set('ended-elsewhere', { reason: 'by-admin', sequence: ++store.sequence });
  await view.refresh();
  for (const id of ['replaced-elsewhere', 'ended-elsewhere'])
    expect(view.check({ ...zhang, id })).toBe('ended');
  expect([wasReplaced('replaced-elsewhere'), wasReplaced('ended-elsewhere')]).toEqual([true, false]);
});

test('the cache polls by itself', async () => {
  const { store, view } = await setUp({ pollMs: 20 });
  store.leave('zhang');
  await delay(150);
  expect(view.check(zhang)).toBe('ended');
});

test('a check costs less than 10 µs, with 100 000 leavers and 100 000 ended sessions', async () => {
  const store = createFakeStore();
  for (let index = 0; index < 100_000; index++) {
    store.leave(`leaver-${index}`);
    store.sessions.set(`ended-${index}`, { reason: 'by-owner', sequence: ++store.sequence });
  }
  const view = createRevocationCache({ store, pollMs: 3_600_000 });
  views.push(view);
  await view.refresh();
  const sessions = Array.from({ length: 1000 }, (_, index) => ({
    ...zhang,
    id: index % 3 ? `session-${index}` : `ended-${index}`,
    userId: index % 2 ? `leaver-${index}` : `stayer-${index}`,
  }));
  // The best of many rounds: in the others the processor was shared.
  let microseconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 100; round++) {
    const started = performance.now();
    for (const session of sessions) view.check(session);
    microseconds = Math.min(microseconds, performance.now() - started);
  }
  expect(microseconds).toBeLessThan(10);
});
