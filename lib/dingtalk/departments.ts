import { z } from 'zod';
import { type Client, WHOLE_LIST_BYTES } from './client';
import { DingTalkError } from './errors';

/** The department that every company has: its root. */
export const ROOT_DEPARTMENT_ID = 1;

/** A department as its parent lists it. */
export interface SubDepartment {
  id: number;
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
  /** Colleagues do not see it, but for those permitted. */
  hidden: boolean;
  permittedDepartmentIds: number[];
  permittedUserIds: string[];
  /** Its people see only themselves and what is listed here. */
  restricted: boolean;
  visibleDepartmentIds: number[];
  visibleUserIds: string[];
}

const tags = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .catch(undefined);
const idList = z.array(z.number()).nullish();
const userIdList = z.array(z.string()).nullish();

/**
 * The departments directly below one, in DingTalk's order; a leaf has none.
 *
 * @throws DingTalkError `50004` outside the authorised range, `60003` when there is no such department
 * @see https://open.dingtalk.com/document/development/obtain-the-department-list-v2
 */
export async function listSubDepartments(client: Client, departmentId: number): Promise<SubDepartment[]> {
  const list = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/v2/department/listsub',
    body: { dept_id: departmentId },
    schema: z.array(z.object({ dept_id: z.number(), name: z.string().nullish(), tags })).nullable(),
    repeatable: true,
    maxAnswerBytes: WHOLE_LIST_BYTES,
  });
  return (list ?? []).map((wire) => ({
    id: wire.dept_id,
    name: wire.name ?? '',
    tags: toTags(wire.tags),
  }));
}

function toTags(wire: z.infer<typeof tags>): string[] {
  return typeof wire === 'string' ? wire.split(',').filter(Boolean) : (wire ?? []);
}

const detailSchema = z.object({
  dept_id: z.number(),
  name: z.string().nullish(),
  parent_id: z.number().nullish(),
  tags,
  hide_dept: z.boolean().nullish(),
  dept_permits: idList,
  user_permits: userIdList,
  outer_dept: z.boolean().nullish(),
  outer_permit_depts: idList,
  outer_permit_users: userIdList,
});

/** @see https://open.dingtalk.com/document/development/query-department-details0-v2 */
export async function getDepartment(client: Client, departmentId: number): Promise<DepartmentDetail> {
  const path = '/topapi/v2/department/get';
  const wire = await client.call({
    host: 'oapi',
    method: 'POST',
    path,
    body: { dept_id: departmentId },
    schema: detailSchema,
    repeatable: true,
  });
  if (wire.dept_id !== departmentId) {
    throw new DingTalkError('malformed', { api: path, code: 'other-department', mayHaveHadEffect: true });
  }
  return {
    id: wire.dept_id,
    name: wire.name ?? '',
    parentId: wire.parent_id ?? undefined,
    tags: toTags(wire.tags),
    hidden: wire.hide_dept === true,
    permittedDepartmentIds: wire.dept_permits ?? [],
    permittedUserIds: wire.user_permits ?? [],
    restricted: wire.outer_dept === true,
    visibleDepartmentIds: wire.outer_permit_depts ?? [],
    visibleUserIds: wire.outer_permit_users ?? [],
  };
}
