import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCompany } from '../../../../lib/auth/access/company';
import type { MemberFacts } from '../../../../lib/auth/access/condition';
import { decide } from '../../../../lib/auth/access/decide';
import { AccessFileError, createRulesInForce, type RulesInForce } from '../../../../lib/auth/access/rules';
import type { Database } from '../../../../lib/storage/database';
import { recordsMigrations } from '../../../../lib/storage/migrations';
import { openTestDatabase } from '../../../support/databases';

const GOOD = `[
  // The page that stays closed
  { "at": "/closed", "for": ["person:chief"] },
]`;
const SETTINGS = {
  DINGTALK_CORP_ID: 'ding0123456789abcdef',
  DINGTALK_CLIENT_ID: 'dingclient',
  DINGTALK_CLIENT_SECRET: 'a-client-secret',
  PUBLIC_ORIGIN: 'https://door.example.com',
  SESSION_KEYS: `a:${'k'.repeat(40)}`,
  LOG_LEVEL: 'silent',
};

let folder: string;
let db: Database;
let path: string;
const opened: RulesInForce[] = [];
beforeEach(async () => {
  for (const [name, value] of Object.entries(SETTINGS)) vi.stubEnv(name, value);
  folder = mkdtempSync(join(tmpdir(), 'rules-'));
  path = join(folder, 'access.jsonc');
  db = await openTestDatabase('file', recordsMigrations);
});
afterEach(async () => {
  for (const rules of opened.splice(0)) rules.close();
  await db.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(at = path): Promise<RulesInForce> {
  const rules = await createRulesInForce({ path: at, db, ownHost: 'door.example.com', everyMs: 0 });
  opened.push(rules);
  return rules;
}

const company = createCompany({ departments: new Map(), pathOf: () => [] }, []);
const isOpenTo = (rules: RulesInForce, userId: string) => {
  const facts: MemberFacts = {
    userId,
    departments: [],
    roleIds: [],
    administrator: false,
    auditor: false,
  };
  return decide(rules.rules(), { host: undefined, path: '/closed' }, facts, company).admitted;
};

function expectGoodOnes(rules: RulesInForce): void {
  expect([isOpenTo(rules, 'chief'), isOpenTo(rules, 'somebody')]).toEqual([true, false]);
}

const rule = (fields: object) => JSON.stringify([{ at: '/closed', for: ['everybody'], ...fields }]);
const open_ = '{ "at": "/closed", "for": ["everybody"] }';

/** Each would open the closed page, were it taken over. */
const BROKEN: [name: string, text: string | Uint8Array, line: number, message: RegExp][] = [
  ['nothing', '', 1, /ValueExpected near the end/],
  ['blanks only', ' \n\n ', 1, /ValueExpected/],
  ['comments only', '// nothing', 1, /ValueExpected/],
  ['half a file', `[\n${open_},\n{ "at": "/x", "fo`, 3, /not valid JSON/],
  ['a bracket that is missing', `[\n${open_}`, 2, /not valid JSON/],
  [
    'a comma that is missing',
    `[\n${open_}\n{ "at": "/x", "for": ["everybody"] }]`,
    3,
    /not valid JSON.*CommaExpected/,
  ],
  ['a quotation mark that is missing', `[{ "at": "/closed, "for": ["everybody"] }]`, 1, /not valid JSON/],
  ['single quotes', `[{ 'at': '/closed', 'for': ['everybody'] }]`, 1, /not valid JSON/],
  ['names without quotes', `[{ at: "/closed", for: ["everybody"] }]`, 1, /not valid JSON/],
  ['quotation marks of a word processor', `[{ “at”: “/closed”, “for”: [“everybody”] }]`, 1, /not valid JSON/],
  ['something after the end', `[${open_}]\n[]`, 2, /not valid JSON/],
  ['marks of a merge', `<<<<<<< ours\n[${open_}]\n>>>>>>> theirs`, 1, /not valid JSON/],
  ['YAML', `- at: /closed\n  for: [everybody]`, 1, /not valid JSON/],
  ['a comment without an end', `[${open_}] /* end`, 1, /not valid JSON/],
  ['one rule without a list', open_, 1, /must be a list of rules/],
  ['null', 'null', 1, /must be a list of rules/],
  ['a text', '"everybody"', 1, /must be a list of rules/],
  ['a rule that is a text', `[${open_},\n"/x"]`, 2, /a rule must be/],
  ['a rule that is a list', `[[${open_}]]`, 1, /a rule must be/],
  ['an unknown field', rule({ fro: ['everybody'] }), 1, /“fro” is no field, write "for"/],
  [
    'a field in other letters',
    '[{ "At": "/closed", "for": ["everybody"] }]',
    1,
    /“At” is no field, write "at"/,
  ],
  ['__proto__', '[{ "at": "/closed", "for": ["everybody"], "__proto__": {} }]', 1, /“__proto__” is no field/],
  ['a field twice', `[{ "at": "/closed", "for": ["everybody"], "for": ["x"] }]`, 1, /"for" stands twice/],
  ['no address', `[${open_},\n{ "for": ["everybody"] }]`, 2, /"at" is missing/],
  ['nobody', '[{ "at": "/closed" }]', 1, /"for" is missing/],
  ['an empty list', rule({ for: [] }), 1, /"for" is empty/],
  ['a list that is a text', rule({ for: 'everybody' }), 1, /"for" must be a list/],
  ['only exclusions', rule({ for: ['not:person:x'] }), 1, /only not:/],
  ['an empty condition', rule({ for: ['everybody', ' '] }), 1, /is empty/],
  ['a condition twice', rule({ for: ['everybody', 'everybody'] }), 1, /stands twice/],
  [
    'a condition of no kind',
    rule({ for: ['everybody', 'departement:财务部'] }),
    1,
    /write one of department:/,
  ],
  [
    'a role that looks like a person',
    rule({ for: ['everybody', '财务'] }),
    1,
    /write department:财务 or role:财务/,
  ],
  ['a name that is missing', rule({ for: ['everybody', 'role:'] }), 1, /a name is missing/],
  ['not: twice', rule({ for: ['everybody', 'not:not:x'] }), 1, /not: stands twice/],
  ['a number', rule({ for: ['everybody', 17] }), 1, /must be a text/],
  ['all of nothing', rule({ for: ['everybody', { all: [] }] }), 1, /"all" is empty/],
  ['all in all', rule({ for: ['everybody', { all: [{ all: ['x'] }] }] }), 1, /takes texts only/],
  ['any instead of all', rule({ for: ['everybody', { any: ['x'] }] }), 1, /“any” is no field/],
  ['two rules of one address', `[${open_},\n${open_}]`, 2, /has a rule already, on line 1/],
  [
    'two of one address, one with our own host',
    `[${open_},\n{ "at": "door.example.com/closed", "for": ["everybody"] }]`,
    2,
    /has a rule already/,
  ],
  ['an address without a slash', `[${open_}, { "at": "closed", "for": ["everybody"] }]`, 1, /needs a path/],
  ['a scheme', `[${open_}, { "at": "https://a.example.com/x", "for": ["everybody"] }]`, 1, /no scheme/],
  ['a query', `[${open_}, { "at": "/x?y=1", "for": ["everybody"] }]`, 1, /query/],
  ['a star in the middle', `[${open_}, { "at": "/a/*/b", "for": ["everybody"] }]`, 1, /only at its end/],
  ['dots in the path', `[${open_}, { "at": "/a/../b", "for": ["everybody"] }]`, 1, /not in normal form/],
  ['a slash at the end', `[${open_}, { "at": "/a/", "for": ["everybody"] }]`, 1, /write \/a /],
  ['a page that is never ruled', `[${open_}, { "at": "/login", "for": ["everybody"] }]`, 1, /open by itself/],
  ['half a minute', rule({ recent: 0.5 }), 1, /whole minutes/],
  ['minutes as a text', rule({ recent: '5' }), 1, /whole minutes/],
  ['an origin with a path', rule({ origins: ['https://a.example.com/x'] }), 1, /"origins" must be/],
  ['to tell what there is not', rule({ tell: ['salary'] }), 1, /"tell" must be/],
  ['UTF-16', Buffer.from(`\uFEFF[${open_}]`, 'utf16le'), 1, /not UTF-8/],
  [
    'GBK',
    Buffer.concat([Buffer.from(`[${open_},\n// `), Buffer.from([0xb2, 0xc6, 0xce, 0xf1])]),
    2,
    /not UTF-8/,
  ],
  ['zeros', new Uint8Array(64), 1, /not valid JSON|is empty/],
  ['more than a megabyte', `[${open_}]${' '.repeat(1_048_576)}`, 1, /larger than/],
  [
    'too many rules',
    JSON.stringify(Array.from({ length: 5001 }, (_, at) => ({ at: `/p${at}`, for: ['everybody'] }))),
    1,
    /more than 5000 rules/,
  ],
  [
    'too many conditions',
    rule({ for: Array.from({ length: 1001 }, (_, at) => `p${at}`) }),
    1,
    /more than 1000 entries/,
  ],
  ['brackets without an end', '['.repeat(1_000_000), 1, /nested too deeply/],
];

test('there are at least forty kinds of broken files', () => {
  expect(new Set(BROKEN.map(([name]) => name)).size).toBeGreaterThanOrEqual(40);
});

test.each(BROKEN)('a broken file changes nothing and is named: %s', async (_, text, line, message) => {
  writeFileSync(path, GOOD);
  const rules = await open();
  const { hash } = rules.state();
  writeFileSync(path, text);
  await rules.look();
  expect(rules.state()).toMatchObject({ hash, differs: false });
  expectGoodOnes(rules);
  const named = rules.state().problems;
  expect(named.map(({ message: one }) => one).join('\n')).toMatch(message);
  expect(named.find((one) => message.test(one.message))?.line).toBe(line);
  // Both languages.
  for (const { message: one } of named) expect(one).toMatch(/\p{Script=Han}/u);
  // A start with it uses the last good one.
  expectGoodOnes(await open());
  await db.run('DELETE FROM accepted_rules');
  await expect(open()).rejects.toThrow(AccessFileError);
});

/** What stands where the file should be. */
const NOT_READABLE: [name: string, code: RegExp, put: (at: string) => void][] = [
  ['nothing', /ENOENT/, () => undefined],
  ['a folder', /EISDIR/, (at) => mkdirSync(at)],
  ['a link that leads nowhere', /ENOENT/, (at) => symlinkSync(join(folder, 'absent'), at)],
  ['a link to itself', /ELOOP/, (at) => symlinkSync(at, at)],
  ['a device', /ENOTFILE/, (at) => symlinkSync('/dev/zero', at)],
];

test.each(NOT_READABLE)(
  'where the file was is %s: the last good one stands, and the problem is named',
  async (_, code, put) => {
    writeFileSync(path, GOOD);
    const rules = await open();
    rmSync(path);
    put(path);
    await rules.look();
    expect(rules.state().problems).toEqual([{ line: 1, message: expect.stringMatching(code) }]);
    expectGoodOnes(rules);
    expectGoodOnes(await open());
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, '[]');
    await rules.look();
    expect(rules.state().problems).toEqual([]);
    expect(isOpenTo(rules, 'somebody')).toBe(true);
  },
);

test('a good file is taken over at the next look, here and by every process of the same database', async () => {
  writeFileSync(path, GOOD);
  const [one, two] = [await open(), await open()];
  writeFileSync(`${path}.new`, `[${open_}]`);
  renameSync(`${path}.new`, path);
  await one.look();
  expect(isOpenTo(one, 'somebody')).toBe(true);
  await two.look();
  expect(two.state()).toEqual({ ...one.state(), acceptedAt: expect.any(Number) });
});

test('two machines with different files use the same rules, and the one whose file is another says so', async () => {
  const elsewhere = join(folder, 'elsewhere.jsonc');
  writeFileSync(path, GOOD);
  writeFileSync(elsewhere, `[${open_}]`);
  const [here, there] = [await open(), await open(elsewhere)];
  await here.look();
  await there.look();
  await here.look();
  expect(here.state().hash).toBe(there.state().hash);
  expect([here.state().differs, there.state().differs]).toEqual([true, false]);
  expect(isOpenTo(here, 'somebody')).toBe(isOpenTo(there, 'somebody'));
});

test('a file that is replaced again and again while it is read is never half read', async () => {
  writeFileSync(path, GOOD);
  const rules = await open();
  for (let time = 0; time < 50; time++) {
    writeFileSync(path, GOOD.slice(0, 20 + time));
    await rules.look();
    expectGoodOnes(rules);
  }
  writeFileSync(path, `${GOOD}\n`);
  await rules.look();
  expect(rules.state().problems).toEqual([]);
  expectGoodOnes(rules);
});
