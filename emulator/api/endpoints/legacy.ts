import { type Department, ROOT_DEPARTMENT } from '../../company/departments';
import { type Answer, flatAnswer, Refusal } from '../../platform/answers';
import { authorizedScope, requireDepartment, requirePerson } from './authorized-scope';
import { type Arguments, type Call, type Endpoint, readBoolean, readInteger, readText } from './endpoint';
import { legacyUserRecord } from './member-record';
import { findByUnionid } from './members';

function endpoint(
  path: string,
  permission: string,
  required: Arguments,
  handle: (call: Call) => Answer,
): Endpoint {
  return { method: 'GET', path, family: 'flat', token: 'app', permission, required, handle };
}

/** The frozen calls of DingTalk 1.0, still up: flat answers, other words. @see https://open.dingtalk.com/document/orgapp/get-user-details */
export const legacyEndpoints: Endpoint[] = [
  endpoint('/user/get', 'qyapi_get_member', { userid: 'text' }, (call) =>
    flatAnswer(legacyUserRecord(call.platform, requirePerson(call.platform, readText(call, 'userid')))),
  ),
  endpoint('/user/getUseridByUnionid', 'qyapi_get_member', { unionid: 'text' }, (call) => {
    const { contact_type, userid } = findByUnionid(call);
    return flatAnswer({ contactType: contact_type, userid });
  }),
  endpoint('/user/simplelist', 'qyapi_get_department_member', { department_id: 'number' }, (call) => {
    const id = readInteger(call, 'department_id');
    const offset = readInteger(call, 'offset', { fallback: 0, errcode: 40068 });
    const size = readInteger(call, 'size', { fallback: 100, errcode: 40069, min: 1, max: 100 });
    requireDepartment(call.platform, id);
    const members = call.platform.company.membersOf(id);
    const userlist = members.slice(offset, offset + size).map(({ userid, name }) => ({ userid, name }));
    return flatAnswer({ hasMore: offset + size < members.length, userlist });
  }),
  endpoint('/department/list', 'qyapi_get_department_list', {}, (call) => {
    const id = readInteger(call, 'id', { fallback: ROOT_DEPARTMENT, errcode: 60003 });
    requireDepartment(call.platform, id);
    const department = departmentsUnder(call, id, readBoolean(call, 'fetch_child') ?? false).map((child) => ({
      id: child.id,
      name: child.name,
      parentid: child.parentId,
      createDeptGroup: true,
      autoAddUser: true,
    }));
    return flatAnswer({ department });
  }),
  endpoint('/auth/scopes', 'qyapi_base', {}, ({ platform }) => {
    const scope = authorizedScope(platform);
    const fields = 'name userid avatar department position jobnumber isAdmin isHide deviceId isLeader'.split(
      ' ',
    );
    return flatAnswer({
      auth_user_field: platform.settings.permissions.includes('fieldMobile') ? [...fields, 'mobile'] : fields,
      condition_field: [],
      auth_org_scopes: { authed_dept: scope.departments, authed_user: scope.users },
    });
  }),
];

function departmentsUnder(call: Call, id: number, deep: boolean): Department[] {
  const { company } = call.platform;
  const found = [...company.childrenOf(id)];
  if (!company.department(id)) throw new Refusal(60003);
  // The list grows while it is walked: breadth first.
  if (deep) for (const child of found) found.push(...company.childrenOf(child.id));
  return found;
}
