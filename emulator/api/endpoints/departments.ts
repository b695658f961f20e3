import { ROOT_DEPARTMENT } from '../../company/departments';
import { Refusal } from '../../platform/answers';
import type { Json } from '../../platform/json';
import { requireDepartment } from './authorized-scope';
import { type Arguments, type Call, type Endpoint, readInteger, readText, topapi } from './endpoint';

const DEPARTMENT: Arguments = { dept_id: 'number' };

function endpoint(
  name: string,
  declared: Pick<Endpoint, 'required' | 'optional'>,
  handle: (call: Call) => Json,
): Endpoint {
  const access = { permission: 'qyapi_get_department_list', ...declared };
  return topapi(`/topapi/v2/department/${name}`, access, (call) => ({ result: handle(call) }));
}

/** Reading the tree of departments. @see https://open.dingtalk.com/document/orgapp/obtain-the-department-list-v2 */
export const departmentEndpoints: Endpoint[] = [
  endpoint('listsub', { optional: DEPARTMENT }, (call) => {
    const { id } = requireDepartment(call.platform, readId(call));
    return call.platform.company.childrenOf(id).map((child) => ({
      dept_id: child.id,
      name: child.name,
      parent_id: id,
      auto_add_user: true,
      create_dept_group: true,
      ...(child.tags === undefined ? {} : { tags: child.tags }),
    }));
  }),
  // Documented as not limited by the authorised scope, like the two listparent* below.
  endpoint('listsubid', { required: DEPARTMENT }, (call) => {
    const id = knownId(call);
    return { dept_id_list: call.platform.company.childrenOf(id).map((child) => child.id) };
  }),
  endpoint('get', { required: DEPARTMENT }, (call) => departmentRecord(call, readId(call))),
  endpoint('listparentbydept', { required: DEPARTMENT }, (call) => ({
    parent_id_list: call.platform.company.pathOf(knownId(call)),
  })),
  endpoint('listparentbyuser', { required: { userid: 'text' } }, (call) => {
    const { company } = call.platform;
    const person = company.person(readText(call, 'userid'));
    if (!person) throw new Refusal(33012);
    return { parent_list: person.departmentIds.map((id) => ({ parent_dept_id_list: company.pathOf(id) })) };
  }),
];

function readId(call: Call): number {
  return readInteger(call, 'dept_id', { errcode: 400002, fallback: ROOT_DEPARTMENT });
}

function knownId(call: Call): number {
  const id = readId(call);
  if (!call.platform.company.department(id)) throw new Refusal(60003);
  return id;
}

function departmentRecord(call: Call, id: number): Json {
  const { company } = call.platform;
  const department = requireDepartment(call.platform, id);
  const members = company.membersOf(id);
  return {
    dept_id: id,
    name: department.name,
    parent_id: department.parentId,
    ...(department.tags === undefined ? {} : { tags: department.tags }),
    create_dept_group: true,
    auto_add_user: true,
    from_union_org: false,
    order: company.childrenOf(department.parentId ?? 0).indexOf(department) + 1,
    group_contain_sub_dept: false,
    dept_manager_userid_list: members
      .filter((person) => person.leads.includes(id))
      .map(({ userid }) => userid),
    outer_dept: department.restricted ?? false,
    outer_permit_depts: department.visibleDepartments ?? [],
    outer_permit_users: department.visibleUsers ?? [],
    hide_dept: department.hidden ?? false,
    dept_permits: department.permittedDepartments ?? [],
    user_permits: department.permittedUsers ?? [],
    auto_approve_apply: false,
    member_count: company.membersBelow(id).size,
    owning_member_count: members.length,
  };
}
