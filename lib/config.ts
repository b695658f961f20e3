import 'server-only';
import type { z } from 'zod';
import { toConfig, toSessionSettings } from './config-of-settings';
import { disguisedNames, problemOfPasting } from './pasted-value';
import { inRegion, regionIn } from './region';
import { entries, parseKeys } from './setting-values';
import {
  gateKeysSchema,
  SETTING_NAMES,
  sessionSettingsSchema,
  settingsSchema,
  VALUE_KINDS,
} from './settings';
import { singleton } from './singleton';

/** All settings, parsed. Secrets are in here: never log it whole. */
export type Config = ReturnType<typeof toConfig>;
export type DirectorySettings = Config['directory'];

/** Every wrong setting at once. The message holds names and remedies, never a value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      [
        'dingpass cannot start: please fix these settings (see .env.example).',
        'dingpass 无法启动：请修正以下设置（参见 .env.example）。',
        ...problems.map((problem) => `  - ${problem}`),
      ].join('\n'),
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Turns an environment into settings.
 *
 * @param env names as in `.env.example`; a name that is set to nothing counts as not set
 * @throws ConfigError that lists every problem, without values
 */
export function parseConfig(env: Record<string, string | undefined>): Config {
  const given = givenIn(env);
  const parsed = settingsSchema.safeParse(given);
  const problems = [
    ...problemsPerSetting(given, parsed.error, disguisedNames(env, SETTING_NAMES)),
    ...crossCheck(given),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return toConfig(parsed.data);
}

/**
 * The session keys alone, for the command that changes them on a machine without other settings.
 *
 * @returns undefined where none are set
 * @throws ConfigError when they, or what belongs to them, are wrong
 */
export function parseSessionSettings(
  env: Record<string, string | undefined> = process.env,
): Pick<Config, 'sessionKeys' | 'sealKey' | 'sessionTtlSeconds'> | undefined {
  const given = givenIn(env);
  if (given.SESSION_KEYS === undefined) return undefined;
  const parsed = sessionSettingsSchema.safeParse(given);
  const own = Object.fromEntries(
    Object.entries(given).filter(([name]) => name in sessionSettingsSchema.shape),
  );
  const problems = [...problemsPerSetting(own, parsed.error), ...checkSealKey(given)];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return toSessionSettings(parsed.data);
}

/**
 * The keys of assertions alone, for the command that changes them.
 *
 * @returns id to private key; empty where none are set
 * @throws ConfigError when they are wrong
 */
export function parseGateKeys(env: Record<string, string | undefined> = process.env): Config['gate']['keys'] {
  const { GATE_KEYS } = givenIn(env);
  const parsed = gateKeysSchema.safeParse({ GATE_KEYS });
  const problems = problemsPerSetting({ GATE_KEYS }, parsed.error);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data.GATE_KEYS;
}

/** What is wrong with one setting by itself, in both languages and without its value. */
export function problemOfSetting(name: string, value: string): string | undefined {
  const field = settingsSchema.shape[name as keyof typeof settingsSchema.shape];
  const pasted = problemOfPasting(name, value, VALUE_KINDS[name] ?? 'ascii');
  return pasted ?? field.safeParse(value || undefined).error?.issues[0]?.message;
}

/** The settings that are set in this process, as they were entered. Secrets are among them. */
export function enteredSettings(env: Record<string, string | undefined> = process.env) {
  return givenIn(env);
}

/** The settings of this process, read once, when first asked for: never while building. */
export const config = singleton('config', () => parseConfig(process.env));

/** Node.js reads it before any `.env` is loaded. */
const extraRootsAtStart = process.env.NODE_EXTRA_CA_CERTS;

/** What of the environment concerns TLS in Node.js itself. */
export function nodeEnvironment() {
  const now = process.env.NODE_EXTRA_CA_CERTS || undefined;
  return {
    /** A file of certificate authorities that this process was started with. */
    extraRoots: extraRootsAtStart || undefined,
    /** One that only a `.env` names, so that it has no effect. */
    extraRootsInFile: extraRootsAtStart ? undefined : now,
    /** Whether others than our own client accept every certificate. */
    isUnverified: process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0',
  };
}

/** The language of the operator who runs a command, by the locale; undefined where it says nothing. */
export function localeOfShell(env: Record<string, string | undefined> = process.env): string | undefined {
  return env.LC_ALL || env.LC_MESSAGES || env.LANG || undefined;
}

function givenIn(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    SETTING_NAMES.map((name) => {
      // As curl and others do: the name in small letters counts first.
      const value = (/_PROXY$/.test(name) && env[name.toLowerCase()]?.trim()) || env[name]?.trim();
      return [name, value] as const;
    }).filter(([, value]) => value !== undefined && value !== ''),
  );
}

function checkSealKey(given: Record<string, string | undefined>): string[] {
  const sealKey = given.SESSION_SEAL_KEY;
  const keys = parseKeys(given.SESSION_KEYS ?? '');
  if (sealKey === undefined || keys === undefined || keys.has(sealKey)) return [];
  return ['SESSION_SEAL_KEY names no key of SESSION_KEYS / 不在 SESSION_KEYS 的编号之中'];
}

/** What depends on two settings. Reported together with other problems, so that the operator mends all at once. */
function crossCheck(given: Record<string, string | undefined>): string[] {
  const problems = checkSealKey(given);
  if (given.SESSION_SAME_SITE === 'none' && !given.PUBLIC_ORIGIN?.startsWith('https:')) {
    problems.push('SESSION_SAME_SITE=none needs an https PUBLIC_ORIGIN / 需要 https 的 PUBLIC_ORIGIN');
  }
  if ((given.DINGTALK_CALLBACK_TOKEN === undefined) !== (given.DINGTALK_CALLBACK_AES_KEY === undefined)) {
    problems.push(
      'DINGTALK_CALLBACK_TOKEN and DINGTALK_CALLBACK_AES_KEY go together: set both or none / 必须同时设置或都不设置',
    );
  }
  if ((given.ALERT_WEBHOOK === undefined) !== (given.ALERT_SECRET === undefined)) {
    problems.push('ALERT_WEBHOOK and ALERT_SECRET go together: set both or none / 必须同时设置或都不设置');
  }
  return [...problems, ...checkGate(given)];
}

/** The gate's hosts differ in name from each other and from the main origin's: cookies do not tell ports apart. */
function checkGate(given: Record<string, string | undefined>): string[] {
  const problems: string[] = [];
  const hosts = entries(given.GATE_HOSTS ?? '').map((host) => host.toLowerCase());
  const origin =
    given.PUBLIC_ORIGIN && URL.canParse(given.PUBLIC_ORIGIN) ? new URL(given.PUBLIC_ORIGIN) : undefined;
  const isProtected = (name: string) => hosts.includes(name) || hosts.includes(name.replace(/^[^.]+/, '*'));
  if (origin && isProtected(origin.hostname))
    problems.push('GATE_HOSTS has the host of PUBLIC_ORIGIN / 包含了 PUBLIC_ORIGIN 的主机名');
  const lone = entries(given.GATE_APPS ?? '')
    .map((entry) => entry.split('=')[0]?.toLowerCase() ?? '')
    .filter((host) => host !== '' && !isProtected(host));
  if (lone.length > 0)
    problems.push(
      `GATE_APPS names hosts that GATE_HOSTS lacks / 有不在 GATE_HOSTS 中的主机: ${lone.join(', ')}`,
    );
  problems.push(...checkHostApps(given));
  if (given.GATE_LISTEN !== undefined && hosts.length === 0)
    problems.push('GATE_HOSTS is missing: GATE_LISTEN is set / 设置了 GATE_LISTEN，但未设置 GATE_HOSTS');
  if (given.GATE_LISTEN === undefined && hosts.length > 0)
    problems.push('GATE_LISTEN is missing: GATE_HOSTS is set / 设置了 GATE_HOSTS，但未设置 GATE_LISTEN');
  return problems;
}

/** A code is its app's: a script on any host of an app can trade its visitors' codes on all others of it. */
function checkHostApps(given: Record<string, string | undefined>): string[] {
  const apps = entries(given.GATE_APPS ?? '').map((entry) => /^([^=]*)=([^:]*)/.exec(entry)?.slice(1) ?? []);
  const ids = [given.DINGTALK_CLIENT_ID, ...apps.map(([, clientId]) => clientId)];
  const shared = apps.filter(
    ([, clientId]) => clientId && ids.indexOf(clientId) !== ids.lastIndexOf(clientId),
  );
  if (shared.length === 0) return [];
  const names = shared.map(([host]) => host).join(', ');
  return [
    `GATE_APPS needs an app of its own for each host, another than DINGTALK_CLIENT_ID / 每个主机需要各自的应用，且不能与 DINGTALK_CLIENT_ID 相同: ${names}`,
  ];
}

/** One for each setting, in the order of the schema: how it was pasted, before what it means. */
function problemsPerSetting(
  given: Record<string, string | undefined>,
  error: z.ZodError | undefined,
  disguised: readonly string[] = [],
): string[] {
  return SETTING_NAMES.flatMap((name) => {
    const value = given[name];
    const pasted =
      value === undefined ? undefined : problemOfPasting(name, value, VALUE_KINDS[name] ?? 'ascii');
    const unseen = disguised.includes(name)
      ? 'is missing; there is a name that looks like it, with invisible, blank or full-width characters in it / 未设置；有一个看起来相同的名称，其中含有看不见的字符、空格或全角字符'
      : undefined;
    const meant = error?.issues.find((issue) => issue.path[0] === name)?.message;
    const problem = pasted ?? unseen ?? meant;
    return problem === undefined ? [] : [`${name} ${inRegion(problem, regionIn(given))}`];
  });
}
