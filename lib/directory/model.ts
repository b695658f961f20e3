import 'server-only';
import type { MirrorState } from './mirror-state';

/** What the mirror keeps of a company, and what is found in it. */

/** Which snapshot is published, and how far it can be trusted. */
export interface DirectoryState extends MirrorState {
  /** Another one whenever the snapshot, a department or its rules change. */
  revision: number;
  /** Another one whenever a person comes, goes or moves: then counts differ. */
  moves: number;
}

/** What the mirror keeps of a person: an allow-list. What DingTalk did not tell is absent. */
export interface PersonRecord {
  name: string;
  active: boolean;
  unionId?: string | undefined;
  avatarUrl?: string | undefined;
  title?: string | undefined;
  jobNumber?: string | undefined;
  mobile?: string | undefined;
  stateCode?: string | undefined;
  hideMobile?: boolean | undefined;
  telephone?: string | undefined;
  email?: string | undefined;
  orgEmail?: string | undefined;
  workPlace?: string | undefined;
}

/** Who sees a department, and what its people see. */
export interface DepartmentRules {
  hidden: boolean;
  permittedDepartmentIds: number[];
  permittedUserIds: string[];
  restricted: boolean;
  visibleDepartmentIds: number[];
  visibleUserIds: string[];
}

export interface StoredDepartment extends DepartmentRules {
  id: number;
  parentId: number | undefined;
  /** Place among its siblings. */
  position: number;
  name: string;
  /** Direct members. */
  own: number;
  /** Members of it and everything below, each once. */
  below: number;
  /** The same without those who are in hidden departments only. */
  belowPublic: number;
}

export interface StoredMember {
  userId: string;
  record: PersonRecord;
  departments: { id: number; leader: boolean }[];
}

export interface StoredRole {
  id: number;
  name: string;
  groupName: string;
}

/** What a single person's record has besides. */
export interface StoredDetail {
  managerUserId: string | undefined;
  /** Unix time in ms. */
  checkedAt: number;
}

/** The place of a person who was reported singly: after those whose place is from a department's list. */
export const LAST_POSITION = 1_000_000_000;

/** One person as `user/get` tells, with everything that the mirror keeps. */
export interface NotedMember {
  userId: string;
  record: PersonRecord;
  departments: { id: number; leader: boolean }[];
  roles: StoredRole[];
  managerUserId: string | undefined;
}

export interface Found {
  member: StoredMember;
  kind: FoundKind;
}

export type FoundKind =
  | 'name'
  | 'pinyin'
  | 'initials'
  | 'job-number'
  | 'mobile'
  | 'user-id'
  | 'title'
  | 'text';

/** Who is wanted of those who fit. */
export interface FindOptions {
  accepts: (found: Found) => boolean;
  /** So many are enough. */
  limit: number;
  /** Nobody but the people of these departments, and these, can be accepted: worth saying when they are few. */
  within?: People | undefined;
}

export interface People {
  departmentIds: readonly number[];
  userIds: readonly string[];
}

export interface Finding {
  /** Best first. */
  people: Found[];
  /** False: so many fit without being accepted that not all were looked at. */
  isComplete: boolean;
}
