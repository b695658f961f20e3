import { openDatabase } from '../../../lib/database';
import { createLibsqlStore } from '../../../lib/directory/libsql-store';
import { directoryMigrations } from '../../../lib/directory/schema';
import type { DirectoryStore } from '../../../lib/directory/store';
import { temporaryFile } from '../../support/directory';
import { describeStore } from '../../support/directory-store-suite';

const files = new WeakMap<DirectoryStore, string>();

function open(file: string): DirectoryStore {
  const store = createLibsqlStore(openDatabase(file, directoryMigrations));
  files.set(store, file);
  return store;
}

describeStore(
  () => open(temporaryFile()),
  (store) => open(files.get(store)!),
);
