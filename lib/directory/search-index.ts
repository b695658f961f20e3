import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Database } from '../storage/sqlite';
import type { Finding, FindOptions, Found, FoundKind, People, StoredMember } from './model';
import { alphanumericOnly, normalize } from './normalize';
import { headOf, type MemberRow, toMembers } from './read';
import { KEY, type KeyKind } from './search-keys';
import type { SearchPlan } from './search-query';

/** A row that fits, and how well: lower is better. */
interface Candidate extends MemberRow {
  kind: FoundKind;
  score: number;
  inactive: number;
  length: number;
}

/** Beyond every key that begins with the same characters. */
const LAST = '\u{10ffff}';
/** How many of each sort are ranked. */
const DEPTH = 40;
/** What comes after that is looked at some at a time, and not for ever. */
const SLICE = 100;
const MAX_LOOKED_AT = 4000;

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
const PART_OF_NAME = 30;
const PART_OF_REST = 40;

/** Whoever was looked at, and whoever of them was accepted. */
interface Search {
  found: Found[];
  looked: Set<number>;
  options: FindOptions;
}

/** Looks in steps, the best ways to fit first; what these leave out is taken as the index yields it. */
export async function find(db: Database, plan: SearchPlan, options: FindOptions): Promise<Finding> {
  const search: Search = { found: [], looked: new Set(), options };
  const { generation } = headOf(db);
  if (generation === 0 || plan.key === '') return { people: [], isComplete: true };
  db.read(() => findRanked(db, { plan, generation, search }));
  // Also where nobody was refused: how long a search takes must not tell whether there is somebody hidden.
  const isComplete = isEnough(search) || (await findRest(db, { plan, generation, search }));
  return { people: search.found, isComplete };
}

interface Step {
  plan: SearchPlan;
  generation: number;
  search: Search;
}

function findRanked(db: Database, { plan, generation, search }: Step): void {
  for (const step of steps(db, plan, generation, Math.max(DEPTH, search.options.limit * 2))) {
    const best = step().sort(
      (a, b) => a.score - b.score || a.inactive - b.inactive || a.length - b.length || a.id - b.id,
    );
    const fresh = notLooked(search, best);
    let at = 0;
    // Once even for nobody, who must not be quicker to refuse than somebody hidden.
    do {
      const some = fresh.slice(at, at + search.options.limit);
      const members = toMembers(db, some, generation);
      take(
        search,
        members.map((member, index) => ({ member, kind: some[index]!.kind })),
      );
      at += search.options.limit;
    } while (at < fresh.length && !isEnough(search));
    if (isEnough(search)) return;
  }
}

/** @returns whether everybody was looked at */
async function findRest(db: Database, { plan, generation, search }: Step): Promise<boolean> {
  const batches = search.options.within
    ? idsWithin(db, plan, search.options.within)
    : idsAfterEachOther(db, plan);
  let count = 0;
  for (const ids of batches) {
    await breathe();
    const members = db.read(() =>
      toMembers(db, notLooked(search, memberRows(db, ids, generation)), generation),
    );
    take(search, byName(members, plan.terms));
    if (isEnough(search)) return true;
    count += ids.length;
    if (count >= MAX_LOOKED_AT) return false;
  }
  return true;
}

const isEnough = ({ found, options }: Search) => found.length >= options.limit;

function take({ found, options }: Search, some: Found[]): void {
  found.push(...some.filter((one) => options.accepts(one)).slice(0, options.limit - found.length));
}

/** Each once, for the best reason. */
function notLooked<T extends { id: number }>({ looked }: Search, rows: T[]): T[] {
  return rows.filter(({ id }) => !looked.has(id) && looked.add(id));
}

/** Those first of whose name more was typed, and the active. */
function byName(members: StoredMember[], terms: string[]): Found[] {
  const ranked = members.map((member) => {
    const name = alphanumericOnly(normalize(member.record.name));
    const named = terms.filter((term) => name.includes(alphanumericOnly(term))).length;
    const kind: FoundKind = named > 0 ? 'name' : 'text';
    return { member, kind, named, inactive: member.record.active ? 0 : 1, length: name.length };
  });
  return ranked.sort((a, b) => b.named - a.named || a.inactive - b.inactive || a.length - b.length);
}

/** By the index's own order, in which people who are not active come last. */
function* idsAfterEachOther(db: Database, { each }: SearchPlan): Generator<number[]> {
  for (let after = 0; ; ) {
    const rows = db.all<{ id: number }>(
      'SELECT rowid AS id FROM directory_text WHERE directory_text MATCH ? AND rowid > ? ORDER BY rowid LIMIT ?',
      each,
      after,
      SLICE,
    );
    yield rows.map(({ id }) => id);
    if (rows.length < SLICE) return;
    after = rows.at(-1)!.id;
  }
}

/** Of few people. The plus keeps the database from asking the index once for each of them. */
function* idsWithin(
  db: Database,
  { each }: SearchPlan,
  { departmentIds, userIds }: People,
): Generator<number[]> {
  const ids = db
    .all<{ id: number }>(
      `SELECT t.rowid AS id FROM directory_text t WHERE directory_text MATCH ? AND +t.rowid IN (
         SELECT m.id FROM json_each(?) d CROSS JOIN directory_membership p ON p.department_id = d.value
         CROSS JOIN directory_member m ON m.user_id = p.user_id
         UNION ALL SELECT m.id FROM json_each(?) u CROSS JOIN directory_member m ON m.user_id = u.value)`,
      each,
      JSON.stringify(departmentIds),
      JSON.stringify(userIds),
    )
    .map(({ id }) => id);
  for (let at = 0; at === 0 || at < ids.length; at += SLICE) yield ids.slice(at, at + SLICE);
}

function memberRows(db: Database, ids: number[], generation: number): MemberRow[] {
  return db.all<MemberRow>(
    `SELECT m.id, m.user_id, m.record FROM json_each(?) j CROSS JOIN directory_member m ON m.id = j.value
     WHERE m.from_generation <= ? AND m.to_generation > ?`,
    JSON.stringify(ids),
    generation,
    generation,
  );
}

function steps(db: Database, plan: SearchPlan, generation: number, depth: number): (() => Candidate[])[] {
  const keys = (kinds: KeyKind[], key = plan.key) =>
    kinds.flatMap((kind) => byKey(db, { kind, key, generation, depth }));
  return [
    () => keys([KEY.name, KEY.sound, KEY.jobNumber, KEY.word, KEY.userId]),
    () => {
      const tail = plan.mobileTail;
      const mobiles = plan.hiddenMobiles ? [KEY.mobile, KEY.hiddenMobile] : [KEY.mobile];
      return [...keys([KEY.initials]), ...(tail ? keys(mobiles, tail) : [])];
    },
    () => [...keys([KEY.soundPart]), ...byText(db, { plan, column: 'name', generation, depth })],
    () => byText(db, { plan, column: 'rest', generation, depth }),
  ];
}

interface KeySearch {
  kind: KeyKind;
  key: string;
  generation: number;
  /** So many people are enough. */
  depth: number;
}

interface KeyRow extends MemberRow {
  inactive: number;
  key: string;
}

function byKey(db: Database, search: KeySearch): Candidate[] {
  const people = new Map<number, KeyRow>();
  for (const inactive of [0, 1]) readKeys(db, search, { inactive, people });
  const { exact, prefix, kind } = SCORES[search.kind];
  return [...people.values()].map((row) => ({
    ...row,
    kind,
    score: row.key === search.key ? exact : prefix,
    length: row.key.length,
  }));
}

/** A person may have many keys that begin alike, so rows are read until they are of enough people. */
function readKeys(
  db: Database,
  { kind, key, generation, depth }: KeySearch,
  { inactive, people }: { inactive: number; people: Map<number, KeyRow> },
): void {
  const end = kind === KEY.userId ? `${key} ` : key + LAST;
  let [afterKey, afterId] = [key, 0];
  while (people.size < depth) {
    const rows = db.all<KeyRow>(
      `SELECT m.id, m.user_id, m.record, k.inactive, k.key
       FROM directory_key k CROSS JOIN directory_member m ON m.id = k.member_id
       WHERE k.kind = ? AND k.inactive = ? AND (k.key, k.member_id) > (?, ?) AND k.key < ?
         AND m.from_generation <= ? AND m.to_generation > ? LIMIT ?`,
      kind,
      inactive,
      afterKey,
      afterId,
      end,
      generation,
      generation,
      depth,
    );
    // The first key of a person is the shortest that begins so.
    for (const row of rows) if (!people.has(row.id)) people.set(row.id, row);
    const last = rows.at(-1);
    if (!last || rows.length < depth) return;
    [afterKey, afterId] = [last.key, last.id];
  }
}

function byText(
  db: Database,
  {
    plan,
    column,
    generation,
    depth,
  }: { plan: SearchPlan; column: 'name' | 'rest'; generation: number; depth: number },
): Candidate[] {
  if (plan.words === undefined) return [];
  // Without an order: the index yields by id, and ids of people who are not active come last.
  const rows = db.all<MemberRow>(
    `SELECT m.id, m.user_id, m.record FROM directory_text t CROSS JOIN directory_member m ON m.id = t.rowid
     WHERE directory_text MATCH ? AND m.from_generation <= ? AND m.to_generation > ? LIMIT ?`,
    `${column} : ${plan.words}`,
    generation,
    generation,
    depth,
  );
  const score = column === 'name' ? PART_OF_NAME : PART_OF_REST;
  const kind = column === 'name' ? 'name' : 'title';
  return rows.map((row, at) => ({ ...row, kind, score, inactive: 0, length: at }));
}
