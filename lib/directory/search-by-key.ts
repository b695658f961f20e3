import 'server-only';
import type { Statements } from '../storage/database';
import type { FoundKind } from './model';
import { KEY, type KeyKind } from './search-keys';

/** A row that fits, and how well: lower is better. */
export interface Candidate {
  id: number;
  kind: FoundKind;
  score: number;
  inactive: number;
  length: number;
}

/** Score of a whole key and of its beginning, by the kind of key. */
const SCORES: Record<KeyKind, { kind: FoundKind; exact: number; prefix: number }> = {
  [KEY.name]: { kind: 'name', exact: 0, prefix: 10 },
  [KEY.sound]: { kind: 'pinyin', exact: 1, prefix: 11 },
  [KEY.jobNumber]: { kind: 'job-number', exact: 2, prefix: 14 },
  [KEY.word]: { kind: 'name', exact: 3, prefix: 12 },
  [KEY.initials]: { kind: 'initials', exact: 20, prefix: 21 },
  [KEY.mobile]: { kind: 'mobile', exact: 2, prefix: 22 },
  [KEY.hiddenMobile]: { kind: 'mobile', exact: 2, prefix: 22 },
  [KEY.soundPart]: { kind: 'pinyin', exact: 30, prefix: 31 },
  [KEY.userId]: { kind: 'user-id', exact: 2, prefix: 2 },
};

/** Beyond every key that begins with the same characters. */
const LAST = '\u{10ffff}';

interface KeyRow {
  id: number;
  kind: KeyKind;
  inactive: number;
  key: string;
}

/** Keys of one kind that begin alike, of those who are active or of the others. */
interface Range {
  kind: KeyKind;
  inactive: number;
  key: string;
  after: [key: string, id: number];
  /** The first key of a person is the shortest that begins so. */
  people: Map<number, KeyRow>;
}

/** @param depth so many people of each kind are enough */
export async function findByKeys(
  db: Statements,
  keys: readonly { kind: KeyKind; key: string }[],
  depth: number,
): Promise<Candidate[]> {
  const ranges = keys.flatMap(({ kind, key }) => {
    const people = new Map<number, KeyRow>();
    return [0, 1].map((inactive): Range => ({ kind, inactive, key, after: [key, 0], people }));
  });
  // A person may have many keys that begin alike, so rows are read until they are of enough people.
  for (let open = ranges; open.length > 0; ) open = await readRanges(db, open, depth);
  return keys.flatMap(({ kind, key }) => {
    const people = ranges.find((range) => range.kind === kind)?.people.values() ?? [];
    const { exact, prefix, kind: foundBy } = SCORES[kind];
    return [...people].map(({ id, inactive, key: found }) => {
      return { id, inactive, kind: foundBy, score: found === key ? exact : prefix, length: found.length };
    });
  });
}

const NEXT_OF_RANGE = `SELECT * FROM (
  SELECT person_id AS id, kind, inactive, key FROM directory_key
  WHERE kind = ? AND inactive = ? AND (key, person_id) > (?, ?) AND key < ? ORDER BY key, person_id LIMIT ?) AS some_keys`;

/** One statement, however many kinds: each would be a way to the server and back. @returns those of which there is more */
async function readRanges(db: Statements, ranges: readonly Range[], depth: number): Promise<Range[]> {
  const rows = await db.all<KeyRow>(
    ranges.map(() => NEXT_OF_RANGE).join(' UNION ALL '),
    ...ranges.flatMap(({ kind, inactive, key, after }) => {
      const end = kind === KEY.userId ? `${key} ` : key + LAST;
      return [kind, inactive, ...after, end, depth];
    }),
  );
  return ranges.filter((range) => {
    const own = rows.filter(({ kind, inactive }) => kind === range.kind && inactive === range.inactive);
    for (const row of own) if (!range.people.has(row.id)) range.people.set(row.id, row);
    const last = own.at(-1);
    if (last) range.after = [last.key, last.id];
    return own.length === depth && range.people.size < depth;
  });
}
