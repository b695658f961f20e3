import 'server-only';
import { log } from '../../log';
import { singleton } from '../../singleton';
import type { Company } from './company';
import { type AccessRules, nameOf } from './decide';
import { findNameProblems } from './name-problems';

const logged = singleton('name-problems', () => ({
  rules: undefined as AccessRules | undefined,
  company: undefined as Company | undefined,
}));

/** Once for each file and each change of departments and roles. A directory that has not been read has no names. */
export function logNameProblems(rules: AccessRules, company: Company): void {
  const last = logged();
  if ((last.rules === rules && last.company === company) || company.departmentPaths.size === 0) return;
  Object.assign(last, { rules, company });
  const problems = findNameProblems(rules, company).map(({ rule, condition, suggestions, isAmbiguous }) => ({
    rule: nameOf(rule),
    line: rule.line,
    condition,
    [isAmbiguous ? 'fits' : 'nearest']: suggestions,
  }));
  if (problems.length > 0) log().warn({ event: 'access-names-unknown', problems });
}
