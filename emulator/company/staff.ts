import { FAMILY_NAMES, GIVEN_SYLLABLES, ODD_NAMES, TITLES } from './company-names';
import type { Department } from './departments';
import { ROOT_DEPARTMENT } from './departments';
import type { Person } from './person';
import { createRandom, type Random } from './random';
import { ROLE_GROUPS } from './roles';

const DAY_MS = 86_400_000;
const FOUNDED = Date.UTC(2015, 2, 9, 1, 30);

// Places of the people that every company has. The first person is an ordinary employee: what most tests want.
const BOSS = 1;
const MAIN_ADMIN = 2;
const SUB_ADMINS = [3, 4];
const FIRST_ODD = 7;

/** Where the names that break software stand: from the eighth on among the others, at the end, or nowhere. */
export type OddNames = 'among' | 'last' | 'off';

/**
 * Hires `count` people into the departments: the same people for the same seed, whatever the count (but for odd names at
 * the end). Userids are readable (`zhang.wei07`) and unique.
 */
export function generateStaff(
  departments: readonly Department[],
  { count, seed, oddNames = 'among' }: { count: number; seed: number; oddNames?: OddNames | undefined },
): Person[] {
  const taken = new Map<string, number>();
  const staff: Person[] = [];
  for (let index = 0; index < count; index += 1) {
    const odd = oddNameAt(index, count, oddNames);
    staff.push(generatePerson(index, createRandom(seed, 23, index), departments, { taken, odd }));
  }
  appointLeaders(staff, departments);
  return staff;
}

function generatePerson(
  index: number,
  random: Random,
  departments: readonly Department[],
  { taken, odd }: { taken: Map<string, number>; odd: readonly [string, string] | undefined },
): Person {
  const [name, base] = odd ?? ordinaryName(random);
  const number = (taken.get(base) ?? 0) + 1;
  taken.set(base, number);
  const userid = `${base}${String(number).padStart(2, '0')}`;
  const ordinary = index === 0;
  const boss = index === BOSS;
  const createdAt = FOUNDED + random.below(4000) * DAY_MS + random.below(DAY_MS);
  const title = random.pick(TITLES);
  return {
    userid,
    unionid: `${random.text(22)}iEiE`,
    name,
    hasAvatar: ordinary || random.chance(0.75),
    title: ordinary ? '软件工程师' : boss ? '总经理' : title,
    jobNumber: ordinary || random.chance(0.9) ? String(index + 1).padStart(5, '0') : '',
    stateCode: '86',
    // 100 is no mobile prefix in China: a call by mistake reaches no person.
    mobile: `100${String(index + 1).padStart(8, '0')}`,
    hideMobile: random.chance(0.1),
    telephone: random.chance(0.2) ? `8${String(1000 + random.below(9000))}` : '',
    email: random.chance(0.8) ? `${userid}@corp.example` : '',
    orgEmail: random.chance(0.6) ? `${userid}@mail.corp.example` : '',
    workPlace: random.chance(0.7) ? random.pick(['杭州', '上海', '北京', '成都', 'Singapore']) : '',
    remark: random.chance(0.1) ? '远程办公' : '',
    extension: random.chance(0.2) ? JSON.stringify({ 爱好: random.pick(['羽毛球', '登山', '摄影']) }) : '',
    departmentIds: placesOf(index, random, departments),
    leads: [],
    roleIds: random.chance(0.15) ? [random.pick(random.pick(ROLE_GROUPS.slice(1)).roles).id] : [],
    managerUserid: undefined,
    hiredAt: ordinary || random.chance(0.85) ? createdAt - (createdAt % DAY_MS) : undefined,
    createdAt,
    active: index <= FIRST_ODD || !random.chance(0.06),
    realAuthed: random.chance(0.9),
    senior: boss || (index > FIRST_ODD && random.chance(0.02)),
    boss,
    adminLevel: index === MAIN_ADMIN ? 1 : SUB_ADMINS.includes(index) ? 2 : 0,
    exclusiveAccount: false,
    rank: index,
  };
}

function oddNameAt(index: number, count: number, oddNames: OddNames): readonly [string, string] | undefined {
  if (index < FIRST_ODD || oddNames === 'off') return undefined;
  if (oddNames === 'last') return ODD_NAMES[index - Math.max(FIRST_ODD, count - ODD_NAMES.length)];
  return ODD_NAMES[(index - FIRST_ODD) / 2];
}

function ordinaryName(random: Random): readonly [string, string] {
  const family = random.pick(FAMILY_NAMES);
  const given = [random.pick(GIVEN_SYLLABLES)];
  if (random.chance(0.7)) given.push(random.pick(GIVEN_SYLLABLES));
  const latin = given.map((syllable) => syllable[1]).join('');
  return [`${family[0]}${given.map((syllable) => syllable[0]).join('')}`, `${family[1]}.${latin}`];
}

function placesOf(index: number, random: Random, departments: readonly Department[]): number[] {
  if (index === BOSS || departments.length === 1) return [ROOT_DEPARTMENT];
  const anywhere = () => departments[1 + random.below(departments.length - 1)]!.id;
  const places = new Set([anywhere()]);
  if (index > 0 && random.chance(0.14)) places.add(anywhere());
  if (index > 0 && random.chance(0.03)) places.add(anywhere());
  if (index > 0 && random.chance(0.02)) places.add(ROOT_DEPARTMENT);
  return [...places];
}

function appointLeaders(staff: readonly Person[], departments: readonly Department[]): void {
  const leaders = new Map<number, Person>();
  for (const person of staff) {
    if (person.rank === 0 || !person.active) continue;
    for (const id of person.departmentIds) {
      if (leaders.has(id)) continue;
      leaders.set(id, person);
      person.leads.push(id);
    }
  }
  const parents = new Map(departments.map((department) => [department.id, department.parentId]));
  for (const person of staff) {
    let at = person.departmentIds[0];
    while (at !== undefined && (leaders.get(at) ?? person) === person) at = parents.get(at);
    if (at !== undefined) person.managerUserid = leaders.get(at)!.userid;
  }
}
