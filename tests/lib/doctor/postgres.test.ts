import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../../lib/storage/migrate';
import { migrations } from '../../../lib/storage/migrations';
import { openPostgres } from '../../../lib/storage/postgres';
import { blamed, type DoctorScene, startDoctorScene } from '../../support/doctor-scene';
import { postgresDatabase } from '../../support/postgres';

let scene: DoctorScene;
let url: string;
beforeAll(async () => {
  scene = await startDoctorScene();
  url = (await postgresDatabase()).url;
});
afterAll(() => scene.close());

const found = async (DATABASE_URL: string) => {
  const report = await scene.examine({ DATABASE_URL });
  return { blamed: blamed(report), database: report.findings.find(({ id }) => id === 'database')! };
};

test('PostgreSQL before and after the first start', async () => {
  expect(await found(url)).toMatchObject({ blamed: [], database: { outcome: 'ok' } });
  const db = await openPostgres(url, { poolSize: 2 });
  await migrate(db, migrations);
  await db.close();
  const { blamed: faults, database } = await found(url);
  expect(faults).toEqual([]);
  expect(database.values).toMatchObject({ kind: 'PostgreSQL', version: expect.stringMatching(/^\d/) });
});

test('a database that does not exist is told from a server that is not there', async () => {
  const other = new URL(url);
  other.pathname = '/no_such_database';
  expect((await found(other.href)).blamed).toEqual(['database: database-refused']);
});
