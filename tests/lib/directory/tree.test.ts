import { expect, test } from 'vitest';
import { departmentIdIn } from '../../../app/(internal)/directory/items';
import type { DirectoryState, StoredDepartment } from '../../../lib/directory/model';
import { buildTree, findDepartments } from '../../../lib/directory/tree';

/** Departments by id with what is above each. */
function treeOf(parents: Record<number, number | undefined>) {
  const departments = Object.entries(parents).map(
    ([id, parentId], position): StoredDepartment => ({
      ...{ id: Number(id), parentId, position, name: `部门${id}`, own: 0, below: 0, belowPublic: 0 },
      ...{ hidden: false, permittedDepartmentIds: [], permittedUserIds: [] },
      ...{ restricted: false, visibleDepartmentIds: [], visibleUserIds: [] },
    }),
  );
  return buildTree({} as DirectoryState, departments);
}

test.each<[string, Record<number, number | undefined>, number[]]>([
  ['none', { 1: undefined, 2: 1, 3: 2 }, [1]],
  ['one that holds the root', { 1: 3, 2: 1, 3: 2 }, [1]],
  ['one beside the root', { 1: undefined, 4: 6, 5: 4, 6: 5, 7: 6 }, [1, 4]],
  ['a department that is above itself', { 1: undefined, 2: 2, 3: 2 }, [1, 2]],
  ['two of them', { 1: undefined, 2: 3, 3: 2, 4: 5, 5: 4 }, [1, 2, 4]],
])('with a cycle, %s, every department is in the tree once, and its way up ends', (_, parents, tops) => {
  const tree = treeOf(parents);
  const ids = Object.keys(parents).map(Number);
  expect(tree.ordered.map(({ id }) => id).sort()).toEqual(ids);
  expect(tree.ordered.filter(({ parentId }) => parentId === undefined)).toHaveLength(tops.length);
  for (const id of ids) {
    const path = tree.pathOf(id).map((one) => one.id);
    expect(path.at(-1)).toBe(id);
    expect(new Set(path).size).toBe(path.length);
    expect(tree.withBelow([path[0]!]).has(id)).toBe(true);
  }
});

test.each([
  ['1', 1],
  ['100200300', 100_200_300],
  ['9007199254740991', 9_007_199_254_740_991],
  ['9007199254740992', undefined],
  ['9007199254740993', undefined],
  ['99999999999999999', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['01', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
])('the address of department %s means %j', (text, id) => {
  expect(departmentIdIn(text)).toBe(id);
});

test('names of departments that are gone do not fill the memory', async () => {
  const kept = () => (globalThis as unknown as Record<symbol, { size: number }>)[SOUNDS]!.size;
  for (let round = 0; round < 2; round++) {
    const departments = Array.from({ length: 6500 }, (_, n): [string, undefined] => [
      `${round * 6500 + n + 1}`,
      undefined,
    ]);
    const found = await findDepartments(treeOf(Object.fromEntries(departments)), `部门${round * 6500 + 1}`, {
      visible: () => true,
    });
    expect(found[0]?.id).toBe(round * 6500 + 1);
  }
  expect(kept()).toBeGreaterThan(6500);
  expect(kept()).toBeLessThanOrEqual(12_000);
});

/** Where `singleton` keeps the sounds of names. */
const SOUNDS = Symbol.for('dingpass.department-sounds');
