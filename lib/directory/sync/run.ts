import 'server-only';
import type { Missing, SkippedDepartment } from '../mirror-state';
import type { DepartmentRules, NotedMember, PersonRecord, StoredRole } from '../model';

/** What a run reads, step by step, and how it ends. */

/** More than this share of the people gone needs the operator's word. */
export const MAX_SHRINK = 0.2;
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
