import Libsql from 'libsql';
import { afterEach, expect, test, vi } from 'vitest';
import type { SessionStore } from '../../../lib/session/session-store';
import { createSessions, type Sessions } from '../../../lib/session/sessions';
import { createSessionStore } from '../../../lib/session/stored-sessions';
import { migrate } from '../../../lib/storage/migrate';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { openSqlite } from '../../../lib/storage/sqlite';
import { temporaryFile } from '../../support/directory';

vi.mock('../../../lib/log', () => ({ log: () => ({ error: () => undefined, info: () => undefined }) }));

/** A database that can be read and not written: what has to end has ended all the same, and nobody is let in for ever. */

const FAR = Math.floor(Date.now() / 1000) + 43_200;
const ENDING = { reason: 'left', by: 'event' } as const;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Real stores of which one refuses to write while it is told to. */
async function setUp() {
  const file = temporaryFile();
  const open = async () => {
    const db = await openSqlite(file);
    await migrate(db, recordsMigrations);
    return createSessionStore(db);
  };
  const [real, other] = [await open(), await open()];
  const fake = { readOnly: false, now: 0, refused: 0 };
  const refusing =
    <A extends unknown[], T>(write: (...what: A) => Promise<T>) =>
    async (...what: A): Promise<T> => {
      if (fake.readOnly) {
        fake.refused++;
        throw new Error('SQLITE_FULL');
      }
      return write(...what);
    };
  const store: SessionStore = {
    ...real,
    open: refusing(real.open),
    endSession: refusing(real.endSession),
    endPeople: refusing(real.endPeople),
    applyEvent: refusing(real.applyEvent),
    endEveryone: refusing(real.endEveryone),
    touch: refusing(real.touch),
  };
  const revocations = createSessions({
    store,
    now: () => fake.now,
    retryMs: 20,
  });
  closing.push(() => void revocations.close());
  await revocations.view.refresh();
  return { file, fake, revocations, other };
}

async function enter(revocations: Sessions, userId: string) {
  const draft = {
    id: crypto.randomUUID(),
    userId,
    name: userId,
    method: 'webview',
    issuedAt: FAR - 43_200,
    expiresAt: FAR,
  } as const;
  const standing = await revocations.open(
    { ...draft, client: 'dingtalk-android' },
    { since: await revocations.sequence(), line: { event: 'sign-in', userId } },
  );
  return { ...draft, ...standing, corpId: 'ding' };
}

test.each<[string, (revocations: Sessions, session: Awaited<ReturnType<typeof enter>>) => Promise<unknown>]>([
  ['whoever left', (revocations) => revocations.endPeople(['zhang'], ENDING)],
  [
    'an event of a leaver',
    (revocations) =>
      revocations.applyEvent({ id: 'e1', deduplicationKeys: [] }, { left: ['zhang'], refresh: [] }),
  ],
  [
    'whoever DingTalk no longer knows',
    (revocations) =>
      revocations.endPeople(['zhang'], { reason: 'check', by: 'check' }, { auditsLiveOnly: true }),
  ],
  [
    'one session',
    (revocations, session) => revocations.endSession(session, { reason: 'by-admin', by: 'boss' }),
  ],
  ['everybody', (revocations) => revocations.endEveryone({ reason: 'emergency', by: 'boss' })],
])(
  'what cannot be written has ended here at once (%s), and everywhere as soon as it can be',
  async (name, end) => {
    const { fake, revocations, other } = await setUp();
    const [zhang, li] = [await enter(revocations, 'zhang'), await enter(revocations, 'li')];
    fake.readOnly = true;
    await expect(end(revocations, zhang)).rejects.toMatchObject({ problem: 'sessions-unknown' });
    expect(await revocations.verify(zhang)).toBe('ended');
    expect(await revocations.verify(li)).toBe(name === 'everybody' ? 'ended' : 'valid');
    const { sequence } = await other.changesSince(-1);
    fake.readOnly = false;
    await expect.poll(async () => (await other.changesSince(-1)).sequence).toBeGreaterThan(sequence);
    expect(await revocations.verify(zhang)).toBe('ended');
    // Whoever signs in again is in.
    expect(await revocations.verify(await enter(revocations, 'zhang'))).toBe('valid');
  },
);

test('a store that takes nothing for a minute leaves every session unknown until the first write', async () => {
  const { fake, revocations } = await setUp();
  const zhang = await enter(revocations, 'zhang');
  fake.readOnly = true;
  fake.now = 10_000;
  // Nobody asks for anything to be written: it is noticed all the same.
  await expect.poll(() => fake.refused).toBeGreaterThan(0);
  for (const [now, verdict] of [
    [65_000, 'valid'],
    [71_000, 'unknown'],
  ] as const) {
    fake.now = now;
    await revocations.view.refresh();
    expect([now, await revocations.verify(zhang)]).toEqual([now, verdict]);
    expect(revocations.view.isFresh()).toBe(verdict === 'valid');
  }
  fake.readOnly = false;
  await expect.poll(() => revocations.view.isFresh()).toBe(true);
  expect(await revocations.verify(zhang)).toBe('valid');
});

test('a real lock of another process: the ending stands while it lasts, and is written when it goes', async () => {
  const { file, revocations, other } = await setUp();
  const zhang = await enter(revocations, 'zhang');
  const lock = new Libsql(file);
  closing.push(() => lock.close());
  lock.exec('BEGIN IMMEDIATE');
  const ending = revocations.endPeople(['zhang'], ENDING);
  expect(await revocations.verify(zhang)).toBe('ended');
  await expect(ending).rejects.toMatchObject({ problem: 'sessions-unknown' });
  expect(await revocations.verify(zhang)).toBe('ended');
  lock.exec('ROLLBACK');
  await expect
    .poll(async () => (await other.changesSince(-1)).people, { timeout: 5000 })
    .toEqual([{ userId: 'zhang', generation: 1 }]);
}, 20_000);
