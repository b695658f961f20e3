import { expect, test } from 'vitest';
import { createIdleCheck } from '../../../lib/session/idle';
import { createSessions } from '../../../lib/session/sessions';
import { createSessionStore } from '../../../lib/session/stored-sessions';
import { createAuditStore } from '../../../lib/storage/audit-store';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { openTestDatabase } from '../../support/databases';

const IDLE = 1800;

function twoProcesses() {
  let now = 1_000_000;
  let reads = 0;
  const written = new Map<string, number>();
  const store = {
    lastSeen: async (id: string) => {
      reads++;
      return written.get(id);
    },
  };
  const start = () => createIdleCheck({ store, idleSeconds: IDLE, now: () => now * 1000 });
  return { start, written, reads: () => reads, now: () => now, pass: (seconds: number) => (now += seconds) };
}

test('a session is idle one second after its time, and its uses keep it alive', async () => {
  const house = twoProcesses();
  const session = { id: 's', issuedAt: house.now() };
  const idle = house.start();
  for (let uses = 0; uses < 3; uses++) {
    house.pass(IDLE);
    expect(await idle.use(session)).toBe(true);
  }
  house.pass(IDLE + 1);
  expect(await idle.use(session)).toBe(false);
  // Being refused is no use.
  expect(await idle.use(session)).toBe(false);
});

test('the store is asked only for what this process has not seen, or takes for idle', async () => {
  const house = twoProcesses();
  const session = { id: 's', issuedAt: house.now() };
  const idle = house.start();
  for (let uses = 0; uses < 100; uses++) await idle.use(session);
  expect(house.reads()).toBe(1);
});

test('a use in another process, or before a restart, counts', async () => {
  const house = twoProcesses();
  const session = { id: 's', issuedAt: house.now() };
  const idle = house.start();
  expect(await idle.use(session)).toBe(true);
  house.pass(IDLE * 3);
  house.written.set('s', house.now() - 60);
  expect(await idle.use(session)).toBe(true);
  expect(await house.start().use(session)).toBe(true);
  house.pass(IDLE);
  expect(await house.start().use(session)).toBe(false);
});

test('an idle session is ended for every process, with a line that says why', async () => {
  const db = await openTestDatabase('file', recordsMigrations);
  const store = createSessionStore(db);
  const options = { store };
  const issuedAt = Math.floor(Date.now() / 1000) - IDLE - 10;
  const session = {
    id: '00000000-0000-4000-8000-000000000001',
    corpId: 'c',
    userId: 'zhang',
    name: '张',
    method: 'webview' as const,
    issuedAt,
    expiresAt: issuedAt + 43_200,
  };
  const standing = await store.open(
    { ...session, client: 'other-other' },
    { since: await store.sequence(), line: { event: 'sign-in', userId: 'zhang' } },
  );
  const sealed = { ...session, ...standing! };
  const without = createSessions(options);
  expect(await without.verify(sealed)).toBe('valid');
  const withIdle = createSessions({ ...options, idleSeconds: IDLE });
  expect(await withIdle.verify(sealed)).toBe('ended');
  await without.view.refresh();
  expect(await without.verify(sealed)).toBe('ended');
  const [line] = await createAuditStore(db).find({ limit: 1 });
  expect(line).toMatchObject({ event: 'session-ended', userId: 'zhang', reason: 'idle' });
  await Promise.all([without.close(), withIdle.close()]);
  await db.close();
});
