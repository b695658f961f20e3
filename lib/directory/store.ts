import 'server-only';
import type { MirrorState, Missing, SkippedDepartment } from './mirror-state';
import type { SearchPlan } from './search-plan';

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

/** Somebody in a department of the run's reading. */
export interface FoundPerson {
  userId: string;
  record: PersonRecord;
  leader: boolean;
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
  | 'departments'
  | 'rules'
  | 'people'
  | 'person'
  | 'roles'
  | 'role'
  | 'administrators'
  | 'check';

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
  /** Somebody with all departments, where these are known to the run. */
  found?: NotedMember;
  roles?: StoredRole[];
  roleMembers?: { roleId: number; userIds: string[] };
  administrators?: { userId: string; main: boolean }[];
  /** A department that is no more: what was read of it is forgotten. */
  gone?: number;
  /** Steps that follow. Those that exist already are not made again. */
  tasks?: NewTask[];
  skipped?: SkippedDepartment[];
  missing?: Missing;
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
  isMainAdministrator(userId: string): Promise<boolean>;
  /** Best first. Stops when `enough` says so of those found so far. */
  find(plan: SearchPlan, accepts: (found: Found) => boolean, limit: number): Promise<Found[]>;
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
  /** People of the published snapshot that the run did not see. */
  unseen(limit: number): Promise<string[]>;
  countSeen(): Promise<{ people: number; departments: number }>;
  addTasks(lease: Lease, tasks: NewTask[]): Promise<Task[]>;
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
