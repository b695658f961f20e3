import type { SyncStore } from '../../../lib/directory/sync/run-store';
import { createSyncStore } from '../../../lib/directory/sync/run-store';
import { migrations } from '../../../lib/storage/migrations';
import { openDatabase } from '../../../lib/storage/sqlite';
import { temporaryFile } from '../../support/directory';
import { describeStore } from '../../support/directory-store-suite';

const files = new WeakMap<SyncStore, string>();

function open(file: string): SyncStore {
  const store = createSyncStore(openDatabase(file, migrations));
  files.set(store, file);
  return store;
}

describeStore(
  () => open(temporaryFile()),
  (store) => open(files.get(store)!),
);
