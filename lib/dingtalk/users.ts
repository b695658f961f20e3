import { z } from 'zod';
import { type Client, type Undertaking, WHOLE_LIST_BYTES } from './client';
import { DingTalkError } from './errors';

/** Who a one-time code belongs to. What DingTalk tells besides the id is a hint: the member's record decides. */
export interface CodeOwner {
  userId: string;
  unionId?: string | undefined;
  name?: string | undefined;
}

/** A member as DingTalk describes them. What it withholds (no permission, not set) is absent, never empty. */
export interface Member {
  userId: string;
  unionId?: string | undefined;
  name?: string | undefined;
  avatarUrl?: string | undefined;
  title?: string | undefined;
  jobNumber?: string | undefined;
  mobile?: string | undefined;
  stateCode?: string | undefined;
  hideMobile?: boolean | undefined;
  telephone?: string | undefined;
  email?: string | undefined;
  orgEmail?: string | undefined;
  workPlace?: string | undefined;
  remark?: string | undefined;
  /** Custom fields of the company, name to value. */
  extension?: Record<string, string> | undefined;
  departmentIds: number[];
  /** Departments that this member leads. */
  ledDepartmentIds: number[];
  roles: { id: number; name: string; groupName?: string | undefined }[];
  managerUserId?: string | undefined;
  /** Unix time in ms. */
  hiredAt?: number | undefined;
  /** ISO 8601. */
  createdAt?: string | undefined;
  /** False until they have used DingTalk in this company. */
  active?: boolean | undefined;
  realNameVerified?: boolean | undefined;
  senior?: boolean | undefined;
  admin?: boolean | undefined;
  boss?: boolean | undefined;
  companyAccount?: boolean | undefined;
  /** `sso` or `dingtalk`, for company accounts. */
  companyAccountType?: string | undefined;
  /** Sign-in name of a company account. */
  loginId?: string | undefined;
  /** `profession` or `base`. */
  orgEmailType?: string | undefined;
  /** Titles that differ from one department to another. */
  positions: {
    departmentId: number;
    title?: string | undefined;
    workPlace?: string | undefined;
    main?: boolean | undefined;
  }[];
}

/** DingTalk's languages for department and role names. */
export type WireLanguage = 'zh_CN' | 'en_US';

const userIdSchema = z.string().min(1).max(64);
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
/** What need not be there, and is nobody's loss when it makes no sense. */
const hint = text.catch(undefined);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? undefined);
const idList = z
  .array(z.number())
  .nullish()
  .transform((value) => value ?? []);

/**
 * Exchanges the one-time code of the webview for the member who holds the phone. The code is spent by this call,
 * whatever comes of it, so the call is repeated only when it provably had no effect.
 *
 * @throws DingTalkError `40078` when the code is wrong, used, older than 5 minutes or another app's: DingTalk does
 * not tell these apart.
 * @see https://open.dingtalk.com/document/development/obtain-the-userid-of-a-user-by-using-the-log-free
 */
export async function exchangeCode(
  client: Client,
  code: string,
  undertaking?: Undertaking,
): Promise<CodeOwner> {
  const { userid, unionid, name } = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/v2/user/getuserinfo',
    body: { code },
    schema: z.object({ userid: userIdSchema, unionid: hint, name: hint }),
    repeatable: false,
    undertaking,
  });
  return { userId: userid, unionId: unionid, name };
}

/**
 * The member of the app's company behind a unionId.
 *
 * @returns null for an external contact, who has a userId too but is nobody's colleague
 * @throws DingTalkError `60121` for a stranger
 * @see https://open.dingtalk.com/document/development/query-a-user-by-the-union-id
 */
export async function findEmployee(
  client: Client,
  unionId: string,
  undertaking?: Undertaking,
): Promise<CodeOwner | null> {
  const { contact_type, userid } = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/user/getbyunionid',
    body: { unionid: unionId },
    schema: z.object({ contact_type: z.number(), userid: userIdSchema }),
    repeatable: true,
    undertaking,
  });
  return contact_type === 0 ? { userId: userid } : null;
}

const memberSchema = z.object({
  userid: userIdSchema,
  unionid: text,
  name: text,
  avatar: text,
  title: text,
  job_number: text,
  mobile: text,
  state_code: text,
  hide_mobile: flag,
  telephone: text,
  email: text,
  org_email: text,
  work_place: text,
  remark: text,
  extension: text,
  dept_id_list: idList,
  leader_in_dept: z.array(z.object({ dept_id: z.number(), leader: z.boolean() })).nullish(),
  role_list: z.array(z.object({ id: z.number(), name: z.string(), group_name: text })).nullish(),
  manager_userid: text,
  hired_date: z.number().nullish(),
  create_time: text,
  active: flag,
  real_authed: flag,
  senior: flag,
  admin: flag,
  boss: flag,
  exclusive_account: flag,
  exclusive_account_type: text,
  login_id: text,
  org_email_type: text,
  dept_position_list: z
    .array(z.object({ dept_id: z.number(), title: text, work_place: text, is_main: flag }))
    .nullish(),
});

/**
 * The member record of one person of the app's company.
 *
 * @throws DingTalkError `60121` (or `33012`) when there is no such person, `50002` outside the authorised range,
 * `malformed` when the record is somebody else's.
 * @see https://open.dingtalk.com/document/development/query-user-details
 */
export async function getMember(
  client: Client,
  userId: string,
  options: { language?: WireLanguage | undefined; undertaking?: Undertaking | undefined } = {},
): Promise<Member> {
  const path = '/topapi/v2/user/get';
  const wire = await client.call({
    host: 'oapi',
    method: 'POST',
    path,
    body: { userid: userId, language: options.language ?? 'zh_CN' },
    schema: memberSchema,
    repeatable: true,
    undertaking: options.undertaking,
  });
  // A mixed-up answer (shared connection, a cache on the way) must never become somebody's session.
  if (wire.userid !== userId) {
    throw new DingTalkError('malformed', { api: path, code: 'other-userid', mayHaveHadEffect: true });
  }
  return toMember(wire);
}

/** A member as a department's list shows them: without roles, manager and the other departments that they lead. */
export interface ListedMember
  extends Omit<Member, 'roles' | 'ledDepartmentIds' | 'managerUserId' | 'positions'> {
  /** Leads the department of the list. */
  leader: boolean;
}

const loose = z.string().nullish();
const looseFlag = z.boolean().nullish();
/** Of 100 000 people each field costs a fifth of a second: only what the directory keeps. */
const memberPageSchema = z.object({
  has_more: z.boolean(),
  next_cursor: z.number().nullish(),
  list: z.array(
    z.object({
      userid: userIdSchema,
      unionid: loose,
      name: loose,
      avatar: loose,
      title: loose,
      job_number: loose,
      mobile: loose,
      state_code: loose,
      hide_mobile: looseFlag,
      telephone: loose,
      email: loose,
      org_email: loose,
      work_place: loose,
      dept_id_list: z.array(z.number()).nullish(),
      leader: looseFlag,
      active: looseFlag,
      admin: looseFlag,
      boss: looseFlag,
    }),
  ),
});

/** The most that one page of members may hold. */
export const MEMBER_PAGE_SIZE = 100;

/**
 * One page of the people directly in a department, in the order that DingTalk shows. People who come or go between
 * two pages shift the rest: {@link listMemberIds} tells whether somebody slipped through.
 *
 * @throws DingTalkError `50004` outside the authorised range, `60019` (or `60003`) when there is no such department
 * @see https://open.dingtalk.com/document/development/queries-the-complete-information-of-a-department-user
 */
export async function listMembers(
  client: Client,
  departmentId: number,
  cursor = 0,
): Promise<{ members: ListedMember[]; nextCursor: number | undefined }> {
  const path = '/topapi/v2/user/list';
  const page = await client.call({
    host: 'oapi',
    method: 'POST',
    path,
    body: { dept_id: departmentId, cursor, size: MEMBER_PAGE_SIZE, contain_access_limit: true },
    schema: memberPageSchema,
    repeatable: true,
  });
  const nextCursor = page.has_more ? (page.next_cursor ?? undefined) : undefined;
  // A page that leads nowhere, or back, would be read for ever, or end the list too early.
  if (page.has_more && (nextCursor === undefined || nextCursor <= cursor)) {
    throw new DingTalkError('malformed', { api: path, code: 'unexpected-cursor', mayHaveHadEffect: true });
  }
  return { members: page.list.map(toListedMember), nextCursor };
}

/**
 * The ids of everybody directly in a department, in one answer. Not limited by the authorised range.
 *
 * @see https://open.dingtalk.com/document/development/query-the-list-of-department-userids
 */
export async function listMemberIds(client: Client, departmentId: number): Promise<string[]> {
  const { userid_list } = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/user/listid',
    body: { dept_id: departmentId },
    schema: z.object({ userid_list: z.array(userIdSchema) }),
    repeatable: true,
    maxAnswerBytes: WHOLE_LIST_BYTES,
  });
  return userid_list;
}

/**
 * How many people the company has, active or not. Not limited by the authorised range.
 *
 * @see https://open.dingtalk.com/document/development/obtain-the-number-of-employees-v2
 */
export async function countMembers(client: Client): Promise<number> {
  const { count } = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/user/count',
    body: { only_active: false },
    schema: z.object({ count: z.number() }),
    repeatable: true,
  });
  return count;
}

/** Somebody who administers the company in DingTalk. */
export interface Administrator {
  userId: string;
  /** The main administrators, not the sub-administrators. */
  main: boolean;
}

/** @see https://open.dingtalk.com/document/development/query-the-administrator-list */
export async function listAdministrators(client: Client): Promise<Administrator[]> {
  const list = await client.call({
    host: 'oapi',
    method: 'POST',
    path: '/topapi/user/listadmin',
    body: {},
    schema: z.array(z.object({ userid: userIdSchema, sys_level: z.number() })),
    repeatable: true,
  });
  return list.map(({ userid, sys_level }) => ({ userId: userid, main: sys_level === 1 }));
}

function toListedMember(wire: z.infer<typeof memberPageSchema>['list'][number]): ListedMember {
  return {
    userId: wire.userid,
    unionId: wire.unionid || undefined,
    name: wire.name || undefined,
    avatarUrl: wire.avatar || undefined,
    title: wire.title || undefined,
    jobNumber: wire.job_number || undefined,
    mobile: wire.mobile || undefined,
    stateCode: wire.state_code || undefined,
    hideMobile: wire.hide_mobile ?? undefined,
    telephone: wire.telephone || undefined,
    email: wire.email || undefined,
    orgEmail: wire.org_email || undefined,
    workPlace: wire.work_place || undefined,
    departmentIds: wire.dept_id_list ?? [],
    active: wire.active ?? undefined,
    admin: wire.admin ?? undefined,
    boss: wire.boss ?? undefined,
    leader: wire.leader === true,
  };
}

function toMember(wire: z.infer<typeof memberSchema>): Member {
  return {
    userId: wire.userid,
    unionId: wire.unionid,
    name: wire.name,
    avatarUrl: wire.avatar,
    title: wire.title,
    jobNumber: wire.job_number,
    mobile: wire.mobile,
    stateCode: wire.state_code,
    hideMobile: wire.hide_mobile,
    telephone: wire.telephone,
    email: wire.email,
    orgEmail: wire.org_email,
    workPlace: wire.work_place,
    remark: wire.remark,
    extension: parseExtension(wire.extension),
    departmentIds: wire.dept_id_list,
    ledDepartmentIds: (wire.leader_in_dept ?? [])
      .filter((entry) => entry.leader)
      .map((entry) => entry.dept_id),
    roles: (wire.role_list ?? []).map(({ id, name, group_name }) => ({ id, name, groupName: group_name })),
    managerUserId: wire.manager_userid,
    hiredAt: wire.hired_date ?? undefined,
    createdAt: wire.create_time,
    active: wire.active,
    realNameVerified: wire.real_authed,
    senior: wire.senior,
    admin: wire.admin,
    boss: wire.boss,
    companyAccount: wire.exclusive_account,
    companyAccountType: wire.exclusive_account_type,
    loginId: wire.login_id,
    orgEmailType: wire.org_email_type,
    positions: (wire.dept_position_list ?? []).map(({ dept_id, title, work_place, is_main }) => ({
      departmentId: dept_id,
      title,
      workPlace: work_place,
      main: is_main,
    })),
  };
}

/** `extension` is JSON inside a string; a company can write anything into it, so what does not parse is dropped. */
function parseExtension(value: string | undefined): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  try {
    const entries = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(value)));
    const named = entries.map(([name, item]) => [
      name,
      typeof item === 'string' ? item : JSON.stringify(item),
    ]);
    return named.length > 0 ? Object.fromEntries(named) : undefined;
  } catch {
    return undefined;
  }
}
