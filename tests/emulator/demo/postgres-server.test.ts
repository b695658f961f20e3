import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../emulator/demo/postgres-server';
import { runSql } from '../../../emulator/demo/run-sql';
import { postgresDatabase } from '../../support/postgres';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ durable: true });
});
afterAll(() => server.close());

test('what was committed outlives the death of every process of the server', async () => {
  const url = await server.createDatabase('crash');
  await runSql(url, 'CREATE TABLE kept AS SELECT 1 AS one');
  await server.kill();
  await expect(runSql(url, 'SELECT one FROM kept')).rejects.toThrow();
  await server.restart();
  expect((await runSql(url, 'SELECT one FROM kept')).rows).toEqual([{ one: 1 }]);
});

test('a database belongs to a role that is no superuser', async () => {
  const url = await server.createDatabase('ordinary');
  const { rows } = await runSql(
    url,
    'SELECT usesuper, usecreatedb FROM pg_user WHERE usename = current_user',
  );
  expect(rows).toEqual([{ usesuper: false, usecreatedb: false }]);
});

test('the databases of a test run are apart, and removed with whatever is connected', async () => {
  const [one, other] = await Promise.all([postgresDatabase(), postgresDatabase()]);
  await runSql(one.url, 'CREATE TABLE mine (id INTEGER)');
  await expect(runSql(other.url, 'SELECT * FROM mine')).rejects.toThrow('does not exist');
  const asleep = runSql(one.url, 'SELECT pg_sleep(60)');
  asleep.catch(() => undefined);
  await one.drop();
  await expect(asleep).rejects.toThrow();
  await other.drop();
});

test('a server whose starter was killed is stopped by the next start', async () => {
  const script = `
    const { startPostgres } = await import('./emulator/demo/postgres-server.ts');
    await startPostgres();
    process.kill(process.pid, 'SIGKILL');`;
  const orphans = () =>
    execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes(`dingpass-postgres-${pid}-`));
  let pid: number | undefined;
  try {
    execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: 'pipe',
    });
  } catch (error) {
    pid = (error as { pid: number }).pid;
  }
  expect(orphans()).toHaveLength(1);
  await (await startPostgres()).close();
  await expect.poll(orphans).toEqual([]);
});
