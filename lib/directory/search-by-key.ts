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

/** Keys of one kind that begin alike, of those who are active or of the others. */
interface Range {
  kind: KeyKind;
  inactive: number;
  begins: string;
  /** Behind the last one that was read. */
  key: string;
  id: number;
  until: string;
}

const RANGE = {
  at: 'integer',
  kind: 'integer',
  inactive: 'integer',
  key: 'text',
  id: 'integer',
  until: 'text',
} as const;

/** What is found by keys of one kind; the first key of a person is the shortest that begins so. */
interface Found {
  people: Map<number, Candidate>;
  /** There may be more. */
  isCut: boolean;
}

export type FoundByKeys = ReadonlyMap<KeyKind, Found>;

/** @param depth so many people of each kind are enough */
export async function findByKeys(
  db: Statements,
  keys: readonly { kind: KeyKind; key: string }[],
  depth: number,
): Promise<FoundByKeys> {
  const found = new Map(
    keys.map(({ kind }): [KeyKind, Found] => [kind, { people: new Map(), isCut: false }]),
  );
  let open = keys.flatMap(({ kind, key }) =>
    [0, 1].map((inactive): Range => {
      const until = kind === KEY.userId ? `${key} ` : key + LAST;
      return { kind, inactive, begins: key, key, id: 0, until };
    }),
  );
  // A person may have many keys that begin alike, so rows are read until they are of enough people.
  while (open.length > 0) open = await readRanges(db, open, { found, depth });
  return found;
}

/** One statement, however many ranges: each would be a way to the server and back. @returns those of which there is more */
async function readRanges(
  db: Statements,
  ranges: readonly Range[],
  { found, depth }: { found: ReadonlyMap<KeyKind, Found>; depth: number },
): Promise<Range[]> {
  const { joined, table, rows } = db.dialect;
  const answers = await db.all<{ at: number; keys: string | null }>(
    `SELECT r.at, (SELECT ${joined("k.person_id || ':' || k.key", 'k.key, k.person_id')} FROM (
       SELECT d.person_id, d.key FROM directory_key d WHERE d.kind = r.kind AND d.inactive = r.inactive
         AND (d.key, d.person_id) > (r.key, r.id) AND d.key < r.until ORDER BY d.key, d.person_id LIMIT ?) k) AS keys
     FROM ${table('r', RANGE)}`,
    depth,
    rows(ranges.map((range, at) => ({ at, ...range }))),
  );
  return answers.flatMap(({ at, keys }) => {
    const range = ranges[at]!;
    const { people } = found.get(range.kind)!;
    // Keys are of letters and digits only.
    const own = keys?.split(',').map((entry) => entry.split(':') as [string, string]) ?? [];
    for (const [id, key] of own)
      if (!people.has(Number(id))) people.set(Number(id), candidateOf(range, Number(id), key));
    const last = own.at(-1);
    if (!last || own.length < depth) return [];
    if (people.size < depth) return [{ ...range, id: Number(last[0]), key: last[1] }];
    found.get(range.kind)!.isCut = true;
    return [];
  });
}

function candidateOf({ kind, inactive, begins }: Range, id: number, key: string): Candidate {
  const { exact, prefix, kind: foundBy } = SCORES[kind];
  return { id, inactive, kind: foundBy, score: key === begins ? exact : prefix, length: key.length };
}
