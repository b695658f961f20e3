import { avatarPath } from '../../company/avatars';
import { orderIn, type Person, rolesOf } from '../../company/person';
import type { Json } from '../../platform/json';
import type { Platform } from '../../platform/platform';

/** A record as DingTalk writes it: fields without permission are absent, not empty. */
export type MemberRecord = Record<string, Json>;

/** The address of a person's picture, or `""`. */
export function avatarOf(platform: Platform, person: Person): string {
  return person.hasAvatar ? `${platform.url}${avatarPath(person.userid)}` : '';
}

/** What `user/get` and `user/list` have in common, behind the same permissions for fields. */
function commonRecord(platform: Platform, person: Person): MemberRecord {
  const may = (permission: string) => platform.settings.permissions.includes(permission);
  const mobile = { state_code: person.stateCode, mobile: person.mobile };
  const mail = {
    email: person.email,
    org_email: person.orgEmail || undefined,
    work_place: person.workPlace,
    remark: person.remark,
    extension: person.extension || undefined,
  };
  return {
    userid: person.userid,
    unionid: person.unionid,
    name: person.name,
    avatar: avatarOf(platform, person),
    ...(may('fieldMobile') ? mobile : {}),
    hide_mobile: person.hideMobile,
    telephone: person.telephone,
    job_number: person.jobNumber,
    title: person.title,
    ...(may('fieldEmail') ? mail : {}),
    dept_id_list: person.departmentIds,
  };
}

/** `result` of `/topapi/v2/user/get`. @see https://open.dingtalk.com/document/orgapp/query-user-details */
export function userGetRecord(platform: Platform, person: Person): MemberRecord {
  const roles = rolesOf(person).map(({ id, name, groupName }) => ({ id, name, group_name: groupName }));
  const ids = person.departmentIds;
  return {
    ...commonRecord(platform, person),
    dept_order_list: ids.map((id) => ({ dept_id: id, order: orderIn(person, id) })),
    leader_in_dept: ids.map((id) => ({ dept_id: id, leader: person.leads.includes(id) })),
    role_list: roles.length > 0 ? roles : undefined,
    union_emp_ext: {},
    manager_userid: person.managerUserid,
    hired_date: person.hiredAt,
    active: person.active,
    real_authed: person.realAuthed,
    senior: person.senior,
    admin: person.adminLevel > 0,
    boss: person.boss,
    exclusive_account: person.exclusiveAccount,
    create_time: new Date(person.createdAt).toISOString(),
  };
}

/** One entry of `/topapi/v2/user/list`, as seen from one department. @see https://open.dingtalk.com/document/orgapp/queries-the-complete-information-of-a-department-user */
export function userListRecord(platform: Platform, person: Person, departmentId: number): MemberRecord {
  return {
    ...commonRecord(platform, person),
    dept_order: orderIn(person, departmentId),
    hired_date: person.hiredAt,
    active: person.active,
    admin: person.adminLevel > 0,
    boss: person.boss,
    leader: person.leads.includes(departmentId),
    exclusive_account: person.exclusiveAccount,
  };
}

/** The flat record of `/user/get`, with its two objects that are not quite JSON. @see https://open.dingtalk.com/document/orgapp/get-user-details */
export function legacyUserRecord(platform: Platform, person: Person): MemberRecord {
  const may = (permission: string) => platform.settings.permissions.includes(permission);
  const { departmentIds: ids } = person;
  const unquoted = (value: (id: number) => unknown) => `{${ids.map((id) => `${id}:${value(id)}`).join(',')}}`;
  const mail = {
    email: person.email,
    orgEmail: person.orgEmail || undefined,
    workPlace: person.workPlace,
    remark: person.remark,
    extattr: person.extension ? (JSON.parse(person.extension) as Json) : {},
  };
  const roles = rolesOf(person).map(({ id, name, groupName }) => ({ id, name, groupName, type: 101 }));
  return {
    userid: person.userid,
    unionid: person.unionid,
    name: person.name,
    avatar: avatarOf(platform, person),
    ...(may('fieldMobile') ? { mobile: person.mobile, stateCode: person.stateCode } : {}),
    tel: person.telephone,
    position: person.title,
    jobnumber: person.jobNumber,
    ...(may('fieldEmail') ? mail : {}),
    department: ids,
    orderInDepts: unquoted((id) => orderIn(person, id)),
    isLeaderInDepts: unquoted((id) => person.leads.includes(id)),
    roles: roles.length > 0 ? roles : undefined,
    managerUserid: person.managerUserid,
    hiredDate: person.hiredAt,
    active: person.active,
    realAuthed: person.realAuthed,
    isSenior: person.senior,
    isAdmin: person.adminLevel > 0,
    isBoss: person.boss,
    isHide: person.hideMobile,
  };
}
