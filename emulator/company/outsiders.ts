import type { Person } from './person';
import { createRandom } from './random';

/** A DingTalk account of a person who is not, or not only, a member of the company. */
export interface Outsider {
  /** The emulator's own name for the account; a userid only for those who have one. */
  id: string;
  kind: 'external-contact' | 'stranger' | 'left' | 'other-company' | 'two-companies';
  unionid: string;
  nick: string;
  /** Their userid within our company, where `getbyunionid` knows one. */
  userid: string | undefined;
  /** The company that they log in for; none when they have none. */
  corpId: string | undefined;
  mobile: string;
}

/** The other company in the emulator's world. */
export const OTHER_CORP_ID = 'dingemulator0002corp';

/**
 * Makes the accounts outside the member list: an external contact, a stranger, someone who left, a person of another
 * company, and the last of `staff` seen through a second company that they belong to.
 */
export function generateOutsiders(staff: readonly Person[], seed: number): Outsider[] {
  const random = createRandom(seed, 41);
  const unionid = () => `${random.text(22)}iEiE`;
  const account = (
    kind: Exclude<Outsider['kind'], 'two-companies'>,
    nick: string,
    mobile: string,
    { userid, corpId }: { userid?: string; corpId?: string } = {},
  ): Outsider => ({ id: kind, kind, unionid: unionid(), nick, userid, corpId, mobile });
  const outsiders = [
    account('external-contact', '供应商小周', '10199999901', { userid: 'external.zhou01' }),
    account('stranger', '路人甲', '10199999902'),
    account('left', '前同事老吴', '10199999903'),
    account('other-company', '隔壁公司的孙经理', '10199999904', { corpId: OTHER_CORP_ID }),
  ];
  const last = staff.findLast((person) => person.active);
  if (last && staff.length > 1) {
    outsiders.push({
      id: 'two-companies',
      kind: 'two-companies',
      unionid: last.unionid,
      nick: last.name,
      userid: last.userid,
      corpId: OTHER_CORP_ID,
      mobile: last.mobile,
    });
  }
  return outsiders;
}
