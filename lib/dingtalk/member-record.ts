import { toFields, toFlag, toList, toText, toUserId, toWhole } from './wire-values';

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
  /** Undefined: DingTalk gave no answer; not to be shown then. */
  hideMobile?: boolean | undefined;
  telephone?: string | undefined;
  email?: string | undefined;
  orgEmail?: string | undefined;
  workPlace?: string | undefined;
  remark?: string | undefined;
  /** Custom fields of the company, name to value. */
  extension?: Record<string, string> | undefined;
  /** Empty: withheld, because every member has one. */
  departmentIds: number[];
  /** Departments that this member leads. */
  ledDepartmentIds: number[];
  roles: { id: number; name: string; groupName?: string | undefined }[];
  managerUserId?: string | undefined;
  /** Unix time in ms. */
  hiredAt?: number | undefined;
  /** ISO 8601. */
  createdAt?: string | undefined;
  /** False until they have used DingTalk in this company, or when they are disabled. Undefined: withheld. */
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

/** A member as a department's list shows them: without roles, manager and the other departments that they lead. */
export interface ListedMember
  extends Omit<Member, 'roles' | 'ledDepartmentIds' | 'managerUserId' | 'positions'> {
  /** Leads the department of the list. */
  leader: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** An entry of a list; undefined without a userid. Of 100 000 people each field costs time: only what the directory keeps. */
export function toListedMember(item: unknown): ListedMember | undefined {
  const wire = toFields(item);
  const userId = toUserId(wire.userid);
  return userId === undefined
    ? undefined
    : { ...commonFields(userId, wire), leader: toFlag(wire.leader) === true };
}

/** What a list and the record of one person both say. */
function commonFields(userId: string, wire: Fields) {
  return {
    userId,
    unionId: toText(wire.unionid),
    name: toText(wire.name),
    avatarUrl: toText(wire.avatar),
    title: toText(wire.title),
    jobNumber: toText(wire.job_number),
    mobile: toText(wire.mobile),
    stateCode: toText(wire.state_code),
    hideMobile: toFlag(wire.hide_mobile),
    telephone: toText(wire.telephone),
    email: toText(wire.email),
    orgEmail: toText(wire.org_email),
    workPlace: toText(wire.work_place),
    departmentIds: toList(wire.dept_id_list, toWhole),
    active: toActive(wire),
    admin: toFlag(wire.admin),
    boss: toFlag(wire.boss),
  };
}

/** The record of one person. */
export function toMember(userId: string, wire: Fields): Member {
  return {
    ...commonFields(userId, wire),
    remark: toText(wire.remark),
    extension: parseExtension(wire.extension),
    ledDepartmentIds: toList(wire.leader_in_dept, (item) => {
      const { dept_id, leader } = toFields(item);
      return toFlag(leader) ? toWhole(dept_id) : undefined;
    }),
    roles: toList(wire.role_list, toRole),
    managerUserId: toUserId(wire.manager_userid),
    hiredAt: toWhole(wire.hired_date),
    createdAt: toText(wire.create_time),
    realNameVerified: toFlag(wire.real_authed),
    senior: toFlag(wire.senior),
    companyAccount: toFlag(wire.exclusive_account),
    companyAccountType: toText(wire.exclusive_account_type),
    loginId: toText(wire.login_id),
    orgEmailType: toText(wire.org_email_type),
    positions: toList(wire.dept_position_list, toPosition),
  };
}

/** `disable_status` is in no documentation; programs that read it take it for an account that is switched off. */
function toActive(wire: Fields): boolean | undefined {
  const isDisabled = wire.disable_status !== undefined && toFlag(wire.disable_status) !== false;
  return isDisabled ? false : toFlag(wire.active);
}

function toRole(item: unknown): Member['roles'][number] | undefined {
  const wire = toFields(item);
  const id = toWhole(wire.id);
  return id === undefined
    ? undefined
    : { id, name: toText(wire.name) ?? '', groupName: toText(wire.group_name) };
}

function toPosition(item: unknown): Member['positions'][number] | undefined {
  const wire = toFields(item);
  const departmentId = toWhole(wire.dept_id);
  if (departmentId === undefined) return undefined;
  const { title, work_place, is_main } = wire;
  return { departmentId, title: toText(title), workPlace: toText(work_place), main: toFlag(is_main) };
}

/** `extension` is JSON inside a string; a company can write anything into it, so what does not parse is dropped. */
function parseExtension(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const entries = Object.entries(toFields(JSON.parse(value)));
    const named = entries.map(([name, item]) => [
      name,
      typeof item === 'string' ? item : JSON.stringify(item),
    ]);
    return named.length > 0 ? Object.fromEntries(named) : undefined;
  } catch {
    return undefined;
  }
}
