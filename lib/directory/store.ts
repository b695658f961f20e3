import 'server-only';
import type { MirrorState, Missing, SkippedDepartment } from './mirror-state';
import type { SearchPlan } from './search-query';

/** Which snapshot is published, and how far it can be trusted. */
export interface DirectoryState extends MirrorState {
  generation: number;
  /** Another one whenever departments, their counts or the snapshot change. */
  revision: number;
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

/** What a single person's record told besides. */
export interface StoredDetail {
  managerUserId: string | undefined;
  /** Unix time in ms. */
  checkedAt: number;
}

/** More than this share of the people gone needs the operator's word. */
export const MAX_SHRINK = 0.2;
/** Where somebody stands who was told of singly: after those whose place a department's list told. */
export const LAST_POSITION = 1_000_000_000;

/** Somebody in a department of the run's reading. */
export interface FoundPerson {
  userId: string;
  record: PersonRecord;
  leader: boolean;
  /** All departments that DingTalk told with them; absent when it told none. */
  departmentIds?: number[] | undefined;
}

export interface FoundDepartment {
  id: number;
  parentId: number | undefined;
  position: number;
  name: string;
}

/** One person as `user/get` tells, with everything that the mirror keeps. */
export interface NotedMember {
  userId: string;
  record: PersonRecord;
  departments: { id: number; leader: boolean }[];
  roles: StoredRole[];
  managerUserId: string | undefined;
}

export type TaskKind =
  | 'range'
  /** A department that is authorised by itself. */
  | 'seed'
  | 'departments'
  | 'rules'
  | 'people'
  | 'person'
  | 'roles'
  | 'role'
  | 'administrators'
  /** Somebody whom no list showed, or whose lists do not agree. */
  | 'check'
  /** A department that no list showed. */
  | 'department'
  /** How many people there are, and, if others were read, whom the lists of a department left out. */
  | 'count'
  | 'recount';

/** One step of a run: a noun to read, from a cursor on. */
export interface Task {
  id: number;
  kind: TaskKind;
  /** A department's, person's or role's id; empty where there is only one. */
  subject: string;
  cursor: number;
  /** 1, and one more for each time that the reading had to begin again. */
  pass: number;
}

export interface NewTask {
  kind: TaskKind;
  subject: string;
}

/** What a task brought. It is written, and the task moved on, in one transaction. */
export interface TaskResult {
  departments?: FoundDepartment[];
  rules?: { departmentId: number; name: string; rules: DepartmentRules };
  /** People of a department, in order, the first at `position`; without a department: single people. */
  people?: { departmentId: number | undefined; position: number; list: FoundPerson[] };
  /** Somebody with all departments: those that are known to the run are their places, whatever lists said before. */
  found?: NotedMember;
  /** Somebody who is no longer there, whatever lists said before. */
  left?: string;
  /** People who are no longer in a department, though a page showed them there. */
  moved?: { departmentId: number; userIds: string[] };
  roles?: StoredRole[];
  roleMembers?: { roleId: number; userIds: string[] };
  administrators?: { userId: string; main: boolean }[];
  /** People whose own records say that they are none. */
  notAdministrators?: readonly string[];
  /** A department that is no more: what was read of it is forgotten. */
  gone?: number;
  /** Steps that follow. Those that exist already are not made again. */
  tasks?: NewTask[];
  skipped?: SkippedDepartment[];
  missing?: Missing;
  /** Single records that made no sense, while the rest of the answer was taken. */
  unreadable?: readonly Missing[];
  /** People who are there but could not be read: their published record and places stay, and so does the one given. */
  kept?: { userIds: readonly string[]; departmentId: number | undefined };
  /** The same task goes on from here; absent: it is done. */
  next?: { cursor: number };
  /** The reading of this department begins again, because it changed meanwhile. */
  again?: { departmentId: number };
}

/** The right to write a run. Every write checks that nobody has taken it over. */
export interface Lease {
  owner: string;
  fence: number;
}

/** Thrown by a write whose lease was taken over by another process. */
export class LeaseLostError extends Error {
  constructor() {
    super('another process has taken the sync over');
    this.name = 'LeaseLostError';
  }
}

export type RunState = 'running' | 'complete' | 'partial' | 'failed' | 'shrunk';
export type RunStarter = 'schedule' | 'admin' | 'command';

export interface StoredRun {
  id: number;
  state: RunState;
  startedBy: RunStarter;
  startedAt: number;
  /** When the run last said that it is alive. */
  touchedAt: number;
  endedAt: number | undefined;
  added: number;
  changed: number;
  removed: number;
  people: number;
  departments: number;
  calls: number;
  missing: Missing[];
  skipped: SkippedDepartment[];
  /** As the run saves it; opaque to the store. */
  progress: unknown;
}

/** How a run's reading went, and what may therefore be taken away. */
export interface Verdict {
  /** Every department and person was read: who was not seen is gone. */
  peopleComplete: boolean;
  rolesComplete: boolean;
  administratorsComplete: boolean;
  acceptShrink: boolean;
  calls: number;
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

/**
 * Where the mirror is kept. Readers see one published snapshot, never a mixture; runs write beside it. Asynchronous,
 * so that a database on another machine can take its place: its behaviour is `tests/support/directory-store-suite.ts`.
 */
export interface DirectoryStore {
  // ——— Reading
  state(): Promise<DirectoryState>;
  /** All departments; parents need not come before children. */
  departments(): Promise<StoredDepartment[]>;
  /** Direct members in DingTalk's order. */
  membersOf(
    departmentId: number,
    page: { offset: number; limit: number },
  ): Promise<(StoredMember & { leader: boolean })[]>;
  member(userId: string): Promise<StoredMember | null>;
  members(userIds: readonly string[]): Promise<StoredMember[]>;
  rolesOf(userId: string): Promise<StoredRole[]>;
  detail(userId: string): Promise<StoredDetail | null>;
  /** @param confirmedAfter a list that DingTalk gave before is nobody's; Unix time in ms */
  isMainAdministrator(userId: string, confirmedAfter?: number): Promise<boolean>;
  /** Whoever fits the whole text, best first, then whoever has each of its terms somewhere. Holds nobody up for long. */
  find(plan: SearchPlan, options: FindOptions): Promise<Finding>;
  /** How many people some departments have together, each counted once. */
  countPeople(departmentIds: readonly number[]): Promise<number>;
  /** Everybody, some at a time, all from the snapshot of the first call as long as no two more are published. */
  page(
    cursor: PageCursor | undefined,
    limit: number,
  ): Promise<{ members: StoredMember[]; next: PageCursor | undefined }>;

  // ——— One person or department at a time, in the published snapshot
  /** Takes over what was told about somebody just now. Without a snapshot, nothing. @returns whether anything changed */
  note(member: NotedMember, at: number): Promise<boolean>;
  /** Somebody is no longer there. @returns whether they were */
  forget(userId: string): Promise<boolean>;
  /** Who the administrators are. */
  noteAdministrators(list: readonly { userId: string; main: boolean }[]): Promise<void>;
  /** People whose own records say that they are no administrators. */
  dismissAdministrators(userIds: readonly string[]): Promise<void>;
  /** A department's name and rules. @returns whether anything changed */
  noteDepartment(id: number, name: string, rules: DepartmentRules): Promise<boolean>;

  // ——— Leavers
  /** People whom a complete reading, or DingTalk itself, no longer finds, or finds inactive, until their sessions are ended. */
  leavers(limit: number): Promise<string[]>;

  // ——— Runs
  /** The right to run, or null while somebody else has it. @param isDead whether an owner is known to be gone */
  takeLease(owner: string, ttlMs: number, isDead: (owner: string) => boolean): Promise<Lease | null>;
  /** @throws LeaseLostError */
  keepLease(lease: Lease, ttlMs: number): Promise<void>;
  giveLease(lease: Lease): Promise<void>;
  /** Whether anybody holds the lease. */
  isLeased(isDead: (owner: string) => boolean): Promise<boolean>;
  /** Goes on with the run that a crash interrupted, or begins one. */
  openRun(
    lease: Lease,
    options: { startedBy: RunStarter; resumeWithinMs: number },
  ): Promise<{ run: StoredRun; resumed: boolean; tasks: Task[]; done: number }>;
  /** Writes what some tasks brought and moves them on, all or nothing. @returns the tasks that are new */
  record(lease: Lease, batch: readonly { task: Task; result: TaskResult }[]): Promise<Task[]>;
  saveProgress(lease: Lease, progress: unknown, calls: number): Promise<void>;
  /** User ids that the run read in a department. */
  seenIn(departmentId: number): Promise<Set<string>>;
  /** What the run knows of a department. */
  seenDepartment(departmentId: number): Promise<{ name: string } | null>;
  seenDepartments(): Promise<number[]>;
  seenRole(roleId: number): Promise<{ name: string } | null>;
  /** People of the published snapshot that the run did not see. */
  unseen(): Promise<string[]>;
  /**
   * Departments of the published snapshot that the run neither saw nor asked after; those below another such one
   * come once it was asked after, because it may show them itself.
   */
  unseenDepartments(): Promise<number[]>;
  /** People whose places are not the departments that DingTalk told with them, as far as the run knows these. */
  disputed(): Promise<string[]>;
  countSeen(): Promise<{ people: number; departments: number }>;
  /** @returns the tasks that are new */
  addTasks(lease: Lease, tasks: readonly NewTask[]): Promise<Task[]>;
  runMissing(): Promise<Missing[]>;
  /** Publishes the run's reading, or finds it shrunk and drops it. */
  publish(lease: Lease, verdict: Verdict): Promise<StoredRun>;
  /** Ends the run without a result. */
  fail(lease: Lease, missing: Missing[], calls: number): Promise<StoredRun>;
  /** Newest first. */
  runs(limit: number): Promise<StoredRun[]>;
}

export interface PageCursor {
  generation: number;
  afterId: number;
}
