import { type Department, ROOT_DEPARTMENT } from '../../company/departments';
import { authorizedScope, requireDepartment, requirePerson } from './authorized-scope';
import { type Call, type Endpoint, flat, readBoolean, readInteger, readText } from './endpoint';
import { legacyUserRecord } from './member-record';
import { findByUnionid } from './members';

/** The frozen calls of DingTalk 1.0, still up: flat answers, other names. @see https://open.dingtalk.com/document/orgapp/get-user-details */
export const legacyEndpoints: Endpoint[] = [
  flat('/user/get', { permission: 'qyapi_get_member', required: { userid: 'text' } }, (call) =>
    legacyUserRecord(call.platform, requirePerson(call.platform, readText(call, 'userid'))),
  ),
  flat(
    '/user/getUseridByUnionid',
    { permission: 'qyapi_get_member', required: { unionid: 'text' } },
    (call) => {
      const { contact_type, userid } = findByUnionid(call);
      return { contactType: contact_type, userid };
    },
  ),
  flat(
    '/user/simplelist',
    { permission: 'qyapi_get_department_member', required: { department_id: 'number' } },
    (call) => {
      const id = readInteger(call, 'department_id');
      const offset = readInteger(call, 'offset', { fallback: 0, errcode: 40068 });
      const size = readInteger(call, 'size', { fallback: 100, errcode: 40069, min: 1, max: 100 });
      requireDepartment(call.platform, id);
      const members = call.platform.company.membersOf(id);
      const userlist = members.slice(offset, offset + size).map(({ userid, name }) => ({ userid, name }));
      return { hasMore: offset + size < members.length, userlist };
    },
  ),
  flat('/department/list', { permission: 'qyapi_get_department_list' }, (call) => {
    const id = readInteger(call, 'id', { fallback: ROOT_DEPARTMENT, errcode: 60003 });
    requireDepartment(call.platform, id);
    const department = departmentsUnder(call, id, readBoolean(call, 'fetch_child') ?? false).map((child) => ({
      id: child.id,
      name: child.name,
      parentid: child.parentId,
      createDeptGroup: true,
      autoAddUser: true,
    }));
    return { department };
  }),
  flat('/auth/scopes', { permission: 'qyapi_base' }, ({ platform }) => {
    const scope = authorizedScope(platform);
    const fields = 'name userid avatar department position jobnumber isAdmin isHide deviceId isLeader'.split(
      ' ',
    );
    return {
      auth_user_field: platform.settings.permissions.includes('fieldMobile') ? [...fields, 'mobile'] : fields,
      condition_field: [],
      auth_org_scopes: { authed_dept: scope.departments, authed_user: scope.users },
    };
  }),
];

function departmentsUnder(call: Call, id: number, deep: boolean): Department[] {
  const { company } = call.platform;
  const found = [...company.childrenOf(id)];
  // The list grows while it is walked: breadth first.
  if (deep) for (const child of found) found.push(...company.childrenOf(child.id));
  return found;
}
