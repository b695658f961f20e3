import { z } from 'zod';
import type { Client } from './client';
import { type ListedMember, type Member, toListedMember, toMember } from './member-record';
import { malformed, read, WHOLE_LIST } from './read';
import type { RequestBudget } from './request';
import { toFields, toFlag, toList, toText, toUserId, toWhole } from './wire-values';

export type { ListedMember, Member } from './member-record';

/** Who a one-time code belongs to. What DingTalk tells besides the id is a hint: the member's record decides. */
export interface CodeOwner {
  userId: string;
  unionId?: string | undefined;
  name?: string | undefined;
}

/** DingTalk's languages for department and role names. */
export type WireLanguage = 'zh_CN' | 'en_US';

const userIdSchema = z.string().min(1).max(64);
/** DingTalk sends a number as a number or as text. */
const whole = z.unknown().optional().transform(toWhole);
/** An optional field, ignored when it makes no sense. */
const hint = z.unknown().optional().transform(toText);

/**
 * Exchanges the one-time code of the webview for the member who holds the phone. The code is used up by this call,
 * whatever comes of it, so the call is repeated only when it provably had no effect.
 *
 * @throws DingTalkError `40078` when the code is wrong, used, older than 5 minutes or another app's: DingTalk does
 * not tell these apart.
 * @see https://open.dingtalk.com/document/development/obtain-the-userid-of-a-user-by-using-the-log-free
 */
export async function exchangeCode(client: Client, code: string, budget?: RequestBudget): Promise<CodeOwner> {
  const { userid, unionid, name } = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/v2/user/getuserinfo',
    body: { code },
    schema: z.object({ userid: userIdSchema, unionid: hint, name: hint }),
    repeatable: false,
    budget,
  });
  return { userId: userid, unionId: unionid, name };
}

/**
 * The member of the app's company behind a unionId.
 *
 * @returns null for an external contact, who has a userId too but is no employee
 * @throws DingTalkError `60121` for a person who is no member
 * @see https://open.dingtalk.com/document/development/query-a-user-by-the-union-id
 */
export async function findEmployee(
  client: Client,
  unionId: string,
  budget?: RequestBudget,
): Promise<CodeOwner | null> {
  const path = '/topapi/user/getbyunionid';
  const schema = z.object({ contact_type: whole, userid: userIdSchema });
  const { contact_type, userid } = await read(client, path, { unionid: unionId }, schema, { budget });
  if (contact_type === undefined) throw malformed(path, 'unexpected-shape');
  return contact_type === 0 ? { userId: userid } : null;
}

const fieldsSchema = z.record(z.string(), z.unknown());

export interface MemberOptions {
  language?: WireLanguage | undefined;
  budget?: RequestBudget | undefined;
}

/**
 * The member record of one person of the app's company.
 *
 * @throws DingTalkError `60121` (or `33012`) when there is no such person, `50002` outside the authorised range,
 * `malformed` when the record is another person's.
 * @see https://open.dingtalk.com/document/development/query-user-details
 */
export async function getMember(
  client: Client,
  userId: string,
  { language = 'zh_CN', budget }: MemberOptions = {},
): Promise<Member> {
  const path = '/topapi/v2/user/get';
  const wire = await read(client, path, { userid: userId, language }, fieldsSchema, { budget });
  const found = toUserId(wire.userid);
  // A mixed-up answer (shared connection, a cache on the way) must never become a session.
  if (found !== userId) {
    throw malformed(path, found === undefined ? 'unexpected-shape' : 'other-userid');
  }
  return toMember(userId, wire);
}

const memberPageSchema = z.object({
  has_more: z.unknown().optional(),
  next_cursor: z.unknown().optional(),
  list: z.array(z.unknown()),
});

/** The most that one page of members may hold. */
export const MEMBER_PAGE_SIZE = 100;

/**
 * One page of the people directly in a department, in the order that DingTalk shows. People who come or go between
 * two pages shift the rest: {@link listMemberIds} shows whether a person is missing.
 *
 * @returns `isWhole` is false where a record had no userid, or the page did not say whether it is the last
 * @throws DingTalkError `50004` outside the authorised range, `60019` (or `60003`) when there is no such department
 * @see https://open.dingtalk.com/document/development/queries-the-complete-information-of-a-department-user
 */
export async function listMembers(
  client: Client,
  departmentId: number,
  cursor = 0,
): Promise<{ members: ListedMember[]; nextCursor: number | undefined; isWhole: boolean }> {
  const path = '/topapi/v2/user/list';
  const body = { dept_id: departmentId, cursor, size: MEMBER_PAGE_SIZE, contain_access_limit: true };
  const page = await read(client, path, body, memberPageSchema);
  const hasMore = toFlag(page.has_more);
  const next = toWhole(page.next_cursor);
  const nextCursor = hasMore !== false && next !== undefined && next > cursor ? next : undefined;
  // A page that leads nowhere, or back, would be read for ever, or end the list too early.
  if (hasMore && nextCursor === undefined) throw malformed(path, 'unexpected-cursor');
  const members = toList(page.list, toListedMember);
  return { members, nextCursor, isWhole: hasMore !== undefined && members.length === page.list.length };
}

/**
 * The ids of all people directly in a department, in one answer. Not limited by the authorised range.
 *
 * @see https://open.dingtalk.com/document/development/query-the-list-of-department-userids
 */
export async function listMemberIds(client: Client, departmentId: number): Promise<string[]> {
  const path = '/topapi/user/listid';
  const schema = z.object({ userid_list: z.array(z.unknown()) });
  const { userid_list } = await read(client, path, { dept_id: departmentId }, schema, WHOLE_LIST);
  return toList(userid_list, toUserId);
}

/**
 * How many people the company has, active or not. Not limited by the authorised range.
 *
 * @see https://open.dingtalk.com/document/development/obtain-the-number-of-employees-v2
 */
export async function countMembers(client: Client): Promise<number> {
  const schema = z.object({ count: whole.pipe(z.number()) });
  const { count } = await read(client, '/topapi/user/count', { only_active: false }, schema);
  return count;
}

/** An administrator of the company in DingTalk. */
export interface Administrator {
  userId: string;
  /** The main administrators, not the sub-administrators. */
  main: boolean;
}

/** @see https://open.dingtalk.com/document/development/query-the-administrator-list */
export async function listAdministrators(client: Client): Promise<Administrator[]> {
  const list = await read(client, '/topapi/user/listadmin', {}, z.array(z.unknown()));
  return toList(list, (item) => {
    const { userid, sys_level } = toFields(item);
    const userId = toUserId(userid);
    return userId === undefined ? undefined : { userId, main: toWhole(sys_level) === 1 };
  });
}
