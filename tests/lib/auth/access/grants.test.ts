import { expect, test } from 'vitest';
import { createCompany } from '../../../../lib/auth/access/company';
import type { MemberFacts } from '../../../../lib/auth/access/condition';
import { grantTruth } from '../../../../lib/auth/access/grants';

const roles = ['chief', 'hr', '人事', 'twice', 'twice'].map((name, at) => ({
  id: at + 1,
  name,
  groupName: `group ${at}`,
}));
const company = createCompany({ departments: new Map(), pathOf: () => [] }, roles);
const member = (facts: Partial<MemberFacts>): MemberFacts => ({
  userId: 'viewer',
  departments: [],
  roleIds: [],
  administrator: false,
  auditor: false,
  ...facts,
});
const grant = (...entries: string[]) => ({
  userIds: entries.filter((entry) => !entry.startsWith('role:')),
  roles: entries.filter((entry) => entry.startsWith('role:')).map((entry) => entry.slice(5)),
});

test.each([
  ['nothing listed', grant(), {}, 'does-not'],
  ['the user id', grant('other', 'viewer'), {}, 'holds'],
  ['a role', grant('role:人事'), { roleIds: [3] }, 'holds'],
  ['another role', grant('role:人事'), { roleIds: [2] }, 'does-not'],
  ['a role that is called like a listed user id', grant('chief'), { roleIds: [1] }, 'does-not'],
  ['a user id that is called like a listed role', grant('role:hr'), { userId: 'hr' }, 'does-not'],
  ['a role that two groups have', grant('role:twice'), { roleIds: [4, 5] }, 'unknown'],
  ['a role of one of two groups, in full', grant('role:group 3/twice'), { roleIds: [4] }, 'holds'],
  ['a role that does not exist', grant('role:nothing'), { roleIds: [1] }, 'unknown'],
  ['roles that the mirror lacks', grant('role:人事'), { roleIds: undefined }, 'unknown'],
  [
    'the user id, where the mirror lacks roles',
    grant('role:人事', 'viewer'),
    { roleIds: undefined },
    'holds',
  ],
] as const)('a setting grants by the conditions of rules: %s', (_, setting, facts, truth) => {
  expect(grantTruth(setting, member(facts as Partial<MemberFacts>), company)).toBe(truth);
});
