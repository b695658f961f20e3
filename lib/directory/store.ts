import 'server-only';
import { singleton } from '../singleton';
import { database } from '../storage/database';
import { type LeaverNote, leaverNotesOf, readLeavers, settleLeavers } from '../storage/leavers';
import type { Database } from '../storage/sqlite';
import type { Missing } from './mirror-state';
import type {
  DepartmentRules,
  DirectoryState,
  Finding,
  FindOptions,
  NotedMember,
  PageCursor,
  StoredDepartment,
  StoredDetail,
  StoredMember,
  StoredRole,
} from './model';
import {
  countPeople,
  readDepartments,
  readDetail,
  readLacking,
  readMember,
  readMembersOf,
  readPage,
  readRoles,
  readRolesOf,
  readState,
} from './read';
import { find } from './search-index';
import type { SearchPlan } from './search-query';
import {
  dismissAdministrators,
  forget,
  isMainAdministrator,
  note,
  noteAdministrators,
  noteDepartment,
} from './write';

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
  roles(): Promise<StoredRole[]>;
  /** What is missing in the published snapshot, whatever became of later runs. */
  lacking(): Promise<Missing[]>;
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
  leavers(limit: number): Promise<LeaverNote[]>;
  /** The notes about some people. */
  leaverNotesOf(userIds: readonly string[]): Promise<LeaverNote[]>;
  settleLeavers(notes: readonly LeaverNote[]): Promise<void>;
}

/** The directory in a libsql database: one file, nothing to install. */
export function createDirectoryStore(db: Database): DirectoryStore {
  return {
    state: async () => readState(db),
    departments: async () => readDepartments(db),
    membersOf: async (departmentId, page) => readMembersOf(db, departmentId, page),
    member: async (userId) => readMember(db, userId),
    members: async (userIds) => userIds.flatMap((userId) => readMember(db, userId) ?? []),
    rolesOf: async (userId) => readRolesOf(db, userId),
    roles: async () => readRoles(db),
    lacking: async () => readLacking(db),
    detail: async (userId) => readDetail(db, userId),
    isMainAdministrator: async (userId, confirmedAfter = 0) =>
      isMainAdministrator(db, userId, confirmedAfter),
    find: (plan, options) => find(db, plan, options),
    countPeople: async (departmentIds) => countPeople(db, departmentIds),
    page: async (cursor, limit) => readPage(db, cursor, limit),

    note: async (member, at) => note(db, member, at),
    forget: async (userId) => forget(db, userId),
    noteAdministrators: async (list) => noteAdministrators(db, list),
    dismissAdministrators: async (userIds) => db.write(() => dismissAdministrators(db, userIds)),
    leavers: async (limit) => readLeavers(db, limit),
    leaverNotesOf: async (userIds) => leaverNotesOf(db, userIds),
    settleLeavers: async (notes) => settleLeavers(db, notes),
    noteDepartment: async (id, name, rules) => noteDepartment(db, id, name, rules),
  };
}

/** The one directory of this process. */
export const directoryStore = singleton('directory', () => createDirectoryStore(database()));
