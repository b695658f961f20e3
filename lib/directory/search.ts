import 'server-only';
import type { FoundKind, People, StoredMember } from './model';
import { alphanumericOnly } from './normalize';
import { planSearch } from './search-query';
import { directoryStore } from './store';
import { type DirectoryTree, findDepartments } from './tree';
import type { View } from './visibility';

/** A person who was found, and by what. */
export interface Match {
  member: StoredMember;
  matched: FoundKind | 'department';
}

/**
 * One way to understand a query: some of its terms are about the person, the others name departments, each of which,
 * or one below it, the person is in.
 */
interface Reading {
  terms: string[];
  places: ReadonlySet<number>[];
}

/** So few people are looked at instead of all whom the words fit. */
const FEW = 2000;
/** People of departments who are looked at when more than one department was named. */
const MAX_LOOKED_AT = 4000;
const PAGE = 50;

/**
 * Whom the viewer sees and every term of a query fits, in whatever order: best first.
 *
 * @param terms folded
 * @returns isComplete: false when not all people whom the terms might fit were looked at
 */
export async function findPeople(
  view: View,
  terms: string[],
  limit: number,
): Promise<{ people: Match[]; isComplete: boolean }> {
  const found = new Map<string, Match>();
  let isComplete = true;
  for await (const reading of readingsOf(view, terms)) {
    const finding = await (reading.terms.length > 0 ? findNamed : findPlaced)(view, reading, limit);
    for (const match of finding.people) {
      if (!found.has(match.member.userId)) found.set(match.member.userId, match);
    }
    isComplete &&= finding.isComplete;
    if (found.size >= limit) break;
  }
  return { people: [...found.values()].slice(0, limit), isComplete };
}

/** Those first that take more terms to be about the person: mostly the first one is enough. */
async function* readingsOf({ tree, visibility }: View, terms: string[]): AsyncGenerator<Reading> {
  if (terms.length === 0) return;
  yield { terms, places: [] };
  const places: Set<number>[] = [];
  for (const term of terms) {
    // Whom the viewer may not see in a department must not be found by its name either.
    const named = await findDepartments(tree, alphanumericOnly(term), {
      visible: visibility.canSeeDepartment,
    });
    places.push(new Set([...tree.withBelow(named.map(({ id }) => id))].filter(visibility.canSeeDepartment)));
  }
  const others = Array.from({ length: 2 ** terms.length - 1 }, (_, at): Reading => {
    const isPlace = (term: number) => (((at + 1) >> term) & 1) === 1;
    return {
      terms: terms.filter((_, term) => !isPlace(term)),
      places: places.filter((_, term) => isPlace(term)),
    };
  });
  yield* others
    .filter((reading) => reading.places.every(({ size }) => size > 0))
    .sort((a, b) => a.places.length - b.places.length);
}

async function findNamed({ tree, visibility }: View, { terms, places }: Reading, limit: number) {
  const { people, isComplete } = await directoryStore().find(
    planSearch(terms.join(' '), visibility.canSeeHiddenMobiles),
    {
      accepts: ({ member }) => visibility.canSeePerson(member) && isIn(member, places),
      limit,
      within: fewest(tree, [
        ...(visibility.within ? [visibility.within] : []),
        ...places.map((ids) => ({ departmentIds: [...ids], userIds: [] })),
      ]),
    },
  );
  return { people: people.map(({ member, kind }): Match => ({ member, matched: kind })), isComplete };
}

/** The people of some departments, in the departments' order and then in DingTalk's. */
async function findPlaced({ tree }: View, { places }: Reading, limit: number) {
  const found = new Map<string, Match>();
  const people = () => [...found.values()];
  const smallest = places.reduce((a, b) => (countIn(tree, a) <= countIn(tree, b) ? a : b));
  let looked = 0;
  for (const id of smallest) {
    const { own } = tree.departments.get(id)!;
    for (let offset = 0; offset < own; offset += PAGE) {
      const some = await directoryStore().membersOf(id, { offset, limit: PAGE });
      for (const member of some) {
        if (isIn(member, places)) found.set(member.userId, { member, matched: 'department' });
      }
      looked += some.length;
      if (found.size >= limit) return { people: people(), isComplete: true };
      if (looked >= MAX_LOOKED_AT) return { people: people(), isComplete: false };
    }
  }
  return { people: people(), isComplete: true };
}

function isIn({ departments }: StoredMember, places: readonly ReadonlySet<number>[]): boolean {
  return places.every((ids) => departments.some(({ id }) => ids.has(id)));
}

function fewest(tree: DirectoryTree, groups: People[]): People | undefined {
  return groups
    .map((people) => ({ people, count: countIn(tree, people.departmentIds) + people.userIds.length }))
    .filter(({ count }) => count <= FEW)
    .sort((a, b) => a.count - b.count)[0]?.people;
}

/** A person in several of them is counted in each. */
function countIn(tree: DirectoryTree, departmentIds: Iterable<number>): number {
  let count = 0;
  for (const id of departmentIds) count += tree.departments.get(id)?.own ?? 0;
  return count;
}
