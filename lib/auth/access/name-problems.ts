import 'server-only';
import type { Company } from './company';
import type { Condition } from './condition';
import type { AccessRules, Rule } from './decide';
import { nearestNames } from './nearest-names';

/** A condition of a rule whose name fits no department, role or person of the directory, or more than one. */
export interface NameProblem {
  rule: Rule;
  /** As the file has it. */
  condition: string;
  /** No name: what is nearest. Several: their whole paths. */
  suggestions: readonly string[];
  isAmbiguous: boolean;
}

const MAX_PROBLEMS = 50;

/**
 * Every name in the rules that closes its condition.
 *
 * @param isPerson whether the directory has a user id; undefined: persons are not checked
 */
export function findNameProblems(
  { rules }: AccessRules,
  company: Company,
  isPerson?: (userId: string) => boolean,
): NameProblem[] {
  const problems: NameProblem[] = [];
  for (const rule of rules) {
    for (const condition of rule.conditions.flatMap(innermost)) {
      if (problems.length >= MAX_PROBLEMS) return problems;
      const suggestions = suggestionsFor(condition, company, isPerson);
      if (suggestions) problems.push({ rule, condition: condition.text, ...suggestions });
    }
  }
  return problems;
}

/** User ids that rules name. */
export function personsIn({ rules }: Pick<AccessRules, 'rules'>): string[] {
  const named = rules.flatMap(({ conditions }) => conditions.flatMap(innermost));
  return [...new Set(named.flatMap((one) => (one.kind === 'person' ? [one.userId] : [])))];
}

function innermost(condition: Condition): Condition[] {
  if (condition.kind === 'all') return condition.conditions.flatMap(innermost);
  return condition.kind === 'not' ? innermost(condition.condition) : [condition];
}

function suggestionsFor(condition: Condition, company: Company, isPerson?: (userId: string) => boolean) {
  if (condition.kind === 'person')
    return isPerson?.(condition.userId) === false ? { suggestions: [], isAmbiguous: false } : undefined;
  if (condition.kind === 'role') {
    return among(condition.role, company.rolesNamed(condition.role), company.roleNames);
  }
  if (condition.kind !== 'department' && condition.kind !== 'leaders-of') return undefined;
  return among(condition.department, company.departmentsNamed(condition.department), company.departmentPaths);
}

function among(name: string, found: readonly number[], names: ReadonlyMap<number, string>) {
  if (found.length === 1) return undefined;
  if (found.length > 1)
    return { suggestions: found.map((id) => names.get(id) ?? String(id)), isAmbiguous: true };
  const whole = [...names.values()];
  const last = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const nearest = nearestNames(name, new Set(name.includes('/') ? whole : whole.map(last)));
  return { suggestions: nearest, isAmbiguous: false };
}
