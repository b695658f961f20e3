import { append, discard } from './multimap';
import { type Person, rolesOf } from './person';

/** The people with their indexes. */
export function createPeopleIndex() {
  /** In the address book's order. */
  const people: Person[] = [];
  const byUserid = new Map<string, Person>();
  const byUnionid = new Map<string, Person>();
  const byMobile = new Map<string, Person>();
  const byDepartment = new Map<number, Person[]>();
  const former = new Map<string, Person>();
  let byRole: Map<number, Person[]> | undefined;

  const index = (person: Person) => {
    byRole = undefined;
    byUserid.set(person.userid, person);
    byUnionid.set(person.unionid, person);
    if (person.mobile) byMobile.set(person.mobile, person);
    for (const id of person.departmentIds) append(byDepartment, id, person);
  };
  const unindex = (person: Person) => {
    byRole = undefined;
    byUserid.delete(person.userid);
    byUnionid.delete(person.unionid);
    byMobile.delete(person.mobile);
    for (const id of person.departmentIds) discard(byDepartment.get(id), person);
  };
  const add = (person: Person) => {
    former.delete(person.userid);
    people.push(person);
    index(person);
  };

  const lookups = {
    people,
    person: (userid: string) => byUserid.get(userid),
    personByUnionid: (unionid: string) => byUnionid.get(unionid),
    personByMobile: (mobile: string) => byMobile.get(mobile),
    membersOf: (departmentId: number): readonly Person[] => byDepartment.get(departmentId) ?? [],
    peopleWithRole(roleId: number): Person[] {
      if (!byRole) {
        byRole = new Map();
        for (const person of people) for (const { id } of rolesOf(person)) append(byRole, id, person);
      }
      return byRole.get(roleId) ?? [];
    },
    formerPerson: (userid: string) => former.get(userid),
  };
  return {
    lookups,
    add,
    change(person: Person, change: Partial<Person>): void {
      unindex(person);
      Object.assign(person, change);
      index(person);
      for (const id of person.departmentIds) byDepartment.get(id)?.sort((a, b) => a.rank - b.rank);
    },
    remove(person: Person): void {
      former.set(person.userid, person);
      unindex(person);
      discard(people, person);
    },
    load(all: readonly Person[]): void {
      for (const map of [byUserid, byUnionid, byMobile, byDepartment, former]) map.clear();
      people.length = 0;
      for (const person of all) add(person);
    },
  };
}
