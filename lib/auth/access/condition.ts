import 'server-only';
import { nearestNames } from './nearest-names';

/** What a rule asks of a member, and what the mirror answers: it holds, it does not, or the mirror cannot tell. */

export type Condition = { text: string } & (
  | { kind: 'everybody' | 'administrator' | 'auditor' }
  | { kind: 'person'; userId: string }
  | { kind: 'department'; department: string }
  /** @param below leaders of a department below it count too */
  | { kind: 'leaders-of'; department: string; below: boolean }
  | { kind: 'role'; role: string }
  | { kind: 'all'; conditions: readonly Condition[] }
  | { kind: 'not'; condition: Condition }
);

export type Truth = 'holds' | 'does-not' | 'unknown';

/**
 * Why: `fact`: the mirror says so · `no-such-name`, `several-names`: the name fits no department or role, or more than one ·
 * `mirror`: never read, partial or too old · `place`: one of the member's departments is not in the mirror · `parts`: see there
 */
export type Reason = 'fact' | 'no-such-name' | 'several-names' | 'mirror' | 'place' | 'parts';

/** One condition and its answer for one member. */
export interface Finding {
  condition: Condition;
  truth: Truth;
  reason: Reason;
  parts?: readonly Finding[];
}

/** What is known of a member. Undefined: the mirror lacks it. */
export interface MemberFacts {
  userId: string;
  departments: readonly { id: number; leader: boolean }[] | undefined;
  roleIds: readonly number[] | undefined;
  administrator: boolean | undefined;
  auditor: boolean | undefined;
  /** When DingTalk last said so; Unix time in ms. */
  asOf?: number | undefined;
}

/** The departments and roles of the company. */
export interface CompanyNames {
  departmentsNamed(name: string): readonly number[];
  rolesNamed(name: string): readonly number[];
  has(departmentId: number): boolean;
  /** Whether a department is another one or below it. */
  isWithin(departmentId: number, ancestorId: number): boolean;
}

const KEYWORDS = ['everybody', 'administrator', 'auditor'] as const;
const PREFIXES = ['person:', 'department:', 'leaders-of:', 'role:', 'not:'] as const;
const USER_ID = /^[\x21-\x7e]{1,64}$/;

/** @returns a sentence in both languages where the text is no condition */
export function parseCondition(text: string): Condition | string {
  const trimmed = text.trim();
  if (trimmed === '') return 'is empty / 为空';
  const keyword = KEYWORDS.find((word) => word === trimmed);
  if (keyword) return { kind: keyword, text: trimmed };
  const [, prefix, name] = /^([\p{L}-]+)\s*:\s*(.*)$/su.exec(trimmed) ?? [];
  if (prefix === undefined || name === undefined) return bareEntry(trimmed);
  const known = PREFIXES.find((word) => word === `${prefix}:`);
  if (!known) {
    const near = nearestNames(`${prefix}:`, PREFIXES).join(' ');
    return `${quoted(trimmed)}: there is no condition ${quoted(`${prefix}:`)}, write one of ${near || PREFIXES.join(' ')} / 没有这种条件，可用：${near || PREFIXES.join(' ')}`;
  }
  if (name === '' || name === '=') return `${quoted(trimmed)}: a name is missing / 缺少名称`;
  return named(known, name, trimmed);
}

function named(prefix: (typeof PREFIXES)[number], name: string, text: string): Condition | string {
  switch (prefix) {
    case 'person:':
      if (!USER_ID.test(name)) return `${quoted(text)}: is no user id / 不是 userid`;
      return { kind: 'person', userId: name, text };
    case 'department:':
      return { kind: 'department', department: name, text };
    case 'role:':
      return { kind: 'role', role: name, text };
    case 'leaders-of:': {
      const below = !name.startsWith('=');
      return { kind: 'leaders-of', department: below ? name : name.slice(1).trim(), below, text };
    }
    case 'not:': {
      const condition = parseCondition(name);
      if (typeof condition === 'string') return condition;
      if (condition.kind === 'not') return `${quoted(text)}: not: stands twice / not: 写了两次`;
      return { kind: 'not', condition, text };
    }
  }
}

/** A bare entry is a user id: a role must never be able to be called like one. */
function bareEntry(text: string): Condition | string {
  if (USER_ID.test(text)) return { kind: 'person', userId: text, text };
  return `${quoted(text)}: is no user id; write department:${text} or role:${text} / 不是 userid，请写作 department:${text} 或 role:${text}`;
}

export function quoted(text: string): string {
  return `“${text.length > 80 ? `${text.slice(0, 80)}…` : text}”`;
}

/** Whether a condition holds for a member. Nothing is asked; what the mirror lacks is unknown. */
export function evaluate(condition: Condition, facts: MemberFacts, company: CompanyNames): Finding {
  switch (condition.kind) {
    case 'everybody':
      return fact(condition, true);
    case 'person':
      return fact(condition, condition.userId === facts.userId);
    case 'administrator':
    case 'auditor':
      return fact(condition, facts[condition.kind]);
    case 'role':
      return roleFinding(condition, facts, company);
    case 'department':
      return placeFinding(condition, condition.department, facts, company, (id, wanted) =>
        company.isWithin(id, wanted),
      );
    case 'leaders-of':
      return placeFinding(
        condition,
        condition.department,
        facts,
        company,
        (id, wanted, leads) => leads && (condition.below ? company.isWithin(id, wanted) : id === wanted),
      );
    case 'not': {
      const part = evaluate(condition.condition, facts, company);
      return { condition, truth: OPPOSITE[part.truth], reason: part.reason };
    }
    case 'all': {
      const parts = condition.conditions.map((one) => evaluate(one, facts, company));
      return { condition, truth: leastOf(parts), reason: 'parts', parts };
    }
  }
}

const OPPOSITE: Record<Truth, Truth> = { holds: 'does-not', 'does-not': 'holds', unknown: 'unknown' };

function leastOf(parts: readonly Finding[]): Truth {
  if (parts.some(({ truth }) => truth === 'does-not')) return 'does-not';
  return parts.every(({ truth }) => truth === 'holds') ? 'holds' : 'unknown';
}

function fact(condition: Condition, holds: boolean | undefined): Finding {
  if (holds === undefined) return { condition, truth: 'unknown', reason: 'mirror' };
  return { condition, truth: holds ? 'holds' : 'does-not', reason: 'fact' };
}

function nameTrouble(condition: Condition, found: readonly unknown[]): Finding {
  return { condition, truth: 'unknown', reason: found.length === 0 ? 'no-such-name' : 'several-names' };
}

function roleFinding(
  condition: Condition & { kind: 'role' },
  { roleIds }: MemberFacts,
  company: CompanyNames,
): Finding {
  if (roleIds === undefined) return fact(condition, undefined);
  const [wanted, ...others] = company.rolesNamed(condition.role);
  if (wanted === undefined || others.length > 0)
    return nameTrouble(condition, company.rolesNamed(condition.role));
  return fact(condition, roleIds.includes(wanted));
}

function placeFinding(
  condition: Condition,
  name: string,
  { departments }: MemberFacts,
  company: CompanyNames,
  fits: (departmentId: number, wantedId: number, leads: boolean) => boolean,
): Finding {
  if (departments === undefined) return fact(condition, undefined);
  const found = company.departmentsNamed(name);
  const [wanted] = found;
  if (wanted === undefined || found.length > 1) return nameTrouble(condition, found);
  if (departments.some(({ id, leader }) => fits(id, wanted, leader))) return fact(condition, true);
  // A department that the mirror has not read yet may be below the one that is wanted.
  if (departments.some(({ id }) => !company.has(id))) return { condition, truth: 'unknown', reason: 'place' };
  return fact(condition, false);
}
