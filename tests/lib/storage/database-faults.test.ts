import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '@/lib/storage/database';
import { migrate } from '@/lib/storage/migrate';
import { openPostgres } from '@/lib/storage/postgres';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy';
import { postgresDatabase } from '../../support/postgres';

const schema = { name: 'one', sql: 'CREATE TABLE one (id INTEGER PRIMARY KEY)' };
/** What a statement may take in all, the wait for a connection included. */
const STATEMENT_MS = 500;
const DEADLINE_MS = STATEMENT_MS + 500 + 300;

let url: string;
let proxy: FaultProxy;
let near: Database;
let far: Database;

beforeAll(async () => {
  ({ url } = await postgresDatabase());
  near = await openPostgres(url, { poolSize: 2 });
  await migrate(near, [schema]);
});
afterAll(() => near.close());
beforeEach(async () => {
  await near.run('DELETE FROM one');
  proxy = await startFaultProxy(Number(new URL(url).port));
  far = await openPostgres(proxy.through(url), { poolSize: 4, statementMs: STATEMENT_MS });
  await far.all('SELECT 1');
});
afterEach(async () => {
  await proxy.close();
  await far.close();
});

const insert = (id: number) =>
  far.transaction((tx) => tx.run('INSERT INTO one VALUES (?)', id), { durable: id % 2 === 0 });
const present = async () =>
  new Set((await near.all<{ id: number }>('SELECT id FROM one')).map(({ id }) => id));

/** Many at once, as requests are. @returns those that were acknowledged, and the longest wait */
async function insertMany(count: number) {
  const began = performance.now();
  const acknowledged: number[] = [];
  let longest = 0;
  await Promise.all(
    Array.from({ length: count }, (_, id) =>
      insert(id)
        .then(() => acknowledged.push(id))
        .catch(() => undefined)
        .then(() => {
          longest = Math.max(longest, performance.now() - began);
        }),
    ),
  );
  return { acknowledged, longest };
}

const FAULTS: [string, () => unknown][] = [
  ['connections are cut', () => proxy.cut()],
  ['nothing passes', () => proxy.stall()],
  ['answers end in the middle', () => proxy.halve(3)],
  ['answers end before they begin', () => proxy.halve(0)],
  ['answers come too late', () => proxy.slow(STATEMENT_MS + 1500)],
];

test.each(FAULTS)('%s: statements fail within their deadline, and work again at once', async (_, fault) => {
  await fault();
  const { acknowledged, longest } = await insertMany(40);
  expect(acknowledged).toEqual([]);
  expect(longest).toBeLessThan(DEADLINE_MS);
  await proxy.heal();
  await expect.poll(() => insert(1000).catch(() => 'failed'), { timeout: 5000, interval: 50 }).toBe(1);
});

test.each(FAULTS)('%s in the middle: what was acknowledged is there', async (_, fault) => {
  const under = insertMany(300);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await fault();
  const { acknowledged, longest } = await under;
  expect(longest).toBeLessThan(DEADLINE_MS + 500);
  await proxy.heal();
  const kept = await present();
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
});

test('answers that come late but in time are taken', async () => {
  proxy.slow(40);
  const { acknowledged } = await insertMany(4);
  expect(acknowledged).toHaveLength(4);
});

test('a transaction that is cut off undoes itself and keeps no lock', async () => {
  const cut = far.transaction(
    async (tx) => {
      await tx.run('INSERT INTO one VALUES (1)');
      await proxy.cut();
      return tx.run('INSERT INTO one VALUES (2)');
    },
    { lock: 'mine' },
  );
  await expect(cut).rejects.toThrow();
  expect(await near.transaction(async () => 'free', { lock: 'mine' })).toBe('free');
  expect(await present()).toEqual(new Set());
});
