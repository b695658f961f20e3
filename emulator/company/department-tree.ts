import type { Department } from './departments';
import { append, discard } from './multimap';

/** The departments with their indexes. */
export function createDepartmentTree() {
  /** The root first, parents before children. */
  const departments: Department[] = [];
  const byId = new Map<number, Department>();
  const children = new Map<number | undefined, Department[]>();

  const pathOf = (id: number) => {
    const path: number[] = [];
    for (let at = byId.get(id); at; at = byId.get(at.parentId ?? 0)) path.push(at.id);
    return path;
  };
  const add = (department: Department) => {
    departments.push(department);
    byId.set(department.id, department);
    append(children, department.parentId, department);
  };

  const lookups = {
    departments,
    department: (id: number) => byId.get(id),
    childrenOf: (id: number): readonly Department[] => children.get(id) ?? [],
    pathOf,
  };
  return {
    lookups,
    create({ name, parentId }: { name: string; parentId: number }): Department {
      const id = Math.max(...byId.keys()) + 37;
      const department = { id, name, parentId, depth: (byId.get(parentId)?.depth ?? 0) + 1 };
      add(department);
      return department;
    },
    /** Changes a department in place; with another parent, all that is below it moves along. */
    change(department: Department, change: Partial<Department>): void {
      if (change.parentId !== undefined && change.parentId !== department.parentId) {
        discard(children.get(department.parentId), department);
        append(children, change.parentId, department);
        const moved = departments.filter(({ id }) => pathOf(id).includes(department.id));
        for (const one of moved) discard(departments, one);
        departments.push(...moved);
      }
      Object.assign(department, change);
    },
    remove(department: Department): void {
      byId.delete(department.id);
      discard(departments, department);
      discard(children.get(department.parentId), department);
    },
    load(all: readonly Department[]): void {
      departments.length = 0;
      byId.clear();
      children.clear();
      for (const department of all) add(department);
    },
  };
}
