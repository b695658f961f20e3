import 'server-only';
import type { Missing, ShownState } from '../directory/mirror-state';
import type { PageCursor, PersonRecord, StoredDepartment, StoredMember } from '../directory/model';
import { alphanumericOnly } from '../directory/normalize';
import { findPeople, type Match } from '../directory/search';
import { parseQuery } from '../directory/search-query';
import { directoryStore } from '../directory/store';
import { findDepartments } from '../directory/tree';
import type { View } from '../directory/visibility';
import { AppError, type Problem } from '../errors';
import { shownName, shownText } from '../shown-text';
import { lookUp } from './look-up';
import { currentView, currentViewer, mayViewerExport } from './viewer';

/**
 * What the pages read of the staff directory. Every function finds out by itself who is asking: none takes a viewer.
 * Nothing here calls DingTalk, but for one person's page, which asks about that person when the mirror is old.
 */

/** How a person looks in a list. Absent: DingTalk did not tell, or the viewer may not see it. */
export interface PersonCard {
  userId: string;
  name: string;
  avatarUrl?: string | undefined;
  title?: string | undefined;
  jobNumber?: string | undefined;
  /** False until they have used DingTalk in this company. */
  active: boolean;
}

/** A person in one department. */
export interface DepartmentPerson extends PersonCard {
  /** Leads this department. */
  leader: boolean;
}

export interface DepartmentName {
  id: number;
  name: string;
}

/** A department of the tree. */
export interface DepartmentNode extends DepartmentName {
  /** Undefined for the root, and for the top-most of what the app may see. */
  parentId: number | undefined;
  /** People in it and everything below it, each counted once. */
  memberCount: number;
  /** DingTalk hides it from the company; this viewer is one of those allowed. */
  hidden: boolean;
}

export interface Overview {
  state: ShownState;
  /** Parents before children, siblings in DingTalk's order. */
  departments: DepartmentNode[];
  /** Only where there is nobody in the directory. */
  lack: Lack | undefined;
}

/** Why there is nobody. */
export interface Lack {
  /** What the last run met; undefined: there has been none yet, or it found nobody. */
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
  people: DepartmentPerson[];
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
  departments: DepartmentNode[];
  /** There are more people than these, or perhaps: so many came close that not all were looked at. */
  more: boolean;
}

/** One person for the export, all departments in one row. */
export interface ExportRow {
  userId: string;
  name: string;
  jobNumber: string;
  title: string;
  /** `总部 / 研发 / 平台组`, one for each department. */
  departments: string[];
  leads: string[];
  mobile: string;
  telephone: string;
  email: string;
  orgEmail: string;
  workPlace: string;
  active: boolean;
}

export const PAGE_SIZE = 50;
export const SEARCH_LIMIT = 20;

const MAX_DEPARTMENTS_FOUND = 5;
const EXPORT_BATCH = 200;

/** The tree with its counts. @throws AppError `not-signed-in` */
export async function overview(): Promise<Overview> {
  const view = await currentView();
  const visible = view.tree.ordered.filter(({ id }) => view.sight.canSeeDepartment(id));
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
export async function departmentPage(id: number, page = 1): Promise<DepartmentPage | null> {
  const view = await currentView();
  const { tree, sight } = view;
  const department = tree.departments.get(id);
  if (!department || !sight.canSeeDepartment(id)) return null;
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
      tree.childrenOf(id).filter((child) => sight.canSeeDepartment(child.id)),
    ),
    people: people.map((member) => ({ ...toCard(member), leader: member.leader })),
    peopleCount: department.own,
    page: shown,
    pageCount,
  };
}

/** One person; null when there is none such, or this viewer may not see them. */
export async function personPage(userId: string): Promise<PersonPage | null> {
  const view = await currentView();
  const store = directoryStore();
  const known = await store.member(userId);
  // Whom the mirror does not know, or the viewer may not see, is not asked after.
  if (!known || !view.sight.canSeePerson(known)) return null;
  await lookUp(view.viewer.userId, userId, await store.detail(userId));
  const member = await store.member(userId);
  if (!member || !view.sight.canSeePerson(member)) return null;
  const [roles, detail] = [await store.rolesOf(userId), await store.detail(userId)];
  const manager = detail?.managerUserId ? await store.member(detail.managerUserId) : null;
  const mobile = view.sight.mobileOf(member);
  const { telephone, email, orgEmail, workPlace } = shownRecord(member);
  return {
    ...toCard(member),
    state: shownState(view),
    departments: member.departments
      .filter(({ id }) => view.sight.canSeeDepartment(id))
      .map(({ id, leader }) => {
        const path = visiblePath(view, id);
        return { id, name: path.at(-1)!.name, path: path.slice(0, -1), leader };
      }),
    roles: roles.map(({ id, name }) => shownName(name, String(id))),
    manager:
      manager && view.sight.canSeePerson(manager)
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

/** People and departments that fit what somebody typed, best first. Any text is harmless. */
export async function search(query: string): Promise<SearchPage> {
  const view = await currentView();
  const { shown, terms } = parseQuery(query);
  const departments = await findDepartments(view.tree, alphanumericOnly(terms.join('')), {
    visible: view.sight.canSeeDepartment,
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
    departments: await toNodes(view, departments),
    more: people.length > SEARCH_LIMIT || !isComplete,
  };
}

/** Whether whoever asks may take the whole directory with them. */
export async function mayExport(): Promise<boolean> {
  return mayViewerExport(await currentViewer());
}

/** Everybody this viewer may see, one at a time, from one snapshot. @throws AppError `not-permitted` */
export async function exportRows(): Promise<{ state: ShownState; rows: AsyncIterable<ExportRow> }> {
  const view = await currentView();
  if (!(await mayViewerExport(view.viewer))) throw new AppError('not-permitted');
  return { state: shownState(view), rows: rowsFor(view) };
}

async function* rowsFor(view: View): AsyncIterable<ExportRow> {
  let cursor: PageCursor | undefined;
  do {
    const { members, next } = await directoryStore().page(cursor, EXPORT_BATCH);
    for (const member of members) if (view.sight.canSeePerson(member)) yield toExportRow(view, member);
    cursor = next;
  } while (cursor);
}

function toExportRow(view: View, member: StoredMember): ExportRow {
  const record = shownRecord(member);
  const visible = member.departments.filter(({ id }) => view.sight.canSeeDepartment(id));
  const pathText = (id: number) =>
    visiblePath(view, id)
      .map(({ name }) => name)
      .join(' / ');
  return {
    userId: member.userId,
    name: record.name,
    jobNumber: record.jobNumber ?? '',
    title: record.title ?? '',
    departments: visible.map(({ id }) => pathText(id)),
    leads: visible.filter(({ leader }) => leader).map(({ id }) => pathText(id)),
    mobile: view.sight.mobileOf(member) ?? '',
    telephone: record.telephone ?? '',
    email: record.email ?? '',
    orgEmail: record.orgEmail ?? '',
    workPlace: record.workPlace ?? '',
    active: record.active,
  };
}

function toCard(member: StoredMember): PersonCard {
  const { name, avatarUrl, title, jobNumber, active } = shownRecord(member);
  return { userId: member.userId, name, avatarUrl, title, jobNumber, active };
}

/** The mirror keeps what DingTalk told; this is how it may be shown. */
function shownRecord({ userId, record }: StoredMember): PersonRecord {
  return {
    ...record,
    name: shownName(record.name, userId),
    title: shownText(record.title),
    jobNumber: shownText(record.jobNumber),
    telephone: shownText(record.telephone),
    email: shownText(record.email),
    orgEmail: shownText(record.orgEmail),
    workPlace: shownText(record.workPlace),
  };
}

async function toNode({ tree, sight }: View, department: StoredDepartment): Promise<DepartmentNode> {
  const { id, name, parentId } = department;
  const count = sight.countOf(department);
  return {
    id,
    name,
    parentId: parentId !== undefined && sight.canSeeDepartment(parentId) ? parentId : undefined,
    memberCount: typeof count === 'number' ? count : await directoryStore().countPeople(count),
    hidden: tree.hasRules && tree.pathOf(id).some((ancestor) => ancestor.hidden),
  };
}

function toNodes(view: View, departments: readonly StoredDepartment[]): Promise<DepartmentNode[]> {
  return Promise.all(departments.map((department) => toNode(view, department)));
}

function visiblePath({ tree, sight }: View, id: number): DepartmentName[] {
  const path = tree.pathOf(id).filter((department) => sight.canSeeDepartment(department.id));
  return path.map(({ id, name }) => ({ id, name }));
}

function departmentsOf({ tree, sight }: View, member: StoredMember): DepartmentName[] {
  return member.departments.flatMap(({ id }) => {
    const department = sight.canSeeDepartment(id) ? tree.departments.get(id) : undefined;
    return department ? [{ id, name: department.name }] : [];
  });
}

/** What this viewer may know: nothing of hidden departments and people, nor their number, nor the operator's details. */
function shownState({ tree, sight }: View): ShownState {
  const { state, asOf, ageSeconds, completeAsOf, missing } = tree.state;
  const shown = missing
    .filter(({ departmentId }) => departmentId === undefined || sight.canSeeDepartment(departmentId))
    .map(({ what, problem, departmentId, departmentName }) => ({
      what,
      problem,
      departmentId,
      departmentName,
    }));
  return { state, asOf, ageSeconds, completeAsOf, missing: shown };
}
