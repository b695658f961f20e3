import type { Person } from '../../company/person';
import { Refusal } from '../../platform/answers';
import type { Json } from '../../platform/json';
import { requireDepartment, requirePerson } from './authorized-scope';
import {
  type Arguments,
  type Call,
  type Endpoint,
  readBoolean,
  readInteger,
  readText,
  readValue,
  topapi,
} from './endpoint';
import { userGetRecord, userListRecord } from './member-record';

const ORDERS = ['entry_asc', 'entry_desc', 'modify_asc', 'modify_desc', 'custom'];

const PAGE_ARGUMENTS: Arguments = { dept_id: 'number', cursor: 'number', size: 'number' };

/** Reading members. @see https://open.dingtalk.com/document/orgapp/query-user-details */
export const memberEndpoints: Endpoint[] = [
  topapi('/topapi/v2/user/get', { permission: 'qyapi_get_member', required: { userid: 'text' } }, (call) => ({
    result: userGetRecord(call.platform, requirePerson(call.platform, readText(call, 'userid'))),
  })),
  topapi(
    '/topapi/v2/user/list',
    { permission: 'qyapi_get_department_member', required: PAGE_ARGUMENTS },
    (call) => {
      const id = readInteger(call, 'dept_id');
      const page = readPage(call, { offset: 40035, size: 40035 });
      requireDepartment(call.platform, id, 60019);
      return {
        result: pageOf(sorted(call, id), page, (person) => userListRecord(call.platform, person, id)),
      };
    },
  ),
  topapi(
    '/topapi/user/listsimple',
    { permission: 'qyapi_get_department_member', required: PAGE_ARGUMENTS },
    (call) => {
      const id = readInteger(call, 'dept_id');
      const page = readPage(call, { offset: 40068, size: 40069 });
      requireDepartment(call.platform, id);
      return { result: pageOf(sorted(call, id), page, ({ userid, name }) => ({ userid, name })) };
    },
  ),
  topapi(
    '/topapi/user/listid',
    { permission: 'qyapi_get_member', required: { dept_id: 'number' } },
    (call) => {
      const id = readInteger(call, 'dept_id');
      if (!call.platform.company.department(id)) throw new Refusal(60003);
      // Documented as not limited by the authorised scope.
      return { result: { userid_list: call.platform.company.membersOf(id).map((person) => person.userid) } };
    },
  ),
  topapi(
    '/topapi/user/count',
    { permission: 'qyapi_get_member', required: { only_active: 'boolean' } },
    (call) => {
      const onlyActive = readBoolean(call, 'only_active');
      return {
        result: { count: call.platform.company.people.filter((one) => one.active || !onlyActive).length },
      };
    },
  ),
  topapi(
    '/topapi/v2/user/getbymobile',
    { permission: 'qyapi_get_member_by_mobile', required: { mobile: 'text' } },
    (call) => {
      const mobile = readText(call, 'mobile');
      if (!/^(\+?\d{1,4}-)?\d{6,15}$/.test(mobile)) throw new Refusal(40104);
      const person = call.platform.company.personByMobile(mobile.replace(/^\+?86-/, ''));
      if (!person) throw new Refusal(60121);
      return { result: { userid: person.userid } };
    },
  ),
  topapi(
    '/topapi/user/getbyunionid',
    { permission: 'qyapi_get_member', required: { unionid: 'text' } },
    (call) => ({
      result: findByUnionid(call),
    }),
  ),
  topapi('/topapi/user/listadmin', { permission: 'qyapi_get_member' }, ({ platform }) => ({
    result: platform.company.people
      .filter((person) => person.adminLevel > 0)
      .map(({ userid, adminLevel }) => ({ userid, sys_level: adminLevel })),
  })),
];

/** The owner of a unionid: 0 an employee, 1 an external contact; other accounts are 60121. @see https://open.dingtalk.com/document/orgapp/query-a-user-by-the-union-id */
export function findByUnionid(call: Call): { contact_type: number; userid: string } {
  const unionid = readText(call, 'unionid');
  const { company } = call.platform;
  const person = company.personByUnionid(unionid);
  if (person) return { contact_type: 0, userid: person.userid };
  const contact = company.outsiders.find(
    (outsider) => outsider.kind === 'external-contact' && outsider.unionid === unionid,
  );
  if (!contact?.userid) throw new Refusal(60121);
  return { contact_type: 1, userid: contact.userid };
}

function readPage(call: Call, errcodes: { offset: number; size: number }): { cursor: number; size: number } {
  const cursor = readInteger(call, 'cursor', { errcode: errcodes.offset });
  const size = readInteger(call, 'size', { errcode: errcodes.size, min: 1, max: 100 });
  const order = readValue(call, 'order_field');
  if (order !== undefined && !ORDERS.includes(String(order))) throw new Refusal(40035);
  return { cursor, size };
}

function sorted(call: Call, departmentId: number): Person[] {
  const order = String(readValue(call, 'order_field') ?? 'custom');
  const people = [...call.platform.company.membersOf(departmentId)];
  if (order === 'custom') return people;
  const direction = order.endsWith('_asc') ? 1 : -1;
  return people.sort((a, b) => direction * (a.createdAt - b.createdAt) || a.rank - b.rank);
}

/** A page of DingTalk: `next_cursor` is there only while there is more. */
function pageOf(
  people: Person[],
  page: { cursor: number; size: number },
  record: (person: Person) => Json,
): Json {
  const end = page.cursor + page.size;
  const more = end < people.length;
  const list = people.slice(page.cursor, end).map(record);
  return more ? { has_more: true, next_cursor: end, list } : { has_more: false, list };
}
