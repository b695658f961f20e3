import { z } from 'zod';
import type { Client } from './client';
import { toList, toUserId, toWhole } from './wire-values';

/** Which part of the company's address book the app may read. */
export interface AuthorizedRange {
  /** Departments with everything below them; `1` is the whole company. One may lie within another. */
  departmentIds: number[];
  /** People authorised one by one. */
  userIds: string[];
  /** Departments and people whose ids cannot be read, or are not exact. */
  unreadable: { departments: number; people: number };
}

/** @see https://open.dingtalk.com/document/development/obtain-corpsecret-authorization-scope */
export async function getAuthorizedRange(client: Client): Promise<AuthorizedRange> {
  const { auth_org_scopes } = await client.call({
    host: 'oapi',
    method: 'GET',
    path: '/auth/scopes',
    schema: z.object({
      auth_org_scopes: z.object({
        authed_dept: z.array(z.unknown()).nullish(),
        authed_user: z.array(z.unknown()).nullish(),
      }),
    }),
    repeatable: true,
  });
  const { authed_dept, authed_user } = auth_org_scopes;
  const departmentIds = toList(authed_dept, toWhole);
  const userIds = toList(authed_user, toUserId);
  const unreadable = {
    departments: (authed_dept?.length ?? 0) - departmentIds.length,
    people: (authed_user?.length ?? 0) - userIds.length,
  };
  return { departmentIds, userIds, unreadable };
}
