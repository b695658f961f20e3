import 'server-only';
import type { Database } from '../database';
import { FIRST_INACTIVE_ID } from './schema';
import { searchKeys, searchText } from './search-keys';
import type { PersonRecord } from './store';

/** Writing and removing the rows of one person, in whatever generation. To be called inside a transaction. */

/** The record as text, always the same for the same content: two are compared as they are. */
export function recordText(record: PersonRecord): string {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

export function insertMember(db: Database, userId: string, record: PersonRecord, generation: number): void {
  const id = nextId(db, record.active);
  db.run(
    'INSERT INTO directory_member (id, user_id, from_generation, record) VALUES (?, ?, ?, ?)',
    id,
    userId,
    generation,
    recordText(record),
  );
  const inactive = record.active ? 0 : 1;
  for (const { kind, key } of searchKeys(record)) {
    db.run('INSERT OR IGNORE INTO directory_key VALUES (?, ?, ?, ?)', kind, inactive, key, id);
  }
  const { name, rest } = searchText(record);
  db.run('INSERT INTO directory_text (rowid, name, rest) VALUES (?, ?, ?)', id, name, rest);
}

export function deleteMember(db: Database, row: { id: number; record: string }): void {
  const record = JSON.parse(row.record) as PersonRecord;
  for (const { kind, key } of searchKeys(record)) {
    const inactive = record.active ? 0 : 1;
    db.run(
      'DELETE FROM directory_key WHERE kind = ? AND inactive = ? AND key = ? AND member_id = ?',
      kind,
      inactive,
      key,
      row.id,
    );
  }
  db.run('DELETE FROM directory_text WHERE rowid = ?', row.id);
  db.run('DELETE FROM directory_member WHERE id = ?', row.id);
}

/** Ids of people who are not active begin further up: the indexes yield them last. */
function nextId(db: Database, active: boolean): number {
  const [from, to] = active ? [0, FIRST_INACTIVE_ID] : [FIRST_INACTIVE_ID, FIRST_INACTIVE_ID * 2];
  const last = db.get<{ id: number }>(
    'SELECT id FROM directory_member WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1',
    from,
    to,
  );
  return (last?.id ?? from) + 1;
}
