import { z } from 'zod';
import type { Client } from './client';

/** Which part of the company's address book the app may read. */
export interface AuthorizedRange {
  /** Departments with everything below them; `1` is the whole company. One may lie within another. */
  departmentIds: number[];
  /** People authorised one by one. */
  userIds: string[];
}

/** @see https://open.dingtalk.com/document/development/obtain-corpsecret-authorization-scope */
export async function getAuthorizedRange(client: Client): Promise<AuthorizedRange> {
  const { auth_org_scopes } = await client.call({
    host: 'oapi',
    method: 'GET',
    path: '/auth/scopes',
    schema: z.object({
      auth_org_scopes: z.object({
        authed_dept: z.array(z.number()).nullish(),
        authed_user: z.array(z.string().min(1).max(64)).nullish(),
      }),
    }),
    repeatable: true,
  });
  return { departmentIds: auth_org_scopes.authed_dept ?? [], userIds: auth_org_scopes.authed_user ?? [] };
}
