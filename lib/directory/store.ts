import 'server-only';
import { singleton } from '../singleton';
import type { Database } from '../storage/database';
import { directoryDatabase } from '../storage/databases';
import { type LeaverNote, leaverNotesOf, readLeavers, settleLeavers } from '../storage/leavers';
import type { Missing } from './mirror-state';
import type {
  DepartmentRules,
  DirectoryState,
  Finding,
  FindOptions,
  NotedMember,
  StoredDepartment,
  StoredDetail,
  StoredMember,
  StoredRole,
} from './model';
import * as read from './read';
import { find } from './search-index';
import type { SearchPlan } from './search-query';
import * as write from './write';

/**
 * Where the mirror is kept. Readers see one published snapshot, never a mixture; runs write beside it. How it behaves
 * on either engine is `tests/support/directory-store-suite.ts`.
 */
export interface DirectoryStore {
  // ——— Reading
  state(): Promise<DirectoryState>;
  /** Which published state reads are of: the same before and after several of them means that they fit together. */
  revision(): Promise<number>;
  /** All departments, and the state that they are of; parents need not come before children. */
  tree(): Promise<{ state: DirectoryState; departments: StoredDepartment[] }>;
  departments(): Promise<StoredDepartment[]>;
  /** Direct members in DingTalk's order. */
  membersOf(
    departmentId: number,
    page: { offset: number; limit: number },
  ): Promise<(StoredMember & { leader: boolean })[]>;
  member(userId: string): Promise<StoredMember | null>;
  /** Those who are there, in whatever order. */
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
  /** Everybody, all of one state. @param visit gets some people at a time; the state is kept for it until it is done */
  everybody(visit: (members: StoredMember[]) => void | Promise<void>): Promise<void>;

  // ——— One person or department at a time, in the published snapshot
  /** Takes over what was told about somebody just now. Without a snapshot, nothing. @returns whether anything changed */
  note(member: NotedMember, at: number): Promise<boolean>;
  /** Somebody is no longer there, and a leaver unless their sessions have ended already. @returns whether they were */
  forget(userId: string, options?: { areSessionsEnded?: boolean }): Promise<boolean>;
  /** Who the administrators are. */
  noteAdministrators(list: readonly { userId: string; main: boolean }[]): Promise<void>;
  /** People whose own records say that they are no administrators. */
  dismissAdministrators(userIds: readonly string[]): Promise<void>;
  /** A department's name and rules. @returns whether anything changed */
  noteDepartment(id: number, name: string, rules: DepartmentRules): Promise<boolean>;

  // ——— Leavers
  /** People whom a complete reading, or DingTalk itself, no longer finds, or finds inactive, until they are settled. */
  leavers(limit: number): Promise<LeaverNote[]>;
  /** The notes about some people. */
  leaverNotesOf(userIds: readonly string[]): Promise<LeaverNote[]>;
  settleLeavers(notes: readonly LeaverNote[]): Promise<void>;
}

/** @param open the database, asked for each time */
export function createDirectoryStore(open: () => Database): DirectoryStore {
  return {
    state: () => read.readState(open()),
    revision: () => read.readRevision(open()),
    tree: () => read.readTree(open()),
    departments: async () => (await read.readTree(open())).departments,
    membersOf: (departmentId, page) => read.readMembersOf(open(), departmentId, page),
    member: async (userId) => {
      const row = await read.personRow(open(), userId);
      return row ? read.toMember(row) : null;
    },
    members: (userIds) => read.readMembers(open(), userIds),
    rolesOf: (userId) => read.readRolesOf(open(), userId),
    roles: () => read.readRoles(open()),
    lacking: () => read.readLacking(open()),
    detail: (userId) => read.readDetail(open(), userId),
    isMainAdministrator: (userId, confirmedAfter = 0) =>
      read.isMainAdministrator(open(), userId, confirmedAfter),
    find: (plan, options) => find(open(), plan, options),
    countPeople: (departmentIds) => read.countPeople(open(), departmentIds),
    everybody: (visit) => read.readEverybody(open(), visit),

    note: (member, at) => write.note(open(), member, at),
    forget: (userId, { areSessionsEnded = false } = {}) => write.forget(open(), userId, areSessionsEnded),
    noteAdministrators: (list) => write.noteAdministrators(open(), list),
    dismissAdministrators: (userIds) =>
      write.writeDirectory(open(), (tx) => write.dismissAdministrators(tx, userIds)),
    noteDepartment: (id, name, rules) => write.noteDepartment(open(), id, name, rules),

    leavers: (limit) => readLeavers(open(), limit),
    leaverNotesOf: (userIds) => leaverNotesOf(open(), userIds),
    settleLeavers: (notes) => write.writeDirectory(open(), (tx) => settleLeavers(tx, notes)),
  };
}

/** The one directory of this process. */
export const directoryStore = singleton('directory', () => createDirectoryStore(directoryDatabase));
