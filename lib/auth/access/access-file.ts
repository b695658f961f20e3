import 'server-only';
import { type Node, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { type AddressPattern, parsePattern, shownPattern } from './address';
import { type Condition, parseCondition, quoted } from './condition';
import { type AccessRules, createAccessRules, isNeverRuled, type Rule } from './decide';
import { type FileProblem, lineFinder, near, parsed, toText } from './file-text';
import { nearestNames } from './nearest-names';

export type ParsedFile =
  | { rules: AccessRules; problems: readonly [] }
  | { rules: undefined; problems: readonly FileProblem[] };

const MAX_RULES = 5000;
const MAX_CONDITIONS = 1000;
const MAX_PROBLEMS = 50;
const MAX_RECENT = 1440;
const FIELDS = ['at', 'for', 'recent', 'origins', 'tell'] as const;
const TELL = ['user', 'name', 'email', 'groups'] as const;

type Field = (typeof FIELDS)[number];
/** Notes what is wrong with a part of the file, and stands for the value that it does not have. */
type Complain = (at: Node | number, message: string) => undefined;

interface Reader {
  complain: Complain;
  lineOf(offset: number): number;
  ownHost: string | undefined;
}

/**
 * Reads the text of an access file: JSON with comments and trailing commas. One problem refuses the whole file.
 *
 * @param ownHost the host of PUBLIC_ORIGIN: an address that names it is one of the pages of dingpass
 */
export function parseAccessFile(bytes: Uint8Array | string, ownHost?: string): ParsedFile {
  const text = toText(bytes);
  if (typeof text !== 'string') return refused([text]);
  const problems: FileProblem[] = [];
  const lineOf = lineFinder(text);
  const complain: Complain = (at, message) => {
    problems.push({ line: lineOf(typeof at === 'number' ? at : at.offset), message });
  };
  const rules = readRules(text, { complain, lineOf, ownHost });
  problems.push(...problemsOfEqualOnes(rules));
  return problems.length > 0 ? refused(problems) : { rules: createAccessRules(rules), problems: [] };
}

function refused(problems: readonly FileProblem[]): ParsedFile {
  const sorted = [...problems].sort((a, b) => a.line - b.line);
  return { rules: undefined, problems: sorted.slice(0, MAX_PROBLEMS) };
}

function readRules(text: string, reader: Reader): Rule[] {
  const { complain } = reader;
  const errors: ParseError[] = [];
  const root = parsed(text, errors);
  if (root === 'too-deep') {
    complain(0, 'is nested too deeply / 嵌套过深');
    return [];
  }
  for (const { error, offset } of errors.slice(0, 1))
    complain(
      Math.min(offset, Math.max(0, text.trimEnd().length - 1)),
      `is not valid JSON with comments: ${printParseErrorCode(error)} near ${near(text, offset)} / 不是合法的 JSONC`,
    );
  if (errors.length > 0 || !root) return [];
  if (root.type !== 'array') {
    complain(root, 'must be a list of rules: [ { "at": …, "for": [ … ] } ] / 必须是规则的列表');
    return [];
  }
  const entries = root.children ?? [];
  if (entries.length > MAX_RULES)
    complain(root, `has more than ${MAX_RULES} rules / 规则超过 ${MAX_RULES} 条`);
  return entries.slice(0, MAX_RULES).flatMap((entry) => toRule(entry, reader) ?? []);
}

function problemsOfEqualOnes(rules: readonly Rule[]): FileProblem[] {
  const first = new Map<string, Rule>();
  return rules.flatMap((rule) => {
    const name = shownPattern(rule.at);
    const other = first.get(name);
    if (!other) {
      first.set(name, rule);
      return [];
    }
    const message = `"at": ${quoted(name)} has a rule already, on line ${other.line} / 第 ${other.line} 行已有同一地址的规则`;
    return [{ line: rule.line, message }];
  });
}

function toRule(entry: Node, reader: Reader): Rule | undefined {
  const { complain } = reader;
  if (entry.type !== 'object')
    return complain(entry, 'a rule must be { "at": …, "for": [ … ] } / 规则必须是 { "at": …, "for": [ … ] }');
  const fields = fieldsOf(entry, FIELDS, complain);
  const at = fields.at ? toPattern(fields.at, reader) : complain(entry, '"at" is missing / 缺少 "at"');
  const conditions = fields.for
    ? toConditions(fields.for, complain)
    : complain(entry, '"for" is missing / 缺少 "for"');
  const recent = fields.recent && toMinutes(fields.recent, complain);
  const origins = fields.origins && toNames(fields.origins, 'origins', isOrigin, 'https://host', complain);
  const isKnown = (name: string) => TELL.some((known) => known === name);
  const tell = fields.tell && toNames(fields.tell, 'tell', isKnown, TELL.join(', '), complain);
  if (!at || !conditions) return undefined;
  return { at, line: reader.lineOf(entry.offset), conditions, recent, origins, tell };
}

function fieldsOf(
  object: Node,
  known: readonly string[],
  complain: Complain,
): Partial<Record<Field | 'all', Node>> {
  const fields: Record<string, Node> = Object.create(null);
  for (const { children: [key, value] = [] } of object.children ?? []) {
    if (!key || !value) continue;
    const name = String(key.value);
    if (!known.includes(name)) {
      const [nearest] = nearestNames(name, known);
      complain(
        key,
        `${quoted(name)} is no field${nearest ? `, write "${nearest}"` : `: ${known.join(', ')}`} / 没有这个字段${nearest ? `，是否为 "${nearest}"` : ''}`,
      );
    } else if (fields[name]) complain(key, `"${name}" stands twice / "${name}" 写了两次`);
    else fields[name] = value;
  }
  return fields;
}

function toPattern(node: Node, { complain, ownHost }: Reader): AddressPattern | undefined {
  if (node.type !== 'string') return complain(node, '"at" must be a text / "at" 必须是文本');
  const pattern = parsePattern(String(node.value));
  if (typeof pattern === 'string') return complain(node, `"at": ${quoted(String(node.value))} ${pattern}`);
  const at = { ...pattern, host: pattern.host === ownHost ? undefined : pattern.host };
  if (isNeverRuled(at))
    return complain(
      node,
      `"at": ${quoted(String(node.value))} is open by itself, no rule can change that / 该地址不受规则约束`,
    );
  return at;
}

function toConditions(node: Node, complain: Complain): Condition[] | undefined {
  const conditions = toList(node, '"for"', complain);
  if (!conditions) return undefined;
  if (conditions.length > 0 && conditions.every(({ kind }) => kind === 'not'))
    return complain(
      node,
      '"for" has only not: and lets in nobody; add "everybody" / "for" 只有 not:，不会放行任何人；请加上 "everybody"',
    );
  return conditions;
}

function toList(node: Node, name: string, complain: Complain): Condition[] | undefined {
  if (node.type !== 'array')
    return complain(node, `${name} must be a list: [ "department:…" ] / ${name} 必须是列表`);
  const entries = node.children ?? [];
  if (entries.length === 0)
    return complain(node, `${name} is empty and lets in nobody / ${name} 为空，不会放行任何人`);
  if (entries.length > MAX_CONDITIONS)
    return complain(
      node,
      `${name} has more than ${MAX_CONDITIONS} entries / ${name} 超过 ${MAX_CONDITIONS} 项`,
    );
  const seen = new Set<string>();
  return entries.flatMap((entry) => {
    const condition = toCondition(entry, complain);
    if (!condition) return [];
    if (seen.has(condition.text))
      return complain(entry, `${quoted(condition.text)} stands twice / 写了两次`) ?? [];
    seen.add(condition.text);
    return condition;
  });
}

function toCondition(node: Node, complain: Complain): Condition | undefined {
  if (node.type === 'string') {
    const condition = parseCondition(String(node.value));
    return typeof condition === 'string' ? complain(node, condition) : condition;
  }
  if (node.type !== 'object')
    return complain(
      node,
      'a condition must be a text or { "all": [ … ] } / 条件必须是文本或 { "all": [ … ] }',
    );
  const { all } = fieldsOf(node, ['all'], complain);
  if (!all)
    return complain(
      node,
      'a condition must be a text or { "all": [ … ] } / 条件必须是文本或 { "all": [ … ] }',
    );
  const nested = (all.children ?? []).find(({ type }) => type !== 'string');
  if (nested) return complain(nested, '"all" takes texts only / "all" 只接受文本');
  const conditions = toList(all, '"all"', complain);
  return (
    conditions && {
      kind: 'all',
      conditions,
      text: `all(${conditions.map(({ text: one }) => one).join(', ')})`,
    }
  );
}

function toMinutes(node: Node, complain: Complain): number | undefined {
  const minutes: unknown = node.value;
  if (typeof minutes === 'number' && Number.isInteger(minutes) && minutes >= 1 && minutes <= MAX_RECENT)
    return minutes;
  return complain(
    node,
    `"recent" must be whole minutes, 1 to ${MAX_RECENT} / "recent" 必须是 1 到 ${MAX_RECENT} 的整数（分钟）`,
  );
}

function toNames(
  node: Node,
  field: string,
  isFine: (name: string) => boolean,
  known: string,
  complain: Complain,
) {
  const names = (node.children ?? []).map(({ value }) => value as unknown);
  if (node.type === 'array' && names.every((name) => typeof name === 'string' && isFine(name)))
    return names as string[];
  return complain(node, `"${field}" must be a list of: ${known} / "${field}" 必须是列表，可用：${known}`);
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && text.startsWith('https://');
}
