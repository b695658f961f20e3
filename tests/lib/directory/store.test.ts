import { describe } from 'vitest';
import type { SyncStore } from '../../../lib/directory/sync/run-store';
import { createSyncStore } from '../../../lib/directory/sync/run-store';
import { directoryMigrations } from '../../../lib/storage/migrations';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../support/databases';
import { describeStore } from '../../support/directory-store-suite';

const databases = new WeakMap<SyncStore, TestDatabase>();

async function open(database: TestDatabase): Promise<SyncStore> {
  const db = await database.open(directoryMigrations);
  const store = createSyncStore(() => db);
  databases.set(store, database);
  return store;
}

describe.each(ENGINES)('on %s', (engine) => {
  describeStore(
    async () => open(await createTestDatabase(engine)),
    (store) => open(databases.get(store)!),
  );
});
