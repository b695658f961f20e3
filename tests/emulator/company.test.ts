import { expect, test } from 'vitest';
import { createCompany } from '../../emulator/company/company';
import { orderIn, sysLevel } from '../../emulator/company/person';
import { withEmulator } from './dingtalk-calls';

const make = (members: number, departments: number, seed = 1) =>
  createCompany({ corpId: 'dingemulator0001corp', corpName: '青禾', members, departments, seed });

test('the same seed makes the same company', () => {
  expect(make(80, 15)).toEqual(expect.objectContaining({ people: make(80, 15).people }));
  expect(make(80, 15).departments).toEqual(make(80, 15).departments);
  expect(make(80, 15).outsiders).toEqual(make(80, 15).outsiders);
  expect(make(80, 15, 2).people[0]!.unionid).not.toBe(make(80, 15).people[0]!.unionid);
});

test('userids, unionids and mobiles are unique and readable', () => {
  const { people } = make(5000, 100);
  for (const key of ['userid', 'unionid', 'mobile'] as const) {
    expect(new Set(people.map((person) => person[key])).size).toBe(5000);
  }
  for (const { userid } of people) expect(userid).toMatch(/^[a-z.]+\d{2,}$/);
  for (const { mobile } of people) expect(mobile).toMatch(/^100\d{8}$/);
});

test('the first person is an ordinary, active employee', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const [person] = make(60, 12, seed).people;
    expect(person).toMatchObject({ active: true, adminLevel: 0, boss: false, leads: [], hasAvatar: true });
    expect(person!.departmentIds).toHaveLength(1);
    expect(person!.name).toMatch(/^\p{Script=Han}{2,4}$/u);
  }
});

test('there is one boss, one main administrator, two others, and some who are not active', () => {
  const { people } = make(60, 12);
  const levels = people.map(sysLevel).filter((level) => level > 0);
  expect(levels.toSorted((a, b) => a - b)).toEqual([1, 2, 2, 100]);
  expect(people.filter((person) => !person.active).length).toBeGreaterThan(0);
  expect(people.filter((person) => person.departmentIds.length > 1).length).toBeGreaterThan(2);
  expect(people.filter((person) => person.hideMobile).length).toBeGreaterThan(0);
});

test('names are Chinese, foreign, long and hostile', () => {
  const names = make(60, 12).people.map((person) => person.name);
  expect(names.filter((name) => /^\p{Script=Han}+$/u.test(name)).length).toBeGreaterThan(30);
  expect(names.some((name) => /\p{Script=Arabic}/u.test(name))).toBe(true);
  expect(names.some((name) => name.includes('<b>'))).toBe(true);
  expect(names.some((name) => /\p{Emoji_Presentation}/u.test(name))).toBe(true);
  expect(names.some((name) => name.includes('\u200b'))).toBe(true);
  expect(Math.max(...names.map((name) => name.length))).toBeGreaterThan(70);
});

test('departments form one tree of at most six levels', () => {
  const { departments, pathOf } = make(10, 800);
  expect(departments).toHaveLength(801);
  expect(new Set(departments.map(({ id }) => id)).size).toBe(801);
  expect(Math.max(...departments.map(({ depth }) => depth))).toBe(6);
  for (const { id, depth } of departments) {
    expect(pathOf(id)).toHaveLength(depth);
    expect(pathOf(id).at(-1)).toBe(1);
  }
});

test('every indexed list agrees with the people', () => {
  const company = make(500, 30);
  let places = 0;
  for (const { id } of company.departments) {
    for (const person of company.membersOf(id)) expect(person.departmentIds).toContain(id);
    places += company.membersOf(id).length;
  }
  expect(places).toBe(company.people.reduce((sum, person) => sum + person.departmentIds.length, 0));
  expect(company.membersBelow(1).size).toBe(500);
  for (const person of company.people) {
    expect(company.person(person.userid)).toBe(person);
    if (person.managerUserid) expect(company.person(person.managerUserid)!.leads.length).toBeGreaterThan(0);
  }
});

test('orders are beyond what a double can hold', () => {
  const { people } = make(60, 12);
  for (const person of people) {
    const order = orderIn(person, person.departmentIds[0]!);
    expect(String(order)).toHaveLength(18);
    expect(BigInt(Number(order))).not.toBe(order);
  }
});

test('tiny companies work', () => {
  for (const members of [0, 1, 2, 3]) {
    expect(make(members, 0).people).toHaveLength(members);
    expect(make(members, 1).departments).toHaveLength(2);
  }
});

test('a hundred thousand people in five thousand departments start within seconds', async () => {
  await withEmulator({ members: 100_000, departments: 5000 }, async ({ company, control }) => {
    expect(company.people).toHaveLength(100_000);
    expect(company.departments).toHaveLength(5001);
    expect(control.people('wang.').length).toBeGreaterThan(100);
  });
}, 20_000);
