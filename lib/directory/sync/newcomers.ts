import 'server-only';
import type { Statements } from '../../storage/database';
import { KEY_COLUMNS, lastIds, recordOf } from '../rows';
import { KEY, searchKeys, searchText } from '../search-keys';

/**
 * People whom a run reads and who are not published: of a first run, everybody. By what they are found is worked out
 * while the run waits for DingTalk, and kept in the order of the indexes, so that the publication only copies it.
 */

const PEOPLE_AT_ONCE = 500;
const KEYS_AT_ONCE = 4000;

/** What those of these people are found by who are new. */
export async function prepareNewcomers(tx: Statements, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  const { isIn, list, table, rows, fullText } = tx.dialect;
  const people = await tx.all<{ number: number; user_id: string; record: string }>(
    `SELECT r.number, r.user_id, r.record FROM run_person r
     LEFT JOIN directory_person p ON p.user_id = r.user_id LEFT JOIN run_text t ON t.number = r.number
     WHERE ${isIn('r.user_id')} AND r.record IS NOT NULL AND p.id IS NULL AND t.number IS NULL`,
    list(userIds),
  );
  if (people.length === 0) return;
  const keys: object[] = [];
  const texts: object[] = [];
  for (const { number, user_id, record } of people) {
    const person = { userId: user_id, record: recordOf({ record }) };
    const inactive = person.record.active ? 0 : 1;
    const own = searchKeys(person);
    keys.push(...own.map(({ kind, key }) => ({ kind, inactive, key, person_id: number })));
    const { ordered, unordered } = searchText(person, own);
    texts.push({ number, inactive, words: fullText.document(ordered, unordered) });
  }
  await tx.run(
    `INSERT INTO run_key (kind, inactive, key, number)
     SELECT k.kind, k.inactive, k.key, k.person_id FROM ${table('k', KEY_COLUMNS)} ORDER BY 1, 2, 3`,
    rows(keys),
  );
  await tx.run(
    `INSERT INTO run_text (number, inactive, words) SELECT t.number, t.inactive, t.words
     FROM ${table('t', { number: 'integer', inactive: 'integer', words: 'text' })}`,
    rows(texts),
  );
}

/** Somebody is no newcomer after all. What they are found by stays behind, and is copied for nobody. */
export async function dropNewcomers(tx: Statements, userIds: readonly string[]): Promise<void> {
  const { isIn, list } = tx.dialect;
  await tx.run(
    `DELETE FROM run_text WHERE number IN (SELECT number FROM run_person WHERE ${isIn('user_id')})`,
    list(userIds),
  );
}

/** @returns how many there are */
export async function publishNewcomers(tx: Statements): Promise<number> {
  // What was reported of them meanwhile is newer.
  await tx.run(
    `DELETE FROM run_text WHERE number IN
       (SELECT r.number FROM run_person r JOIN run_told_person t ON t.user_id = r.user_id)`,
  );
  const last = await lastIds(tx);
  let added = 0;
  for (const inactive of [0, 1]) {
    const base = inactive === 0 ? last.active : last.inactive;
    const copied = await copyPeople(tx, inactive, base);
    added += copied;
    if (copied > 0) for (const kind of Object.values(KEY)) await copyKeys(tx, { kind, inactive, base });
  }
  return added;
}

/** In the order of their ids: the full-text index sets down what it has for each one that is out of it. */
async function copyPeople(tx: Statements, inactive: number, base: number): Promise<number> {
  const some = 'FROM run_text WHERE inactive = ? AND number > ? ORDER BY number LIMIT';
  let added = 0;
  for (let after = 0; ; ) {
    const row = await tx.get<{ last: number | null; people: number }>(
      `SELECT max(number) AS last, count(*) AS people FROM (SELECT number ${some} ${tx.dialect.atOnce(PEOPLE_AT_ONCE)}) next`,
      inactive,
      after,
    );
    if (!row || row.last === null) return added;
    const range = [base, inactive, after, row.last] as const;
    await tx.run(
      `INSERT INTO directory_person (id, user_id, record)
       SELECT r.number + ?, r.user_id, r.record FROM run_text t JOIN run_person r ON r.number = t.number
       WHERE t.inactive = ? AND t.number > ? AND t.number <= ? ORDER BY t.number`,
      ...range,
    );
    await tx.run(
      `INSERT INTO directory_text (rowid, words)
       SELECT t.number + ?, ${tx.dialect.fullText.words('t.words')} FROM run_text t
       WHERE t.inactive = ? AND t.number > ? AND t.number <= ? ORDER BY t.number`,
      ...range,
    );
    added += row.people;
    after = row.last;
  }
}

interface KeysOf {
  kind: number;
  inactive: number;
  base: number;
}

async function copyKeys(tx: Statements, { kind, inactive, base }: KeysOf): Promise<void> {
  const own = 'kind = ? AND inactive = ? AND (key, number) > (?, ?)';
  let [key, number] = ['', 0];
  for (;;) {
    const from = [kind, inactive, key, number] as const;
    const next = await tx.get<{ key: string; number: number }>(
      `SELECT key, number FROM run_key WHERE ${own} ORDER BY key, number LIMIT 1 OFFSET ${tx.dialect.atOnce(KEYS_AT_ONCE)}`,
      ...from,
    );
    const end = next ? 'AND (key, number) <= (?, ?)' : '';
    await tx.run(
      `INSERT INTO directory_key (kind, inactive, key, person_id)
       SELECT k.kind, k.inactive, k.key, k.number + ? FROM
         (SELECT * FROM run_key WHERE ${own} ${end} ORDER BY key, number) k
       WHERE EXISTS (SELECT 1 FROM run_text t WHERE t.number = k.number)`,
      base,
      ...from,
      ...(next ? [next.key, next.number] : []),
    );
    if (!next) return;
    [key, number] = [next.key, next.number];
  }
}
