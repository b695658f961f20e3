import 'server-only';

/** A permission point of DingTalk's console that this app makes use of. */
export interface Permission {
  /** As DingTalk's answers name it. */
  point: string;
  /** As the console names it. */
  name: string;
  /** What does not work without it. */
  neededFor: 'every sign-in' | 'browser sign-in' | 'directory' | 'details' | 'calendar';
}

/**
 * Every permission point that the product needs. The tables in the documents list the same ones, and the emulator is
 * given those of the tables in `tests/app/permissions.test.ts`: with them every feature works.
 *
 * @see https://open.dingtalk.com/document/orgapp/authorization-overview
 */
export const PERMISSIONS: readonly Permission[] = [
  { point: 'qyapi_base', name: '调用企业API时需要具备的基本权限', neededFor: 'every sign-in' },
  { point: 'qyapi_get_member', name: '成员信息读权限', neededFor: 'every sign-in' },
  {
    point: 'open_app_api_base',
    name: '获取钉钉开放接口用户访问凭证的基础权限',
    neededFor: 'browser sign-in',
  },
  { point: 'Contact.User.Read', name: '通讯录个人信息读权限', neededFor: 'browser sign-in' },
  { point: 'qyapi_get_department_list', name: '通讯录部门信息读权限', neededFor: 'directory' },
  { point: 'qyapi_get_department_member', name: '通讯录部门成员读权限', neededFor: 'directory' },
  { point: 'fieldMobile', name: '企业员工手机号信息', neededFor: 'details' },
  { point: 'fieldEmail', name: '邮箱等个人信息', neededFor: 'details' },
  { point: 'Calendar.Event.Read', name: '日历应用中日程读权限', neededFor: 'calendar' },
  { point: 'Calendar.Event.Write', name: '日历应用中日程写权限', neededFor: 'calendar' },
  { point: 'Calendar.EventSchedule.Read', name: '日历应用中日程闲忙状态读权限', neededFor: 'calendar' },
];

/** A permission point with its name in the console; one that we do not know has none. */
export function permissionNamed(point: string): Pick<Permission, 'point'> & { name?: string } {
  return PERMISSIONS.find((permission) => permission.point === point) ?? { point };
}
