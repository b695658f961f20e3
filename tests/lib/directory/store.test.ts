import { expect, test } from 'vitest';
import { createLibsqlStore } from '../../../lib/directory/libsql-store';
import { directoryMigrations } from '../../../lib/directory/schema';
import { planSearch } from '../../../lib/directory/search-query';
import type { DirectoryStore } from '../../../lib/directory/store';
import { openDatabase } from '../../../lib/storage/database';
import { temporaryFile } from '../../support/directory';
import { describeStore, person, publishReading } from '../../support/directory-store-suite';

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

test('a directory from before the index was another is found in as before', async () => {
  const file = temporaryFile();
  await publishReading(open(file), {
    tree: { 1: undefined },
    people: { 1: [person('san', { name: '张三', title: '工程师' }), person('si', { name: '李四' })] },
  });
  const db = openDatabase(file, directoryMigrations);
  db.run("DELETE FROM migration WHERE name IN ('directory-text-2', 'directory-search-3')");
  db.run("UPDATE directory_key SET key = 'x'");
  db.run('DROP TABLE directory_text');
  db.run('CREATE VIRTUAL TABLE directory_text USING fts5(name, rest)');
  db.close();
  const { people } = await open(file).find(planSearch('工程师 zhang', false), {
    accepts: () => true,
    limit: 5,
  });
  expect(people.map(({ member }) => member.userId)).toEqual(['san']);
});
