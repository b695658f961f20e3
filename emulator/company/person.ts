import type { Role } from './roles';
import { LEADER_ROLE, MAIN_ADMIN_ROLE, ROLES, SUB_ADMIN_ROLE } from './roles';

/** A member of the company, as DingTalk's address book keeps them. Empty text means: not filled in. */
export interface Person {
  userid: string;
  unionid: string;
  name: string;
  /** Whether the emulator draws a picture; without one DingTalk answers `""`. */
  hasAvatar: boolean;
  title: string;
  jobNumber: string;
  stateCode: string;
  mobile: string;
  hideMobile: boolean;
  telephone: string;
  email: string;
  orgEmail: string;
  workPlace: string;
  remark: string;
  /** A JSON object written as text, or empty. */
  extension: string;
  departmentIds: number[];
  /** Departments that this person leads. */
  leads: number[];
  /** Roles given by hand; see {@link rolesOf} for all of them. */
  roleIds: number[];
  managerUserid: string | undefined;
  /** Milliseconds since 1970. */
  hiredAt: number | undefined;
  createdAt: number;
  active: boolean;
  realAuthed: boolean;
  senior: boolean;
  boss: boolean;
  /** 1 main administrator, 2 sub-administrator, 0 neither. */
  adminLevel: 0 | 1 | 2;
  exclusiveAccount: boolean;
  /** Place in the address book: the lower, the further up. */
  rank: number;
}

/** `sys_level` of DingTalk: 1 main admin, 2 sub-admin, 100 boss, 0 other. */
export function sysLevel(person: Person): number {
  return person.adminLevel || (person.boss ? 100 : 0);
}

/** Every role of a person, those that follow from their position included. */
export function rolesOf(person: Person): Role[] {
  const ids = [...person.roleIds];
  if (person.leads.length > 0) ids.unshift(LEADER_ROLE);
  if (person.adminLevel === 2) ids.unshift(SUB_ADMIN_ROLE);
  if (person.adminLevel === 1) ids.unshift(MAIN_ADMIN_ROLE);
  return [...new Set(ids)].flatMap((id) => ROLES.get(id) ?? []);
}

/**
 * The place of a person within a department as DingTalk writes it: 18 digits, odd, so that every reader who parses
 * JSON into doubles gets it wrong. Higher stands further up.
 */
export function orderIn(person: Person, departmentId: number): bigint {
  return 176_300_000_000_000_513n - BigInt(person.rank) * 1024n - BigInt(departmentId % 97) * 2n;
}
