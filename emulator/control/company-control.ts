import { avatarOf } from '../api/endpoints/member-record';
import { type Company, departmentNamesOf } from '../company/company';
import { type DepartmentChange, departmentChange, departmentRequest } from '../company/department-change';
import { type Department, ROOT_DEPARTMENT } from '../company/departments';
import type { Person } from '../company/person';
import { hireChange, type PersonChange, personChange } from '../company/person-change';
import { ControlError } from '../platform/control-error';
import type { Platform } from '../platform/platform';

/** A member as lists show them. */
export interface PersonSummary {
  userid: string;
  name: string;
  title: string;
  /** Absolute URL on the emulator's origin, or `""`. */
  avatar: string;
  departmentNames: string[];
  active: boolean;
  /** 1 main administrator, 2 sub-administrator, 0 neither. */
  adminLevel: Person['adminLevel'];
}

/** The control plane's verbs for people and departments. */
export interface CompanyControl {
  people(text?: string): PersonSummary[];
  /** A new member; userid and the rest are made up unless given. */
  hire(person?: PersonChange & { userid?: string | undefined }): PersonSummary;
  fire(userid: string): void;
  patchPerson(userid: string, change: PersonChange): PersonSummary;
  /** To these departments; without any, to the next one of the tree. */
  move(userid: string, departmentIds?: number[]): PersonSummary;
  /** Makes a member a main or a sub-administrator, or neither; without a level, main or no longer main. */
  promote(userid: string, level?: 'main' | 'sub' | 'none'): Pick<PersonSummary, 'name' | 'adminLevel'>;
  addDepartment(department: { name: string; parentId: number }): Department;
  /** Changes a department: its name, its place, who sees it, what its people see. */
  patchDepartment(id: number, change: DepartmentChange): void;
  /** Without departments below it; its people stay where else they are, or go to its parent. */
  dissolve(id: number): void;
}

const ADMIN_LEVELS = { main: 1, sub: 2, none: 0 } as const;

/** Makes the verbs over a platform's company. */
export function createCompanyControl(platform: Platform): CompanyControl {
  const { company } = platform;
  const control: CompanyControl = {
    people(text = '') {
      const wanted = text.trim().toLowerCase();
      const all =
        wanted === '' ? company.people : company.people.filter((person) => mentions(person, wanted));
      return all.map((person) => summarize(platform, person));
    },
    hire(change = {}) {
      const person = hireChange(company, change);
      if (company.person(person.userid)) throw new ControlError(400, `userid ${person.userid} is taken`);
      checkDepartments(company, person.departmentIds);
      company.add(person);
      return summarize(platform, person);
    },
    fire(userid) {
      requirePerson(company, userid);
      company.remove(userid);
    },
    move: (userid, departmentIds = [nextDepartment(company, userid)]) =>
      control.patchPerson(userid, { departmentIds }),
    promote(userid, wanted) {
      const level = wanted ?? (company.person(userid)?.adminLevel === 1 ? 'none' : 'main');
      return control.patchPerson(userid, { adminLevel: ADMIN_LEVELS[level] });
    },
    addDepartment(department) {
      const wanted = departmentRequest.parse(department);
      checkDepartments(company, [wanted.parentId]);
      return { ...company.addDepartment(wanted) };
    },
    dissolve(id) {
      checkDepartments(company, [id]);
      if (id === ROOT_DEPARTMENT || company.childrenOf(id).length > 0)
        throw new ControlError(400, 'the root and departments with others below them stay');
      company.dissolve(id);
    },
    patchDepartment(id, change) {
      const wanted = departmentChange.parse(change);
      checkDepartments(company, [id, ...(wanted.parentId === undefined ? [] : [wanted.parentId])]);
      if (wanted.parentId !== undefined && company.pathOf(wanted.parentId).includes(id))
        throw new ControlError(400, 'a department cannot be below itself');
      company.changeDepartment(id, wanted as Partial<Department>);
    },
    patchPerson(userid, change) {
      const person = requirePerson(company, userid);
      const wanted = personChange.parse(change);
      checkDepartments(company, wanted.departmentIds);
      company.change(userid, wanted as Partial<typeof person>);
      return summarize(platform, person);
    },
  };
  return control;
}

function requirePerson(company: Company, userid: string): Person {
  const person = company.person(userid);
  if (!person) throw new ControlError(404, `no member has the userid ${JSON.stringify(userid)}`);
  return person;
}

function checkDepartments(company: Company, ids: readonly number[] = []): void {
  const unknown = ids.find((id) => !company.department(id));
  if (unknown !== undefined) throw new ControlError(400, `there is no department ${unknown}`);
}

function nextDepartment(company: Company, userid: string): number {
  const { departments } = company;
  const at = departments.findIndex(({ id }) => id === company.person(userid)?.departmentIds[0]);
  return departments[(at + 1) % departments.length]!.id;
}

/** A member as lists show them. */
function summarize(platform: Platform, person: Person): PersonSummary {
  const { userid, name, title, active, adminLevel } = person;
  const departmentNames = departmentNamesOf(platform.company, person);
  return { userid, name, title, avatar: avatarOf(platform, person), departmentNames, active, adminLevel };
}

function mentions(person: { name: string; userid: string; title: string }, wanted: string): boolean {
  return `${person.name} ${person.userid} ${person.title}`.toLowerCase().includes(wanted);
}
