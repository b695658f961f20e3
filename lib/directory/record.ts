import 'server-only';
import type { DepartmentDetail } from '../dingtalk/departments';
import type { ListedMember, Member } from '../dingtalk/users';
import type { DepartmentRules, NotedMember, PersonRecord } from './model';

/** The part of a member that the mirror keeps. Both ways to read a person must lead to the same record. */
export function toRecord(member: Member | ListedMember): PersonRecord {
  return {
    // Without a name it is still a person.
    name: member.name ?? member.userId,
    active: member.active === true,
    unionId: member.unionId,
    avatarUrl: member.avatarUrl,
    title: member.title,
    jobNumber: member.jobNumber,
    mobile: member.mobile,
    stateCode: member.stateCode,
    // A missing flag counts as hidden.
    hideMobile: member.hideMobile === false ? undefined : true,
    telephone: member.telephone,
    email: member.email,
    orgEmail: member.orgEmail,
    workPlace: member.workPlace,
  };
}

export function toNoted(member: Member): NotedMember {
  const led = new Set(member.ledDepartmentIds);
  return {
    userId: member.userId,
    record: toRecord(member),
    departments: [...new Set(member.departmentIds)].map((id) => ({ id, leader: led.has(id) })),
    roles: member.roles.map(({ id, name, groupName }) => ({ id, name, groupName: groupName ?? '' })),
    managerUserId: member.managerUserId,
  };
}

export function toRules(detail: DepartmentDetail): DepartmentRules {
  const { hidden, permittedDepartmentIds, permittedUserIds } = detail;
  const { restricted, visibleDepartmentIds, visibleUserIds } = detail;
  return {
    hidden,
    permittedDepartmentIds,
    permittedUserIds,
    restricted,
    visibleDepartmentIds,
    visibleUserIds,
  };
}
