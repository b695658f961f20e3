import 'server-only';
import type { StoredMember } from '../directory/model';
import { findPeople } from '../directory/search';
import { parseQuery } from '../directory/search-query';
import { directoryStore } from '../directory/store';
import { type DirectoryTree, directoryTree } from '../directory/tree';
import { visibilityOf } from '../directory/visibility';
import { shownName } from '../shown-text';

/** People as administrators see them: all whom the local directory has. Callers find out who asks. */

/** User ids of people whom a text fits, best first: by the directory's search. */
export async function findUserIds(text: string, limit: number): Promise<string[]> {
  const { terms } = parseQuery(text);
  if (terms.length === 0) return [];
  const tree = await directoryTree();
  const viewer = { userId: '', member: null, roles: [] };
  const { people } = await findPeople(
    { viewer, tree, visibility: visibilityOf(tree, viewer, true) },
    terms,
    limit,
  );
  return people.map(({ member }) => member.userId);
}

/** Those of some people whom the local directory has, by user id. */
export async function knownPeople(userIds: Iterable<string>): Promise<Map<string, StoredMember>> {
  const members = await directoryStore().members([...new Set(userIds)]);
  return new Map(members.map((member) => [member.userId, member]));
}

/** What people are called, by user id. Those who are not in the local directory are absent. */
export async function knownNames(userIds: Iterable<string>): Promise<Map<string, string>> {
  const known = await knownPeople(userIds);
  return new Map([...known].map(([userId, { record }]) => [userId, shownName(record.name, userId)]));
}

export function departmentNames({ departments }: StoredMember, tree: DirectoryTree): string[] {
  return departments.flatMap(({ id }) => tree.departments.get(id)?.name ?? []);
}
