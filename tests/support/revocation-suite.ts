import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseEvent } from '../../lib/dingtalk/event';
import type {
  Ending,
  EventEffect,
  EventName,
  SessionRow,
  SessionStore,
} from '../../lib/session/session-store';
import type { AuditLine } from '../../lib/storage/audit-line';
import type { AuditStore } from '../../lib/storage/audit-store';
import type { RefreshTarget } from '../../lib/storage/event-inbox';

/** A store, another process's view of the same state, and the audit beside it. */
export interface StorePair {
  store: SessionStore;
  other: SessionStore;
  audit: AuditStore;
  close(): Promise<unknown>;
}

const LEFT: Ending = { reason: 'left', by: 'event' };
const FOUND: Ending = { reason: 'directory', by: 'directory' };
const DAY = 86_400;
const AUDIT_LIVE = { auditsLiveOnly: true };
const event = (id: string, ...deduplicationKeys: string[]): EventName => ({ id, deduplicationKeys });
const leave = (left: string[], refresh: RefreshTarget[] = []): EventEffect => ({ left, refresh });

/** How every store of revocations behaves. @param clock Unix time in ms, as the store is to see it */
export function describeRevocations(open: (clock: () => number) => Promise<StorePair>): void {
  let pair: StorePair;
  let store: SessionStore;
  let other: SessionStore;
  let time: number;
  beforeEach(async () => {
    time = 1_700_000_000_000;
    pair = await open(() => time);
    ({ store, other } = pair);
  });
  afterEach(() => pair.close());

  const draft = (userId = 'zhang', more: Partial<SessionRow> = {}) => ({
    id: randomUUID() as string,
    userId,
    name: '张伟',
    method: 'webview' as const,
    client: 'dingtalk-android' as const,
    issuedAt: Math.floor(time / 1000),
    expiresAt: Math.floor(time / 1000) + 43_200,
    ...more,
  });
  const lineOf = (session: { id: string; userId: string }): AuditLine => ({
    event: 'sign-in',
    userId: session.userId,
    sessionId: session.id,
  });
  async function signIn(userId = 'zhang', more: Partial<SessionRow> = {}) {
    const session = draft(userId, more);
    const since = await store.sequence();
    const standing = await store.open(session, { since, line: lineOf(session) });
    return { ...session, ...standing! };
  }
  const events = async () => (await pair.audit.find({ limit: 100 })).map(({ event }) => event).reverse();

  test('a person begins with the number that everybody has', async () => {
    const [zhang, li] = [await signIn('zhang'), await signIn('li')];
    expect(zhang).toMatchObject({ generation: 0, epoch: li.epoch });
    expect((await other.changesSince(-1)).epoch).toBe(li.epoch);
  });

  test('no two databases have the same epoch', async () => {
    const another = await open(() => time);
    expect((await another.store.changesSince(-1)).epoch).not.toBe((await store.changesSince(-1)).epoch);
    await another.close();
  });

  test('ending somebody raises their number, and nobody else’s, for everybody who looks', async () => {
    const before = await other.sequence();
    await store.endPeople(['zhang', 'zhang', 'wang'], LEFT);
    const changes = await other.changesSince(before);
    expect(changes.people).toEqual(
      expect.arrayContaining([
        { userId: 'zhang', generation: 1 },
        { userId: 'wang', generation: 1 },
      ]),
    );
    expect(changes.people).toHaveLength(2);
    expect(changes.sequence).toBeGreaterThan(before);
    expect((await other.changesSince(changes.sequence)).people).toEqual([]);
    expect(await signIn('zhang')).toMatchObject({ generation: 1 });
    expect(await signIn('li')).toMatchObject({ generation: 0 });
  });

  test('user ids that mean something in JavaScript or SQL are ids like any other', async () => {
    const odd = ['__proto__', 'constructor', "x' OR 1=1 --", '%', '工号1'];
    await store.endPeople(odd, LEFT);
    const { people } = await other.changesSince(-1);
    expect(people.map(({ userId }) => userId).sort()).toEqual([...odd].sort());
  });

  test('an empty list ends nobody', async () => {
    const session = await signIn();
    await store.endPeople([], LEFT);
    expect((await store.live({ limit: 10 })).map(({ id }) => id)).toEqual([session.id]);
  });

  test('a sign-in that was under way when its person was ended is overtaken, and another one is not', async () => {
    const since = await store.sequence();
    await other.endPeople(['zhang'], LEFT);
    const [zhang, li] = [draft('zhang'), draft('li')];
    expect(await store.open(zhang, { since, line: lineOf(zhang) })).toBeNull();
    expect(await store.open(li, { since, line: lineOf(li) })).not.toBeNull();
    expect((await store.live({ limit: 10 })).map(({ userId }) => userId)).toEqual(['li']);
    expect(await events()).toEqual(['person-ended', 'sign-in']);
  });

  test('a sign-in that was under way when everybody was ended is overtaken', async () => {
    const since = await store.sequence();
    await other.endEveryone({ reason: 'emergency', by: 'admin' });
    const session = draft();
    expect(await store.open(session, { since, line: lineOf(session) })).toBeNull();
  });

  test('that some session ended meanwhile overtakes nobody', async () => {
    const first = await signIn();
    const since = await store.sequence();
    await other.endSession(first, { reason: 'signed-out', by: 'zhang' });
    const session = draft();
    expect(await store.open(session, { since, line: lineOf(session) })).not.toBeNull();
  });

  test('whoever was ended can sign in again, under the next number', async () => {
    await signIn();
    await store.endPeople(['zhang'], LEFT);
    const again = await signIn();
    expect(again.generation).toBe(1);
    expect((await store.live({ limit: 10 })).map(({ id }) => id)).toEqual([again.id]);
  });

  test('ending one session tells its id, and leaves the person’s others', async () => {
    const [one, two] = [await signIn(), await signIn()];
    const before = await other.sequence();
    await store.endSession(one, { reason: 'signed-out', by: 'zhang' });
    const changes = await other.changesSince(before);
    expect(changes).toMatchObject({ people: [], sessions: [{ id: one.id, reason: 'signed-out' }] });
    expect((await store.live({ limit: 10 })).map(({ id }) => id)).toEqual([two.id]);
  });

  test('a session of which nothing is known can be ended', async () => {
    const session = draft();
    await store.endSession(session, { reason: 'by-admin', by: 'boss' });
    expect((await other.changesSince(-1)).sessions).toEqual([{ id: session.id, reason: 'by-admin' }]);
  });

  test('ending a session twice is one ending', async () => {
    const session = await signIn();
    await store.endSession(session, { reason: 'signed-out', by: 'zhang' });
    await store.endSession(session, { reason: 'signed-out', by: 'zhang' });
    expect(await events()).toEqual(['sign-in', 'sign-out']);
  });

  test('a sign-in ends the session that it replaces', async () => {
    const old = await signIn();
    const session = draft('li');
    await store.open(session, { since: await store.sequence(), replaces: old, line: lineOf(session) });
    expect((await store.live({ limit: 10 })).map(({ id }) => id)).toEqual([session.id]);
    expect((await other.changesSince(-1)).sessions).toEqual([{ id: old.id, reason: 'replaced' }]);
  });

  test('ending everybody changes the epoch, and is one line in the audit', async () => {
    for (let index = 0; index < 5; index++) await signIn(`person-${index}`);
    const { epoch } = await other.changesSince(-1);
    await store.endEveryone({ reason: 'emergency', by: 'boss' });
    expect((await other.changesSince(-1)).epoch).toBe(epoch + 1);
    expect(await store.live({ limit: 10 })).toEqual([]);
    expect(await store.countLive()).toBe(0);
    expect((await pair.audit.find({ limit: 1 }))[0]).toMatchObject({
      event: 'everyone-ended',
      by: 'boss',
      reason: 'emergency',
      at: time,
    });
  });

  test('a session is told the latest change and the database, as everybody else reads them', async () => {
    await store.endPeople(['wang'], LEFT);
    const session = await signIn();
    const { sequence, databaseId } = await other.changesSince(-1);
    expect(session).toMatchObject({ sequence, databaseId });
    const next = draft('li');
    const since = await store.sequence();
    const version = await store.open(next, { since, replaces: session, line: lineOf(next) });
    expect(version?.sequence).toBe(sequence + 1);
    expect(await other.sequence()).toBe(sequence + 1);
  });

  test('an older copy ends everybody once, far beyond the numbers that were lost, and says why', async () => {
    await signIn();
    const before = await other.changesSince(-1);
    // The history that is lost had an emergency stop, too.
    const reached = { sequence: before.sequence + 50, epoch: before.epoch + 1 };
    time += 1000;
    await store.endRestored(reached);
    const after = await other.changesSince(-1);
    expect(after.sequence).toBe(reached.sequence + 1);
    expect(after.epoch).toBeGreaterThan(reached.epoch + 100_000);
    expect(after).toMatchObject({ databaseId: before.databaseId, restoredAt: time });
    expect(await store.countLive()).toBe(0);
    // Others notice the same.
    await other.endRestored({ sequence: reached.sequence + 7, epoch: reached.epoch + 1 });
    expect(await store.changesSince(-1)).toEqual(after);
    expect(
      (await pair.audit.find({ limit: 10, event: 'everyone-ended' })).map(({ reason, by }) => [reason, by]),
    ).toEqual([['restored', 'database']]);
    expect(await signIn()).toMatchObject({ epoch: after.epoch, sequence: after.sequence });
  });

  test('an event has its effect once, whoever is told of it again', async () => {
    await store.applyEvent(event('event-1'), leave(['zhang']));
    await other.applyEvent(event('event-1'), leave(['zhang']));
    expect((await store.changesSince(-1)).people).toEqual([{ userId: 'zhang', generation: 1 }]);
    expect(await store.knowsEvent('event-1')).toBe(true);
    expect(await store.applyEvent(event('event-1'), leave([]))).toBe(false);
    expect(await other.applyEvent(event('event-2'), leave([]))).toBe(true);
  });

  test('an event is remembered for a week', async () => {
    await store.applyEvent(event('event-1'), leave([]));
    time += 6 * DAY * 1000;
    await store.prune();
    expect(await store.knowsEvent('event-1')).toBe(true);
    time += 2 * DAY * 1000;
    await store.prune();
    expect(await store.knowsEvent('event-1')).toBe(false);
  });

  test('lists are newest first, and go on where a page ended', async () => {
    const made: SessionRow[] = [];
    for (let index = 0; index < 5; index++) {
      time += 1000;
      made.push({
        ...(await signIn(`u${index}`, { name: index === 3 ? '欧阳_夏' : `人${index}` })),
        lastSeen: 0,
      });
    }
    const newest = [...made].reverse().map(({ id }) => id);
    const first = await store.live({ limit: 2 });
    const rest = await store.live({ limit: 10, after: first[1] });
    expect([...first, ...rest].map(({ id }) => id)).toEqual(newest);
    expect((await store.live({ userId: 'u', limit: 10 })).length).toBe(0);
    for (const odd of ['a\0b', '\ud800', '\\', '%'])
      expect(await store.livePeople({ text: odd, limit: 10 })).toEqual([]);
    expect(await store.find('\0')).toBeNull();
    expect(await store.countLive()).toBe(5);
  });

  test('people are listed with how many sessions they have, whoever used one last first', async () => {
    await signIn('li', { name: '李娜' });
    const [early, late] = [await signIn('zhang'), await signIn('zhang', { client: 'chrome-mac' })];
    await signIn('li', { name: '李娜' });
    const gone = await signIn('wang');
    await store.endSession(gone, { reason: 'signed-out', by: 'wang' });
    await store.endPeople(['li'], LEFT);
    await signIn('li', { name: '李娜', client: 'edge-windows' });
    await store.noteSeen(new Map([[early.id, late.issuedAt + 60]]));
    const people = await other.livePeople({ limit: 10 });
    expect(people).toEqual([
      { userId: 'zhang', name: '张伟', sessions: 2, lastSeen: late.issuedAt + 60 },
      { userId: 'li', name: '李娜', sessions: 1, lastSeen: late.issuedAt },
    ]);
    expect(await other.livePeople({ after: people[0], limit: 10 })).toEqual([people[1]]);
    expect(await other.livePeople({ limit: 1 })).toEqual([people[0]]);
    expect(await other.livePeople({ userId: 'li', limit: 1 })).toEqual([people[1]]);
    expect(await other.liveCounts()).toEqual({
      people: 2,
      clients: expect.arrayContaining([
        { client: 'dingtalk-android', sessions: 1 },
        { client: 'chrome-mac', sessions: 1 },
        { client: 'edge-windows', sessions: 1 },
      ]),
    });
  });

  test('people who used their sessions in the same second are all on one page or another', async () => {
    for (const userId of ['a', 'b', 'c', 'd', 'e']) await signIn(userId);
    const seen: string[] = [];
    for (let after: { lastSeen: number; userId: string } | undefined; ; ) {
      const page = await store.livePeople({ after, limit: 2 });
      seen.push(...page.map(({ userId }) => userId));
      after = page.at(-1);
      if (page.length < 2) break;
    }
    expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  test('people are found by a part of id or name, and by ids that were found elsewhere; signs of LIKE are plain', async () => {
    await signIn('zhang');
    await signIn('li_na', { name: '李100%' });
    await signIn('lixna', { name: '李100' });
    const found = async (text: string, orUserIds?: string[]) =>
      (await store.livePeople({ text, orUserIds, limit: 10 })).map(({ userId }) => userId).sort();
    expect(await found('张')).toEqual(['zhang']);
    expect(await found('i_n')).toEqual(['li_na']);
    expect(await found('0%')).toEqual(['li_na']);
    expect(await found("'; DROP TABLE session; --")).toEqual([]);
    expect(await found('zw', ['zhang', 'nobody'])).toEqual(['zhang']);
  });

  test('a session is listed until it expires, and dropped a day later; its ending is told as long', async () => {
    const session = await signIn();
    await store.endSession(session, { reason: 'signed-out', by: 'zhang' });
    const second = await signIn();
    time = second.expiresAt * 1000 - 1000;
    expect(await store.find(second.id)).toMatchObject({ id: second.id, client: 'dingtalk-android' });
    time += 1000;
    expect(await store.find(second.id)).toBeNull();
    await store.prune();
    expect((await store.changesSince(-1)).sessions).toHaveLength(1);
    time += (DAY + 1) * 1000;
    await store.prune();
    expect((await store.changesSince(-1)).sessions).toHaveLength(0);
  });

  test('a person’s number outlives everything: it never begins again', async () => {
    await store.endPeople(['zhang'], LEFT);
    time += 400 * DAY * 1000;
    await store.prune();
    expect((await store.changesSince(-1)).people).toEqual([{ userId: 'zhang', generation: 1 }]);
  });

  test('when a session was last seen only moves forward', async () => {
    const session = await signIn();
    await store.noteSeen(new Map([[session.id, session.issuedAt + 100]]));
    await other.noteSeen(new Map([[session.id, session.issuedAt + 50]]));
    expect((await store.find(session.id))?.lastSeen).toBe(session.issuedAt + 100);
  });

  test('one process asks about a session; when it dies, or gets no answer, another one does, until there is an answer', async () => {
    const session = await signIn();
    expect(await store.leaseRecheck(session)).toBe('claimed');
    expect(await other.leaseRecheck(session)).toBe('taken');
    time += 301_000;
    expect(await other.leaseRecheck(session)).toBe('claimed');
    expect(await store.leaseRecheck(session)).toBe('taken');
    await other.completeRecheck(session.id);
    time += 301_000;
    expect(await store.leaseRecheck(session)).toBe('settled');
  });

  test('a session whose row was lost is known again when it is asked about', async () => {
    const { epoch, sequence, databaseId } = await signIn('li');
    const lost = { ...draft(), generation: 0, epoch, sequence, databaseId };
    expect(await store.leaseRecheck(lost)).toBe('claimed');
    expect(await other.find(lost.id)).toMatchObject({ userId: 'zhang', client: 'other-other' });
  });

  test('whoever is found gone is ended, sessions or not, and a sign-in under way with them; a line tells of sessions', async () => {
    await signIn('zhang');
    const since = await store.sequence();
    await other.endPeople(['zhang', 'nobody'], FOUND, AUDIT_LIVE);
    expect((await store.changesSince(since)).people.map(({ userId }) => userId).sort()).toEqual([
      'nobody',
      'zhang',
    ]);
    for (const userId of ['zhang', 'nobody']) {
      const late = draft(userId);
      expect(await store.open(late, { since, line: lineOf(late) })).toBeNull();
    }
    expect(await events()).toEqual(['sign-in', 'person-ended']);
  });

  test('a finding of the directory ends sessions once, also when it is handed over again after they came back', async () => {
    const notes = ['zhang', 'li', 'wang'].map((userId) => ({ userId, note: `of ${userId}` }));
    const hand = (from: SessionStore, ...userIds: string[]) =>
      from.endPeople(userIds, FOUND, {
        ...AUDIT_LIVE,
        notes: notes.filter(({ userId }) => userIds.includes(userId)),
      });
    // An event tells of the same: what the directory found because of it is settled with it.
    await store.applyEvent(event('event-1'), { ...leave(['zhang']), notes: notes.slice(0, 1) });
    const back = await signIn('zhang');
    await signIn('li');
    expect(await hand(other, 'zhang', 'li', 'wang')).toBe(1);
    expect((await store.live({ limit: 10 })).map(({ id }) => id)).toEqual([back.id]);
    const before = await store.sequence();
    const liBack = await signIn('li');
    expect(await hand(store, 'li')).toBe(0);
    expect(await store.sequence()).toBe(before);
    // A later finding about the same person is another one.
    await store.endPeople(['li'], FOUND, { notes: [{ userId: 'li', note: 'a later one' }] });
    expect(await store.find(liBack.id)).toBeNull();
  });

  test('the owners of sessions are told some at a time', async () => {
    for (const userId of ['c', 'a', 'b', 'a']) await signIn(userId);
    await store.endPeople(['b'], LEFT);
    expect(await store.owners('', 1)).toEqual(['a']);
    expect(await store.owners('a', 10)).toEqual(['c']);
  });

  test('an event is known by its other names too, and each counts once', async () => {
    await store.applyEvent(event('event-1', 'twin-1', 'twin-2'), leave(['zhang']));
    for (const id of ['event-1', 'twin-1', 'twin-2']) expect(await other.knowsEvent(id)).toBe(true);
    await other.applyEvent(event('event-2', 'twin-1'), leave(['zhang']));
    expect((await store.changesSince(-1)).people).toEqual([{ userId: 'zhang', generation: 2 }]);
  });

  test('what an event makes stale is owed until it is read, once however often it is said', async () => {
    const [zhang, admins]: RefreshTarget[] = [{ what: 'member', id: 'zhang' }, { what: 'administrators' }];
    await store.applyEvent(event('event-1'), leave([], [zhang!, admins!]));
    await store.applyEvent(event('event-1'), leave([], [{ what: 'directory' }]));
    await other.applyEvent(event('event-2'), leave(['zhang'], [zhang!]));
    expect((await other.refreshJobs(0)).map(({ target }) => target)).toEqual(
      expect.arrayContaining([zhang, admins]),
    );
    expect(await other.refreshJobs(0)).toHaveLength(2);
    expect(await other.refreshJobs(1000)).toEqual([]);
    time += 1000;
    expect(await other.refreshJobs(1000)).toHaveLength(2);
    const version = await store.refreshVersion(zhang!);
    await other.enqueueRefresh([zhang!]);
    await store.completeRefresh({ target: zhang!, version });
    expect(await store.refreshJobs(0)).toHaveLength(2);
    await store.completeRefresh({ target: zhang!, version: await store.refreshVersion(zhang!) });
    await store.completeRefresh({ target: admins!, version: await store.refreshVersion(admins!) });
    expect(await other.refreshJobs(0)).toEqual([]);
  });

  test('events that DingTalk tells of once are kept until they are settled', async () => {
    const missed = ['a', 'b'].map((eventId) =>
      parseEvent({ EventType: 'user_leave_org', UserId: ['zhang'], eventId, TimeStamp: '1700000000000' }),
    );
    await store.storeMissed(missed);
    await store.storeMissed(missed);
    expect(await other.missed(10)).toEqual(missed);
    expect(await other.missed(1)).toHaveLength(1);
    await other.completeMissed('a');
    expect(await store.missed(10)).toEqual(missed.slice(1));
  });

  test('a thousand leavers at once are one change', async () => {
    const leavers = Array.from({ length: 1000 }, (_, index) => `leaver-${index}`);
    const before = await store.sequence();
    await store.applyEvent(event('mass'), leave(leavers));
    expect((await other.changesSince(before)).people).toHaveLength(1000);
    expect(await store.sequence()).toBe(before + 1);
  });

  test('two processes that end people at once lose nothing', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `p${index}`);
    await Promise.all(
      names.map((name, index) => (index % 2 ? store : other).endPeople([name, 'both'], LEFT)),
    );
    const { people } = await store.changesSince(-1);
    expect(people).toHaveLength(61);
    expect(people.find(({ userId }) => userId === 'both')?.generation).toBe(60);
  });
}
