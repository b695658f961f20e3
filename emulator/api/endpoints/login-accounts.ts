import { createHash } from 'node:crypto';
import { avatarPath } from '../../company/avatars';
import { departmentNamesOf } from '../../company/company';
import type { Outsider } from '../../company/outsiders';
import type { Person } from '../../company/person';
import type { Platform } from '../../platform/platform';

/** A personal DingTalk account as the login page and `contact/users/me` know it: never a userid in it. */
export interface Account {
  /** A userid of a member, or an outsider's id. */
  id: string;
  kind: 'member' | Outsider['kind'];
  /** The nickname that the person chose: not the name in the address book. */
  nick: string;
  unionid: string;
  openid: string;
  avatarUrl: string;
  mobile: string;
  /** The mailbox that the person typed in, perhaps long ago. Never proof of anything. */
  email: string;
  corpId: string | undefined;
  /** What the login page says under the name. */
  note: string;
}

/** The account behind an id of the login page; a dismissed person keeps theirs. */
export function findAccount(platform: Platform, id: string): Account | undefined {
  const { company } = platform;
  const outsider = company.outsiders.find((candidate) => candidate.id === id);
  if (outsider) return outsiderAccount(platform, outsider);
  const person = company.person(id) ?? company.formerPerson(id);
  return person && memberAccount(platform, person);
}

/** The first members whose name, userid or title contains the text. */
export function searchAccounts(platform: Platform, text: string, limit: number): Account[] {
  const wanted = text.trim().toLowerCase();
  const found: Account[] = [];
  for (const person of platform.company.people) {
    const words = `${person.name} ${person.userid} ${person.title}`.toLowerCase();
    if (words.includes(wanted)) found.push(memberAccount(platform, person));
    if (found.length === limit) break;
  }
  return found;
}

/** All accounts outside the member list. */
export function outsiderAccounts(platform: Platform): Account[] {
  return platform.company.outsiders.map((outsider) => outsiderAccount(platform, outsider));
}

function memberAccount(platform: Platform, person: Person): Account {
  return {
    id: person.userid,
    kind: 'member',
    nick: person.name,
    unionid: person.unionid,
    openid: openidOf(platform, person.unionid),
    avatarUrl: person.hasAvatar ? `${platform.url}${avatarPath(person.userid)}` : '',
    mobile: person.mobile,
    email: '',
    corpId: platform.app.corpId,
    note: [
      person.active ? '' : '未激活 Not activated',
      person.title,
      ...departmentNamesOf(platform.company, person),
    ]
      .filter(Boolean)
      .join(' · '),
  };
}

const NOTES: Record<Outsider['kind'], string> = {
  'external-contact': '外部联系人 External contact',
  stranger: '没有企业的个人账号 No company',
  left: '已离职 Left the company',
  'other-company': '其他企业的成员 Another company',
  'two-companies': '本企业成员，以另一家企业登录 Member, logging in for a second company',
};

function outsiderAccount(platform: Platform, outsider: Outsider): Account {
  return {
    id: outsider.id,
    kind: outsider.kind,
    nick: outsider.nick,
    unionid: outsider.unionid,
    openid: openidOf(platform, outsider.unionid),
    avatarUrl: '',
    mobile: outsider.mobile,
    // What a hostile person would type: the address of a member of our company.
    email: platform.company.people[0]?.email ?? '',
    corpId: outsider.corpId,
    note: NOTES[outsider.kind],
  };
}

// An openId belongs to one person in one app.
function openidOf(platform: Platform, unionid: string): string {
  const digest = createHash('sha256').update(`${platform.app.clientId} ${unionid}`).digest('base64url');
  return `${digest.replace(/[-_]/g, 'x').slice(0, 18)}iEiE`;
}
