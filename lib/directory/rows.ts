import 'server-only';
import type { Statements } from '../storage/database';
import type { PersonRecord } from './model';
import { KEY, type KeyKind, type NewMember, searchKeys, searchText } from './search-keys';

/**
 * Writing and removing the rows of people and the keys that find them. Inside a transaction. Many rows go in by one
 * statement: of a hundred thousand people, the statements would cost more than the rows.
 */

/** Ids of people who have not activated DingTalk begin here, so that the indexes yield them last. */
export const FIRST_INACTIVE_ID = 2 ** 40;

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

/** A person as they are to be, in the place of their row, if they have one. */
export interface PersonChange {
  person: NewMember;
  before: KnownPerson | undefined;
}

/** A person with the number of their row. */
interface Entry extends NewMember {
  id: number;
}

/** After people were written, in their transaction: what they are found by is found as quickly as what was there. */
export async function sortInTexts(tx: Statements): Promise<void> {
  const sql = tx.dialect.fullText.sortIn?.('directory_text');
  if (sql) await tx.get(sql);
}

/** Enters people, until `sortInTexts`. What they are found by is written only where it changes. */
export async function writePeople(tx: Statements, changes: readonly PersonChange[]): Promise<void> {
  if (changes.length === 0) return;
  const last = await lastIds(tx);
  const nextId = (active: boolean) => (active ? ++last.active : ++last.inactive);
  const entries = changes.map(({ person, before }) => {
    const old = before && toEntry(before);
    const keepsId = old !== undefined && old.record.active === person.record.active;
    return { old, now: { ...person, id: keepsId ? old.id : nextId(person.record.active) } };
  });
  const moved = entries.flatMap(({ old, now }) => (old && old.id !== now.id ? [old.id] : []));
  await deleteRows(tx, moved);
  const { table, rows } = tx.dialect;
  await tx.run(
    `INSERT INTO directory_person (id, user_id, record)
     SELECT n.id, n.user_id, n.record FROM ${table('n', { id: 'integer', user_id: 'text', record: 'text' })}
     WHERE true ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    rows(
      entries.map(({ now: { id, userId, record } }) => ({ id, user_id: userId, record: recordText(record) })),
    ),
  );
  await writeSearch(tx, entries);
}

const toEntry = (row: KnownPerson): Entry => ({ id: row.id, userId: row.user_id, record: recordOf(row) });

/** By what these people are found. */
async function writeSearch(
  tx: Statements,
  entries: readonly { old: Entry | undefined; now: Entry }[],
): Promise<void> {
  const changed = entries.filter(({ old, now }) => !old || old.id !== now.id || !areFoundAlike(old, now));
  const found = changed.map(({ old, now }) => ({ old: old && toFound(old), now: toFound(now) }));
  const without = (some: readonly KeyRow[] = [], others: readonly KeyRow[] = []) => {
    const known = new Set(others.map(keyText));
    return some.filter((key) => !known.has(keyText(key)));
  };
  await deleteKeys(
    tx,
    found.flatMap(({ old, now }) => without(old?.keys, now.keys)),
  );
  await insertKeys(
    tx,
    found.flatMap(({ old, now }) => without(now.keys, old?.keys)),
  );
  const kept = found.filter(({ old, now }) => old?.id === now.id).map(({ now }) => now.id);
  await deleteTexts(tx, kept);
  await writeTexts(
    tx,
    found.map(({ now }) => now),
  );
}

/** Everything that keys and texts are made of. */
function areFoundAlike({ record: a }: Entry, { record: b }: Entry): boolean {
  return (
    a.name === b.name &&
    a.title === b.title &&
    a.jobNumber === b.jobNumber &&
    a.mobile === b.mobile &&
    a.hideMobile === b.hideMobile
  );
}

interface KeyRow {
  kind: KeyKind;
  inactive: 0 | 1;
  key: string;
  person_id: number;
}

export const KEY_COLUMNS = {
  kind: 'integer',
  inactive: 'integer',
  key: 'text',
  person_id: 'integer',
} as const;
const keyText = ({ kind, inactive, key, person_id }: KeyRow) => `${kind} ${inactive} ${person_id} ${key}`;

interface FoundBy {
  id: number;
  keys: KeyRow[];
  texts: ReturnType<typeof searchText>;
}

function toFound(entry: Entry): FoundBy {
  const keys = searchKeys(entry);
  const inactive = entry.record.active ? 0 : 1;
  return {
    id: entry.id,
    keys: keys.map(({ kind, key }) => ({ kind, inactive, key, person_id: entry.id })),
    texts: searchText(entry, keys),
  };
}

async function insertKeys(tx: Statements, keys: readonly KeyRow[]): Promise<void> {
  if (keys.length === 0) return;
  const { table, rows } = tx.dialect;
  // In the order of the index, so that neighbours are written together.
  await tx.run(
    `INSERT INTO directory_key (kind, inactive, key, person_id)
     SELECT k.kind, k.inactive, k.key, k.person_id FROM ${table('k', KEY_COLUMNS)} ORDER BY 1, 2, 3`,
    rows(keys),
  );
}

/** Kind by kind: of a list of all four columns, SQLite uses the index for the first two only. */
async function deleteKeys(tx: Statements, keys: readonly KeyRow[]): Promise<void> {
  const { table, rows } = tx.dialect;
  for (const inactive of [0, 1]) {
    for (const kind of Object.values(KEY)) {
      const some = keys.filter((key) => key.kind === kind && key.inactive === inactive);
      if (some.length === 0) continue;
      await tx.run(
        `DELETE FROM directory_key WHERE kind = ? AND inactive = ? AND (key, person_id) IN
           (SELECT k.key, k.person_id FROM ${table('k', KEY_COLUMNS)})`,
        kind,
        inactive,
        rows(some),
      );
    }
  }
}

/** In the order of their ids: the index sets down what it has for each one that is out of it. */
async function writeTexts(tx: Statements, found: readonly FoundBy[]): Promise<void> {
  if (found.length === 0) return;
  const { table, rows, fullText } = tx.dialect;
  await tx.run(
    `INSERT INTO directory_text (rowid, words)
     SELECT t.id, ${fullText.words('t.words')} FROM ${table('t', { id: 'integer', words: 'text' })}`,
    rows(found.map(({ id, texts }) => ({ id, words: fullText.document(texts.ordered, texts.unordered) }))),
  );
}

async function deleteTexts(tx: Statements, ids: readonly number[]): Promise<void> {
  if (ids.length > 0)
    await tx.run(`DELETE FROM directory_text WHERE ${tx.dialect.isIn('rowid')}`, tx.dialect.list(ids));
}

async function deleteRows(tx: Statements, ids: readonly number[]): Promise<void> {
  await deleteTexts(tx, ids);
  if (ids.length > 0)
    await tx.run(`DELETE FROM directory_person WHERE ${tx.dialect.isIn('id')}`, tx.dialect.list(ids));
}

/** People of whom nothing stays. */
export async function removePeople(tx: Statements, people: readonly KnownPerson[]): Promise<void> {
  if (people.length === 0) return;
  await deleteKeys(
    tx,
    people.flatMap((row) => toFound(toEntry(row)).keys),
  );
  await deleteRows(
    tx,
    people.map(({ id }) => id),
  );
  const userIds = tx.dialect.list(people.map(({ user_id }) => user_id));
  for (const table of ['place', 'role_member', 'administrator', 'detail']) {
    await tx.run(`DELETE FROM directory_${table} WHERE ${tx.dialect.isIn('user_id')}`, userIds);
  }
}

/** The last ones that are taken. */
export async function lastIds(tx: Statements): Promise<{ active: number; inactive: number }> {
  const row = await tx.get<{ active: number | null; inactive: number | null }>(
    `SELECT (SELECT max(id) FROM directory_person WHERE id < ${FIRST_INACTIVE_ID}) AS active,
       (SELECT max(id) FROM directory_person WHERE id > ${FIRST_INACTIVE_ID}) AS inactive`,
  );
  return { active: row?.active ?? 0, inactive: row?.inactive ?? FIRST_INACTIVE_ID };
}
