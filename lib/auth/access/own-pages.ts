import 'server-only';
import { config } from '../../config';
import type { Company } from './company';
import type { Condition, MemberFacts } from './condition';
import {
  type AccessRules,
  type AskedAddress,
  createAccessRules,
  decide,
  leastOf,
  type Verdict,
} from './decide';
import { grantConditions } from './grants';

/** Pages of dingpass that ask for more than a member by themselves, whatever the file says. */

const ADMINISTRATOR: Condition = { kind: 'administrator', text: 'administrator' };
const AUDITOR: Condition = { kind: 'auditor', text: 'auditor' };

/** What the pages' own functions ask: `pageAdministrator`, `pageAuditor`, `mayExport`. An explanation that left them out would be untrue. */
function ownRules(): AccessRules {
  const { directory, stepUpMinutes } = config();
  const audit = [ADMINISTRATOR, AUDITOR];
  const asked: [string, boolean, readonly Condition[]][] = [
    ['/admin', true, [ADMINISTRATOR]],
    ['/api/admin', true, [ADMINISTRATOR]],
    ['/admin/audit', false, audit],
    ['/api/admin/audit.csv', false, audit],
    ['/directory/export.csv', false, grantConditions(directory.mayExport)],
  ];
  return createAccessRules(
    asked.map(([path, below, conditions]) => ({
      at: { host: undefined, path, below },
      line: 0,
      conditions,
      recent: stepUpMinutes,
    })),
  );
}

/**
 * `decide()` together with what the pages ask by themselves: whether a person really sees an address.
 *
 * @returns because `own-page` where the file lets in and the page does not
 */
export function decideWithOwnPages(
  rules: AccessRules,
): (address: AskedAddress, facts: MemberFacts, company: Company) => Verdict {
  const own = ownRules();
  return (address, facts, company) => {
    const verdict = decide(rules, address, facts, company);
    const page = decide(own, address, facts, company);
    if (!verdict.admitted || page.because !== 'rule') return verdict;
    if (!page.admitted) return { admitted: false, because: 'own-page', findings: page.findings };
    return { ...verdict, recent: leastOf(verdict.recent, page.recent) };
  };
}
