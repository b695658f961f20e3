import { ROLE_GROUPS, ROLES } from '../../company/roles';
import { Refusal } from '../../platform/answers';
import { type Arguments, type Call, type Endpoint, readInteger, topapi } from './endpoint';

const PAGE: Arguments = { offset: 'number', size: 'number' };

/** Reading roles; mind the camelCase of `hasMore`, `groupId` and `roleId`. @see https://open.dingtalk.com/document/orgapp/obtains-a-list-of-enterprise-roles */
export const roleEndpoints: Endpoint[] = [
  topapi('/topapi/role/list', { permission: 'qyapi_get_department_list', optional: PAGE }, (call) => {
    const { offset, size } = readPage(call, 200);
    const groups = ROLE_GROUPS.slice(offset, offset + size).map((group) => ({
      groupId: group.id,
      name: group.name,
      roles: group.roles.map(({ id, name }) => ({ id, name })),
    }));
    return { result: { hasMore: offset + size < ROLE_GROUPS.length, list: groups } };
  }),
  topapi(
    '/topapi/role/simplelist',
    { permission: 'qyapi_get_department_member', required: { role_id: 'number' }, optional: PAGE },
    (call) => {
      const role = requireRole(readInteger(call, 'role_id', { errcode: 33011 }));
      const { offset, size } = readPage(call, 100);
      const people = call.platform.company.peopleWithRole(role.id);
      const next = offset + size;
      const list = people.slice(offset, next).map(({ userid, name }) => ({ userid, name, manageScopes: [] }));
      const more = next < people.length;
      return { result: { hasMore: more, nextCursor: more ? next : undefined, list } };
    },
  ),
  topapi(
    '/topapi/role/getrole',
    { permission: 'qyapi_get_department_member', required: { roleId: 'number' } },
    (call) => {
      const role = requireRole(readInteger(call, 'roleId', { errcode: 33011 }));
      return { role: { name: role.name, groupId: role.groupId } };
    },
  ),
  topapi(
    '/topapi/role/getrolegroup',
    { permission: 'qyapi_get_department_list', required: { group_id: 'number' } },
    (call) => {
      const id = readInteger(call, 'group_id', { errcode: 33011 });
      const group = ROLE_GROUPS.find((candidate) => candidate.id === id);
      if (!group) throw new Refusal(33011);
      const roles = group.roles.map((role) => ({ role_id: role.id, role_name: role.name }));
      return { role_group: { group_name: group.name, roles } };
    },
  ),
];

function requireRole(id: number) {
  const role = ROLES.get(id);
  if (!role) throw new Refusal(33011);
  return role;
}

function readPage(call: Call, max: number): { offset: number; size: number } {
  const offset = readInteger(call, 'offset', { fallback: 0, errcode: 40068 });
  const size = readInteger(call, 'size', { fallback: 20, errcode: 40069, min: 1, max });
  return { offset, size };
}
