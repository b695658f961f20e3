import 'server-only';
import type { Statements } from '../storage/database';
import type { Phrase } from '../storage/dialect';
import type { Finding, FindOptions, Found, FoundKind, People, StoredMember } from './model';
import { alphanumericOnly, normalize } from './normalize';
import { type PersonRow, personColumns, toMember } from './read';
import { type Candidate, findByKeys } from './search-by-key';
import { KEY, type KeyKind } from './search-keys';
import type { SearchPlan } from './search-query';

/** How many of each sort are ranked. */
const DEPTH = 40;
/** What comes after that is looked at some at a time, and not for ever. */
const SLICE = 100;
const MAX_LOOKED_AT = 4000;

const PART_OF_NAME = 30;
const PART_OF_REST = 40;

/** Whoever was looked at, and whoever of them was accepted. */
interface Search {
  db: Statements;
  plan: SearchPlan;
  options: FindOptions;
  found: Found[];
  /** Ids of rows. */
  looked: Set<number>;
}

/** Looks in steps, the best ways to fit first; what these leave out is taken as the index yields it. */
export async function find(db: Statements, plan: SearchPlan, options: FindOptions): Promise<Finding> {
  const search: Search = { db, plan, options, found: [], looked: new Set() };
  if (plan.key === '') return { people: [], isComplete: true };
  const isAllRanked = await findRanked(search);
  // Also where nobody was refused: how long a search takes must not tell whether there is somebody hidden.
  const isComplete = isAllRanked || isEnough(search) || (await findRest(search));
  return { people: search.found, isComplete };
}

/** @returns whether nobody else can fit */
async function findRanked(search: Search): Promise<boolean> {
  const byKey = await findByKeys(search.db, keysOf(search.plan), depthOf(search));
  const ofKinds = (kinds: readonly KeyKind[]) =>
    kinds.flatMap((kind) => [...(byKey.get(kind)?.people.values() ?? [])]);
  await takeBest(search, [...ranked(ofKinds(BEST_KINDS)), ...ranked(ofKinds(NEXT_KINDS))]);
  if (isEnough(search)) return true;
  const [names, rest] = await Promise.all([byText(search, 'name'), byText(search, 'rest')]);
  await takeBest(search, [...ranked([...ofKinds([KEY.soundPart]), ...names.people]), ...rest.people]);
  // The parts of several terms may stand anywhere.
  const isWhole = search.plan.terms.length === 1 && !names.isCut && !rest.isCut;
  return isWhole && ![...byKey.values()].some(({ isCut }) => isCut);
}

const ranked = (candidates: readonly Candidate[]) =>
  candidates.toSorted(
    (a, b) => a.score - b.score || a.inactive - b.inactive || a.length - b.length || a.id - b.id,
  );

/** Some at a time, and once even for nobody, who must not be quicker to refuse than somebody hidden. */
async function takeBest(search: Search, best: readonly Candidate[]): Promise<void> {
  const { limit } = search.options;
  const candidates = notLooked(search, best);
  let at = 0;
  do {
    const some = candidates.slice(at, at + limit);
    const members = await load(search, some);
    take(
      search,
      some.flatMap(({ id, kind }) => {
        const member = members.get(id);
        return member ? [{ member, kind }] : [];
      }),
    );
    at += limit;
  } while (at < candidates.length && !isEnough(search));
}

async function load({ db }: Search, some: readonly Id[]): Promise<Map<number, StoredMember>> {
  const rows = await db.all<PersonRow>(
    `SELECT ${personColumns(db)} FROM directory_person m WHERE ${db.dialect.isIn('m.id')} ORDER BY m.id`,
    db.dialect.list(some.map(({ id }) => id)),
  );
  return new Map(rows.map((row) => [row.id, toMember(row)]));
}

/** @returns whether everybody was looked at */
async function findRest(search: Search): Promise<boolean> {
  let count = 0;
  for await (const ids of search.options.within ? batchesWithin(search) : batches(search)) {
    const members = await load(search, notLooked(search, ids));
    take(search, byName([...members.values()], search.plan.terms));
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

interface Id {
  id: number;
}

/** Each once, for the best reason. */
function notLooked<T extends Id>({ looked }: Search, rows: readonly T[]): T[] {
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
async function* batches({ db, plan, options }: Search): AsyncGenerator<Id[]> {
  const enough = Math.min(SLICE, options.limit);
  for (let after = 0; ; ) {
    const rows = await matching(db, plan.each, { after, enough, limit: SLICE });
    yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < enough) return;
    after = last.id;
  }
}

/** Of few people. The plus keeps SQLite from asking the index once for each of them. */
async function* batchesWithin({ db, plan, options }: Search): AsyncGenerator<Id[]> {
  const { departmentIds, userIds } = options.within as People;
  const { fullText, isIn, list } = db.dialect;
  const ids = await db.all<Id>(
    `SELECT t.id FROM ${fullText.matches('directory_text')} t WHERE +t.id IN (
       SELECT m.id FROM directory_place p JOIN directory_person m ON m.user_id = p.user_id
       WHERE ${isIn('p.department_id')}
       UNION ALL SELECT m.id FROM directory_person m WHERE ${isIn('m.user_id')})`,
    fullText.query(plan.each),
    list(departmentIds),
    list(userIds),
  );
  for (let at = 0; at === 0 || at < ids.length; at += SLICE) yield ids.slice(at, at + SLICE);
}

/** In the order of their ids; fewer than `enough` only where there are no more. */
function matching(
  db: Statements,
  groups: readonly (readonly Phrase[])[],
  { after, enough, limit }: { after: number; enough: number; limit: number },
): Promise<Id[]> {
  const { fullText } = db.dialect;
  const { sql, values } = fullText.next('directory_text', fullText.query(groups), { after, enough, limit });
  return db.all<Id>(sql, ...values);
}

const BEST_KINDS: readonly KeyKind[] = [KEY.name, KEY.sound, KEY.jobNumber, KEY.word, KEY.userId];
const NEXT_KINDS: readonly KeyKind[] = [KEY.initials, KEY.mobile, KEY.hiddenMobile];

function keysOf({ key, mobileTail, hiddenMobiles }: SearchPlan): { kind: KeyKind; key: string }[] {
  const mobiles = hiddenMobiles ? [KEY.mobile, KEY.hiddenMobile] : [KEY.mobile];
  return [
    ...[...BEST_KINDS, KEY.initials, KEY.soundPart].map((kind) => ({ kind, key })),
    ...(mobileTail ? mobiles.map((kind) => ({ kind, key: mobileTail })) : []),
  ];
}

/** So many people of a step are enough. */
const depthOf = ({ options }: Search) => Math.max(DEPTH, options.limit * 2);

async function byText(
  search: Search,
  column: 'name' | 'rest',
): Promise<{ people: Candidate[]; isCut: boolean }> {
  const { db, plan, options } = search;
  if (plan.words === undefined) return { people: [], isCut: false };
  const enough = options.limit;
  const rows = await matching(db, [[plan.words[column]]], { after: 0, enough, limit: depthOf(search) });
  const score = column === 'name' ? PART_OF_NAME : PART_OF_REST;
  const kind = column === 'name' ? 'name' : 'title';
  const people = rows.map((row, at): Candidate => ({ ...row, kind, score, inactive: 0, length: at }));
  return { people, isCut: rows.length >= enough };
}
