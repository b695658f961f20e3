import { JOB_ROLES } from './company-names';

/** A role that people can have. */
export interface Role {
  id: number;
  name: string;
  groupId: number;
  groupName: string;
}

/** A group of roles, as the console shows them. */
export interface RoleGroup {
  id: number;
  name: string;
  roles: Role[];
}

/** Ids of the roles that follow from a person's position, not from an assignment. */
export const MAIN_ADMIN_ROLE = 4_100_200_301;
export const SUB_ADMIN_ROLE = 4_100_200_302;
export const LEADER_ROLE = 4_100_200_303;

/** The company's role groups: 默认 (administration) and 岗位 (jobs). */
export const ROLE_GROUPS: readonly RoleGroup[] = [
  group(4_100_200_300, '默认', ['主管理员', '子管理员', '主管', '负责人']),
  group(4_100_300_300, '岗位', JOB_ROLES),
  group(4_100_400_300, '职务等级', ['P5', 'P6', 'P7', 'M3', '<i>高管</i>']),
];

/** Every role by its id. */
export const ROLES: ReadonlyMap<number, Role> = new Map(
  ROLE_GROUPS.flatMap((group) => group.roles.map((role) => [role.id, role] as const)),
);

function group(id: number, name: string, roles: readonly string[]): RoleGroup {
  return {
    id,
    name,
    roles: roles.map((role, index) => ({ id: id + 1 + index, name: role, groupId: id, groupName: name })),
  };
}
