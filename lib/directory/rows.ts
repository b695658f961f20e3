import 'server-only';
import type { Database } from '../storage/sqlite';
import type { PersonRecord } from './model';
import type { MemberRow } from './read';
import { type NewMember, type SearchText, searchKeys, searchText } from './search-keys';

/**
 * Writing and removing the rows of people, in whatever generation. To be called inside a transaction. Many rows go in
 * by one statement: of a hundred thousand people, the statements would cost more than the rows.
 */

/** Ids of people who have not activated DingTalk begin here, so that the index yields them last. */
const FIRST_INACTIVE_ID = 2 ** 40;

/** The record as text, always the same for the same content: two are compared as they are. */
export function recordText(record: PersonRecord): string {
  return JSON.stringify({
    name: record.name,
    active: record.active,
    unionId: record.unionId,
    avatarUrl: record.avatarUrl,
    title: record.title,
    jobNumber: record.jobNumber,
    mobile: record.mobile,
    stateCode: record.stateCode,
    hideMobile: record.hideMobile,
    telephone: record.telephone,
    email: record.email,
    orgEmail: record.orgEmail,
    workPlace: record.workPlace,
  } satisfies Record<keyof PersonRecord, unknown>);
}

export function insertMembers(db: Database, members: readonly NewMember[], generation: number): void {
  if (members.length === 0) return;
  const nextId = createIds(db);
  const rows: [number, string, string][] = [];
  const entered: Entered[] = [];
  for (const { userId, record } of members) {
    const id = nextId(record.active);
    rows.push([id, userId, recordText(record)]);
    entered.push({ id, userId, record });
  }
  db.run(
    `INSERT INTO directory_member (id, user_id, from_generation, record)
     SELECT value ->> 0, value ->> 1, ?, value ->> 2 FROM json_each(?)`,
    generation,
    JSON.stringify(rows),
  );
  insertSearch(db, entered);
}

interface Entered extends NewMember {
  id: number;
}

/** By what these people are found. */
function insertSearch(db: Database, members: readonly Entered[]): void {
  const keys: [kind: number, inactive: number, key: string, id: number][] = [];
  const texts: [id: number, ...SearchText[keyof SearchText][]][] = [];
  for (const member of members) {
    const own = searchKeys(member);
    for (const { kind, key } of own) keys.push([kind, member.record.active ? 0 : 1, key, member.id]);
    const { name, rest, keys: joined, mobile, hiddenMobile } = searchText(member, own);
    texts.push([member.id, name, rest, joined, mobile, hiddenMobile]);
  }
  // In the order of the index, so that neighbours are written together.
  db.run(
    `INSERT OR IGNORE INTO directory_key
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) ORDER BY 1, 2, 3`,
    JSON.stringify(keys),
  );
  db.run(
    `INSERT INTO directory_text (rowid, name, rest, keys, mobile, hidden_mobile)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)`,
    JSON.stringify(texts),
  );
}

function toEntered({ id, user_id, record }: MemberRow): Entered {
  return { id, userId: user_id, record: JSON.parse(record) as PersonRecord };
}

export function deleteMember(db: Database, row: MemberRow): void {
  const member = toEntered(row);
  const inactive = member.record.active ? 0 : 1;
  for (const { kind, key } of searchKeys(member)) {
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
function createIds(db: Database): (active: boolean) => number {
  const lastIn = (from: number, to: number) =>
    db.get<{ id: number }>(
      'SELECT id FROM directory_member WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1',
      from,
      to,
    )?.id ?? from;
  let active = lastIn(0, FIRST_INACTIVE_ID);
  let inactive = lastIn(FIRST_INACTIVE_ID, FIRST_INACTIVE_ID * 2);
  return (isActive) => (isActive ? ++active : ++inactive);
}
