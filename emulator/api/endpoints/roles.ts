import { ROLE_GROUPS, ROLES } from '../../company/roles';
import { type Answer, Refusal, topapiAnswer } from '../../platform/answers';
import { type Arguments, type Call, type Endpoint, readInteger } from './endpoint';

const PAGE: Arguments = { offset: 'number', size: 'number' };

function endpoint(
  path: string,
  permission: string,
  required: Arguments,
  handle: (call: Call) => Answer,
): Endpoint {
  return {
    method: 'POST',
    path,
    family: 'topapi',
    token: 'app',
    permission,
    required,
    optional: PAGE,
    handle,
  };
}

/** Reading roles; mind the camelCase of `hasMore`, `groupId` and `roleId`. @see https://open.dingtalk.com/document/orgapp/obtains-a-list-of-enterprise-roles */
export const roleEndpoints: Endpoint[] = [
  endpoint('/topapi/role/list', 'qyapi_get_department_list', {}, (call) => {
    const { offset, size } = readPage(call, 200);
    const groups = ROLE_GROUPS.slice(offset, offset + size).map((group) => ({
      groupId: group.id,
      name: group.name,
      roles: group.roles.map(({ id, name }) => ({ id, name })),
    }));
    return topapiAnswer({ result: { hasMore: offset + size < ROLE_GROUPS.length, list: groups } });
  }),
  endpoint('/topapi/role/simplelist', 'qyapi_get_department_member', { role_id: 'number' }, (call) => {
    const role = requireRole(readInteger(call, 'role_id', { errcode: 33011 }));
    const { offset, size } = readPage(call, 100);
    const people = call.platform.company.peopleWithRole(role.id);
    const list = people
      .slice(offset, offset + size)
      .map(({ userid, name }) => ({ userid, name, manageScopes: [] }));
    const next = offset + size;
    const more = next < people.length;
    return topapiAnswer({ result: { hasMore: more, nextCursor: more ? next : undefined, list } });
  }),
  endpoint('/topapi/role/getrole', 'qyapi_get_department_member', { roleId: 'number' }, (call) => {
    const role = requireRole(readInteger(call, 'roleId', { errcode: 33011 }));
    return topapiAnswer({ role: { name: role.name, groupId: role.groupId } });
  }),
  endpoint('/topapi/role/getrolegroup', 'qyapi_get_department_list', { group_id: 'number' }, (call) => {
    const id = readInteger(call, 'group_id', { errcode: 33011 });
    const group = ROLE_GROUPS.find((candidate) => candidate.id === id);
    if (!group) throw new Refusal(33011);
    const roles = group.roles.map((role) => ({ role_id: role.id, role_name: role.name }));
    return topapiAnswer({ role_group: { group_name: group.name, roles } });
  }),
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
