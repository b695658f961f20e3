import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRevocationCache } from '../lib/session/revocation-cache';
import { createSessionStore } from '../lib/session/stored-sessions';
import { createAuditStore } from '../lib/storage/audit-store';
import { migrate } from '../lib/storage/migrate';
import { recordsMigrations } from '../lib/storage/migrations';
import { openSqlite } from '../lib/storage/sqlite';
import { atMost, type Figure, median, percentile, round } from './figure';

const FULL = { leavers: 100_000, signIns: 2000 };
const SHORT = { leavers: 1000, signIns: 100 };

/** What revocation costs: each request, each look for what is new, each sign-in and each ending. */
export async function benchSessions({ short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  const size = short ? SHORT : FULL;
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const db = await openSqlite(join(folder, 'sessions.db'));
  await migrate(db, recordsMigrations);
  const store = createSessionStore(db);
  const view = createRevocationCache({ store, pollMs: 3_600_000 });
  try {
    const expiresAt = Math.floor(Date.now() / 1000) + 43_200;
    const leavers = Array.from({ length: size.leavers }, (_, index) => `leaver-${index}`);
    await store.endPeople(leavers, { reason: 'left', by: 'event' });
    const loading = await timed(() => view.refresh());
    const { epoch, sequence, databaseId } = await store.changesSince(-1);

    const signIns: number[] = [];
    for (let index = 0; index < size.signIns; index++) {
      const session = {
        id: `session-${index}`,
        userId: `stayer-${index}`,
        name: '张伟',
        method: 'webview' as const,
        client: 'dingtalk-android' as const,
        issuedAt: expiresAt - 43_200,
        expiresAt,
      };
      const line = { event: 'sign-in' as const, userId: session.userId, sessionId: session.id };
      const since = await store.sequence();
      signIns.push(await timed(() => store.open(session, { since, line })));
    }
    const endings: number[] = [];
    for (let index = 0; index < 100; index++) {
      const session = { id: `session-${index}`, userId: `stayer-${index}`, expiresAt };
      endings.push(await timed(() => store.endSession(session, { reason: 'signed-out', by: 'x' })));
    }
    const thousand = await timed(() =>
      store.endPeople(leavers.slice(0, 1000), { reason: 'left', by: 'event' }),
    );
    await view.refresh();
    const looks: number[] = [];
    for (let index = 0; index < 1000; index++) looks.push(await timed(() => view.refresh()));
    const checking = await checkTimes(view, { epoch, sequence, databaseId, expiresAt });
    const reading = await timed(() => createAuditStore(db).find({ limit: 100 }));
    return [
      // 1000 checks in so many ms are as many µs for each.
      atMost(`check of one request, ${size.leavers} leavers`, round(median(checking)), ' µs', 10),
      { what: `reading ${size.leavers} leavers at the start`, value: round(loading), unit: ' ms' },
      { what: 'look for what is new, p99', value: round(percentile(looks, 0.99), 3), unit: ' ms' },
      {
        what: 'entering a sign-in, with its line, p99',
        value: round(percentile(signIns, 0.99)),
        unit: ' ms',
      },
      { what: 'ending a session, on the disk, p99', value: round(percentile(endings, 0.99)), unit: ' ms' },
      { what: 'ending 1000 people, on the disk', value: round(thousand), unit: ' ms' },
      { what: `a page of the audit among ${size.leavers} lines`, value: round(reading), unit: ' ms' },
    ];
  } finally {
    view.close();
    await db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How long 1000 checks take, again and again: half of them are of people who have left. */
async function checkTimes(
  view: ReturnType<typeof createRevocationCache>,
  common: Record<'epoch' | 'sequence' | 'databaseId' | 'expiresAt', number>,
): Promise<number[]> {
  const checks = Array.from({ length: 1000 }, (_, index) => ({
    id: `session-${index}`,
    userId: index % 2 ? `stayer-${index}` : `leaver-${index}`,
    generation: 0,
    ...common,
  }));
  const checking: number[] = [];
  for (let round = 0; round < 200; round++) {
    checking.push(
      await timed(async () => {
        for (const session of checks) view.check(session);
      }),
    );
  }
  return checking;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}
