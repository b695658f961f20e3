import { sysLevel } from '../../company/person';
import { createRandom } from '../../company/random';
import { Refusal } from '../../platform/answers';
import { type Arguments, type Call, type Endpoint, flat, readText, topapi } from './endpoint';

const ACCESS = { permission: 'qyapi_base', required: { code: 'text' } satisfies Arguments };

/** 免登: a one-time code becomes a userid. @see https://open.dingtalk.com/document/orgapp/obtain-the-userid-of-a-user-by-using-the-log-free */
export const codeEndpoints: Endpoint[] = [
  topapi('/topapi/v2/user/getuserinfo', ACCESS, (call) => {
    const { userid, name, unionid, deviceId, level } = exchange(call);
    const result = { userid, name, unionid, device_id: deviceId, sys: isSys(level), sys_level: level };
    return { result };
  }),
  flat('/user/getuserinfo', ACCESS, (call) => {
    const { userid, name, deviceId, level } = exchange(call);
    return { userid, name, deviceId, is_sys: isSys(level), sys_level: level };
  }),
];

// DingTalk has one errcode for an unknown, expired, used or foreign code: 40078. That a code of another app of the company
// is one of these is assumed, and that it is not used up by it.
function exchange(call: Call) {
  const { app } = call;
  const { jsapiCodes, company } = call.platform;
  const code = readText(call, 'code');
  const grant = jsapiCodes.peek(code);
  if (!grant || grant.clientId !== app.clientId || grant.corpId !== app.corpId) throw new Refusal(40078);
  jsapiCodes.consume(code);
  const deviceId = createRandom(71, ...Buffer.from(grant.account))
    .text(16)
    .toLowerCase();
  const person = company.person(grant.account);
  if (person) {
    const { userid, name, unionid } = person;
    return { userid, name, unionid, deviceId, level: sysLevel(person) };
  }
  const contact = company.outsiders.find((outsider) => outsider.userid === grant.account);
  if (!contact?.userid) throw new Refusal(60121);
  return { userid: contact.userid, name: contact.nick, unionid: contact.unionid, deviceId, level: 0 };
}

function isSys(level: number): boolean {
  return level === 1 || level === 2;
}
