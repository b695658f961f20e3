import 'server-only';
import { z } from 'zod';
import { parseProxy } from './dingtalk/outgoing-proxy';
import { isTimeZone } from './dingtalk/time-zone';

/** The kinds of values that settings have. A message names the remedy, and never repeats a secret. */

/** People by user id, and by the names of their roles. Two lists: a role may have the same name as a user id. */
export interface Grant {
  userIds: readonly string[];
  roles: readonly string[];
}

export const baseUrl = z
  .string()
  .refine(isHttpUrl, 'must be an http(s) URL / 必须是 http(s) 地址')
  .transform((value) => value.replace(/\/+$/, ''))
  .optional();

export const wholeNumber = (fallback: number, least: number, most: number) =>
  z
    .string()
    .default(String(fallback))
    .refine(
      (value) => /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most,
      `must be a whole number from ${least} to ${most} / 必须是 ${least} 到 ${most} 的整数`,
    )
    .transform(Number);

export const wholeNumberOrOff = (fallback: string, least: number, most: number) =>
  z
    .string()
    .default(fallback)
    .refine(
      (value) =>
        value === 'off' || (/^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most),
      `must be off, or a whole number from ${least} to ${most} / 必须是 off，或 ${least} 到 ${most} 的整数`,
    )
    .transform((value) => (value === 'off' ? undefined : Number(value)));

export const timeZone = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .refine(
      isTimeZone,
      'must be the name of a time zone, such as Asia/Shanghai / 必须是时区名称，如 Asia/Shanghai',
    );

/** Values between separators, without blanks around them and without empty ones. */
export const listOf = (separator: RegExp, fallback = '') =>
  z.string().default(fallback).transform(splitAt(separator));

/** A step of a schema: the entries between separators. */
export function splitAt(separator: RegExp) {
  return (value: string): string[] =>
    value
      .split(separator)
      .map((entry) => entry.trim())
      .filter(Boolean);
}

const nameList = listOf(/[,，;；]/);

const ROLE_PREFIX = 'role:';

export const userIdList = nameList.superRefine((entries, context) => {
  const wrong = entries.filter((entry) => !isUserId(entry));
  if (wrong.length > 0) context.addIssue(`takes user ids only / 只接受 userid: ${wrong.join(', ')}`);
});

/** User ids, and roles as `role:<name>`: without the prefix, a role that is named like a user id would be taken for that person. */
export const grant = nameList
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

export const proxyUrl = z
  .string()
  .transform(
    parsedBy(
      parseProxy,
      'must be an HTTP proxy, http://[user:password@]host:port, with special characters percent-encoded / 必须是 HTTP 代理地址 http://[用户名:密码@]主机:端口，特殊字符须百分号编码',
    ),
  )
  .optional();

/** With the password in it: a value that is not understood is never repeated. */
export const databaseUrl = z
  .string()
  .transform(
    parsedBy(
      parseDatabaseUrl,
      'must be postgres://user:password@host[:port]/database, with special characters percent-encoded, and sslmode, if any, one that pg knows / 必须是 postgres://用户名:密码@主机[:端口]/数据库名，特殊字符须百分号编码，sslmode（如有）须为 pg 支持的值',
    ),
  )
  .optional();

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

function parseDatabaseUrl(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, pathname, username, password, searchParams } = new URL(text);
  const sslMode = searchParams.get('sslmode');
  if (hostname === '' || !/^\/[^/]+$/.test(pathname) || (sslMode !== null && !SSL_MODES.includes(sslMode)))
    return undefined;
  const encoded = [username, password, pathname.slice(1)];
  return encoded.some((part) => /%(?![0-9a-f]{2})/i.test(part)) ? undefined : text;
}

export const required = (where: string) => {
  const message = `is missing / 未设置 (${where})`;
  return z
    .string({ error: message })
    .regex(/^[\x21-\x7e]+$/, `has blanks or unusual characters / 含有空格或异常字符 (${where})`);
};

/** One of two words, such as `on` and `off`, as a boolean. */
export const toggle = (on: string, off: string, fallback: boolean) =>
  z
    .enum([on, off], { error: `must be ${on} or ${off} / 只能是 ${on} 或 ${off}` })
    .default(fallback ? on : off)
    .transform((word) => word === on);

export const origin = (missing: string) =>
  z
    .string({ error: missing })
    .transform(
      parsedBy(
        toOrigin,
        'must be https://host[:port] without a path (http only for localhost) / 必须是不带路径的 https 地址（仅本机可用 http）',
      ),
    );

/** `id:secret[,id:secret]`, in the order given. */
export const sessionKeys = z
  .string({
    error: 'is missing: id:secret, e.g. 1:(output of `openssl rand -hex 32`) / 未设置，格式为 编号:密钥',
  })
  .transform(
    parsedBy(
      parseKeys,
      'must be id:secret[,id:secret], ids of letters, digits, - or _, each used once, each secret ≥ 32 characters / 格式为 编号:密钥[,编号:密钥]，编号不重复，每个密钥至少 32 个字符',
    ),
  );

/** What stands between commas, without blanks around it and without what is empty. */
export function entries(value: string): string[] {
  return value
    .split(/[,，]/)
    .map((entry) => entry.trim())
    .filter(Boolean);
}

/** A step of a schema: what a function makes of the text, or the message where it makes nothing of it. */
export function parsedBy<T>(parse: (value: string) => T | undefined, message: string) {
  return (value: string, context: z.core.$RefinementCtx): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue(message);
    return z.NEVER;
  };
}

export function parseKeys(value: string): ReadonlyMap<string, string> | undefined {
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

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

export function parseUrl(value: string): URL | undefined {
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}
