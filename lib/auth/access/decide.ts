import 'server-only';
import { type AddressPattern, normalPath, readingsOf, shownPattern } from './address';
import { type CompanyNames, type Condition, evaluate, type Finding, type MemberFacts } from './condition';

/** One entry of `access.jsonc`. */
export interface Rule {
  at: AddressPattern;
  /** Where it stands in the file. */
  line: number;
  conditions: readonly Condition[];
  /** A sign-in within so many minutes is asked for. */
  recent?: number | undefined;
  /** Other origins that may send what changes something; for gate hosts. */
  origins?: readonly string[] | undefined;
  /** What an upstream learns of the member; for gate hosts. */
  tell?: readonly string[] | undefined;
}

/** The rules of a file, ready to be asked. */
export interface AccessRules {
  rules: readonly Rule[];
  /** The most specific rule for a path in normal form. */
  ruleFor(host: string | undefined, path: string): Rule | undefined;
  /** How many rules a host has. */
  countOf(host: string | undefined): number;
}

/** What is asked for. @see normalPath */
export interface AskedAddress {
  /** Undefined: the pages of dingpass itself. */
  host: string | undefined;
  /** As it was sent, with or without its query. */
  path: string;
}

/**
 * Why: `rule`: a rule says so · `no-rule`: none covers the address (own pages: everybody, gate hosts: nobody) · `never-ruled` ·
 * `not-normal`: the path can be read in several ways · `own-page`: the rules let in, and the page itself asks for more (only
 * in explanations)
 */
export interface Verdict {
  admitted: boolean;
  because: 'rule' | 'no-rule' | 'never-ruled' | 'not-normal' | 'own-page';
  rule?: Rule;
  findings: readonly Finding[];
  recent?: number | undefined;
}

interface PathRules {
  exact?: Rule;
  below?: Rule;
}

/** @param rules no two of the same address */
export function createAccessRules(rules: readonly Rule[]): AccessRules {
  const hosts = new Map<string | undefined, Map<string, PathRules>>();
  const counts = new Map<string | undefined, number>();
  for (const rule of rules) {
    const { host, path, below } = rule.at;
    const paths = hosts.get(host) ?? new Map<string, PathRules>();
    hosts.set(host, paths.set(path, { ...paths.get(path), [below ? 'below' : 'exact']: rule }));
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return {
    rules,
    countOf: (host) => counts.get(host) ?? 0,
    ruleFor(host, path) {
      const paths = hosts.get(host);
      if (!paths) return undefined;
      const own = paths.get(path);
      if (own) {
        const rule = own.exact ?? own.below;
        if (rule) return rule;
      }
      if (!path.startsWith('/')) return undefined;
      for (let at = path; at !== '/'; ) {
        at = at.slice(0, at.lastIndexOf('/')) || '/';
        const rule = paths.get(at)?.below;
        if (rule) return rule;
      }
      return undefined;
    },
  };
}

/** What a member needs in order to see what they may see, to end it, and to be told why not; addresses without a session. */
const NEVER_RULED = new Set([
  '/login',
  '/login/instant',
  '/unavailable',
  '/denied',
  '/signed-out',
  '/gate',
  '/ticket',
  '/api/ticket',
  '/me/sessions',
  '/api/me/sessions/end',
  '/api/me/sessions/end-all',
  '/api/session',
  '/api/session/sign-out',
  '/api/oauth/start',
  '/api/oauth/callback',
  '/api/dingtalk/events',
  '/api/health',
  '/api/ready',
]);
/** Next answers such an address with the page whose name is in it. */
const NO_PAGE = /^\/+_next(?:\/|$)/;
/** Where the rules are looked into: an administrator whose rules shut out every member can still see why. */
const RULES_PAGE = '/admin/access';

export function isNeverRuled({ host, path, below }: AddressPattern): boolean {
  return host === undefined && !below && (NEVER_RULED.has(path) || path === RULES_PAGE);
}

/**
 * The one decision about who may have what, with its reasons. Pure: pages, handlers, the gate and `explain` ask it.
 *
 * @param address as the browser sent it; its query does not count, case does
 */
export function decide(
  rules: AccessRules,
  { host, path: asked }: AskedAddress,
  facts: MemberFacts,
  company: CompanyNames,
): Verdict {
  const path = asked.replace(/[?#].*$/s, '');
  const readings = readingsOf(path);
  const isPage = host !== undefined || !readings?.some((reading) => NO_PAGE.test(reading));
  if (readings === undefined || !isPage) return { admitted: false, because: 'not-normal', findings: [] };
  if (host === undefined && readings.every((one) => isOpen(one, facts)))
    return { admitted: true, because: 'never-ruled', findings: [] };
  if (host !== undefined && rules.countOf(host) > 1 && normalPath(path) === undefined)
    return { admitted: false, because: 'not-normal', findings: [] };
  return strictest(rules, host, readings, facts, company);
}

function isOpen(path: string, { administrator }: MemberFacts): boolean {
  return NEVER_RULED.has(path) || (path === RULES_PAGE && administrator === true);
}

/** The rules of all readings have to let the member in. */
function strictest(
  rules: AccessRules,
  host: string | undefined,
  readings: readonly string[],
  facts: MemberFacts,
  company: CompanyNames,
): Verdict {
  let verdict: Verdict = { admitted: host === undefined, because: 'no-rule', findings: [] };
  for (const rule of new Set(readings.map((reading) => rules.ruleFor(host, reading)))) {
    if (rule === undefined) {
      if (host !== undefined) return { admitted: false, because: 'no-rule', findings: [] };
      continue;
    }
    const next = verdictOf(rule, facts, company);
    if (!next.admitted) return next;
    verdict = { ...next, recent: leastOf(verdict.recent, next.recent) };
  }
  return verdict;
}

/** In: at least one condition holds, and no `not:` is in the way or unknown. */
export function verdictOf(rule: Rule, facts: MemberFacts, company: CompanyNames): Verdict {
  const findings = rule.conditions.map((condition) => evaluate(condition, facts, company));
  const wanted = findings.filter(({ condition }) => condition.kind !== 'not');
  const barred = findings.some(({ condition, truth }) => condition.kind === 'not' && truth !== 'holds');
  const admitted = !barred && wanted.some(({ truth }) => truth === 'holds');
  return { admitted, because: 'rule', rule, findings, recent: rule.recent };
}

/** The shorter of two times, either of which may be missing. */
export function leastOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

export function nameOf(rule: Rule): string {
  return shownPattern(rule.at);
}
