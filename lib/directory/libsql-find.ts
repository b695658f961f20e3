import 'server-only';
import type { Database } from '../database';
import { headOf, type MemberRow, memberRow, toMembers } from './libsql-reading';
import { KEY, type KeyKind } from './search-keys';
import type { SearchPlan } from './search-plan';
import type { Found, FoundKind } from './store';

/** A row that fits, and how well: lower is better. */
interface Candidate extends MemberRow {
  kind: FoundKind;
  score: number;
  inactive: number;
  length: number;
}

/** Beyond every key that begins with the same characters. */
const LAST = '\u{10ffff}';
/** How many of each sort are looked at, and how many when many of these may not be seen. */
const DEPTHS = [40, 2000];

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
};
const PART_OF_NAME = 30;
const PART_OF_REST = 40;

/** Looks in steps, the best ways to fit first, until enough has been accepted. */
export function find(
  db: Database,
  plan: SearchPlan,
  accepts: (found: Found) => boolean,
  limit: number,
): Found[] {
  return db.read(() => {
    const { generation } = headOf(db);
    if (generation === 0 || plan.key === '') return [];
    let found: Found[] = [];
    for (const depth of DEPTHS) {
      let refused = 0;
      const looked = new Set<number>();
      found = [];
      for (const step of steps(db, plan, generation, Math.max(depth, limit * 2))) {
        const best = step()
          .sort((a, b) => a.score - b.score || a.inactive - b.inactive || a.length - b.length || a.id - b.id)
          // Each once, for the best reason.
          .filter(({ id }) => !looked.has(id) && looked.add(id));
        for (let at = 0; at < best.length; at += limit) {
          const some = best.slice(at, at + limit);
          for (const [index, member] of toMembers(db, some, generation).entries()) {
            const one = { member, kind: some[index]!.kind };
            if (!accepts(one)) refused++;
            else if (found.push(one) >= limit) return found;
          }
        }
      }
      if (refused === 0) break;
    }
    return found;
  });
}

function steps(db: Database, plan: SearchPlan, generation: number, depth: number): (() => Candidate[])[] {
  const keys = (kinds: KeyKind[], key = plan.key) => byKey(db, { kinds, key, generation, depth });
  return [
    () => [...byUserId(db, plan.userId, generation), ...keys([KEY.name, KEY.sound, KEY.jobNumber, KEY.word])],
    () => {
      const tail = plan.mobileTail;
      const mobiles = plan.hiddenMobiles ? [KEY.mobile, KEY.hiddenMobile] : [KEY.mobile];
      return [...keys([KEY.initials]), ...(tail ? keys(mobiles, tail) : [])];
    },
    () => [...keys([KEY.soundPart]), ...byText(db, { plan, column: 'name', generation, depth })],
    () => byText(db, { plan, column: 'rest', generation, depth }),
  ];
}

function byUserId(db: Database, userId: string, generation: number): Candidate[] {
  const row = memberRow(db, userId, generation);
  return row ? [{ ...row, kind: 'user-id', score: 2, inactive: 0, length: 0 }] : [];
}

function byKey(
  db: Database,
  { kinds, key, generation, depth }: { kinds: KeyKind[]; key: string; generation: number; depth: number },
): Candidate[] {
  return kinds.flatMap((kind) => {
    const rows: (MemberRow & { inactive: number; key: string })[] = [];
    for (const inactive of [0, 1]) {
      if (rows.length >= depth) break;
      rows.push(
        ...db.all<(typeof rows)[number]>(
          `SELECT m.id, m.user_id, m.record, k.inactive, k.key
           FROM directory_key k CROSS JOIN directory_member m ON m.id = k.member_id
           WHERE k.kind = ? AND k.inactive = ? AND k.key >= ? AND k.key < ?
             AND m.from_generation <= ? AND m.to_generation > ? LIMIT ?`,
          kind,
          inactive,
          key,
          key + LAST,
          generation,
          generation,
          depth,
        ),
      );
    }
    const { exact, prefix, kind: shown } = SCORES[kind];
    return rows.map((row) => ({
      ...row,
      kind: shown,
      score: row.key === key ? exact : prefix,
      length: row.key.length,
    }));
  });
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
