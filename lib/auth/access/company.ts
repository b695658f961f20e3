import 'server-only';
import type { StoredRole } from '../../directory/model';
import type { DirectoryTree } from '../../directory/tree';
import type { CompanyNames } from './condition';

/** The names of a company, as rules write them. */
export interface Company extends CompanyNames {
  /** Whole paths, from the top-most department down: `公司/财务部/实习`. */
  departmentPaths: ReadonlyMap<number, string>;
  /** `财务` or, with its group, `职务/财务`. */
  roleNames: ReadonlyMap<number, string>;
}

/**
 * Departments by id, or by the end of their path; roles by name, or by group and name. What fits more than one is given
 * back whole, because it cannot be decided which is meant.
 */
export function createCompany(
  tree: Pick<DirectoryTree, 'departments' | 'pathOf'>,
  roles: readonly StoredRole[],
): Company {
  const namesTo = (id: number) => tree.pathOf(id).map(({ name }) => name);
  const departmentPaths = new Map(
    [...tree.departments.keys()].map((id) => [id, namesTo(id).join('/')] as const),
  );
  const roleNames = new Map(roles.map(({ id, name, groupName }) => [id, `${groupName}/${name}`] as const));
  const ancestorsOf = remembered((id: number) => new Set(tree.pathOf(id).map((department) => department.id)));
  const byId = (name: string) =>
    /^-?\d{1,15}$/.test(name) && tree.departments.has(Number(name)) ? [Number(name)] : undefined;
  return {
    departmentPaths,
    roleNames,
    departmentsNamed: remembered((name: string) => byId(name) ?? fitting(departmentPaths, name)),
    rolesNamed: remembered((name: string) => fitting(roleNames, name)),
    has: (id) => tree.departments.has(id),
    isWithin: (id, ancestor) => ancestorsOf(id).has(ancestor),
  };
}

/** Whose path this is, or else whose path ends with it. */
function fitting(paths: ReadonlyMap<number, string>, name: string): readonly number[] {
  const wanted = tidy(name);
  const whole = [...paths].filter(([, path]) => tidy(path) === wanted);
  const found = whole.length > 0 ? whole : [...paths].filter(([, path]) => tidy(path).endsWith(`/${wanted}`));
  return found.map(([id]) => id);
}

/** As people see it: blanks around a name, and how an accent is put together, do not show. */
function tidy(path: string): string {
  return path
    .normalize('NFC')
    .split('/')
    .map((name) => name.trim())
    .join('/');
}

function remembered<K, V extends object>(find: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key) ?? find(key);
    known.set(key, found);
    return found;
  };
}
