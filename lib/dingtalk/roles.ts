import { z } from 'zod';
import type { Client } from './client';
import { malformed, read } from './read';
import { toFields, toFlag, toList, toText, toUserId, toWhole } from './wire-values';

/** A role of the company's address book, such as 财务. */
export interface Role {
  id: number;
  name: string;
  groupName: string;
}

const pageSchema = z.object({ hasMore: z.unknown().optional(), list: z.array(z.unknown()).nullish() });
const ROLE_PAGE_SIZE = 200;
const ROLE_MEMBER_PAGE_SIZE = 100;

/**
 * One page of the company's roles. `nextOffset` is undefined on the last.
 *
 * @see https://open.dingtalk.com/document/development/obtains-a-list-of-enterprise-roles
 */
export async function listRoles(
  client: Client,
  offset = 0,
): Promise<{ roles: Role[]; nextOffset: number | undefined }> {
  const path = '/topapi/role/list';
  const { list, nextOffset } = await readPage(client, path, { offset, size: ROLE_PAGE_SIZE });
  const roles = list.flatMap((item) => {
    const group = toFields(item);
    return toList(group.roles, (role) => toRole(role, toText(group.name) ?? ''));
  });
  return { roles, nextOffset };
}

function toRole(item: unknown, groupName: string): Role | undefined {
  const wire = toFields(item);
  const id = toWhole(wire.id);
  return id === undefined ? undefined : { id, name: toText(wire.name) ?? '', groupName };
}

/**
 * One page of the people who have a role, as user ids.
 *
 * @see https://open.dingtalk.com/document/development/obtain-the-list-of-employees-of-a-role
 */
export async function listRoleMembers(
  client: Client,
  roleId: number,
  offset = 0,
): Promise<{ userIds: string[]; nextOffset: number | undefined }> {
  const path = '/topapi/role/simplelist';
  const body = { role_id: roleId, offset, size: ROLE_MEMBER_PAGE_SIZE };
  const { list, nextOffset } = await readPage(client, path, body);
  return { userIds: toList(list, (item) => toUserId(toFields(item).userid)), nextOffset };
}

/** Where the page does not say whether it is the last, one that is not full is. */
async function readPage(client: Client, path: string, body: { offset: number; size: number }) {
  const page = await read(client, path, body, pageSchema);
  const list = page.list ?? [];
  const goesOn = toFlag(page.hasMore) ?? list.length >= body.size;
  // An empty page that is not the last would be read for ever, or end the list too early.
  if (goesOn && list.length === 0) throw malformed(path, 'empty-page');
  return { list, nextOffset: goesOn ? body.offset + body.size : undefined };
}
