import { z } from 'zod';
import type { Client } from './client';
import { malformed, read, WHOLE_LIST } from './read';
import { toFields, toFlag, toList, toText, toUserId, toWhole } from './wire-values';

/** The department that every company has: its root. */
export const ROOT_DEPARTMENT_ID = 1;

/** A department as its parent lists it. */
export interface SubDepartment {
  /** Undefined: the list has one whose id cannot be read, or is not exact. */
  id: number | undefined;
  name: string;
  /** Marks of the address book for schools: `campus`, `period`, `grade`, `class`. */
  tags: string[];
}

/** A department with its rules of who sees what. */
export interface DepartmentDetail {
  id: number;
  name: string;
  parentId: number | undefined;
  /** As in its parent's list. */
  tags: string[];
  /** Whether DingTalk gave both flags, hidden and restricted. A flag that is missing counts as set. */
  hasRules: boolean;
  /** Colleagues do not see it, but for those permitted. */
  hidden: boolean;
  permittedDepartmentIds: number[];
  permittedUserIds: string[];
  /** Its people see only themselves and what is listed here. */
  restricted: boolean;
  visibleDepartmentIds: number[];
  visibleUserIds: string[];
}

/**
 * The departments directly below one, in DingTalk's order; a leaf has none.
 *
 * @throws DingTalkError `50004` outside the authorised range, `60003` when there is no such department
 * @see https://open.dingtalk.com/document/development/obtain-the-department-list-v2
 */
export async function listSubDepartments(client: Client, departmentId: number): Promise<SubDepartment[]> {
  const path = '/topapi/v2/department/listsub';
  const schema = z.array(z.unknown()).nullable();
  const list = await read(client, path, { dept_id: departmentId }, schema, WHOLE_LIST);
  return (list ?? []).map((item) => {
    const wire = toFields(item);
    return { id: toWhole(wire.dept_id), name: toText(wire.name) ?? '', tags: toTags(wire.tags) };
  });
}

/**
 * The ids of the departments directly below one. Not limited by the authorised range.
 *
 * @see https://open.dingtalk.com/document/development/obtain-a-sub-department-id-list-v2
 */
export async function listSubDepartmentIds(client: Client, departmentId: number): Promise<number[]> {
  const path = '/topapi/v2/department/listsubid';
  const schema = z.object({ dept_id_list: z.array(z.unknown()) });
  const { dept_id_list } = await read(client, path, { dept_id: departmentId }, schema, WHOLE_LIST);
  return toList(dept_id_list, toWhole);
}

function toTags(wire: unknown): string[] {
  return typeof wire === 'string' ? wire.split(',').filter(Boolean) : toList(wire, toText);
}

/** @see https://open.dingtalk.com/document/development/query-department-details0-v2 */
export async function getDepartment(client: Client, departmentId: number): Promise<DepartmentDetail> {
  const path = '/topapi/v2/department/get';
  const wire = await read(client, path, { dept_id: departmentId }, z.record(z.string(), z.unknown()));
  if (toWhole(wire.dept_id) !== departmentId) throw malformed(path, 'other-department');
  // The root can be neither: whatever it says, hiding it would hide the company.
  const isRoot = departmentId === ROOT_DEPARTMENT_ID;
  const [hidden, restricted] = [toFlag(wire.hide_dept), toFlag(wire.outer_dept)];
  return {
    id: departmentId,
    name: toText(wire.name) ?? '',
    parentId: toWhole(wire.parent_id),
    tags: toTags(wire.tags),
    hasRules: isRoot || (hidden !== undefined && restricted !== undefined),
    hidden: hidden ?? !isRoot,
    permittedDepartmentIds: toList(wire.dept_permits, toWhole),
    permittedUserIds: toList(wire.user_permits, toUserId),
    restricted: restricted ?? !isRoot,
    visibleDepartmentIds: toList(wire.outer_permit_depts, toWhole),
    visibleUserIds: toList(wire.outer_permit_users, toUserId),
  };
}
