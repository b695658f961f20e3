import 'server-only';
import type { ShownState } from '../directory/mirror-state';
import type { StoredDepartment, StoredMember } from '../directory/model';
import { directoryStore } from '../directory/store';
import type { View } from '../directory/visibility';

export interface DepartmentName {
  id: number;
  name: string;
}

/** A department of the tree. */
export interface DepartmentNode extends DepartmentName {
  /** Undefined for the root, and for the top-most of what the app may see. */
  parentId: number | undefined;
  /** People in it and everything below it, each counted once. */
  memberCount: number;
  /** DingTalk hides it from the company; this viewer is one of those allowed. */
  hidden: boolean;
}

export async function toNode(
  { tree, visibility }: View,
  department: StoredDepartment,
): Promise<DepartmentNode> {
  const { id, name, parentId } = department;
  const count = visibility.countOf(department);
  return {
    id,
    name,
    parentId: parentId !== undefined && visibility.canSeeDepartment(parentId) ? parentId : undefined,
    memberCount: typeof count === 'number' ? count : await directoryStore().countPeople(count),
    hidden: tree.hasRules && tree.pathOf(id).some((ancestor) => ancestor.hidden),
  };
}

export function toNodes(view: View, departments: readonly StoredDepartment[]): Promise<DepartmentNode[]> {
  return Promise.all(departments.map((department) => toNode(view, department)));
}

export function visiblePath({ tree, visibility }: View, id: number): DepartmentName[] {
  const path = tree.pathOf(id).filter((department) => visibility.canSeeDepartment(department.id));
  return path.map(({ id, name }) => ({ id, name }));
}

export function departmentsOf({ tree, visibility }: View, member: StoredMember): DepartmentName[] {
  return member.departments.flatMap(({ id }) => {
    const department = visibility.canSeeDepartment(id) ? tree.departments.get(id) : undefined;
    return department ? [{ id, name: department.name }] : [];
  });
}

/** What this viewer may know: nothing of hidden departments and people, nor their number, nor the operator's details. */
export function shownState({ tree, visibility }: View): ShownState {
  const { state, asOf, ageSeconds, completeAsOf, missing } = tree.state;
  const shown = missing
    .filter(({ departmentId }) => departmentId === undefined || visibility.canSeeDepartment(departmentId))
    .map(({ what, problem, departmentId, departmentName }) => ({
      what,
      problem,
      departmentId,
      departmentName,
    }));
  return { state, asOf, ageSeconds, completeAsOf, missing: shown };
}
