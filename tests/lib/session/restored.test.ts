import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSessions, type Sessions } from '../../../lib/session/sessions';
import { createSessionStore } from '../../../lib/session/stored-sessions';
import { createAuditStore } from '../../../lib/storage/audit-store';
import type { Database, Parameter } from '../../../lib/storage/database';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../support/databases';

vi.mock('../../../lib/log', () => ({
  log: () => ({ error: () => undefined, info: () => undefined, warn: () => undefined }),
}));

/** An older copy in the place of the database: a backup that was restored, or a replica that lagged and took over. */

const ENDING = { reason: 'left', by: 'event' } as const;
const EXPIRES = Math.floor(Date.now() / 1000) + 43_200;

describe.each(ENGINES)('%s', (engine) => {
  let place: TestDatabase;
  let db: Database;
  const opened: Database[] = [];
  const running: Sessions[] = [];
  beforeEach(async () => {
    place = await createTestDatabase(engine);
    db = await open();
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
    for (const one of opened.splice(0)) await one.close();
  });

  async function open(): Promise<Database> {
    const another = await place.open(recordsMigrations);
    opened.push(another);
    return another;
  }
  async function startProcess(): Promise<Sessions> {
    const process = createSessions({ store: createSessionStore(await open()), retryMs: 20 });
    running.push(process);
    await process.view.refresh();
    return process;
  }
  async function signIn({ sequence, open: enter }: Sessions, userId: string) {
    const id: string = randomUUID();
    const draft = {
      id,
      userId,
      name: userId,
      method: 'webview',
      issuedAt: EXPIRES - 43_200,
      expiresAt: EXPIRES,
    } as const;
    const line = { event: 'sign-in', userId } as const;
    const version = await enter({ ...draft, client: 'dingtalk-ios' }, { since: await sequence(), line });
    return { ...draft, ...version, corpId: 'ding' };
  }
  const lines = async () =>
    (await createAuditStore(db).find({ limit: 100, event: 'everyone-ended' })).map(({ reason }) => reason);

  test('no process was running: the first cookie that is newer than the copy signs everybody out', async () => {
    const before = await startProcess();
    const [zhang, wang] = [await signIn(before, 'zhang'), await signIn(before, 'wang')];
    const restore = await copyOf(db);
    await before.endPeople(['zhang'], ENDING);
    const newer = await signIn(before, 'li');
    await before.close();
    await restore();

    const after = await startProcess();
    // What the copy cannot know: zhang was ended after it was made.
    expect(await after.verify(zhang)).toBe('valid');
    expect(await after.verify(newer)).toBe('ended');
    for (const session of [zhang, wang, newer]) expect(await after.verify(session)).toBe('ended');
    const another = await startProcess();
    for (const session of [zhang, wang, newer]) expect(await another.verify(session)).toBe('ended');
    expect(await lines()).toEqual(['restored']);
    expect(another.view.restoredAt()).toBeGreaterThan(Date.now() - 60_000);
    // All sign in again, once: the old cookies prove nothing any more.
    const again = await signIn(another, 'wang');
    for (const process of [after, another]) {
      expect(await process.verify(newer)).toBe('ended');
      expect(await process.verify(again)).toBe('valid');
    }
    expect(await lines()).toEqual(['restored']);
  });

  test('a process was running: who was ended stays out all the while, and everybody signs in again', async () => {
    const [one, two] = [await startProcess(), await startProcess()];
    const [zhang, wang] = [await signIn(one, 'zhang'), await signIn(one, 'wang')];
    const restore = await copyOf(db);
    await one.endPeople(['zhang'], ENDING);
    await two.view.refresh();
    await restore();
    expect(await one.verify(zhang)).toBe('ended');
    await one.view.refresh();
    await two.view.refresh();
    await vi.waitFor(async () => expect(await lines()).toEqual(['restored']));
    for (const process of [one, two]) {
      await process.view.refresh();
      for (const session of [zhang, wang]) expect(await process.verify(session)).toBe('ended');
    }
    const again = await signIn(two, 'wang');
    expect([await one.verify(again), await two.verify(again)]).toEqual(['valid', 'valid']);
    expect(await lines()).toEqual(['restored']);
  });

  test('while the copy takes no writes, nothing that it may have forgotten is let in, and it is mended as soon as it does', async () => {
    const before = await startProcess();
    const zhang = await signIn(before, 'zhang');
    const restore = await copyOf(db);
    await before.endPeople(['zhang'], ENDING);
    const newer = await signIn(before, 'li');
    await before.close();
    await restore();

    const real = createSessionStore(await open());
    let isReadOnly = true;
    const store: typeof real = {
      ...real,
      endRestored: async (reached) => {
        if (isReadOnly) throw new Error('cannot execute UPDATE in a read-only transaction');
        await real.endRestored(reached);
      },
    };
    const after = createSessions({ store, retryMs: 20 });
    running.push(after);
    await after.view.refresh();
    expect(await after.verify(newer)).toBe('ended');
    expect(await after.verify(zhang)).toBe('ended');
    isReadOnly = false;
    await vi.waitFor(async () => expect(await lines()).toEqual(['restored']));
    expect(await after.verify(zhang)).toBe('ended');
    const again = await signIn(after, 'zhang');
    await vi.waitFor(async () => expect(await after.verify(again)).toBe('valid'));
  });

  test('a cookie of another database is refused and ends nothing', async () => {
    const process = await startProcess();
    const session = await signIn(process, 'zhang');
    const foreign = { ...session, databaseId: session.databaseId + 1, sequence: session.sequence + 1000 };
    for (let time = 0; time < 3; time++) expect(await process.verify(foreign)).toBe('ended');
    expect(await process.verify(session)).toBe('valid');
    expect(await lines()).toEqual([]);
  });

  test('another process’s sign-in of this moment proves nothing', async () => {
    const [one, two] = [await startProcess(), await startProcess()];
    for (let time = 0; time < 20; time++) {
      await one.endPeople([`u${time}`], ENDING);
      expect(await two.verify(await signIn(one, 'zhang'))).toBe('valid');
    }
    expect(await lines()).toEqual([]);
  });
});

const TABLES = ['revocation_head', 'revocation_person', 'session', 'event'];

/** @returns puts the state of now back */
async function copyOf(db: Database): Promise<() => Promise<void>> {
  const rows = new Map<string, Record<string, Parameter>[]>();
  for (const table of TABLES) rows.set(table, await db.all(`SELECT * FROM ${table}`));
  return () =>
    db.transaction(async (tx) => {
      for (const [table, all] of rows) {
        await tx.run(`DELETE FROM ${table}`);
        for (const row of all) {
          const names = Object.keys(row);
          const marks = names.map(() => '?').join(', ');
          await tx.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`, ...Object.values(row));
        }
      }
    });
}
