import { type Company, createCompany } from '../emulator/company/company';
import { generateDepartments } from '../emulator/company/departments';
import { type Person, rolesOf } from '../emulator/company/person';
import type { StoredMember } from '../lib/directory/model';
import type { SyncStore } from '../lib/directory/sync/run-store';
import type { EmulatorProcess } from './emulator-process';

/** The company whose directory is read, and what must come of it. */

export interface Size {
  members: number;
  departments: number;
  /** People of one department. */
  big: number;
  /** People who move, and people with another title, before the third sync: half each. */
  changes: number;
  /** How often all queries are asked of the store, and how many there are. */
  rounds: number;
  queries: number;
  /** How many pages of a department are asked for. */
  pages: number;
}
/** Which department has many people. */
const BIG = 20;
/** Over a network, one after the other would take most of the bench's time. */
const ASKED_AT_ONCE = 8;
/** None of those above the department of many people. */
export function hiddenDepartments({ departments }: Size, seed: number) {
  const all = generateDepartments('', departments, seed);
  const parents = new Map(all.map(({ id, parentId }) => [id, parentId]));
  const shown = new Set<number>();
  for (let id: number | undefined = all[BIG]!.id; id !== undefined; id = parents.get(id)) shown.add(id);
  return all.filter(({ id }, at) => at % 10 === 5 && !shown.has(id));
}

export function companyOf({ members, departments }: Size, seed: number): Company {
  return createCompany({
    corpId: 'dingemulator0001corp',
    corpName: '青禾智能科技',
    members,
    departments,
    seed,
  });
}

/** Asked of the emulator, so that no second company weighs on the memory that is measured. */
export async function bigDepartment(
  emulator: EmulatorProcess,
  { members, departments, big }: Size,
  seed: number,
) {
  const { id } = generateDepartments('', departments, seed)[BIG]!;
  const move: { userid: string; departmentIds: number[] }[] = [];
  for (let offset = members - big; offset < members; offset += 100) {
    const { people } = (await emulator.control(`people?offset=${offset}`)) as {
      people: { userid: string }[];
    };
    move.push(...people.map(({ userid }) => ({ userid, departmentIds: [id] })));
  }
  return move;
}

/** Token, range, roles and administrators; each department's children, rules and people; ids where pages must be compared. */
export function leastCalls(company: Company, byEndpoint: Record<string, number>): number {
  let calls = 4 + (byEndpoint['/topapi/role/simplelist'] ?? 0);
  for (const { id } of company.departments) {
    calls += 2 + Math.max(1, Math.ceil(company.membersOf(id).length / 100));
  }
  return calls;
}

export async function differences(store: SyncStore, company: Company): Promise<number> {
  let count = 0;
  const departments = await store.departments();
  if (departments.length !== company.departments.length) count++;
  for (const { id, name, parentId, own, below } of departments) {
    const wanted = company.department(id);
    if (wanted?.name !== name || wanted.parentId !== parentId) count++;
    const people = await store.membersOf(id, { offset: 0, limit: company.people.length });
    const mine = people.map(({ userId, leader }) => `${userId}${leader}`).join();
    const theirs = company.membersOf(id).map(({ userid, leads }) => `${userid}${leads.includes(id)}`);
    if (mine !== theirs.join() || own !== theirs.length || below !== company.membersBelow(id).size) count++;
  }
  let people = 0;
  await store.everybody(async (members) => {
    people += members.length;
    const isSame = async ({ userId, record }: StoredMember) => {
      const person = company.person(userId);
      const { name, title = '', mobile = '', active } = record;
      const roles = (await store.rolesOf(userId)).map(({ id }) => id).join();
      const mine = JSON.stringify([name, title, mobile, active, roles]);
      const theirs = person && [person.name, person.title, person.mobile, person.active, roleIdsOf(person)];
      return mine === JSON.stringify(theirs);
    };
    for (let at = 0; at < members.length; at += ASKED_AT_ONCE) {
      const same = await Promise.all(members.slice(at, at + ASKED_AT_ONCE).map(isSame));
      count += same.filter((one) => !one).length;
    }
  });
  return count + Math.abs(people - company.people.length);
}

function roleIdsOf(person: Person): string {
  return rolesOf(person)
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join();
}

/** Half of them move, the others get another title, in the emulator and here. The department of many people keeps them. */
export async function changeCompany(
  emulator: EmulatorProcess,
  company: Company,
  { big, changes }: Size,
): Promise<void> {
  const people = company.people.slice(0, company.people.length - big);
  const every = Math.floor(people.length / changes);
  const chosen = people.filter((_, at) => at % every === 0).slice(0, changes);
  const movers = chosen.filter((_, at) => at % 2 === 0);
  const move = movers.map(({ userid }, at) => {
    const { id } = company.departments[(at * 7) % company.departments.length]!;
    return { userid, departmentIds: [id] };
  });
  await emulator.control('faults', { endpoint: '/auth/scopes', fault: { kind: 'staffChange', move } });
  for (const { userid, departmentIds } of move) company.change(userid, { departmentIds });
  const promoted = chosen.filter((_, at) => at % 2 === 1);
  for (let at = 0; at < promoted.length; at += 16) {
    const some = promoted.slice(at, at + 16);
    await Promise.all(
      some.map(({ userid, title }) => emulator.control(`people/${userid}`, { title: `资深${title}` })),
    );
    for (const { userid, title } of some) company.change(userid, { title: `资深${title}` });
  }
}
