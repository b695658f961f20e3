import { createDepartmentTree } from './department-tree';
import { type Department, generateDepartments, ODD_DEPARTMENTS } from './departments';
import { generateOutsiders, type Outsider } from './outsiders';
import { createPeopleIndex } from './people-index';
import type { Person } from './person';
import { generateStaff, type OddNames } from './staff';

/** How to generate a company. */
export interface CompanyOptions {
  corpId: string;
  corpName: string;
  members: number;
  departments: number;
  seed: number;
  oddNames?: OddNames | undefined;
  /** Also virtual departments and a school, as some companies' address books list them. */
  oddDepartments?: boolean | undefined;
}

/** A change of a person or of a department. */
export type CompanyChange =
  | { what: 'joined' | 'left'; userid: string }
  | { what: 'changed'; before: Person; after: Person }
  | { what: 'department-created' | 'department-changed' | 'department-removed'; id: number };

/** A company's address book with its indexes. Lookups are by DingTalk's ids; nothing here knows of permissions. */
export interface Company {
  readonly corpId: string;
  readonly corpName: string;
  /** All employees, in the address book's order. The first is an ordinary, active employee. */
  readonly people: Person[];
  /** The root first, parents before children. */
  readonly departments: Department[];
  /** Accounts outside the member list. */
  readonly outsiders: Outsider[];
  person(userid: string): Person | undefined;
  personByUnionid(unionid: string): Person | undefined;
  personByMobile(mobile: string): Person | undefined;
  /** Direct members of a department, in the address book's order. */
  membersOf(departmentId: number): readonly Person[];
  /** The members of a department and of all below it, each once. */
  membersBelow(departmentId: number): Set<Person>;
  peopleWithRole(roleId: number): Person[];
  department(id: number): Department | undefined;
  childrenOf(departmentId: number): readonly Department[];
  /** A department and its ancestors: itself first, the root last. */
  pathOf(departmentId: number): number[];
  /** A dismissed person. */
  formerPerson(userid: string): Person | undefined;
  add(person: Person): void;
  /** Changes a person in place and keeps the indexes right. */
  change(userid: string, change: Partial<Person>): void;
  remove(userid: string): void;
  addDepartment(department: Pick<Department, 'name'> & { parentId: number }): Department;
  /** Changes a department in place; with another parent it moves there, with all that is below it. */
  changeDepartment(id: number, change: Partial<Department>): void;
  /** Dissolves a department without departments below it. Its people stay where else they are, or go to the parent. */
  dissolve(id: number): void;
  /** Back to how the seed made it. Costs nothing when nothing was changed. */
  restore(): void;
}

/**
 * Generates a company from its seed.
 *
 * @param onChange called after every change, but not after a restoration
 * @see outsiders.ts for the people around it
 */
export function createCompany(
  options: CompanyOptions,
  onChange: (change: CompanyChange) => void = () => {},
): Company {
  const { lookups: departments, ...tree } = createDepartmentTree();
  const { lookups: people, ...staff } = createPeopleIndex();
  const outsiders: Outsider[] = [];
  let isStaffChanged = true;
  let isTreeChanged = true;
  const emit = (change: CompanyChange) => {
    if (change.what.startsWith('department-')) isTreeChanged = true;
    else isStaffChanged = true;
    onChange(change);
  };
  const company: Company = {
    corpId: options.corpId,
    corpName: options.corpName,
    outsiders,
    ...people,
    ...departments,
    membersBelow(id) {
      const below = [id];
      for (const at of below) below.push(...departments.childrenOf(at).map((child) => child.id));
      return new Set(below.flatMap((at) => people.membersOf(at)));
    },
    add(person) {
      staff.add(person);
      emit({ what: 'joined', userid: person.userid });
    },
    change(userid, change) {
      const person = people.person(userid);
      if (!person) return;
      const before = { ...person };
      staff.change(person, change);
      emit({ what: 'changed', before, after: person });
    },
    remove(userid) {
      const person = people.person(userid);
      if (!person) return;
      staff.remove(person);
      emit({ what: 'left', userid });
    },
    addDepartment(wanted) {
      const department = tree.create(wanted);
      emit({ what: 'department-created', id: department.id });
      return department;
    },
    changeDepartment(id, change) {
      const department = departments.department(id);
      if (!department) return;
      tree.change(department, change);
      emit({ what: 'department-changed', id });
    },
    dissolve(id) {
      const department = departments.department(id);
      if (!department || department.parentId === undefined || departments.childrenOf(id).length > 0) return;
      for (const person of [...people.membersOf(id)]) {
        const departmentIds = person.departmentIds.filter((other) => other !== id);
        if (departmentIds.length === 0) departmentIds.push(department.parentId);
        company.change(person.userid, { departmentIds, leads: person.leads.filter((led) => led !== id) });
      }
      tree.remove(department);
      emit({ what: 'department-removed', id });
    },
    restore() {
      if (!isTreeChanged && !isStaffChanged) return;
      if (isTreeChanged) tree.load(departmentsOf(options));
      staff.load(staffOf(options, departments.departments));
      outsiders.splice(0, outsiders.length, ...generateOutsiders(people.people, options.seed));
      isTreeChanged = false;
      isStaffChanged = false;
    },
  };
  company.restore();
  return company;
}

function departmentsOf({ corpName, departments, seed, oddDepartments }: CompanyOptions): Department[] {
  const odd = oddDepartments ? ODD_DEPARTMENTS : [];
  return [
    ...generateDepartments(corpName, departments, seed),
    ...odd.map((department) => ({ ...department })),
  ];
}

function staffOf(options: CompanyOptions, departments: readonly Department[]): Person[] {
  const { members: count, seed, oddNames, oddDepartments } = options;
  const ordinary = departments.filter(({ id }) => !ODD_DEPARTMENTS.some((odd) => odd.id === id));
  const staff = generateStaff(ordinary, { count, seed, oddNames });
  if (oddDepartments) for (const person of staff.slice(5, 7)) person.departmentIds.push(-7);
  return staff;
}

/** The names of a person's departments, for lists that people read. */
export function departmentNamesOf(company: Company, person: Person): string[] {
  return person.departmentIds.map((id) => company.department(id)?.name ?? String(id));
}
