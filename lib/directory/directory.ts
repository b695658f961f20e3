import 'server-only';
import type { MirrorState } from './mirror-state';

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
  state: MirrorState;
  /** Parents before children, siblings in DingTalk's order. */
  departments: DepartmentNode[];
}

export interface DepartmentPage {
  state: MirrorState;
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
  state: MirrorState;
  departments: { id: number; name: string; path: DepartmentName[]; leader: boolean }[];
  roles: string[];
  manager?: { userId: string; name: string } | undefined;
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
  matched:
    | 'name'
    | 'pinyin'
    | 'initials'
    | 'job-number'
    | 'mobile'
    | 'user-id'
    | 'title'
    | 'text'
    | 'department';
}

export interface SearchPage {
  state: MirrorState;
  /** What was looked for, after cleaning: empty when there was nothing to look for. */
  query: string;
  /** Best first, at most {@link SEARCH_LIMIT}. */
  people: FoundPerson[];
  departments: DepartmentNode[];
  /** There are more people than these. */
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

/** The tree with its counts. @throws AppError `not-signed-in` */
export async function overview(): Promise<Overview> {
  throw new Error('not yet');
}

/** One department; null when there is none such, or this viewer may not see it. @param page from 1 */
export async function departmentPage(_id: number, _page = 1): Promise<DepartmentPage | null> {
  throw new Error('not yet');
}

/** One person; null when there is none such, or this viewer may not see them. */
export async function personPage(_userId: string): Promise<PersonPage | null> {
  throw new Error('not yet');
}

/** People and departments that fit what somebody typed, best first. Any text is harmless. */
export async function search(_query: string): Promise<SearchPage> {
  throw new Error('not yet');
}

/** Whether whoever asks may take the whole directory with them. */
export async function mayExport(): Promise<boolean> {
  throw new Error('not yet');
}

/** Everybody this viewer may see, one at a time, from one snapshot. @throws AppError `not-permitted` */
export async function exportRows(): Promise<{ state: MirrorState; rows: AsyncIterable<ExportRow> }> {
  throw new Error('not yet');
}
