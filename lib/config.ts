import 'server-only';
import { z } from 'zod';
import { type ProxySettings, parseProxy } from './dingtalk/outgoing-proxy';
import { disguisedNames, problemOfPasting, type ValueKind } from './pasted-value';
import { singleton } from './singleton';

/** Everything that can be set, parsed. Secrets are in here: never log it whole. */
export interface Config {
  corpId: string;
  clientId: string;
  clientSecret: string;
  agentId: string | undefined;
  apiUrl: string;
  oapiUrl: string;
  loginUrl: string;
  /** The HTTP proxy that DingTalk is asked through; its password is a secret. */
  outgoingProxy: ProxySettings | undefined;
  /** Scheme, host and port as people's browsers see them, without a trailing slash. */
  publicOrigin: string;
  /** Key id to secret, in the order given. */
  sessionKeys: ReadonlyMap<string, string>;
  /** Id of the key that seals new sessions. */
  sealKey: string;
  sessionTtlSeconds: number;
  /** A session that was not used for so long is over; undefined: use does not matter. */
  sessionIdleSeconds: number | undefined;
  /** Administration and export need a sign-in of the last so many minutes; undefined: any session will do. */
  stepUpMinutes: number | undefined;
  /** Not `strict`: whoever comes back from DingTalk's page, or from a link in a chat, would be nobody. */
  sessionSameSite: 'lax' | 'none';
  trustedProxyHops: number;
  logLevel: (typeof LOG_LEVELS)[number];
  showOperatorHints: boolean;
  /** Origins, besides our own, whose pages may show ours in a frame. */
  frameAncestors: readonly string[];
  /** Hosts (with port, if any) whose pictures are shown as avatars. */
  avatarHosts: readonly string[];
  /** Folder of the database file; made when it is not there. */
  dataDir: string;
  directory: DirectorySettings;
  /** Administrators of this app, beside DingTalk's own main administrators. */
  adminUserIds: readonly string[];
  /** What DingTalk's HTTP callbacks are signed and encrypted with; undefined: they do not come this way. */
  callback: { token: string; aesKey: string } | undefined;
  /** Who may see which page; undefined: every member every page. */
  accessFile: string | undefined;
  /** What the mirror says of a person counts for so long in rules. */
  accessMaxAgeHours: number;
  /** Who sees the audit, and nothing else of the administration. */
  auditors: Grant;
  /** Whether events are fetched over a Stream connection. */
  stream: boolean;
  /** How long lines of the audit are kept. */
  auditDays: number;
  /** Where `start.mjs` listens, and how long it goes on answering after a signal. */
  listen: { host: string; port: number; drainSeconds: number };
}

/** How the staff directory is mirrored, and who may see what of it. */
export interface DirectorySettings {
  /** Whether this process reads the directory by itself. */
  sync: boolean;
  /** Seconds from one read to the next; 0: never by itself. */
  syncIntervalSeconds: number;
  /** A sign-in uses the mirror when it is at most this old; 0: never. */
  signInMaxAgeSeconds: number;
  /** Calls a second to each API; DingTalk allows 20. */
  callsPerSecond: number;
  /** Who sees hidden departments, people and mobile numbers. */
  seeHidden: Grant;
  /** Who may export. */
  mayExport: Grant;
}

/** People by user id, and by the names of their roles. Two lists: a role may be called like somebody's user id. */
export interface Grant {
  userIds: readonly string[];
  roles: readonly string[];
}

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

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const CONSOLE = 'open-dev.dingtalk.com';
const EVENTS = `${CONSOLE} → 应用开发 → (your app 您的应用) → 事件订阅`;
const CREDENTIALS = `${CONSOLE} → 应用开发 → (your app 您的应用) → 凭证与基础信息`;

const baseUrl = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .refine(isHttpUrl, 'must be an http(s) URL / 必须是 http(s) 地址')
    .transform((value) => value.replace(/\/+$/, ''));

const wholeNumber = (fallback: number, least: number, most: number) =>
  z
    .string()
    .default(String(fallback))
    .refine(
      (value) => /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most,
      `must be a whole number from ${least} to ${most} / 必须是 ${least} 到 ${most} 的整数`,
    )
    .transform(Number);

const wholeNumberOrOff = (fallback: string, least: number, most: number) =>
  z
    .string()
    .default(fallback)
    .refine(
      (value) =>
        value === 'off' || (/^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most),
      `must be off, or a whole number from ${least} to ${most} / 必须是 off，或 ${least} 到 ${most} 的整数`,
    )
    .transform((value) => (value === 'off' ? undefined : Number(value)));

const nameList = z
  .string()
  .default('')
  .transform((value) =>
    value
      .split(/[,，;；]/)
      .map((name) => name.trim())
      .filter(Boolean),
  );

const ROLE_PREFIX = 'role:';

const userIdList = nameList.superRefine((entries, context) => {
  const wrong = entries.filter((entry) => !isUserId(entry));
  if (wrong.length > 0) context.addIssue(`takes user ids only / 只接受 userid: ${wrong.join(', ')}`);
});

/** User ids, and roles as `role:<name>`: whoever may name a role must not be able to name it like a user id. */
const grant = nameList
  .superRefine((entries, context) => {
    const wrong = entries.filter((entry) => !isUserId(entry) && !roleIn(entry));
    if (wrong.length === 0) return;
    const spelled = wrong
      .map((entry) => `${ROLE_PREFIX}${entry.replace(/^role\W*/i, '') || '<name>'}`)
      .join(', ');
    context.addIssue(
      `takes user ids and role:<name>; these are no user ids / 只接受 userid 与 role:<角色名>，以下不是 userid: ${wrong.join(', ')} → ${spelled}`,
    );
  })
  .transform(
    (entries): Grant => ({
      userIds: entries.filter((entry) => isUserId(entry)),
      roles: entries.map(roleIn).filter((role) => role !== undefined),
    }),
  );

const proxyUrl = z
  .string()
  .refine(
    (value) => parseProxy(value) !== undefined,
    'must be an HTTP proxy, http://[user:password@]host:port, with special characters percent-encoded / 必须是 HTTP 代理地址 http://[用户名:密码@]主机:端口，特殊字符须百分号编码',
  )
  .transform(parseProxy)
  .optional();

const required = (where: string) => {
  const message = `is missing / 未设置 (${where})`;
  return z
    .string({ error: message })
    .regex(/^[\x21-\x7e]+$/, `has blanks or unusual characters / 含有空格或异常字符 (${where})`);
};

const settingsSchema = z.object({
  DINGTALK_CORP_ID: required(`CorpId: ${CONSOLE}, home page 首页`).regex(
    /^(?!\$)/,
    'still is the placeholder / 仍是占位符',
  ),
  DINGTALK_CLIENT_ID: required(`Client ID, formerly AppKey 原 AppKey: ${CREDENTIALS}`),
  DINGTALK_CLIENT_SECRET: required(`Client Secret, formerly AppSecret 原 AppSecret: ${CREDENTIALS}`),
  DINGTALK_AGENT_ID: z
    .string()
    .regex(/^\d+$/, `must be a number / 必须是数字 (AgentId: ${CREDENTIALS})`)
    .optional(),
  DINGTALK_API_URL: baseUrl('https://api.dingtalk.com'),
  DINGTALK_OAPI_URL: baseUrl('https://oapi.dingtalk.com'),
  DINGTALK_LOGIN_URL: baseUrl('https://login.dingtalk.com'),
  PUBLIC_ORIGIN: z
    .string({
      error:
        'is missing: the address that people open, e.g. https://door.example.com / 未设置：员工打开的地址',
    })
    .transform(toOrigin)
    .refine((origin) => origin !== undefined, {
      error:
        'must be https://host[:port] without a path (http only for localhost) / 必须是不带路径的 https 地址（仅本机可用 http）',
    }),
  SESSION_KEYS: z
    .string({
      error: 'is missing: id:secret, e.g. 1:(output of `openssl rand -hex 32`) / 未设置，格式为 编号:密钥',
    })
    .transform(parseKeys)
    .refine((keys) => keys !== undefined, {
      error:
        'must be id:secret[,id:secret], ids of letters, digits, - or _, each used once, each secret ≥ 32 characters / 格式为 编号:密钥[,编号:密钥]，编号不重复，每个密钥至少 32 个字符',
    }),
  SESSION_SEAL_KEY: z.string().optional(),
  SESSION_TTL_SECONDS: wholeNumber(43200, 60, 7 * 86400),
  SESSION_IDLE_SECONDS: wholeNumberOrOff('off', 300, 7 * 86400),
  SESSION_SAME_SITE: z
    .enum(['lax', 'none'], { error: 'must be lax or none / 只能是 lax 或 none' })
    .default('lax'),
  TRUSTED_PROXY_HOPS: wholeNumber(0, 0, 10),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')} / 取值不对` })
    .default('info'),
  SHOW_OPERATOR_HINTS: z
    .enum(['true', 'false'], { error: 'must be true or false / 只能是 true 或 false' })
    .default('false'),
  FRAME_ANCESTORS: z
    .string()
    .default('https://*.dingtalk.com')
    .transform((value) =>
      value
        .split(/[,，\s]+/)
        .map((origin) => origin.toLowerCase().replace(/\/$/, ''))
        .filter(Boolean),
    )
    .refine((origins) => origins.every(isFrameAncestor), {
      error:
        'must be origins separated by commas, such as https://portal.example.com or https://*.example.com (http only for localhost) / 必须是以逗号分隔的来源，如 https://portal.example.com（仅本机可用 http）',
    }),
  AVATAR_HOSTS: z
    .string()
    .default('*.dingtalk.com,*.alicdn.com')
    .transform((value) =>
      value
        .split(',')
        .map((host) => host.trim().toLowerCase())
        .filter(Boolean),
    )
    .refine((hosts) => hosts.every((host) => /^(\*\.)?[a-z0-9.-]+(:\d+)?$/.test(host)), {
      error: 'must be hosts separated by commas / 必须是以逗号分隔的主机名',
    }),
  DATA_DIR: z.string().default('./data'),
  DIRECTORY_SYNC: z.enum(['on', 'off'], { error: 'must be on or off / 只能是 on 或 off' }).default('on'),
  DIRECTORY_SYNC_INTERVAL_SECONDS: wholeNumber(21_600, 0, 7 * 86_400),
  DIRECTORY_SIGN_IN_MAX_AGE_SECONDS: wholeNumber(0, 0, 86_400),
  DIRECTORY_CALLS_PER_SECOND: wholeNumber(15, 1, 1000),
  DIRECTORY_SEE_HIDDEN: grant,
  DIRECTORY_EXPORT: grant,
  ADMIN_USER_IDS: userIdList,
  AUDITORS: grant,
  ACCESS_FILE: z.string().optional(),
  ACCESS_MAX_AGE_HOURS: wholeNumber(48, 1, 8760),
  STEP_UP_MINUTES: wholeNumberOrOff('30', 1, 1440),
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  NO_PROXY: z.string().optional(),
  DINGTALK_CALLBACK_TOKEN: z
    .string()
    .regex(
      /^[A-Za-z0-9]{3,64}$/,
      `must be 3 to 64 letters and digits / 必须是 3 到 64 个字母或数字 (${EVENTS})`,
    )
    .optional(),
  DINGTALK_CALLBACK_AES_KEY: z
    .string()
    .regex(/^[A-Za-z0-9]{43}$/, `must be 43 letters and digits / 必须是 43 个字母或数字 (${EVENTS})`)
    .optional(),
  DINGTALK_STREAM: z.enum(['on', 'off'], { error: 'must be on or off / 只能是 on 或 off' }).default('off'),
  AUDIT_DAYS: wholeNumber(200, 1, 3650),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address or a host name to listen on / 必须是监听的地址或主机名')
    .default('127.0.0.1'),
  PORT: wholeNumber(3000, 0, 65_535),
  DRAIN_SECONDS: wholeNumber(1, 0, 60),
});

/** Every name that is read from the environment. */
export const SETTING_NAMES = Object.keys(settingsSchema.shape);

/** Where more is allowed than a machine's word. */
const KINDS: Partial<Record<string, ValueKind>> = {
  PUBLIC_ORIGIN: 'address',
  DINGTALK_API_URL: 'address',
  DINGTALK_OAPI_URL: 'address',
  DINGTALK_LOGIN_URL: 'address',
  DATA_DIR: 'path',
  DIRECTORY_SEE_HIDDEN: 'names',
  DIRECTORY_EXPORT: 'names',
  ADMIN_USER_IDS: 'names',
  AUDITORS: 'names',
  ACCESS_FILE: 'path',
};

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
 * The session keys alone, for whoever changes them on a machine that has no other settings.
 *
 * @returns undefined where none are set
 * @throws ConfigError when they, or what belongs to them, are wrong
 */
export function parseSessionSettings(
  env: Record<string, string | undefined> = process.env,
): Pick<Config, 'sessionKeys' | 'sealKey' | 'sessionTtlSeconds'> | undefined {
  const given = givenIn(env);
  if (given.SESSION_KEYS === undefined) return undefined;
  const parsed = sessionSchema.safeParse(given);
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => name in sessionSchema.shape));
  const problems = [...problemsPerSetting(own, parsed.error), ...checkSealKey(given)];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return toSessionSettings(parsed.data);
}

/** The settings of this process, read once, when first asked for: never while building. */
export const config = singleton('config', () => parseConfig(process.env));

const sessionSchema = settingsSchema.pick({
  SESSION_KEYS: true,
  SESSION_SEAL_KEY: true,
  SESSION_TTL_SECONDS: true,
});

type Settings = z.infer<typeof settingsSchema>;

function givenIn(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    SETTING_NAMES.map((name) => {
      // Every other program reads these in small letters too, and first.
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

/** What depends on two settings; told also where a third one is wrong, so that there is one message. */
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
  return problems;
}

function toSessionSettings(settings: z.infer<typeof sessionSchema>) {
  const sessionKeys = settings.SESSION_KEYS ?? new Map<string, string>();
  const sealKey = settings.SESSION_SEAL_KEY ?? [...sessionKeys.keys()][0] ?? '';
  return { sessionKeys, sealKey, sessionTtlSeconds: settings.SESSION_TTL_SECONDS };
}

function toConfig(settings: Settings): Config {
  return {
    ...toSessionSettings(settings),
    corpId: settings.DINGTALK_CORP_ID,
    clientId: settings.DINGTALK_CLIENT_ID,
    clientSecret: settings.DINGTALK_CLIENT_SECRET,
    agentId: settings.DINGTALK_AGENT_ID,
    apiUrl: settings.DINGTALK_API_URL,
    oapiUrl: settings.DINGTALK_OAPI_URL,
    loginUrl: settings.DINGTALK_LOGIN_URL,
    outgoingProxy:
      settings.HTTP_PROXY || settings.HTTPS_PROXY
        ? { http: settings.HTTP_PROXY, https: settings.HTTPS_PROXY, noProxy: settings.NO_PROXY }
        : undefined,
    publicOrigin: settings.PUBLIC_ORIGIN ?? '',
    sessionIdleSeconds: settings.SESSION_IDLE_SECONDS,
    stepUpMinutes: settings.STEP_UP_MINUTES,
    sessionSameSite: settings.SESSION_SAME_SITE,
    trustedProxyHops: settings.TRUSTED_PROXY_HOPS,
    logLevel: settings.LOG_LEVEL,
    showOperatorHints: settings.SHOW_OPERATOR_HINTS === 'true',
    frameAncestors: settings.FRAME_ANCESTORS,
    avatarHosts: settings.AVATAR_HOSTS,
    dataDir: settings.DATA_DIR,
    directory: {
      sync: settings.DIRECTORY_SYNC === 'on',
      syncIntervalSeconds: settings.DIRECTORY_SYNC_INTERVAL_SECONDS,
      signInMaxAgeSeconds: settings.DIRECTORY_SIGN_IN_MAX_AGE_SECONDS,
      callsPerSecond: settings.DIRECTORY_CALLS_PER_SECOND,
      seeHidden: settings.DIRECTORY_SEE_HIDDEN,
      mayExport: settings.DIRECTORY_EXPORT,
    },
    adminUserIds: settings.ADMIN_USER_IDS,
    auditors: settings.AUDITORS,
    accessFile: settings.ACCESS_FILE,
    accessMaxAgeHours: settings.ACCESS_MAX_AGE_HOURS,
    callback:
      settings.DINGTALK_CALLBACK_TOKEN && settings.DINGTALK_CALLBACK_AES_KEY
        ? { token: settings.DINGTALK_CALLBACK_TOKEN, aesKey: settings.DINGTALK_CALLBACK_AES_KEY }
        : undefined,
    stream: settings.DINGTALK_STREAM === 'on',
    auditDays: settings.AUDIT_DAYS,
    listen: { host: settings.HOST, port: settings.PORT, drainSeconds: settings.DRAIN_SECONDS },
  };
}

/** One for each setting, in the order of the schema: how it was pasted, before what it means. */
function problemsPerSetting(
  given: Record<string, string | undefined>,
  error: z.ZodError | undefined,
  disguised: readonly string[] = [],
): string[] {
  return SETTING_NAMES.flatMap((name) => {
    const value = given[name];
    const pasted = value === undefined ? undefined : problemOfPasting(name, value, KINDS[name] ?? 'ascii');
    const unseen = disguised.includes(name)
      ? 'is missing; there is a name that looks like it, with invisible, blank or full-width characters in it / 未设置；有一个看起来相同的名称，其中含有看不见的字符、空格或全角字符'
      : undefined;
    const meant = error?.issues.find((issue) => issue.path[0] === name)?.message;
    const problem = pasted ?? unseen ?? meant;
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
}

function parseKeys(value: string): ReadonlyMap<string, string> | undefined {
  const keys = new Map<string, string>();
  for (const entry of value.split(',')) {
    const [, id, secret] = /^\s*([\w-]{1,32}):(\S{32,})\s*$/.exec(entry) ?? [];
    if (id === undefined || secret === undefined || keys.has(id)) return undefined;
    keys.set(id, secret);
  }
  return keys;
}

/** DingTalk's user ids are ASCII; names of roles mostly are not, and may look like anything. */
function isUserId(entry: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(entry) && !entry.toLowerCase().startsWith('role:');
}

/** The role that an entry names. */
function roleIn(entry: string): string | undefined {
  return (entry.startsWith(ROLE_PREFIX) && entry.slice(ROLE_PREFIX.length).trim()) || undefined;
}

function isHttpUrl(value: string): boolean {
  const url = parseUrl(value);
  return url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
}

/** As browsers write it: a Chinese host in punycode, without the default port. Undefined: it is none. */
function toOrigin(value: string): string | undefined {
  const url = /^https?:\/\//i.test(value) ? parseUrl(value) : undefined;
  if (!url || url.username || url.password || url.pathname !== '/' || url.search || url.hash)
    return undefined;
  if (!/^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/.test(url.hostname)) return undefined;
  const isAllowed = url.protocol === 'https:' || isLoopback(url.hostname);
  return isAllowed ? url.origin : undefined;
}

/** An origin, or all hosts below one of at least two labels. Nothing that could end the directive it stands in. */
function isFrameAncestor(value: string): boolean {
  const [, scheme, host = ''] =
    /^(https?):\/\/(?:\*\.(?=[^.]+\.))?([a-z0-9.-]+|\[::1\])(?::\d{1,5})?$/.exec(value) ?? [];
  if (parseUrl(value.replace('*.', '')) === undefined) return false;
  return scheme === 'https' || (scheme === 'http' && isLoopback(host));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function parseUrl(value: string): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}
