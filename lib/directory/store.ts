import 'server-only';
import { singleton } from '../singleton';
import type { Database } from '../storage/database';
import { directoryDatabase } from '../storage/databases';
import { type LeaverNote, leaverNotesOf, readLeavers, settleLeavers } from '../storage/leavers';
import type { DepartmentRules, FindOptions, NotedMember, StoredMember } from './model';
import * as read from './read';
import { find } from './search-index';
import type { SearchPlan } from './search-query';
import * as write from './write';

/** @see createDirectoryStore */
export type DirectoryStore = ReturnType<typeof createDirectoryStore>;

/**
 * Where the mirror is kept. Readers see one published snapshot, never a mixture; runs write beside it. How it behaves
 * on either engine is `tests/support/directory-store-suite.ts`.
 *
 * @param open the database, asked for each time
 */
export function createDirectoryStore(open: () => Database) {
  return {
    // ——— Reading
    state: () => read.readState(open()),
    /** Which published state reads are of: the same before and after several of them means that they fit together. */
    revision: () => read.readRevision(open()),
    /** All departments, and the state that they are of; parents need not come before children. */
    tree: () => read.readTree(open()),
    departments: async () => (await read.readTree(open())).departments,
    /** Direct members in DingTalk's order. */
    membersOf: (departmentId: number, page: { offset: number; limit: number }) =>
      read.readMembersOf(open(), departmentId, page),
    member: (userId: string) => read.readMember(open(), userId),
    /** Those who are there, in whatever order. */
    members: (userIds: readonly string[]) => read.readMembers(open(), userIds),
    rolesOf: (userId: string) => read.readRolesOf(open(), userId),
    roles: () => read.readRoles(open()),
    /** What is missing in the published snapshot, whatever became of later runs. */
    lacking: () => read.readLacking(open()),
    detail: (userId: string) => read.readDetail(open(), userId),
    /** @param confirmedAfter a list that DingTalk gave before is out of date; Unix time in ms */
    isMainAdministrator: (userId: string, confirmedAfter = 0) =>
      read.isMainAdministrator(open(), userId, confirmedAfter),
    /** People who fit the whole text, best first, then those who have each of its terms somewhere. Never holds up the process for long. */
    find: (plan: SearchPlan, options: FindOptions) => find(open(), plan, options),
    /** How many people some departments have together, each counted once. */
    countPeople: (departmentIds: readonly number[]) => read.countPeople(open(), departmentIds),
    /** All people, all of one state. @param visit gets some people at a time; the state is kept for it until it is done */
    everybody: (visit: (members: StoredMember[]) => void | Promise<void>) =>
      read.readEverybody(open(), visit),

    // ——— One person or department at a time, in the published snapshot
    /** Takes over what was just answered about a person. Without a snapshot, nothing. @returns whether anything changed */
    note: (member: NotedMember, at: number) => write.note(open(), member, at),
    /** A person is no longer there, and a leaver unless their sessions have ended already. @returns whether they were */
    forget: (userId: string, { areSessionsEnded = false }: { areSessionsEnded?: boolean } = {}) =>
      write.forget(open(), userId, areSessionsEnded),
    /** Who the administrators are. */
    noteAdministrators: (list: readonly write.Administrator[]) => write.noteAdministrators(open(), list),
    /** People whose own records say that they are no administrators. */
    dismissAdministrators: (userIds: readonly string[]) =>
      write.writeDirectory(open(), (tx) => write.dismissAdministrators(tx, userIds)),
    /** A department's name and rules. @returns whether anything changed */
    noteDepartment: (id: number, name: string, rules: DepartmentRules) =>
      write.noteDepartment(open(), id, name, rules),

    // ——— Leavers
    /** People whom a complete reading, or DingTalk itself, no longer finds, or finds inactive, until they are settled. */
    leavers: (limit: number) => readLeavers(open(), limit),
    /** The notes about some people. */
    leaverNotesOf: (userIds: readonly string[]) => leaverNotesOf(open(), userIds),
    settleLeavers: (notes: readonly LeaverNote[]) =>
      write.writeDirectory(open(), (tx) => settleLeavers(tx, notes)),
  };
}

/** The one directory of this process. */
export const directoryStore = singleton('directory', () => createDirectoryStore(directoryDatabase));
