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
  await findRanked(search);
  // Also where nobody was refused: how long a search takes must not tell whether there is somebody hidden.
  const isComplete = isEnough(search) || (await findRest(search));
  return { people: search.found, isComplete };
}

async function findRanked(search: Search): Promise<void> {
  for (const step of stepsOf(search)) {
    const best = (await step()).sort(
      (a, b) => a.score - b.score || a.inactive - b.inactive || a.length - b.length || a.id - b.id,
    );
    await takeBest(search, notLooked(search, best));
    if (isEnough(search)) return;
  }
}

/** Some at a time, and once even for nobody, who must not be quicker to refuse than somebody hidden. */
async function takeBest(search: Search, candidates: readonly Candidate[]): Promise<void> {
  const { limit } = search.options;
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
async function* batches({ db, plan }: Search): AsyncGenerator<Id[]> {
  for (let after = 0; ; ) {
    const rows = await matching(db, plan.each, { after, limit: SLICE });
    yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < SLICE) return;
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

async function matching(
  db: Statements,
  groups: readonly (readonly Phrase[])[],
  { after, limit }: { after: number; limit: number },
): Promise<Id[]> {
  const { fullText } = db.dialect;
  const query = fullText.query(groups);
  if (fullText.matchesNearby) {
    const nearby = fullText.matchesNearby('directory_text');
    const rows = await db.all<Id>(`SELECT id FROM ${nearby} t ORDER BY id LIMIT ?`, after, query, limit);
    if (rows.length === limit) return rows;
  }
  return db.all<Id>(
    `SELECT t.id FROM ${fullText.matches('directory_text')} t WHERE t.id > ? ORDER BY t.id LIMIT ?`,
    query,
    after,
    limit,
  );
}

function stepsOf(search: Search): (() => Promise<Candidate[]>)[] {
  const { plan } = search;
  const { key, mobileTail } = plan;
  const keys = (kinds: KeyKind[], more: { kind: KeyKind; key: string }[] = []) =>
    findByKeys(search.db, [...kinds.map((kind) => ({ kind, key })), ...more], depthOf(search));
  const mobiles = plan.hiddenMobiles ? [KEY.mobile, KEY.hiddenMobile] : [KEY.mobile];
  return [
    () => keys([KEY.name, KEY.sound, KEY.jobNumber, KEY.word, KEY.userId]),
    () => keys([KEY.initials], mobileTail ? mobiles.map((kind) => ({ kind, key: mobileTail })) : []),
    async () => [...(await keys([KEY.soundPart])), ...(await byText(search, 'name'))],
    () => byText(search, 'rest'),
  ];
}

/** So many people of a step are enough. */
const depthOf = ({ options }: Search) => Math.max(DEPTH, options.limit * 2);

async function byText(search: Search, column: 'name' | 'rest'): Promise<Candidate[]> {
  const { db, plan } = search;
  if (plan.words === undefined) return [];
  const rows = await matching(db, [[plan.words[column]]], { after: 0, limit: depthOf(search) });
  const score = column === 'name' ? PART_OF_NAME : PART_OF_REST;
  const kind = column === 'name' ? 'name' : 'title';
  return rows.map((row, at) => ({ ...row, kind, score, inactive: 0, length: at }));
}
