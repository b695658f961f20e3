import { expect, test } from 'vitest';
import type { StoredDepartment, StoredMember } from '../../../lib/directory/model';
import { buildTree } from '../../../lib/directory/tree';
import { visibilityOf } from '../../../lib/directory/visibility';
import { OPEN } from '../../support/directory-store-suite';

/** 1 → 10 → 11 → 12, and 1 → 20. */
const PARENTS: [number, number | undefined][] = [
  [1, undefined],
  [10, 1],
  [11, 10],
  [12, 11],
  [20, 1],
];

function visibility(
  rules: Record<number, Partial<StoredDepartment>>,
  viewer: { departments: number[]; userId?: string },
  seesAll = false,
  parents = PARENTS,
) {
  const departments = parents.map(([id, parentId], position) => ({
    ...OPEN,
    ...rules[id],
    ...{ id, parentId, position, name: String(id), own: 1, below: 2, belowPublic: 1 },
  }));
  const tree = buildTree({ revision: 1 } as never, departments);
  const userId = viewer.userId ?? 'viewer';
  const member = someone(userId, viewer.departments);
  const seen = visibilityOf(tree, { userId, member, roles: [] }, seesAll);
  return { ...seen, ids: parents.map(([id]) => id).filter((id) => seen.canSeeDepartment(id)) };
}

function someone(
  userId: string,
  departments: number[],
  record: Partial<StoredMember['record']> = {},
): StoredMember {
  return {
    userId,
    record: { name: userId, active: true, ...record },
    departments: departments.map((id) => ({ id, leader: false })),
  };
}

const everything = [1, 10, 11, 12, 20];

test('without rules everybody sees everything there is', () => {
  expect(visibility({}, { departments: [20] }).ids).toEqual(everything);
  expect(visibility({}, { departments: [20] }).canSeeDepartment(999)).toBe(false);
});

test('a hidden department and what is below it are invisible', () => {
  expect(visibility({ 10: { hidden: true } }, { departments: [20] }).ids).toEqual([1, 20]);
});

test.each([
  ['its own people', { departments: [11] }, [1, 11, 20]],
  ['people permitted by id', { departments: [20], userId: 'boss' }, everything],
  ['people of a permitted department', { departments: [20] }, everything],
])('a hidden department is visible to %s', (who, viewer, ids) => {
  const rule = {
    hidden: true,
    permittedUserIds: ['boss'],
    permittedDepartmentIds: who.includes('permitted department') ? [20] : [],
  };
  expect(visibility({ 10: rule }, viewer).ids).toEqual(ids);
});

test('a viewer of DIRECTORY_SEE_HIDDEN sees everything', () => {
  const rules = { 10: { hidden: true }, 20: { restricted: true } };
  const seen = visibility(rules, { departments: [20] }, true);
  expect(seen.ids).toEqual(everything);
  expect(seen.mobileOf(someone('x', [1], { mobile: '138', hideMobile: true }))).toBe('138');
});

test('people of a restricted department see their own, and what is listed', () => {
  const rule = { restricted: true, visibleDepartmentIds: [10], visibleUserIds: ['friend'] };
  const seen = visibility({ 20: rule }, { departments: [20] });
  expect(seen.ids).toEqual([10, 11, 12, 20]);
  expect(seen.canSeePerson(someone('friend', [1]))).toBe(true);
  expect(seen.canSeePerson(someone('stranger', [1]))).toBe(false);
  expect(visibility({ 20: rule }, { departments: [20, 1] }).ids).toEqual(everything);
});

test('somebody is visible in any visible department, and always to themselves', () => {
  const seen = visibility({ 10: { hidden: true } }, { departments: [20] });
  expect(seen.canSeePerson(someone('a', [11]))).toBe(false);
  expect(seen.canSeePerson(someone('a', [11, 20]))).toBe(true);
  expect(seen.canSeePerson(someone('viewer', [11]))).toBe(true);
});

test('a hidden mobile number is its owner’s', () => {
  const seen = visibility({}, { departments: [20] });
  expect(seen.mobileOf(someone('x', [1], { mobile: '138', hideMobile: true }))).toBeUndefined();
  expect(seen.mobileOf(someone('viewer', [1], { mobile: '138', hideMobile: true }))).toBe('138');
  expect(seen.mobileOf(someone('x', [1], { mobile: '138', stateCode: '86' }))).toBe('138');
  expect(seen.mobileOf(someone('x', [1], { mobile: '9123', stateCode: '65' }))).toBe('+65-9123');
});

test('who has no department that we know is seen only where the app may not read everything', () => {
  const outsider = someone('x', []);
  // The whole company: such a department is newer than the last run, and may be hidden.
  expect(visibility({}, { departments: [20] }).canSeePerson(outsider)).toBe(false);
  expect(visibility({ 10: { hidden: true } }, { departments: [20] }).canSeePerson(outsider)).toBe(false);
  expect(visibility({}, { departments: [20] }, true).canSeePerson(outsider)).toBe(true);
  expect(visibility({}, { departments: [] }).canSeePerson(someone('viewer', []))).toBe(true);
  // A part of it: they were authorised singly.
  const part = PARENTS.filter(([id]) => id !== 1);
  expect(visibility({}, { departments: [20] }, false, part).canSeePerson(outsider)).toBe(true);
  expect(
    visibility({ 10: { hidden: true } }, { departments: [20] }, false, part).canSeePerson(outsider),
  ).toBe(true);
  const restricted = visibility({ 20: { restricted: true } }, { departments: [20] }, false, part);
  expect(restricted.canSeePerson(outsider)).toBe(false);
});

test('a count tells nothing of hidden departments, those below a hidden one included', () => {
  const rules = {
    10: { hidden: true, permittedUserIds: ['boss'] },
    11: { hidden: true },
  };
  const count = (departments: number[], userId: string, id: number, seesAll = false) => {
    const { countOf } = visibility(rules, { departments, userId }, seesAll);
    return countOf({ id, below: 2, belowPublic: 1 } as StoredDepartment);
  };
  expect(count([20], 'viewer', 1)).toBe(1);
  expect(count([20], 'boss', 1)).toBe(1);
  expect(count([20], 'boss', 10)).toEqual([10]);
  expect(count([11], 'viewer', 11)).toEqual([11]);
  expect(count([12], 'viewer', 12)).toBe(2);
  expect(count([20], 'chief', 10, true)).toBe(2);
});

test('whom a viewer with limits sees can be said in a few words', () => {
  expect(visibility({}, { departments: [20] }).within).toBeUndefined();
  const restricted = visibility(
    { 20: { restricted: true, visibleUserIds: ['friend'] } },
    { departments: [20] },
  );
  expect(restricted.within).toEqual({ departmentIds: [20], userIds: ['friend', 'viewer'] });
});
