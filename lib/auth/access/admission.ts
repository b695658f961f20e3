import 'server-only';
import { AppError } from '../../errors';
import type { Session } from '../../session/session-cookie';
import { decide, nameOf, type Verdict } from './decide';
import { companyNames, memberFacts } from './member-facts';
import { logNameProblems } from './name-problem-log';
import { rulesInForce } from './rules';

const OPEN: Verdict = { admitted: true, because: 'no-rule', findings: [] };

/** A member asked for what the rules do not let them have. */
export class RuleRefusal extends AppError {
  readonly session: Session;
  readonly verdict: Verdict;

  constructor(session: Session, verdict: Verdict) {
    const { rule, because } = verdict;
    const place = rule ? ` line ${rule.line}: ${nameOf(rule)}` : `: ${because}`;
    super('not-permitted', { hint: `ACCESS_FILE${place}` });
    this.session = session;
    this.verdict = verdict;
  }

  /** By what it has: AppError's own test knows every problem as one of its subclasses. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof AppError && 'verdict' in value;
  }
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
