import 'server-only';
import type { Grant } from '../../setting-values';
import { type CompanyNames, type Condition, evaluate, type MemberFacts, type Truth } from './condition';

/** `AUDITORS`, `DIRECTORY_EXPORT` and `DIRECTORY_SEE_HIDDEN` are lists of the same conditions as rules have. */

/** Whether one of the conditions of a setting holds for a member. What the mirror lacks is unknown, and grants nothing. */
export function grantTruth(grant: Grant, facts: MemberFacts, company: CompanyNames): Truth {
  const truths = grantConditions(grant).map((condition) => evaluate(condition, facts, company).truth);
  if (truths.includes('holds')) return 'holds';
  return truths.includes('unknown') ? 'unknown' : 'does-not';
}

/** A setting as rules would write it. */
export function grantConditions({ userIds, roles }: Grant): Condition[] {
  return [
    ...userIds.map((userId): Condition => ({ kind: 'person', userId, text: userId })),
    ...roles.map((role): Condition => ({ kind: 'role', role, text: `role:${role}` })),
  ];
}
