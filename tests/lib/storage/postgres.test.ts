import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../lib/storage/database';
import { assertSupported, openPostgres } from '../../../lib/storage/postgres';
import { isUnavailable } from '../../../lib/storage/unavailable';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy';
import { postgresDatabase, type TestDatabase } from '../../support/postgres';

/** What the engine does when the server, or the network before it, does not. Deadlines are short here. */

const STATEMENT_MS = 1000;
/** With what the process gives the server beyond that, and for a busy machine. */
const SOON_MS = 4000;

let database: TestDatabase;
let proxy: FaultProxy;
/** Past the proxy. */
let direct: Database;
let db: Database;
beforeAll(async () => {
  database = await postgresDatabase();
  direct = await openPostgres(database.url, { poolSize: 4 });
  await direct.transaction((tx) =>
    tx.script(
      'CREATE TABLE one (id BIGINT PRIMARY KEY); CREATE TABLE head (n BIGINT); INSERT INTO head VALUES (0)',
    ),
  );
  proxy = await startFaultProxy(Number(new URL(database.url).port));
});
afterAll(async () => {
  await direct.close();
  await proxy.close();
  await database.drop();
});
beforeEach(async () => {
  await direct.run('DELETE FROM one');
  db = await openPostgres(proxy.through(database.url), { poolSize: 4, statementMs: STATEMENT_MS });
});
afterEach(async () => {
  await proxy.heal();
  await db.close();
});

const one = (from = db) => from.get<{ one: number }>('SELECT 1 AS one');
/** Fills the pool with connections that are good. */
const warm = () => Promise.all(Array.from({ length: 4 }, () => one()));

async function timed<T>(action: () => Promise<T>): Promise<{ ms: number; outcome: PromiseSettledResult<T> }> {
  const begun = performance.now();
  const [outcome] = await Promise.allSettled([action()]);
  return { ms: performance.now() - begun, outcome: outcome! };
}

test('a network that stands still is given up after the deadline, by reads, writes and snapshots; its return mends it', async () => {
  await warm();
  proxy.stall();
  const kinds: (() => Promise<unknown>)[] = [
    () => one(),
    () => db.run('INSERT INTO one VALUES (1)'),
    () => db.transaction((tx) => tx.run('INSERT INTO one VALUES (2)'), { durable: true }),
    () => db.snapshot((tx) => tx.all('SELECT id FROM one')),
  ];
  for (const { ms, outcome } of await Promise.all(kinds.map(timed))) {
    expect(outcome.status).toBe('rejected');
    expect(ms).toBeLessThan(SOON_MS);
  }
  await proxy.heal();
  await expect.poll(() => one().catch(() => undefined), { timeout: SOON_MS }).toEqual({ one: 1 });
});

test('a process that was busy itself for longer than the deadline reads the answer that lies there', async () => {
  // Not through the proxy, which is in this process and as busy.
  const direct = await openPostgres(database.url, { poolSize: 1, statementMs: STATEMENT_MS });
  await one(direct);
  const answer = one(direct);
  // Sent, and answered while nothing here can read it.
  await new Promise((resolve) => setImmediate(resolve));
  const until = performance.now() + STATEMENT_MS + 700;
  while (performance.now() < until);
  expect(await answer).toEqual({ one: 1 });
  await direct.close();
});

test('once the server was silent, statements fail at once until it is back', async () => {
  await warm();
  proxy.stall();
  await timed(one);
  for (const { ms, outcome } of await Promise.all(Array.from({ length: 30 }, () => timed(one))))
    expect([outcome.status, ms < STATEMENT_MS / 2]).toEqual(['rejected', true]);
  await proxy.heal();
  await expect.poll(() => one().catch(() => undefined), { timeout: SOON_MS }).toEqual({ one: 1 });
  const after = await Promise.all(Array.from({ length: 30 }, () => timed(one)));
  expect(after.filter(({ outcome }) => outcome.status === 'rejected')).toEqual([]);
});

test('statements under way fail with the first one that finds the server silent; what may take longer goes on', async () => {
  await warm();
  let begun: () => void = () => undefined;
  const isStalled = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const long = db.transaction(
    async (tx) => {
      await isStalled;
      return tx.run('INSERT INTO one VALUES (3)');
    },
    { timeoutMs: 20_000 },
  );
  await delay(50);
  proxy.stall();
  begun();
  const first = timed(one);
  await delay(STATEMENT_MS);
  // More than there are connections: some wait for one.
  const later = await Promise.all(Array.from({ length: 8 }, () => timed(one)));
  expect((await first).outcome.status).toBe('rejected');
  for (const { ms, outcome } of later)
    expect([outcome.status, ms < STATEMENT_MS]).toEqual(['rejected', true]);
  await proxy.heal();
  expect(await long).toBe(1);
  await expect.poll(() => one().catch(() => undefined), { timeout: SOON_MS }).toEqual({ one: 1 });
});

test('a network that forgets its connections costs one deadline, not one for each of them', async () => {
  const forgetful = await startForgetful(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(forgetful.port);
  const far = await openPostgres(url.href, { poolSize: 4, statementMs: STATEMENT_MS });
  await Promise.all(Array.from({ length: 4 }, () => one(far)));
  forgetful.forget();
  expect((await timed(() => one(far))).outcome.status).toBe('rejected');
  const back = () =>
    expect.poll(() => one(far).catch(() => undefined), { timeout: SOON_MS }).toEqual({ one: 1 });
  await back();
  for (let time = 0; time < 4; time++) {
    const { ms, outcome } = await timed(() => one(far));
    expect([outcome.status, ms < STATEMENT_MS]).toEqual(['fulfilled', true]);
  }
  forgetful.close();
  await far.close();
});

/** As a balancer or a firewall: what it forgets stays open, and nothing comes through it any more. */
async function startForgetful(target: number) {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    sockets.push(client, upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    forget() {
      for (const socket of sockets.splice(0)) socket.unpipe().pause();
    },
    close: () => server.close(),
  };
}

test('connections that are cut are replaced: one statement fails at most for each, and none hangs', async () => {
  await warm();
  await proxy.cut();
  const { ms, outcome } = await timed(one);
  expect([outcome.status, ms < SOON_MS]).toEqual(['rejected', true]);
  expect(isUnavailable((outcome as PromiseRejectedResult).reason)).toBe(true);
  await proxy.heal();
  await expect.poll(() => one().catch(() => undefined), { timeout: 3000 }).toEqual({ one: 1 });
});

test('half an answer is an error, not a result', async () => {
  await one();
  proxy.halve(7);
  const { ms, outcome } = await timed(() => db.all('SELECT generate_series(1, 1000) AS n'));
  expect([outcome.status, ms < SOON_MS]).toEqual(['rejected', true]);
  await proxy.heal();
  expect(await db.all('SELECT generate_series(1, 1000) AS n')).toHaveLength(1000);
});

test('a transaction whose COMMIT got no answer is no success, and leaves no lock behind', async () => {
  await warm();
  const stuck = timed(() =>
    db.transaction(async (tx) => {
      await tx.run('UPDATE head SET n = n + 1');
      proxy.stall();
    }),
  );
  expect((await stuck).outcome.status).toBe('rejected');
  await proxy.heal();
  // Whatever became of it: the row is free.
  await direct.run('UPDATE head SET n = n + 1');
});

test('a server that is slow and answers within the deadline is waited for', async () => {
  await one();
  proxy.slow(100);
  expect(await one()).toEqual({ one: 1 });
  expect(await db.transaction((tx) => tx.run('INSERT INTO one VALUES (1)'))).toBe(1);
});

test('the server itself ends a statement that takes too long, and the connection goes on', async () => {
  const { ms, outcome } = await timed(() => db.transaction((tx) => tx.get('SELECT pg_sleep(10)')));
  expect((outcome as PromiseRejectedResult).reason).toMatchObject({ code: '57014' });
  expect(ms).toBeLessThan(SOON_MS);
  expect(await one()).toEqual({ one: 1 });
});

test('a statement waits for a lock no longer than its deadline', async () => {
  let release: () => void = () => undefined;
  const holding = direct.transaction(async (tx) => {
    await tx.run('UPDATE head SET n = n + 1');
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  await delay(50);
  const { ms, outcome } = await timed(() => db.run('UPDATE head SET n = n + 1'));
  expect([outcome.status, ms < SOON_MS]).toEqual(['rejected', true]);
  release();
  await holding;
  expect(await db.run('UPDATE head SET n = n + 1')).toBe(1);
});

test('the wait for a connection of the pool is a part of the deadline', async () => {
  const slow = Array.from({ length: 4 }, () =>
    db.transaction((tx) => tx.get('SELECT pg_sleep(2)'), { timeoutMs: 5000 }),
  );
  await delay(20);
  const { ms, outcome } = await timed(one);
  expect([outcome.status, ms < 1900]).toEqual(['rejected', true]);
  await Promise.all(slow);
  expect(await one()).toEqual({ one: 1 });
});

test('deadlocks and conflicts are tried again', async () => {
  await direct.run('INSERT INTO one VALUES (1), (2)');
  let [runs, arrived] = [0, 0];
  let meet = () => {};
  const haveMet = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const cross = (from: Database, first: number, second: number) =>
    from.transaction(
      async (tx) => {
        runs++;
        await tx.run('UPDATE one SET id = id WHERE id = ?', first);
        arrived++;
        if (arrived === 2) meet();
        await haveMet;
        await tx.run('UPDATE one SET id = id WHERE id = ?', second);
      },
      { timeoutMs: 5000 },
    );
  await Promise.all([cross(direct, 1, 2), cross(db, 2, 1)]);
  expect(runs).toBe(3);
});

test('what a transaction sets ends with it, as a pool of connections before the server needs it', async () => {
  const settings = () =>
    direct.get(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('synchronous_commit') AS sync,
       current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
  const single = await openPostgres(database.url, { poolSize: 1 });
  const before = await settings();
  const during = await single.transaction((tx) =>
    tx.get(
      "SELECT current_setting('statement_timeout') AS statement, current_setting('synchronous_commit') AS sync",
    ),
  );
  expect(during).toEqual({ statement: '2s', sync: 'on' });
  await single.transaction(async () => 1, { lock: 'x' });
  // The server has the databases of other test files, too.
  const held = `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  expect(await single.get(held)).toEqual({ n: 0 });
  expect(await settings()).toEqual(before);
  expect(await single.get('SELECT count(*) AS n FROM pg_prepared_statements')).toEqual({ n: 0 });
  await single.close();
});

test('commits are synchronous, whatever the role has as its default', async () => {
  await direct.run(`ALTER ROLE ${new URL(database.url).username} SET synchronous_commit = off`);
  const other = await openPostgres(database.url, { poolSize: 1 });
  const sync = () =>
    other.transaction((tx) => tx.get("SELECT current_setting('synchronous_commit') AS sync"));
  expect(await other.get("SELECT current_setting('synchronous_commit') AS sync")).toEqual({ sync: 'off' });
  expect(await sync()).toEqual({ sync: 'on' });
  await direct.run(`ALTER ROLE ${new URL(database.url).username} RESET synchronous_commit`);
  await other.close();
});

test('a machine that stops in the middle of a transaction does not keep its locks', async () => {
  const stopped = await openPostgres(database.url, { poolSize: 1 });
  const transaction = stopped.transaction(async (tx) => {
    await tx.run('UPDATE head SET n = n + 1');
    await tx.script('SET LOCAL idle_in_transaction_session_timeout = 200');
    await delay(600);
    await tx.run('UPDATE head SET n = n + 1');
  });
  await delay(400);
  expect(await direct.run('UPDATE head SET n = n + 1')).toBe(1);
  await expect(transaction).rejects.toThrow();
  await stopped.close();
});

test('a server that is supported is taken; what is no server is said to be unreachable', async () => {
  await assertSupported(direct);
  const nowhere = await openPostgres('postgres://x@127.0.0.1:9/x', { poolSize: 1 });
  const { outcome } = await timed(() => one(nowhere));
  expect(isUnavailable((outcome as PromiseRejectedResult).reason)).toBe(true);
  await nowhere.close();
  const wrong = new URL(database.url);
  wrong.pathname = '/no_such_database';
  const missing = await openPostgres(wrong.href, { poolSize: 1 });
  const { outcome: refused } = await timed(() => one(missing));
  expect(isUnavailable((refused as PromiseRejectedResult).reason)).toBe(false);
  await missing.close();
});
