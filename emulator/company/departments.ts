import { INNER_DEPARTMENTS, TOP_DEPARTMENTS } from './company-names';
import { createRandom } from './random';

/** A node of the company's tree. The root has id 1 and no parent. */
export interface Department {
  id: number;
  name: string;
  parentId: number | undefined;
  /** 1 for the root. */
  depth: number;
  /** Only the permitted people and departments see it. */
  hidden?: boolean | undefined;
  permittedDepartments?: number[] | undefined;
  permittedUsers?: string[] | undefined;
  /** Its people see themselves and what is listed here. */
  restricted?: boolean | undefined;
  visibleDepartments?: number[] | undefined;
  visibleUsers?: string[] | undefined;
  /** Marks of the address book for schools: `campus`, `grade`… */
  tags?: string | undefined;
}

/** What is no part of the company's own tree, but stands in its listing: virtual departments, and a school. */
export const ODD_DEPARTMENTS: readonly Department[] = [
  { id: -7, name: '家校通讯录', parentId: 1, depth: 2 },
  { id: -1, name: '其他组织', parentId: 1, depth: 2 },
  { id: 99_000_001, name: '青禾实验学校', parentId: 1, depth: 2, tags: 'campus' },
  { id: 99_000_002, name: '一年级', parentId: 99_000_001, depth: 3, tags: 'grade' },
];

/** The id of the root department of every company in DingTalk. */
export const ROOT_DEPARTMENT = 1;

const DEEPEST = 6;

/**
 * Grows the tree: the root and `count` departments under it, parents before children.
 * A few big ones at the top, at most six levels, the same for the same seed.
 */
export function generateDepartments(corpName: string, count: number, seed: number): Department[] {
  const root: Department = { id: ROOT_DEPARTMENT, name: corpName, parentId: undefined, depth: 1 };
  const all = [root];
  const parents = [root];
  const atTop = Math.min(TOP_DEPARTMENTS.length, Math.max(3, Math.ceil(Math.sqrt(count))));
  for (let index = 0; index < count; index += 1) {
    const random = createRandom(seed, 11, index);
    const parent = index < atTop ? root : (parents[1 + random.below(parents.length - 1)] ?? root);
    const name =
      parent === root ? topName(index) : `${random.pick(INNER_DEPARTMENTS)}${suffix(random.below(30))}`;
    // Never consecutive in production, never 1, always far below 2^53.
    const id = 100_200_300 + index * 37 + random.below(36);
    const department = { id, name, parentId: parent.id, depth: parent.depth + 1 };
    all.push(department);
    if (department.depth < DEEPEST) parents.push(department);
  }
  return all;
}

function topName(index: number): string {
  const name = TOP_DEPARTMENTS[index % TOP_DEPARTMENTS.length]!;
  return index < TOP_DEPARTMENTS.length ? name : `${name}${1 + Math.floor(index / TOP_DEPARTMENTS.length)}`;
}

function suffix(number: number): string {
  return number < 9 ? '一二三四五六七八九'[number]! : '';
}
