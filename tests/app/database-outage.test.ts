import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { Database } from '../../lib/storage/database';
import { openPostgres } from '../../lib/storage/postgres';
import { type App, startApp } from '../support/app';
import { untilRead } from '../support/directory-app';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy';
import { signedIn, Visitor } from '../support/http-session';
import { postgresDatabase } from '../support/postgres';
import { CALLBACK_ENV, isIn, postEvent } from '../support/staff';

/** PostgreSQL is away for some seconds: by its network, and as a primary that fails over. */

let emulator: Emulator;
let app: App;
let proxy: FaultProxy;
/** Past the proxy. */
let direct: Database;
let name: string;
let people: string[];
let visitor: Visitor;
beforeAll(async () => {
  emulator = await startEmulator({ members: 60, departments: 8, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const { url } = await postgresDatabase();
  name = new URL(url).pathname.slice(1);
  direct = await openPostgres(url, { poolSize: 2 });
  proxy = await startFaultProxy(Number(new URL(url).port));
  const env = {
    ...CALLBACK_ENV,
    DATABASE_URL: proxy.through(url),
    DATA_DIR: mkdtempSync(join(tmpdir(), 'dingpass-outage-')),
    DIRECTORY_SYNC: 'on',
    DIRECTORY_CALLS_PER_SECOND: '200',
  };
  app = await startApp({ emulator, env });
  visitor = await signedIn(app, emulator, people.shift()!);
  await untilRead(visitor);
});
afterEach(() => proxy.heal());
afterAll(async () => {
  await app?.close();
  await proxy?.close();
  await direct?.close();
  await emulator?.close();
});

/** Connections are cut, and the server takes no writes. */
async function failOver(): Promise<void> {
  await direct.run(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await direct.all(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()',
    name,
  );
}
async function takeWrites(): Promise<void> {
  await direct.transaction(async (tx) => {
    await tx.script('SET TRANSACTION READ WRITE');
    await tx.script(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  });
  await direct.all(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND pid <> pg_backend_pid()',
    name,
  );
}

const OUTAGES: [string, { begins(): unknown; ends(): Promise<unknown>; isReadable: boolean }][] = [
  ['is cut off', { begins: () => proxy.cut(), ends: () => proxy.heal(), isReadable: false }],
  ['stands still', { begins: () => proxy.stall(), ends: () => proxy.heal(), isReadable: false }],
  ['fails over', { begins: failOver, ends: takeWrites, isReadable: true }],
];

test.each(OUTAGES)(
  'PostgreSQL %s: who is in stays in, others are told at once, and it mends itself',
  async (_, outage) => {
    const leaver = people.shift()!;
    const enter = () => signedIn(app, emulator, leaver).catch(() => undefined);
    const leaving = await vi.waitUntil(enter, { timeout: 10_000 });
    const stays = visitor.cookieHeader();
    const newcomer = people.shift()!;
    const signIn = () => new Visitor(app).post('/api/session', { code: emulator.control.mintCode(newcomer) });
    await outage.begins();
    // Until the first statement has failed, at most.
    await expect.poll(async () => (await signIn()).status, { timeout: 5000 }).toBe(503);

    const begun = performance.now();
    const refused = await signIn();
    expect(refused.json.error.code).toBe('SESSIONS_UNKNOWN');
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(performance.now() - begun).toBeLessThan(1500);
    for (const path of ['/', '/me', '/api/session']) {
      const answer = await visitor.ask(path);
      expect([path, answer.status]).toEqual([path, 200]);
    }
    for (const path of ['/directory', '/api/directory/search?q=a', '/me/sessions'])
      await expectUnavailable(path, outage.isReadable);
    // What cannot be written down is not acknowledged, and stands here all the same.
    const event = { EventType: 'user_leave_org', UserId: [leaver], eventId: `left-${leaver}` };
    expect(await postEvent(app, emulator, event)).toBe(503);
    await expect.poll(() => isIn(app, leaving.cookieHeader()), { timeout: 5000 }).toBe(false);
    expect(await isIn(app, stays)).toBe(true);

    await outage.ends();
    const back = performance.now();
    await expect.poll(async () => (await signIn()).status, { timeout: 10_000, interval: 50 }).toBe(200);
    await expect.poll(async () => (await visitor.ask('/directory')).status, { timeout: 10_000 }).toBe(200);
    expect(performance.now() - back).toBeLessThan(5000);
    expect(await postEvent(app, emulator, event)).toBe(200);
    expect(await isIn(app, leaving.cookieHeader())).toBe(false);
  },
);

/** Where the database can be read, an answer is right. Elsewhere it says that it is not: a page by the address it leads to. */
async function expectUnavailable(path: string, isReadable: boolean): Promise<void> {
  const first = await visitor.ask(path);
  if (isReadable && first.status === 200) return;
  const isPage = !path.startsWith('/api');
  const location = first.headers.get('location');
  if (isPage) expect([path, location]).toEqual([path, `/unavailable?${new URLSearchParams({ next: path })}`]);
  const { status, headers } = isPage ? await visitor.ask(location ?? '') : first;
  expect([path, status]).toEqual([path, 503]);
  expect([path, headers.get('retry-after')]).toEqual([path, expect.stringMatching(/^\d+$/)]);
}
