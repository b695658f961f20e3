import type { Person } from '../../company/person';
import { Refusal, topapiAnswer } from '../../platform/answers';
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
} from './endpoint';
import { userGetRecord, userListRecord } from './member-record';

const ORDERS = ['entry_asc', 'entry_desc', 'modify_asc', 'modify_desc', 'custom'];

/** What a list of a department is asked with. */
const PAGE_ARGUMENTS: Arguments = { dept_id: 'number', cursor: 'number', size: 'number' };

function endpoint(
  path: string,
  permission: string,
  required: Arguments,
  handle: (call: Call) => Record<string, Json>,
): Endpoint {
  const answer = (call: Call) => topapiAnswer(handle(call));
  return { method: 'POST', path, family: 'topapi', token: 'app', permission, required, handle: answer };
}

/** Reading members. @see https://open.dingtalk.com/document/orgapp/query-user-details */
export const memberEndpoints: Endpoint[] = [
  endpoint('/topapi/v2/user/get', 'qyapi_get_member', { userid: 'text' }, (call) => ({
    result: userGetRecord(call.platform, requirePerson(call.platform, readText(call, 'userid'))),
  })),
  endpoint('/topapi/v2/user/list', 'qyapi_get_department_member', PAGE_ARGUMENTS, (call) => {
    const id = readInteger(call, 'dept_id');
    const page = readPage(call, { offset: 40035, size: 40035 });
    requireDepartment(call.platform, id, 60019);
    return { result: pageOf(sorted(call, id), page, (person) => userListRecord(call.platform, person, id)) };
  }),
  endpoint('/topapi/user/listsimple', 'qyapi_get_department_member', PAGE_ARGUMENTS, (call) => {
    const id = readInteger(call, 'dept_id');
    const page = readPage(call, { offset: 40068, size: 40069 });
    requireDepartment(call.platform, id);
    return { result: pageOf(sorted(call, id), page, ({ userid, name }) => ({ userid, name })) };
  }),
  endpoint('/topapi/user/listid', 'qyapi_get_member', { dept_id: 'number' }, (call) => {
    const id = readInteger(call, 'dept_id');
    if (!call.platform.company.department(id)) throw new Refusal(60003);
    // Documented as not limited by the authorised scope.
    return { result: { userid_list: call.platform.company.membersOf(id).map((person) => person.userid) } };
  }),
  endpoint('/topapi/user/count', 'qyapi_get_member', { only_active: 'boolean' }, (call) => {
    const { people } = call.platform.company;
    return {
      result: {
        count: readBoolean(call, 'only_active')
          ? people.filter((person) => person.active).length
          : people.length,
      },
    };
  }),
  endpoint('/topapi/v2/user/getbymobile', 'qyapi_get_member_by_mobile', { mobile: 'text' }, (call) => {
    const mobile = readText(call, 'mobile');
    if (!/^(\+?\d{1,4}-)?\d{6,15}$/.test(mobile)) throw new Refusal(40104);
    const person = call.platform.company.personByMobile(mobile.replace(/^\+?86-/, ''));
    if (!person) throw new Refusal(60121);
    return { result: { userid: person.userid } };
  }),
  endpoint('/topapi/user/getbyunionid', 'qyapi_get_member', { unionid: 'text' }, (call) => ({
    result: findByUnionid(call),
  })),
  endpoint('/topapi/user/listadmin', 'qyapi_get_member', {}, ({ platform }) => ({
    result: platform.company.people
      .filter((person) => person.adminLevel > 0)
      .map(({ userid, adminLevel }) => ({ userid, sys_level: adminLevel })),
  })),
];

/** Who has this unionid: 0 an employee, 1 an external contact; a stranger is 60121. @see https://open.dingtalk.com/document/orgapp/query-a-user-by-the-union-id */
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
