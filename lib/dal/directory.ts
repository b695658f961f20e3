import 'server-only';
import type { Missing, ShownState } from '../directory/mirror-state';
import { alphanumericOnly } from '../directory/normalize';
import { findPeople, type Match } from '../directory/search';
import { parseQuery } from '../directory/search-query';
import { directoryStore } from '../directory/store';
import { findDepartments } from '../directory/tree';
import type { View } from '../directory/visibility';
import type { Problem } from '../errors';
import { shownName } from '../shown-text';
import {
  type DepartmentName,
  type DepartmentNode,
  departmentsOf,
  shownState,
  toNode,
  toNodes,
  visiblePath,
} from './department-node';
import { lookUp } from './look-up';
import { type PersonCard, shownRecord, toCard } from './person-card';
import { readView } from './viewer';

export type { DepartmentName, DepartmentNode, PersonCard };

/**
 * What the pages read of the staff directory. Every function finds out by itself who is asking: none takes a viewer.
 * Nothing here calls DingTalk, but for one person's page, which asks about that person when the mirror is old.
 */

interface Overview {
  state: ShownState;
  /** Parents before children, siblings in DingTalk's order. */
  departments: DepartmentNode[];
  /** Only where the directory has no people. */
  lack: Lack | undefined;
}

/** Why there are no people. */
export interface Lack {
  /** What the last run met; undefined: there has been none yet, or it found no one. */
  problem: Problem | undefined;
  /** The permission points that DingTalk says are missing. */
  permissions: string[];
}

export interface DepartmentPage {
  state: ShownState;
  department: DepartmentNode;
  /** From the top-most down to this one's parent. */
  path: DepartmentName[];
  /** Direct sub-departments, in DingTalk's order. */
  subDepartments: DepartmentNode[];
  /** This page's people, at most {@link PAGE_SIZE}, in DingTalk's order. */
  people: (PersonCard & { leader: boolean })[];
  /** People directly in it. */
  peopleCount: number;
  page: number;
  pageCount: number;
}

export interface PersonPage extends PersonCard {
  state: ShownState;
  departments: { id: number; name: string; path: DepartmentName[]; leader: boolean }[];
  roles: string[];
  manager?: { userId: string; name: string } | undefined;
  /** Without a manager: DingTalk could not be asked yet whether there is one. */
  managerUnknown: boolean;
  /** With the country code in front of numbers from elsewhere: `+65-…`. Absent when hidden. */
  mobile?: string | undefined;
  /** DingTalk has a mobile number that this viewer may not see. */
  mobileHidden: boolean;
  telephone?: string | undefined;
  email?: string | undefined;
  orgEmail?: string | undefined;
  workPlace?: string | undefined;
}

export interface FoundPerson extends PersonCard {
  departments: DepartmentName[];
  /** How it was found: for a hint beside the name. */
  matched: Match['matched'];
}

export interface SearchPage {
  state: ShownState;
  /** What was looked for, after cleaning: empty when there was nothing to look for. */
  query: string;
  /** Best first, at most {@link SEARCH_LIMIT}. */
  people: FoundPerson[];
  departments: (DepartmentNode & { path: DepartmentName[] })[];
  /** There are more people than these, or perhaps: so many came close that not all were looked at. */
  more: boolean;
}

export const PAGE_SIZE = 50;
const SEARCH_LIMIT = 20;

const MAX_DEPARTMENTS_FOUND = 5;

/** The tree with its counts. @throws AppError `not-signed-in` */
export function overview(): Promise<Overview> {
  return readView(overviewFor);
}

async function overviewFor(view: View): Promise<Overview> {
  const visible = view.tree.ordered.filter(({ id }) => view.visibility.canSeeDepartment(id));
  return {
    state: shownState(view),
    departments: await toNodes(view, visible),
    lack: view.tree.state.people === 0 ? lackOf(view.tree.state.missing) : undefined,
  };
}

/** What DingTalk did not say is known from what was asked for. */
const NEEDED: Partial<Record<Missing['what'], string>> = {
  departments: 'qyapi_get_department_list',
  settings: 'qyapi_get_department_list',
  people: 'qyapi_get_department_member',
};

function lackOf(missing: readonly Missing[]): Lack {
  const refused = missing.filter(({ problem }) => problem === 'permission-missing');
  const points = refused.flatMap(({ what, requiredScopes }) => requiredScopes ?? NEEDED[what] ?? []);
  const [worst = missing[0]] = refused;
  return { problem: worst?.problem, permissions: [...new Set(points)].sort() };
}

/** One department; null when there is none such, or this viewer may not see it. @param page from 1 */
export function departmentPage(id: number, page = 1): Promise<DepartmentPage | null> {
  return readView((view) => departmentPageFor(view, id, page));
}

async function departmentPageFor(view: View, id: number, page: number): Promise<DepartmentPage | null> {
  const { tree, visibility } = view;
  const department = tree.departments.get(id);
  if (!department || !visibility.canSeeDepartment(id)) return null;
  const pageCount = Math.max(1, Math.ceil(department.own / PAGE_SIZE));
  const shown = Math.min(Math.max(1, Math.trunc(page) || 1), pageCount);
  const offset = (shown - 1) * PAGE_SIZE;
  const people = await directoryStore().membersOf(id, { offset, limit: PAGE_SIZE });
  return {
    state: shownState(view),
    department: await toNode(view, department),
    path: visiblePath(view, id).slice(0, -1),
    subDepartments: await toNodes(
      view,
      tree.childrenOf(id).filter((child) => visibility.canSeeDepartment(child.id)),
    ),
    people: people.map((member) => ({ ...toCard(member), leader: member.leader })),
    peopleCount: department.own,
    page: shown,
    pageCount,
  };
}

/** One person; null when there is none such, or this viewer may not see them. */
export function personPage(userId: string): Promise<PersonPage | null> {
  return readView((view) => personPageFor(view, userId));
}

async function personPageFor(view: View, userId: string): Promise<PersonPage | null> {
  const store = directoryStore();
  const known = await store.member(userId);
  // No call to DingTalk about a person who is not in the directory, or whom the viewer may not see.
  if (!known || !view.visibility.canSeePerson(known)) return null;
  await lookUp(view.viewer.userId, userId, await store.detail(userId));
  const member = await store.member(userId);
  if (!member || !view.visibility.canSeePerson(member)) return null;
  const [roles, detail] = [await store.rolesOf(userId), await store.detail(userId)];
  const manager = detail?.managerUserId ? await store.member(detail.managerUserId) : null;
  const mobile = view.visibility.mobileOf(member);
  const { telephone, email, orgEmail, workPlace } = shownRecord(member);
  return {
    ...toCard(member),
    state: shownState(view),
    departments: member.departments
      .filter(({ id }) => view.visibility.canSeeDepartment(id))
      .map(({ id, leader }) => {
        const path = visiblePath(view, id);
        return { id, name: path.at(-1)!.name, path: path.slice(0, -1), leader };
      }),
    roles: roles.map(({ id, name }) => shownName(name, String(id))),
    manager:
      manager && view.visibility.canSeePerson(manager)
        ? { userId: manager.userId, name: shownRecord(manager).name }
        : undefined,
    managerUnknown: detail === null,
    mobile,
    mobileHidden: mobile === undefined && member.record.mobile !== undefined,
    telephone,
    email,
    orgEmail,
    workPlace,
  };
}

/** People and departments that match a text, best first. Any text is harmless. */
export function search(query: string): Promise<SearchPage> {
  return readView((view) => searchFor(view, query));
}

async function searchFor(view: View, query: string): Promise<SearchPage> {
  const { shown, terms } = parseQuery(query);
  const departments = await findDepartments(view.tree, alphanumericOnly(terms.join('')), {
    visible: view.visibility.canSeeDepartment,
    limit: MAX_DEPARTMENTS_FOUND,
  });
  const { people, isComplete } = await findPeople(view, terms, SEARCH_LIMIT + 1);
  return {
    state: shownState(view),
    query: shown,
    people: people.slice(0, SEARCH_LIMIT).map(({ member, matched }) => ({
      ...toCard(member),
      departments: departmentsOf(view, member),
      matched,
    })),
    departments: (await toNodes(view, departments)).map((node) => ({
      ...node,
      path: visiblePath(view, node.id).slice(0, -1),
    })),
    more: people.length > SEARCH_LIMIT || !isComplete,
  };
}
