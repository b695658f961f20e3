import { z } from 'zod';
import type { Client } from './client';
import { DingTalkError } from './errors';

/** A role of the company's address book, such as 财务. */
export interface Role {
  id: number;
  name: string;
  groupName: string;
}

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
  const { hasMore, list } = await client.call({
    host: 'oapi',
    method: 'POST',
    path,
    body: { offset, size: ROLE_PAGE_SIZE },
    schema: z.object({
      hasMore: z.boolean(),
      list: z
        .array(
          z.object({
            name: z.string().nullish(),
            roles: z.array(z.object({ id: z.number(), name: z.string() })).nullish(),
          }),
        )
        .nullish(),
    }),
    repeatable: true,
  });
  const groups = list ?? [];
  const roles = groups.flatMap((group) =>
    (group.roles ?? []).map(({ id, name }) => ({ id, name, groupName: group.name ?? '' })),
  );
  return {
    roles,
    nextOffset: nextOf({ path, hasMore, found: groups.length, next: offset + ROLE_PAGE_SIZE }),
  };
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
  const { hasMore, list } = await client.call({
    host: 'oapi',
    method: 'POST',
    path,
    body: { role_id: roleId, offset, size: ROLE_MEMBER_PAGE_SIZE },
    schema: z.object({
      hasMore: z.boolean(),
      list: z.array(z.object({ userid: z.string().min(1).max(64) })).nullish(),
    }),
    repeatable: true,
  });
  const userIds = (list ?? []).map(({ userid }) => userid);
  const next = offset + ROLE_MEMBER_PAGE_SIZE;
  return { userIds, nextOffset: nextOf({ path, hasMore, found: userIds.length, next }) };
}

interface Page {
  path: string;
  hasMore: boolean;
  found: number;
  next: number;
}

/** An empty page that is not the last would be read for ever, or end the list too early. */
function nextOf({ path, hasMore, found, next }: Page): number | undefined {
  if (hasMore && found === 0) {
    throw new DingTalkError('malformed', { api: path, code: 'empty-page', mayHaveHadEffect: true });
  }
  return hasMore ? next : undefined;
}
