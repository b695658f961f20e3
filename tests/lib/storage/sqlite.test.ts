import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../lib/storage/sqlite';
import { temporaryFile } from '../../support/directory';

const first = { name: 'one', sql: 'CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (1);' };
const second = { name: 'two', sql: 'ALTER TABLE one ADD COLUMN b TEXT' };

test('migrations are taken once, in their order, and new ones later', () => {
  const file = temporaryFile();
  openDatabase(file, [first]).close();
  openDatabase(file, [first]).close();
  const database = openDatabase(file, [first, second]);
  expect(database.all('SELECT * FROM one')).toEqual([{ a: 1, b: null }]);
  database.close();
});

test('a migration that fails leaves nothing behind', () => {
  const file = temporaryFile();
  const broken = { name: 'two', sql: 'CREATE TABLE two (a INTEGER); NONSENSE;' };
  expect(() => openDatabase(file, [first, broken])).toThrow();
  const database = openDatabase(file, [first]);
  expect(database.all("SELECT name FROM sqlite_master WHERE name = 'two'")).toEqual([]);
  database.close();
});

test('a transaction that throws is undone', () => {
  const database = openDatabase(temporaryFile(), [first]);
  expect(() =>
    database.write(() => {
      database.run('INSERT INTO one VALUES (?)', 2);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(database.all('SELECT a FROM one')).toEqual([{ a: 1 }]);
  database.close();
});

test('a second process on the same file finds the migrations taken, and its writes are seen', () => {
  const file = temporaryFile();
  const database = openDatabase(file, [first]);
  const script = `
    import { openDatabase } from './lib/storage/sqlite.ts';
    const db = openDatabase(${JSON.stringify(file)}, [${JSON.stringify(first)}]);
    db.write(() => db.run('INSERT INTO one VALUES (?)', 7));`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=react-server', '--import', 'tsx', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  expect(database.all('SELECT a FROM one ORDER BY a')).toEqual([{ a: 1 }, { a: 7 }]);
  database.close();
});
