import 'server-only';
import type { Statements } from '../storage/database';
import type { PersonRecord } from './model';
import { type NewMember, searchKeys, searchText } from './search-keys';

/**
 * Writing and removing the rows of people and the keys that find them. Inside a transaction. Many rows go in by one
 * statement: of a hundred thousand people, the statements would cost more than the rows.
 */

/** Ids of people who have not activated DingTalk begin here, so that the indexes yield them last. */
const FIRST_INACTIVE_ID = 2 ** 40;

/** A row as it is. */
export interface KnownPerson {
  id: number;
  user_id: string;
  record: string;
}

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

export const recordOf = ({ record }: { record: string }) => JSON.parse(record) as PersonRecord;

/** Enters people in the place of their old rows, if there are any. */
export async function replacePeople(
  tx: Statements,
  people: readonly NewMember[],
  before: readonly KnownPerson[],
): Promise<void> {
  await deletePeople(tx, before);
  if (people.length === 0) return;
  const nextId = await createIds(tx);
  const entered = people.map(({ userId, record }) => ({ id: nextId(record.active), userId, record }));
  const { table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO directory_person (id, user_id, record)
     SELECT n.id, n.user_id, n.record FROM ${table('n', { id: 'integer', user_id: 'text', record: 'text' })}`,
    rows(entered.map(({ id, userId, record }) => ({ id, user_id: userId, record: recordText(record) }))),
  );
  await insertSearch(tx, entered);
}

interface Entered extends NewMember {
  id: number;
}

/** By what these people are found. */
async function insertSearch(tx: Statements, people: readonly Entered[]): Promise<void> {
  const { table, rows, fullText } = tx.dialect;
  const keys: object[] = [];
  const texts: object[] = [];
  for (const person of people) {
    const own = searchKeys(person);
    keys.push(...keyRows(person, own));
    const { ordered, unordered } = searchText(person, own);
    texts.push({ id: person.id, words: fullText.document(ordered, unordered) });
  }
  // In the order of the index, so that neighbours are written together.
  await tx.run(
    `INSERT INTO directory_key (kind, inactive, key, person_id)
     SELECT k.kind, k.inactive, k.key, k.person_id FROM ${table('k', KEY_COLUMNS)} ORDER BY 1, 2, 3`,
    rows(keys),
  );
  await tx.run(
    `INSERT INTO directory_text (rowid, words)
     SELECT t.id, ${fullText.words('t.words')} FROM ${table('t', { id: 'integer', words: 'text' })}`,
    rows(texts),
  );
}

const KEY_COLUMNS = { kind: 'integer', inactive: 'integer', key: 'text', person_id: 'integer' } as const;

function keyRows(person: Entered, keys = searchKeys(person)) {
  const inactive = person.record.active ? 0 : 1;
  return keys.map(({ kind, key }) => ({ kind, inactive, key, person_id: person.id }));
}

/** Their rows and keys; not their places, roles and whatever else is known of them. */
export async function deletePeople(tx: Statements, people: readonly KnownPerson[]): Promise<void> {
  if (people.length === 0) return;
  const { table, rows, isIn, list } = tx.dialect;
  const keys = people.flatMap((row) => keyRows({ id: row.id, userId: row.user_id, record: recordOf(row) }));
  await tx.run(
    `DELETE FROM directory_key WHERE (kind, inactive, key, person_id) IN
       (SELECT k.kind, k.inactive, k.key, k.person_id FROM ${table('k', KEY_COLUMNS)})`,
    rows(keys),
  );
  const ids = list(people.map(({ id }) => id));
  await tx.run(`DELETE FROM directory_text WHERE ${isIn('rowid')}`, ids);
  await tx.run(`DELETE FROM directory_person WHERE ${isIn('id')}`, ids);
}

/** People of whom nothing stays. */
export async function removePeople(tx: Statements, people: readonly KnownPerson[]): Promise<void> {
  if (people.length === 0) return;
  await deletePeople(tx, people);
  const userIds = tx.dialect.list(people.map(({ user_id }) => user_id));
  for (const table of ['place', 'role_member', 'administrator', 'detail']) {
    await tx.run(`DELETE FROM directory_${table} WHERE ${tx.dialect.isIn('user_id')}`, userIds);
  }
}

async function createIds(tx: Statements): Promise<(active: boolean) => number> {
  const lastIn = async (from: number, to: number) =>
    (
      await tx.get<{ id: number | null }>(
        'SELECT max(id) AS id FROM directory_person WHERE id >= ? AND id < ?',
        from,
        to,
      )
    )?.id ?? from;
  let active = await lastIn(0, FIRST_INACTIVE_ID);
  let inactive = await lastIn(FIRST_INACTIVE_ID, FIRST_INACTIVE_ID * 2);
  return (isActive) => (isActive ? ++active : ++inactive);
}
