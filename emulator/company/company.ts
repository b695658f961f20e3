import type { Department } from './departments';
import { generateDepartments, ODD_DEPARTMENTS } from './departments';
import { generateOutsiders, type Outsider } from './outsiders';
import type { Person } from './person';
import { rolesOf } from './person';
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

/** Something that has happened to somebody or to a department. */
export type CompanyChange =
  | { what: 'joined' | 'left'; userid: string }
  | { what: 'changed'; before: Person; after: Person }
  | { what: 'department-created' | 'department-changed' | 'department-removed'; id: number };

/** A company's address book with its indexes. Lookups are by DingTalk's ids; nothing here knows of permissions. */
export interface Company {
  readonly corpId: string;
  readonly corpName: string;
  /** Everybody who works here, in the address book's order. The first is an ordinary, active employee. */
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
  /** Everybody in a department or anywhere below it, each once. */
  membersBelow(departmentId: number): Set<Person>;
  peopleWithRole(roleId: number): Person[];
  department(id: number): Department | undefined;
  childrenOf(departmentId: number): readonly Department[];
  /** A department and its ancestors: itself first, the root last. */
  pathOf(departmentId: number): number[];
  /** Somebody with this userid who was dismissed. */
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
  /** Back to how the seed made it. Costs nothing when nobody was hired, fired or changed. */
  restore(): void;
}

/**
 * Generates a company from its seed.
 *
 * @param tell hears of every change, but of no restoration
 * @see outsiders.ts for the people around it
 */
export function createCompany(
  options: CompanyOptions,
  tell: (change: CompanyChange) => void = () => {},
): Company {
  const { corpId, corpName, seed } = options;
  const departments: Department[] = [];
  const departmentById = new Map<number, Department>();
  const children = new Map<number, Department[]>();
  const people: Person[] = [];
  const outsiders: Outsider[] = [];
  const byUserid = new Map<string, Person>();
  const byUnionid = new Map<string, Person>();
  const byMobile = new Map<string, Person>();
  const byDepartment = new Map<number, Person[]>();
  const left = new Map<string, Person>();
  let byRole: Map<number, Person[]> | undefined;
  let changed = true;
  let departmentsChanged = true;

  const restoreDepartments = () => {
    departments.length = 0;
    departmentById.clear();
    children.clear();
    departments.push(...generateDepartments(corpName, options.departments, seed));
    if (options.oddDepartments) departments.push(...ODD_DEPARTMENTS.map((department) => ({ ...department })));
    for (const department of departments) {
      departmentById.set(department.id, department);
      append(children, department.parentId, department);
    }
    departmentsChanged = false;
  };

  const index = (person: Person) => {
    byUserid.set(person.userid, person);
    byUnionid.set(person.unionid, person);
    if (person.mobile) byMobile.set(person.mobile, person);
    for (const id of person.departmentIds) append(byDepartment, id, person);
  };
  const unindex = (person: Person) => {
    byUserid.delete(person.userid);
    byUnionid.delete(person.unionid);
    byMobile.delete(person.mobile);
    for (const id of person.departmentIds) discard(byDepartment.get(id) ?? [], person);
  };

  const company: Company = {
    corpId,
    corpName,
    people,
    departments,
    outsiders,
    person: (userid) => byUserid.get(userid),
    personByUnionid: (unionid) => byUnionid.get(unionid),
    personByMobile: (mobile) => byMobile.get(mobile),
    membersOf: (id) => byDepartment.get(id) ?? [],
    membersBelow(id) {
      const found = new Set<Person>();
      const pending = [id];
      for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
        for (const person of byDepartment.get(at) ?? []) found.add(person);
        for (const child of children.get(at) ?? []) pending.push(child.id);
      }
      return found;
    },
    peopleWithRole(roleId) {
      if (!byRole) {
        byRole = new Map();
        for (const person of people) for (const { id } of rolesOf(person)) append(byRole, id, person);
      }
      return byRole.get(roleId) ?? [];
    },
    department: (id) => departmentById.get(id),
    childrenOf: (id) => children.get(id) ?? [],
    pathOf(id) {
      const path: number[] = [];
      for (let at = departmentById.get(id); at; at = departmentById.get(at.parentId ?? 0)) path.push(at.id);
      return path;
    },
    formerPerson: (userid) => left.get(userid),
    add(person) {
      changed = true;
      byRole = undefined;
      left.delete(person.userid);
      people.push(person);
      index(person);
      tell({ what: 'joined', userid: person.userid });
    },
    change(userid, change) {
      const person = byUserid.get(userid);
      if (!person) return;
      const before = { ...person };
      changed = true;
      byRole = undefined;
      unindex(person);
      Object.assign(person, change);
      index(person);
      for (const id of person.departmentIds) byDepartment.get(id)?.sort((a, b) => a.rank - b.rank);
      tell({ what: 'changed', before, after: person });
    },
    remove(userid) {
      const person = byUserid.get(userid);
      if (!person) return;
      changed = true;
      byRole = undefined;
      left.set(userid, person);
      unindex(person);
      discard(people, person);
      tell({ what: 'left', userid });
    },
    addDepartment({ name, parentId }) {
      departmentsChanged = true;
      const id = Math.max(...departments.map((department) => department.id)) + 37;
      const depth = (departmentById.get(parentId)?.depth ?? 0) + 1;
      const department: Department = { id, name, parentId, depth };
      departments.push(department);
      departmentById.set(id, department);
      append(children, parentId, department);
      tell({ what: 'department-created', id });
      return department;
    },
    changeDepartment(id, change) {
      const department = departmentById.get(id);
      if (!department) return;
      departmentsChanged = true;
      if (change.parentId !== undefined && change.parentId !== department.parentId) {
        discard(children.get(department.parentId ?? 0) ?? [], department);
        append(children, change.parentId, department);
        const moved = departments.filter((other) => company.pathOf(other.id).includes(id));
        for (const one of moved) discard(departments, one);
        departments.push(...moved);
      }
      Object.assign(department, change);
      tell({ what: 'department-changed', id });
    },
    dissolve(id) {
      const department = departmentById.get(id);
      if (!department || department.parentId === undefined || (children.get(id)?.length ?? 0) > 0) return;
      departmentsChanged = true;
      for (const person of [...(byDepartment.get(id) ?? [])]) {
        const others = person.departmentIds.filter((other) => other !== id);
        const departmentIds = others.length > 0 ? others : [department.parentId];
        company.change(person.userid, { departmentIds, leads: person.leads.filter((led) => led !== id) });
      }
      departmentById.delete(id);
      discard(departments, department);
      discard(children.get(department.parentId) ?? [], department);
      tell({ what: 'department-removed', id });
    },
    restore() {
      if (departmentsChanged) {
        restoreDepartments();
        changed = true;
      }
      if (!changed) return;
      byRole = undefined;
      for (const map of [byUserid, byUnionid, byMobile, byDepartment]) map.clear();
      left.clear();
      people.length = 0;
      const ordinary = departments.filter(
        (department) => !ODD_DEPARTMENTS.some(({ id }) => id === department.id),
      );
      const staff = generateStaff(ordinary, { count: options.members, seed, oddNames: options.oddNames });
      if (options.oddDepartments) for (const person of staff.slice(5, 7)) person.departmentIds.push(-7);
      for (const person of staff) {
        people.push(person);
        index(person);
      }
      outsiders.splice(0, outsiders.length, ...generateOutsiders(people, seed));
      changed = false;
    },
  };
  company.restore();
  return company;
}

/** The names of a person's departments, for lists that people read. */
export function departmentNamesOf(company: Company, person: Person): string[] {
  return person.departmentIds.map((id) => company.department(id)?.name ?? String(id));
}

function append<K, V>(map: Map<K, V[]>, key: K | undefined, value: V): void {
  if (key === undefined) return;
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function discard<T>(list: T[], value: T): void {
  const at = list.indexOf(value);
  if (at >= 0) list.splice(at, 1);
}
