import type { Company } from '../../company/company';
import type { Department } from '../../company/departments';
import { ROOT_DEPARTMENT } from '../../company/departments';
import type { Person } from '../../company/person';
import { Refusal } from '../../platform/answers';
import type { Platform } from '../../platform/platform';

/** The part of the address book that the app may read. */
export interface AuthorizedScope {
  hasDepartment(id: number): boolean;
  hasPerson(person: Person): boolean;
  /** Top-most departments: one inside another authorised one is left out. */
  departments: number[];
  /** People authorised one by one. */
  users: string[];
}

/** Works the scope out from the settings. @see https://open.dingtalk.com/document/orgapp/obtains-the-permission-of-the-address-book */
export function authorizedScope({ settings, company }: Platform): AuthorizedScope {
  const { scope } = settings;
  const wanted = new Set(scope === 'all' ? [ROOT_DEPARTMENT] : scope.departments);
  const users = scope === 'all' ? [] : scope.users;
  const hasDepartment = (id: number) => company.pathOf(id).some((ancestor) => wanted.has(ancestor));
  return {
    hasDepartment,
    hasPerson: (person) => users.includes(person.userid) || person.departmentIds.some(hasDepartment),
    departments: [...wanted].filter((id) => isTopMost(company, id, wanted)),
    users: [...users],
  };
}

/** A member that the app may read. Unknown: 60121. Outside the scope: 50002. */
export function requirePerson(platform: Platform, userid: string): Person {
  const person = platform.company.person(userid);
  if (!person) throw new Refusal(60121);
  if (!authorizedScope(platform).hasPerson(person)) throw new Refusal(50002);
  return person;
}

/** A department that the app may read. Unknown: `unknown` (60003). Outside the scope: 50004. */
export function requireDepartment(platform: Platform, id: number, unknown = 60003): Department {
  const department = platform.company.department(id);
  if (!department) throw new Refusal(unknown);
  if (!authorizedScope(platform).hasDepartment(id)) throw new Refusal(50004);
  return department;
}

function isTopMost(company: Company, id: number, wanted: ReadonlySet<number>): boolean {
  const path = company.pathOf(id);
  return path.length > 0 && !path.slice(1).some((ancestor) => wanted.has(ancestor));
}
