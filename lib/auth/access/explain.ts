import 'server-only';
import type { StoredMember } from '../../directory/model';
import { normalize } from '../../directory/normalize';
import { planSearch } from '../../directory/search-query';
import { directoryStore } from '../../directory/store';
import { shownName } from '../../shown-text';
import type { Company } from './company';
import type { Condition, Finding, MemberFacts } from './condition';
import { type AccessRules, createAccessRules, type Rule, type Verdict, verdictOf } from './decide';
import { companyNames, eachMember, memberFacts, mirrorState } from './member-facts';
import { findNameProblems, type NameProblem, personsIn } from './name-problems';
import { decideWithOwnPages } from './own-pages';
import { rulesInForce } from './rules';

/** The decision about an address with everything that the author of the rules wants to know about it. */

export interface Person {
  userId: string;
  name: string;
  departments: readonly string[];
}

export interface Explanation {
  address: string;
  verdict: Verdict;
  /** What the directory says of the person, in words; undefined: it lacks it. */
  departments: readonly string[] | undefined;
  roles: readonly string[] | undefined;
  /** Names of the departments and roles of the conditions, by the condition's text. */
  resolved: ReadonlyMap<string, string>;
  /** When DingTalk last said so; Unix time in ms. */
  asOf: number | undefined;
  /** Any one of these would let the person in, where nothing bars them; empty where one holds already. */
  wanted: readonly Condition[];
  /** All of these have to change before the person can be let in. */
  barring: readonly Finding[];
}

export interface Audience {
  count: number;
  /** At most {@link SHOWN_PEOPLE}. */
  first: readonly Person[];
}

const SHOWN_PEOPLE = 20;
const MAX_FOUND = 20;

/** Why a person may, or may not, have an address of dingpass or of a host. @param address `[host]/path` */
export async function explainAccess(userId: string, address: string): Promise<Explanation> {
  const [facts, company] = [await memberFacts(userId), await companyNames()];
  return explained(currentRules(), address, facts, company);
}

export function explained(
  rules: AccessRules,
  address: string,
  facts: MemberFacts,
  company: Company,
): Explanation {
  const verdict = decideWithOwnPages(rules)(toAsked(address), facts, company);
  const { findings } = verdict;
  const isNot = ({ condition }: Finding) => condition.kind === 'not';
  const wanted = findings.filter((finding) => !isNot(finding));
  const isWanting = !verdict.admitted && !wanted.some(({ truth }) => truth === 'holds');
  return {
    address,
    verdict,
    departments: facts.departments?.map(({ id }) => company.departmentPaths.get(id) ?? String(id)),
    roles: facts.roleIds?.map((id) => company.roleNames.get(id) ?? String(id)),
    resolved: new Map(findings.flatMap(({ condition }) => resolvedNames(condition, company))),
    asOf: facts.asOf,
    wanted: isWanting ? wanted.map(({ condition }) => condition) : [],
    barring: findings.filter((finding) => isNot(finding) && finding.truth !== 'holds'),
  };
}

/** Whom the rules let in at an address. */
export async function audienceOf(address: string): Promise<Audience> {
  const [decideAt, company] = [decideWithOwnPages(currentRules()), await companyNames()];
  const asked = toAsked(address);
  const first: Person[] = [];
  let count = 0;
  await eachMember((member, facts) => {
    if (!decideAt(asked, facts, company).admitted) return;
    count++;
    if (first.length < SHOWN_PEOPLE) first.push(toPerson(member, company));
  });
  return { count, first };
}

/** Every rule with what it says about one person. */
export async function rulesFor(userId: string): Promise<readonly (Verdict & { rule: Rule })[]> {
  const [facts, company] = [await memberFacts(userId), await companyNames()];
  return currentRules().rules.map((rule) => ({ ...verdictOf(rule, facts, company), rule }));
}

/** All members with what the rules say at one address. */
export async function eachPersonAt(
  address: string,
  visit: (person: Person, verdict: Verdict) => void,
): Promise<void> {
  const [decideAt, company] = [decideWithOwnPages(currentRules()), await companyNames()];
  await eachMember((member, facts) =>
    visit(toPerson(member, company), decideAt(toAsked(address), facts, company)),
  );
}

/** People by user id, or else by name or its sound; at most 20. */
export async function findPersons(text: string): Promise<Person[]> {
  const store = directoryStore();
  const company = await companyNames();
  const own = await store.member(text.trim());
  if (own) return [toPerson(own, company)];
  const plan = planSearch(normalize(text.trim()), false);
  const { people } = await store.find(plan, { accepts: () => true, limit: MAX_FOUND });
  const wanted = normalize(text.trim());
  const exact = people.filter(({ member }) => normalize(member.record.name) === wanted);
  return (exact.length > 0 ? exact : people).map(({ member }) => toPerson(member, company));
}

/** Names in the rules that the directory does not have, or has twice; undefined: no directory has been read. */
export async function nameProblems(rules: AccessRules = currentRules()): Promise<NameProblem[] | undefined> {
  const state = await mirrorState();
  if (state?.asOf === undefined) return undefined;
  const known = await directoryStore().members(personsIn(rules));
  const userIds = new Set(known.map(({ userId }) => userId));
  return findNameProblems(rules, await companyNames(), (userId) => userIds.has(userId));
}

/** What the name of a condition stands for, where that is not what is written. */
function resolvedNames(condition: Condition, company: Company): [string, string][] {
  if (condition.kind === 'all') return condition.conditions.flatMap((one) => resolvedNames(one, company));
  if (condition.kind === 'not')
    return resolvedNames(condition.condition, company).map(([, name]) => [condition.text, name]);
  if (condition.kind !== 'department' && condition.kind !== 'leaders-of') return [];
  const [id, ...others] = company.departmentsNamed(condition.department);
  const path = id === undefined || others.length > 0 ? undefined : company.departmentPaths.get(id);
  return path === undefined || path === condition.department ? [] : [[condition.text, path]];
}

function currentRules(): AccessRules {
  return rulesInForce()?.rules() ?? createAccessRules([]);
}

/** `host/path`, or a path of dingpass. */
function toAsked(address: string): { host: string | undefined; path: string } {
  const slash = address.indexOf('/');
  if (slash === 0) return { host: undefined, path: address };
  const host = (slash < 0 ? address : address.slice(0, slash)).toLowerCase();
  return { host, path: slash < 0 ? '/' : address.slice(slash) };
}

function toPerson({ userId, record, departments }: StoredMember, company: Company): Person {
  return {
    userId,
    name: shownName(record.name, userId),
    departments: departments.map(({ id }) => company.departmentPaths.get(id) ?? String(id)),
  };
}
