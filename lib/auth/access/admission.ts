import 'server-only';
import { AppError } from '../../errors';
import { log } from '../../log';
import type { Session } from '../../session/session-cookie';
import { singleton } from '../../singleton';
import type { Company } from './company';
import { type AccessRules, decide, nameOf, type Verdict } from './decide';
import { companyNames, memberFacts } from './member-facts';
import { findNameProblems } from './name-problems';
import { rulesInForce } from './rules';

const OPEN: Verdict = { admitted: true, because: 'no-rule', findings: [] };

/** A member asked for what the rules do not let them have. */
export class RuleRefusal extends AppError {
  readonly session: Session;
  readonly verdict: Verdict;

  constructor(session: Session, verdict: Verdict) {
    super('not-permitted', { hint: ruleHint(verdict) });
    this.session = session;
    this.verdict = verdict;
  }

  /** By what it has: AppError's own test knows every problem as one of its subclasses. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof AppError && 'verdict' in value;
  }
}

/** For operators: which rule it was. */
export function ruleHint({ rule, because }: Verdict): string {
  return rule ? `ACCESS_FILE line ${rule.line}: ${nameOf(rule)}` : `ACCESS_FILE: ${because}`;
}

/**
 * What the rules say about a member and addresses of dingpass itself: all of them have to let the member in. Without
 * `ACCESS_FILE` every member is let in.
 *
 * @param paths as they were sent
 * @throws where the rules cannot be read: no member is let in
 */
export async function admissionOf(userId: string, paths: readonly string[]): Promise<Verdict> {
  const rules = rulesInForce()?.rules();
  if (!rules) return OPEN;
  const [facts, company] = [await memberFacts(userId), await companyNames()];
  logNameProblems(rules, company);
  let verdict = OPEN;
  for (const path of paths) {
    const next = decide(rules, { host: undefined, path }, facts, company);
    if (!next.admitted) return next;
    if (next.rule) verdict = next;
  }
  return verdict;
}

const logged = singleton('name-problems', () => ({
  rules: undefined as AccessRules | undefined,
  company: undefined as Company | undefined,
}));

/** Once for each file and each change of departments and roles. A directory that has not been read has no names. */
function logNameProblems(rules: AccessRules, company: Company): void {
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
