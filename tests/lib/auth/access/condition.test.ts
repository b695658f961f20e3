import { expect, test } from 'vitest';
import { createCompany } from '../../../../lib/auth/access/company';
import {
  type Condition,
  evaluate,
  type MemberFacts,
  parseCondition,
} from '../../../../lib/auth/access/condition';
import { createAccessRules, decide } from '../../../../lib/auth/access/decide';
import { buildTree } from '../../../../lib/directory/tree';
import { OPEN } from '../../../support/directory-store-suite';

/** 公司(1) → 财务部(10) → 实习(11); 公司 → 研发(20) → 平台组(21); 公司 → 华东(30) → 平台组(31) */
const DEPARTMENTS: [id: number, parentId: number | undefined, name: string][] = [
  [1, undefined, '公司'],
  [10, 1, '财务部'],
  [11, 10, '实习'],
  [20, 1, '研发'],
  [21, 20, '平台组'],
  [30, 1, '华东'],
  [31, 30, '平台组'],
];
const tree = buildTree(
  { revision: 1 } as never,
  DEPARTMENTS.map(([id, parentId, name], position) => ({
    ...OPEN,
    ...{ id, parentId, position, name, own: 1, below: 1, belowPublic: 1 },
  })),
);
const company = createCompany(tree, [
  { id: 1, name: '运维', groupName: '职务' },
  { id: 2, name: '经理', groupName: '职务' },
  { id: 3, name: '经理', groupName: '外部' },
]);

const me = (facts: Partial<MemberFacts> = {}): MemberFacts => ({
  userId: 'me',
  departments: [],
  roleIds: [],
  administrator: false,
  auditor: false,
  ...facts,
});
const at = (id: number, leader = false) => ({ departments: [{ id, leader }] });
const parsed = (text: string): Condition => {
  const condition = parseCondition(text);
  if (typeof condition === 'string') throw new Error(condition);
  return condition;
};
const all = (...texts: string[]): Condition => ({ kind: 'all', conditions: texts.map(parsed), text: 'all' });

/** For each condition: facts with which it holds, does not, and cannot be told. Undefined: it always can. */
const TABLE: [Condition, holds: MemberFacts, doesNot: MemberFacts | undefined, unknown: MemberFacts[]][] = [
  [parsed('everybody'), me(), undefined, []],
  [parsed('person:me'), me(), me({ userId: 'other' }), []],
  [parsed('me'), me(), me({ userId: 'ME' }), []],
  [parsed('administrator'), me({ administrator: true }), me(), [me({ administrator: undefined })]],
  [parsed('auditor'), me({ auditor: true }), me({ administrator: true }), [me({ auditor: undefined })]],
  [
    parsed('department:财务部'),
    me(at(11)),
    me(at(20)),
    [me({ departments: undefined }), me({ departments: [{ id: 999, leader: false }] })],
  ],
  [parsed('department:10'), me(at(10)), me(at(1)), [me({ departments: undefined })]],
  [parsed('department:研发/平台组'), me(at(21)), me(at(31)), [me({ departments: undefined })]],
  [parsed('leaders-of:财务部'), me(at(11, true)), me(at(10)), [me({ departments: undefined })]],
  [parsed('leaders-of:=财务部'), me(at(10, true)), me(at(11, true)), [me({ departments: undefined })]],
  [parsed('role:运维'), me({ roleIds: [1] }), me({ roleIds: [2] }), [me({ roleIds: undefined })]],
  [parsed('role:外部/经理'), me({ roleIds: [3] }), me({ roleIds: [2] }), [me({ roleIds: undefined })]],
  [
    all('department:财务部', 'role:运维'),
    me({ ...at(10), roleIds: [1] }),
    me({ ...at(10), roleIds: undefined, departments: [{ id: 20, leader: false }] }),
    [me({ ...at(10), roleIds: undefined })],
  ],
  [
    all('department:财务部', 'not:role:运维'),
    me(at(10)),
    me({ ...at(10), roleIds: [1] }),
    [me({ ...at(10), roleIds: undefined })],
  ],
];
const AMBIGUOUS = ['department:平台组', 'department:市场部', 'role:经理', 'role:无', 'leaders-of:平台组'];

const isIn = (conditions: readonly Condition[], facts: MemberFacts) =>
  decide(
    createAccessRules([{ at: { host: undefined, path: '/x', below: false }, line: 1, conditions }]),
    { host: undefined, path: '/x' },
    facts,
    company,
  ).admitted;
const not = (condition: Condition): Condition => ({ kind: 'not', condition, text: `not:${condition.text}` });
const everybody = parsed('everybody');

test.each(TABLE)(
  '$text: holds, does not, unknown, and each behind not:',
  (condition, holds, doesNot, unknown) => {
    const expected = [
      { facts: holds, truth: 'holds', lets: true, barred: true },
      ...(doesNot ? [{ facts: doesNot, truth: 'does-not', lets: false, barred: false }] : []),
      ...unknown.map((facts) => ({ facts, truth: 'unknown', lets: false, barred: true })),
    ];
    for (const { facts, truth, lets, barred } of expected) {
      expect(evaluate(condition, facts, company).truth).toBe(truth);
      expect(isIn([condition], facts)).toBe(lets);
      expect(isIn([everybody, not(condition)], facts)).toBe(!barred);
      expect(isIn([not(condition)], facts)).toBe(false);
    }
  },
);

test.each(AMBIGUOUS)('%s fits none or more than one: it lets in nobody, and bars everybody', (text) => {
  const condition = parsed(text);
  const facts = me({ departments: [{ id: 21, leader: true }], roleIds: [1, 2, 3] });
  expect(evaluate(condition, facts, company)).toMatchObject({ truth: 'unknown' });
  expect(isIn([condition], facts)).toBe(false);
  expect(isIn([everybody, not(condition)], facts)).toBe(false);
});

test('what fits twice is known with its paths', () => {
  const paths = company.departmentsNamed('平台组').map((id) => company.departmentPaths.get(id));
  expect(paths).toEqual(['公司/研发/平台组', '公司/华东/平台组']);
  expect(company.rolesNamed('经理').map((id) => company.roleNames.get(id))).toEqual([
    '职务/经理',
    '外部/经理',
  ]);
});
