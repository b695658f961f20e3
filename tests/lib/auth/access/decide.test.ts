import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAccessFile } from '../../../../lib/auth/access/access-file';
import { createCompany } from '../../../../lib/auth/access/company';
import type { MemberFacts } from '../../../../lib/auth/access/condition';
import { decide } from '../../../../lib/auth/access/decide';
import { buildTree } from '../../../../lib/directory/tree';
import { OPEN } from '../../../support/directory-store-suite';
import { type ModelPerson, type ModelRule, type ModelWorld, modelVerdict } from './model';

const NAMES = ['财务部', '研发', '实习', '平台组', '华东'];
const ROLES = ['运维', '经理', '审计', '经理'];
const PATHS = ['/', '/a', '/a/b', '/a/b/c', '/b', '/ab', '/a/财务'];
const HOSTS = ['', 'wiki.example.com', 'git.example.com'];

const companyOf = ({ departments, roles }: ModelWorld) =>
  createCompany(
    buildTree(
      { revision: 1 } as never,
      departments.map(({ id, parent, name }, position) => ({
        ...OPEN,
        ...{ id, parentId: parent || undefined, position, name, own: 1, below: 1, belowPublic: 1 },
      })),
    ),
    roles.map((role) => ({ ...role, groupName: '职务' })),
  );

const factsOf = (who: ModelPerson, { knows }: ModelWorld): MemberFacts => ({
  userId: who.userId,
  departments: knows.places ? who.departments.map(({ id, leads }) => ({ id, leader: leads })) : undefined,
  roleIds: knows.roles ? who.roles : undefined,
  administrator: knows.administrators ? who.administrator : undefined,
  auditor: false,
});

const rulesOf = (rules: unknown) => {
  const parsed = parseAccessFile(JSON.stringify(rules));
  expect(parsed.problems).toEqual([]);
  return parsed.rules!;
};

const knownWorld = fc
  .array(fc.record({ name: fc.constantFrom(...NAMES), parent: fc.nat(5) }), { minLength: 3, maxLength: 6 })
  .map((drawn) => [
    { id: 1, parent: 0, name: '公司' },
    ...drawn.map(({ name, parent }, index) => ({ id: index + 2, parent: (parent % (index + 1)) + 1, name })),
  ]);
const world: fc.Arbitrary<ModelWorld> = fc.record({
  departments: knownWorld,
  roles: fc.constant(ROLES.map((name, index) => ({ id: index + 1, name }))),
  knows: fc.record({
    places: fc.boolean(),
    roles: fc.boolean(),
    administrators: fc.boolean(),
  }),
});
const person = fc.record({
  userId: fc.constantFrom('zhang', 'li', 'wang'),
  departments: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 4 }), leads: fc.boolean() }), {
    selector: ({ id }) => id,
    maxLength: 3,
  }),
  roles: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  administrator: fc.boolean(),
});
const plain = fc.oneof(
  fc.constantFrom('everybody', 'administrator', 'zhang', 'person:li', 'role:运维', 'role:经理', 'role:无'),
  fc
    .tuple(
      fc.constantFrom('department:', 'leaders-of:', 'leaders-of:='),
      fc.constantFrom(...NAMES, '公司', '财务部/实习'),
    )
    .map((parts) => parts.join('')),
);
const condition = fc.oneof(
  { weight: 5, arbitrary: plain },
  { weight: 2, arbitrary: plain.map((text) => `not:${text}`) },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(plain, { minLength: 2, maxLength: 3 })
      .map((texts) => ({ all: [`not:${texts[0]}`, ...texts.slice(1)] })),
  },
);
const rule: fc.Arbitrary<ModelRule> = fc.record({
  at: fc
    .tuple(fc.constantFrom(...HOSTS), fc.constantFrom(...PATHS), fc.boolean())
    .map(([host, path, below]) => host + (below ? `${path === '/' ? '' : path}/*` : path)),
  for: fc
    .uniqueArray(condition, { minLength: 1, maxLength: 4, selector: (one) => JSON.stringify(one) })
    .map((entries) =>
      entries.every((one) => typeof one === 'string' && one.startsWith('not:'))
        ? [...entries, 'person:wang']
        : entries,
    ),
});
const file = fc.uniqueArray(rule, { minLength: 1, maxLength: 8, selector: ({ at }) => at });

const TRUTHS = { 1: 'holds', 0: 'does-not', '?': 'unknown' } as const;

test('400 drawn people, addresses, rules and states of the mirror: verdict and reasons as the model has them', () => {
  const seen = { admitted: 0, refused: 0, unknown: 0, noRule: 0 };
  fc.assert(
    fc.property(
      file,
      world,
      person,
      fc.constantFrom(...HOSTS),
      fc.constantFrom(...PATHS),
      (rules, drawn, who, host, path) => {
        const expected = modelVerdict(rules, host + path, who, drawn);
        const verdict = decide(
          rulesOf(rules),
          { host: host || undefined, path },
          factsOf(who, drawn),
          companyOf(drawn),
        );
        expect(verdict.admitted).toBe(expected.admitted);
        expect(verdict.rule?.line).toBe(expected.rule && 1);
        expect(verdict.findings.map(({ truth }) => truth)).toEqual(
          expected.answers.map((answer) => TRUTHS[answer]),
        );
        expect(verdict.findings.map(({ condition: { text } }) => text)).toEqual(
          (expected.rule?.for ?? []).map((entry) =>
            typeof entry === 'string' ? entry : `all(${entry.all.join(', ')})`,
          ),
        );
        seen[expected.admitted ? 'admitted' : 'refused']++;
        if (expected.answers.some((answer) => answer === '?')) seen.unknown++;
        if (!expected.rule) seen.noRule++;
      },
    ),
    { numRuns: 400, seed: 17 },
  );
  // The draw is worth something only if every kind of answer is in it.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
});

const nobody = createCompany({ departments: new Map(), pathOf: () => [] }, []);
const only = (userId: string): MemberFacts => ({
  userId,
  departments: undefined,
  roleIds: undefined,
  administrator: false,
  auditor: false,
});

/** The closed page, in the spellings by which programs have been led to take one path for another. */
const CONFUSIONS = [
  '/open/../closed',
  '/open/%2e%2e/closed',
  '/open/%2E%2E%2Fclosed',
  '/open%2f..%2fclosed',
  '/open/..%2fclosed',
  '/open/%252e%252e/closed',
  '/open/%25252e%25252e/closed',
  '/open\\..\\closed',
  '/open/..\\closed',
  '/open/..;/closed',
  '/open/..;x=1/closed',
  '/open;/../closed',
  '/open/.;/../closed',
  '//closed',
  '/./closed',
  '/closed/',
  '/closed//',
  '/closed;open',
  '/closed;/open',
  '/closed%3bopen',
  '/%63losed',
  '/%2563losed',
  '/clos%65d',
  '/closed%00',
  '/closed%0a',
  '/closed%20',
  '/closed/.',
  '/closed/open/..',
  '/closed?x=/open',
  '/closed#/open',
  '/closed?/../open',
  '/CLOSED',
  '/Open',
  '/OPEN',
  '/open%c0%af..%c0%afclosed',
  '/open%ff',
  '/open/%u002e%u002e/closed',
  '/open\u0000',
  '/open%2fx',
  '/openx',
  '/open.json',
  '/ open',
  '/%20open',
  '/open/x',
  '/',
  '',
  'open',
  'https://open/closed',
  '*',
  `/open${'/%25'.repeat(3)}2e`,
  `/%${'25'.repeat(40)}6fpen`,
];

test.each(['', 'wiki.example.com'])(
  'a member who may see one path only (host %j) is let in by no other spelling of others',
  (host) => {
    const rules = rulesOf([
      { at: `${host}/*`, for: ['administrator'] },
      { at: `${host}/open`, for: ['person:me'] },
    ]);
    const isIn = (path: string) =>
      decide(rules, { host: host || undefined, path }, only('me'), nobody).admitted;
    expect(['/open', '/open?x=1', '/open/', '/open#x'].map(isIn)).toEqual([true, true, true, true]);
    expect(CONFUSIONS.filter(isIn)).toEqual([]);
  },
);

test('on pages that are open without a rule, no spelling of a closed one is', () => {
  const rules = rulesOf([{ at: '/closed/*', for: ['administrator'] }]);
  const isIn = (path: string) => decide(rules, { host: undefined, path }, only('me'), nobody).admitted;
  const meantClosed = CONFUSIONS.filter((path) => /closed/i.test(decodeAll(path)) && !/^\/CLOSED/.test(path));
  expect(meantClosed.filter(isIn)).toEqual([]);
  expect(isIn('/open')).toBe(true);
  expect(isIn('/directory/people/a%2Fb')).toBe(true);
});

function decodeAll(path: string): string {
  return path
    .replaceAll('%25', '%')
    .replaceAll('%25', '%')
    .replace(/%6[35]/g, (code) => decodeURIComponent(code));
}

test.each([
  '/_next/data/build/closed.json',
  '/%5fnext/data/build/closed.json',
  '//_next/data/x/closed.json',
  '/_next',
])('an address of Next itself (%s) is no page, whatever stands there', (path) => {
  const rules = rulesOf([{ at: '/closed', for: ['administrator'] }]);
  expect(decide(rules, { host: undefined, path }, only('me'), nobody)).toMatchObject({
    admitted: false,
    because: 'not-normal',
  });
});

test('on a host with more than one rule a path that is not in normal form is refused, whoever asks', () => {
  const host = 'wiki.example.com';
  const one = [{ at: `${host}/*`, for: ['everybody'] }];
  const two = [...one, { at: `${host}/a`, for: ['everybody'] }];
  const verdict = (rules: object[], path: string) =>
    decide(rulesOf(rules), { host, path }, only('me'), nobody);
  for (const path of ['/x%2fy', '/x//y', '/x/../y', '/x;y', '/%61']) {
    expect(verdict(two, path), path).toMatchObject({ admitted: false, because: 'not-normal' });
    expect(verdict(one, path).admitted, path).toBe(true);
  }
  expect(verdict(two, '/a').admitted).toBe(true);
});

test('sign-in, sign-out, own sessions and refusals are never ruled; the rules page is open to administrators', () => {
  const rules = rulesOf([{ at: '/*', for: ['nobody-of-this-name'] }]);
  const isIn = (path: string, facts = only('me')) =>
    decide(rules, { host: undefined, path }, facts, nobody).admitted;
  for (const path of ['/login', '/me/sessions', '/api/session/sign-out', '/unavailable?next=/x', '/denied'])
    expect(isIn(path), path).toBe(true);
  for (const path of ['/', '/me', '/admin/access', '/login/../me', '/api/me/sessions'])
    expect(isIn(path), path).toBe(false);
  expect(isIn('/admin/access', { ...only('me'), administrator: true })).toBe(true);
  expect(isIn('/admin/access', { ...only('me'), administrator: undefined })).toBe(false);
});

test('the shortest of the times for a sign-in is asked for, and a host that is our own is no other host', () => {
  const parsed = parseAccessFile(
    JSON.stringify([
      { at: 'DOOR.example.com/a', for: ['everybody'], recent: 5 },
      { at: '/a/*', for: ['everybody'], recent: 30 },
    ]),
    'door.example.com',
  );
  const verdict = (path: string) => decide(parsed.rules!, { host: undefined, path }, only('me'), nobody);
  expect(verdict('/a')).toMatchObject({ admitted: true, recent: 5 });
  expect(verdict('/a/b')).toMatchObject({ admitted: true, recent: 30 });
  expect(verdict('/a//b/..')).toMatchObject({ admitted: true, recent: 5 });
});

test('a verdict among 1,000 rules takes microseconds', () => {
  const rules = rulesOf(
    Array.from({ length: 1000 }, (_, index) => ({
      at: `/area${index % 40}/page${index}/*`,
      for: ['department:财务部', 'role:运维', `person:p${index}`, 'not:role:审计'],
    })),
  );
  const companyWith = companyOf({
    departments: [
      { id: 1, parent: 0, name: '公司' },
      { id: 2, parent: 1, name: '财务部' },
    ],
    roles: [
      { id: 1, name: '运维' },
      { id: 2, name: '审计' },
    ],
    knows: { places: true, roles: true, administrators: true },
  });
  const facts = { ...only('me'), departments: [{ id: 2, leader: false }], roleIds: [1] };
  // Short, and many of them: one at least has the processor to itself.
  const rounds = 1000;
  const ask = () => {
    const begun = performance.now();
    for (let round = 0; round < rounds; round++) {
      const path = `/area${round % 40}/page${round % 1000}/deep/er`;
      if (!decide(rules, { host: undefined, path }, facts, companyWith).rule) throw new Error(path);
    }
    return ((performance.now() - begun) / rounds) * 1000;
  };
  const warm = Math.min(...Array.from({ length: 40 }, ask));
  expect(warm).toBeLessThan(20);
});
