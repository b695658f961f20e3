import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseConfig } from '../../../lib/config';
import { writePeople } from '../../../lib/directory/rows';
import { openStorageView, type StorageView } from '../../../lib/doctor/storage-view';
import { noteKeys } from '../../../lib/session/key-ages';
import type { Database } from '../../../lib/storage/database';
import { claimDatabase } from '../../../lib/storage/database-owner';
import { openUnclaimed } from '../../../lib/storage/databases';
import type { DoctorScene } from '../doctor-scene';
import { FULL, NEARLY_FULL } from './full-disk';
import { type BrokenSetUp, gateSettings, newFolder, setting } from './set-up';

const ownerOf = ({ env }: DoctorScene, corpId = env.DINGTALK_CORP_ID!) => ({
  corpId,
  clientId: env.DINGTALK_CLIENT_ID!,
  apiUrl: env.DINGTALK_API_URL!,
});

/** Databases of a scene, as an app has left them. */
async function usedDatabases(scene: DoctorScene, owner = ownerOf(scene)) {
  const dataDir = newFolder();
  const { records, directory } = await openUnclaimed({ dataDir, database: undefined });
  for (const db of [records, directory]) await claimDatabase(db, owner);
  return {
    ...{ dataDir, records, directory },
    close: () => Promise.all([records.close(), directory.close()]),
  };
}

type Directory = Awaited<ReturnType<typeof usedDatabases>>['directory'];

/** A company where two people have one job number, or one has none. */
const jobNumbers = (name: string, blamed: string, numbers: (string | undefined)[]): BrokenSetUp => ({
  name,
  blamed,
  async make(scene) {
    const { dataDir, directory, close } = await usedDatabases(scene);
    for (const [at, number] of numbers.entries()) await addPerson(directory, `person${at}`, number);
    await close();
    return { env: { DATA_DIR: dataDir, ...gateSettings(), GATE_USER: 'job-number' } };
  },
});

async function addPerson(db: Directory, userId: string, jobNumber: string | undefined): Promise<void> {
  const person = { userId, record: { name: userId, active: true, jobNumber } };
  await db.transaction((tx) => writePeople(tx, [{ person, before: undefined }]));
}

const jobNumbersShared = jobNumbers(
  'two people have the job number that upstreams know them by',
  'gate-user: gate-user-shared',
  ['A001', 'a001'],
);
/** As the gate compares them: upstreams know no difference. */
const jobNumbersAlike = jobNumbers(
  'two people have one job number in two spellings',
  'gate-user: gate-user-shared',
  ['A 001', 'ａ　001 '],
);
const jobNumbersMissing = jobNumbers('a person has no job number', 'gate-user: gate-user-missing', [
  'A001',
  undefined,
]);

const SLOW_MS = 110;

function slowed(view: StorageView): StorageView {
  const wait = (db: Database): Database => ({
    ...db,
    get: async (sql, ...values) => {
      await delay(SLOW_MS);
      return db.get(sql, ...values);
    },
  });
  return { ...view, databases: view.databases.map(wait) };
}

/** What is written somewhere, and what is in it. */
export const storage: BrokenSetUp[] = [
  {
    name: 'DATA_DIR is no folder',
    blamed: 'data-folder: folder-unwritable',
    make() {
      const file = join(newFolder(), 'file');
      writeFileSync(file, '');
      return { env: { DATA_DIR: join(file, 'data') } };
    },
  },
  {
    name: 'a database of a former version',
    blamed: 'database: database-former',
    make() {
      const dataDir = newFolder();
      writeFileSync(join(dataDir, 'dingpass.db'), '');
      return { env: { DATA_DIR: dataDir } };
    },
  },
  {
    name: 'the database of another company',
    blamed: 'database: database-foreign',
    async make(scene) {
      const { dataDir, close } = await usedDatabases(scene, ownerOf(scene, 'dinganother0002corp'));
      await close();
      return { env: { DATA_DIR: dataDir } };
    },
  },
  {
    name: 'a database that a newer version has used',
    blamed: 'database: database-newer',
    async make(scene) {
      const { dataDir, records, close } = await usedDatabases(scene);
      await records.run("INSERT INTO migration (name, taken_at) VALUES ('holograms', 1)");
      await close();
      return { env: { DATA_DIR: dataDir } };
    },
  },
  {
    name: 'a database file that is none',
    blamed: 'database: database-away',
    make() {
      const dataDir = newFolder();
      for (const name of ['records.db', 'directory.db'])
        writeFileSync(join(dataDir, name), 'no database at all '.repeat(500));
      return { env: { DATA_DIR: dataDir } };
    },
  },
  setting(
    'PostgreSQL is not there',
    { DATABASE_URL: 'postgres://door:a-database-password@127.0.0.1:9/door' },
    'database: database-away',
  ),
  {
    name: 'the calls of the month are used up',
    blamed: 'monthly-calls: calls-spent',
    async make(scene) {
      const { dataDir, records, close } = await usedDatabases(scene);
      const month = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7);
      await records.run("INSERT INTO called (month, kind, calls) VALUES (?, 'calendar', 5000)", month);
      await close();
      return { env: { DATA_DIR: dataDir } };
    },
  },
  {
    name: 'the calls of the month will not last',
    blamed: 'monthly-calls: quota-low',
    async make(scene) {
      const { dataDir, records, close } = await usedDatabases(scene);
      const month = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7);
      await records.run(
        "INSERT INTO called (month, kind, calls) VALUES (?, 'calendar', ?)",
        month,
        999_999_900,
      );
      await close();
      return { env: { DATA_DIR: dataDir, DINGTALK_MONTHLY_CALLS: '999999999' } };
    },
  },
  {
    name: 'the disk is nearly full',
    blamed: 'data-folder: disk-full',
    make: () => ({ env: { DATA_DIR: newFolder(NEARLY_FULL) } }),
  },
  {
    name: 'the disk is full',
    blamed: 'data-folder: disk-full',
    make: () => ({ env: { DATA_DIR: newFolder(FULL) } }),
  },
  {
    name: 'a database that takes a tenth of a second for a query',
    blamed: 'database: database-slow',
    async make(scene) {
      const { dataDir, close } = await usedDatabases(scene);
      await close();
      const config = { ...parseConfig({ ...scene.env, DATA_DIR: dataDir }) };
      const storage = async () => slowed(await openStorageView(config));
      return { env: { DATA_DIR: dataDir }, options: { storage } };
    },
  },
  {
    name: 'a key in use for more than a year',
    blamed: 'session-keys: key-old',
    async make(scene) {
      const { dataDir, records, close } = await usedDatabases(scene);
      await noteKeys(records, ['1'], Date.now() - 400 * 86_400_000);
      await close();
      return { env: { DATA_DIR: dataDir } };
    },
  },
  {
    name: 'a read found leavers of whom no event told',
    blamed: 'events-lately: events-silent',
    async make(scene) {
      const { dataDir, directory, close } = await usedDatabases(scene);
      await directory.run(
        `INSERT INTO directory_run (id, state, started_by, started_at, touched_at, removed)
         VALUES (1, 'complete', 'schedule', ?, ?, 2)`,
        Date.now(),
        Date.now(),
      );
      await close();
      return { env: { DATA_DIR: dataDir } };
    },
  },
  jobNumbersShared,
  jobNumbersAlike,
  jobNumbersMissing,
];
