import { isAvatarAllowed } from '@/lib/dal/avatar';
import type { DepartmentName, DepartmentNode, PersonCard, SearchPage } from '@/lib/dal/directory';
import type { ShownState } from '@/lib/directory/mirror-state';

/** A person as lists show them, on a page and on the wire. Nothing else of a person may be in here. */
export interface PersonItem {
  userId: string;
  name: string;
  avatarUrl?: string | undefined;
  title?: string | undefined;
  jobNumber?: string | undefined;
  active: boolean;
  leader?: boolean | undefined;
  departments?: DepartmentName[] | undefined;
  matched?: string | undefined;
}

export interface DepartmentItem {
  id: number;
  name: string;
  memberCount: number;
  hidden: boolean;
  /** Where it is, from the top-most down to its parent; as far as the viewer may know. */
  path?: string[] | undefined;
}

/** What a search found, on a page and on the wire. */
export interface SearchResult {
  query: string;
  people: PersonItem[];
  departments: DepartmentItem[];
  more: boolean;
  state: ShownState['state'];
  asOf: number | undefined;
}

/** One more page of a department's people, on the wire. */
export interface PeopleResult {
  people: PersonItem[];
  page: number;
  pageCount: number;
  peopleCount: number;
  state: ShownState['state'];
  /** Pages with different ones are of different snapshots. */
  asOf: number | undefined;
}

type Listed = PersonCard & { leader?: boolean; departments?: DepartmentName[]; matched?: string };

export function toPersonItem(person: Listed): PersonItem {
  const { userId, name, avatarUrl, title, jobNumber, active, leader, departments, matched } = person;
  return {
    userId,
    name,
    avatarUrl: isAvatarAllowed(avatarUrl) ? avatarUrl : undefined,
    title,
    jobNumber,
    active,
    leader,
    departments: departments?.map(({ id, name }) => ({ id, name })),
    matched,
  };
}

export function toDepartmentItem(department: DepartmentNode & { path?: DepartmentName[] }): DepartmentItem {
  const { id, name, memberCount, hidden, path } = department;
  return { id, name, memberCount, hidden, path: path?.map((above) => above.name) };
}

export function toSearchResult({ state, query, people, departments, more }: SearchPage): SearchResult {
  return {
    query,
    people: people.map(toPersonItem),
    departments: departments.map(toDepartmentItem),
    more,
    state: state.state,
    asOf: state.asOf,
  };
}

/** The page that an address asks for, from 1; undefined when it asks for none that can be. */
export function pageNumber(value: string | null | undefined): number | undefined {
  if (value === null || value === undefined) return 1;
  return /^[1-9]\d{0,5}$/.test(value) ? Number(value) : undefined;
}

/** A department's id in an address; undefined when it is none. */
export function departmentIdIn(value: string): number | undefined {
  // Beyond the exact numbers, two addresses would be one department.
  return /^[1-9]\d{0,15}$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
}
