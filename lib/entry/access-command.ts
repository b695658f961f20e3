import 'server-only';
import type { Condition, Finding } from '../auth/access/condition';
import { nameOf, type Rule, type Verdict } from '../auth/access/decide';
import {
  audienceOf,
  type Explanation,
  eachPersonAt,
  explainAccess,
  findPersons,
  nameProblems,
  type Person,
  rulesFor,
} from '../auth/access/explain';
import type { NameProblem } from '../auth/access/name-problems';
import { AccessFileError, describeProblem, openRules, ownHost, readAccessFile } from '../auth/access/rules';
import { config } from '../config';
import { type AccessText, accessPage } from '../i18n/access-page';
import { openDatabases } from '../storage/databases';
import { fail, runCommand, say } from './command';

/** `npm run access`: why a person may or may not open an address, and whether the file of rules is in order. */

const USAGE = [
  '用法 · usage:',
  '  npm run access -- <姓名|拼音|userid  person> <地址 address>',
  '  npm run access -- <姓名|拼音|userid  person> --as-table',
  '  npm run access -- <地址 address> --as-table',
  '  npm run access -- check',
].join('\n');

async function main(words: string[]): Promise<number> {
  const asTable = words.includes('--as-table');
  const [first, second, ...others] = words.filter((word) => word !== '--as-table');
  if (
    first === undefined ||
    others.length > 0 ||
    words.some((word) => word.startsWith('-') && word !== '--as-table')
  )
    return fail(USAGE);
  config();
  await openDatabases();
  if (first === 'check' && second === undefined && !asTable) return check();
  if (asTable === (second !== undefined)) return fail(USAGE);
  try {
    await openRules();
  } catch (error) {
    if (error instanceof AccessFileError) return fail(error.problemLines.join('\n'));
    throw error;
  }
  if (asTable && first.includes('/')) return showPeople(first);
  const person = await onePerson(first);
  if (!person) return 1;
  return second === undefined ? showRules(person) : showExplanation(person, second);
}

/** Both languages of one sentence. */
function both(write: (text: AccessText) => string): string {
  return `${write(accessPage['zh-CN'])} · ${write(accessPage.en)}`;
}

async function onePerson(text: string): Promise<Person | undefined> {
  const found = await findPersons(text);
  if (found.length === 1) return found[0];
  fail(both(({ severalFit, nobodyFits }) => (found.length > 1 ? severalFit : nobodyFits)));
  for (const person of found) fail(`  ${describePerson(person)}`);
  return undefined;
}

async function showExplanation(person: Person, address: string): Promise<number> {
  const explanation = await explainAccess(person.userId, address);
  const { verdict } = explanation;
  say(`${describePerson(person)}  →  ${address}`);
  say(both((text) => (verdict.admitted ? text.admitted : text.refused)));
  say(verdict.rule ? describeRule(verdict.rule) : both(({ because }) => because[verdict.because]));
  for (const finding of verdict.findings) say(`  ${describeFinding(finding, explanation.resolved)}`);
  if (verdict.recent !== undefined) say(both(({ recent }) => recent(verdict.recent ?? 0)));
  sayFacts(explanation);
  sayConditions(
    both(({ wanted }) => wanted),
    explanation.wanted,
  );
  sayConditions(
    both(({ barring }) => barring),
    explanation.barring.map(({ condition }) => condition),
  );
  const { count, first } = await audienceOf(address);
  say(both((text) => text.audience(count)));
  for (const one of first) say(`  ${describePerson(one)}`);
  return 0;
}

function sayFacts({ departments, roles, asOf }: Explanation): void {
  const list = (names: readonly string[] | undefined) =>
    names === undefined ? both(({ unknown }) => unknown) : names.join(', ') || both(({ none }) => none);
  say(`${both((text) => text.departments)}: ${list(departments)}`);
  say(`${both((text) => text.roles)}: ${list(roles)}`);
  say(`${both((text) => text.asOf)}: ${asOf === undefined ? '–' : new Date(asOf).toISOString()}`);
  say(both(({ events }) => events[eventWay()]));
}

function sayConditions(title: string, conditions: readonly Condition[]): void {
  if (conditions.length === 0) return;
  say(title);
  for (const { text } of conditions) say(`  ${text}`);
}

async function showRules(person: Person): Promise<number> {
  say(describePerson(person));
  for (const verdict of await rulesFor(person.userId)) say(`${mark(verdict)}  ${describeRule(verdict.rule)}`);
  return 0;
}

async function showPeople(address: string): Promise<number> {
  await eachPersonAt(address, (person, verdict) => say(`${mark(verdict)}  ${describePerson(person)}`));
  return 0;
}

/** A file of rules without a problem: exit code 0. */
async function check(): Promise<number> {
  const { accessFile } = config();
  if (accessFile === undefined) return fail('ACCESS_FILE 未设置 · ACCESS_FILE is not set');
  const { rules, problems } = readAccessFile(accessFile, ownHost());
  for (const problem of problems) fail(describeProblem(accessFile, problem));
  if (!rules) return 1;
  const names = await nameProblems(rules);
  if (names === undefined)
    say('只检查了格式：通讯录尚未读取 · Only the form was checked: the directory has not been read');
  for (const problem of names ?? [])
    fail(`${accessFile}:${problem.rule.line}: ${describeNameProblem(problem)}`);
  if (names?.length) return 1;
  say(`${accessFile}: ${rules.rules.length} 条规则 rules, OK`);
  return 0;
}

function describeNameProblem({ condition, suggestions, isAmbiguous }: NameProblem): string {
  const reason = both(({ reasons }) => reasons[isAmbiguous ? 'several-names' : 'no-such-name']);
  const names = suggestions.join(', ');
  const hint = names && both((text) => (isAmbiguous ? text.paths(names) : text.nearest(names)));
  return [condition, reason, hint].filter(Boolean).join(' — ');
}

function describePerson({ userId, name, departments }: Person): string {
  return [name, userId, departments.join(', ')].filter(Boolean).join('  ');
}

function describeRule(rule: Rule): string {
  return both((text) => text.rule(nameOf(rule), rule.line));
}

function describeFinding(
  { condition, truth, reason, parts = [] }: Finding,
  resolved: Explanation['resolved'],
): string {
  const why = reason === 'fact' || reason === 'parts' ? '' : ` (${both(({ reasons }) => reasons[reason])})`;
  const told = both(({ truths }) => truths[truth]) + why;
  const inner = parts.map((part) => `\n    ${describeFinding(part, resolved)}`).join('');
  const name = resolved.get(condition.text);
  return `${SIGNS[truth]} ${condition.text}${name ? ` (${name})` : ''} — ${told}${inner}`;
}

const SIGNS = { holds: '✓', 'does-not': '✗', unknown: '?' };

const mark = ({ admitted }: Verdict) => (admitted ? '✓' : '✗');

function eventWay(): keyof AccessText['events'] {
  const { stream, callback } = config();
  if (stream) return 'stream';
  return callback ? 'callback' : 'off';
}

await runCommand(main);
