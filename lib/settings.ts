import 'server-only';
import { z } from 'zod';
import { BASE_PATH } from './base-path';
import { features, frameAncestors, hosts, sources } from './content-setting-values';
import { addressRanges, assertionKeys, hostApps, hostPatterns, listenAddress } from './gate-setting-values';
import { portNumber, robotSecret, robotWebhook } from './monitoring-setting-values';
import type { ValueKind } from './pasted-value';
import {
  baseUrl,
  databaseUrl,
  grant,
  origin,
  proxyUrl,
  required,
  sessionKeys,
  timeZone,
  toggle,
  userIdList,
  wholeNumber,
  wholeNumberOrOff,
} from './setting-values';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const CONSOLE = 'open-dev.dingtalk.com';
const EVENTS = `${CONSOLE} → 应用开发 → (your app 您的应用) → 事件订阅`;
const CREDENTIALS = `${CONSOLE} → 应用开发 → (your app 您的应用) → 凭证与基础信息`;

/** Names and forms of all settings. What is left out has its default from here. */
export const settingsSchema = z.object({
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
  DINGTALK_MONTHLY_CALLS: wholeNumber(5000, 0, 999_999_999),
  DINGTALK_JSAPI_DIGEST: z
    .enum(['sha256', 'sha1'], { error: 'must be sha256 or sha1 / 只能是 sha256 或 sha1' })
    .default('sha256'),
  DINGTALK_REGION: z.enum(['cn', 'intl'], { error: 'must be cn or intl / 只能是 cn 或 intl' }).default('cn'),
  DINGTALK_API_URL: baseUrl,
  DINGTALK_OAPI_URL: baseUrl,
  DINGTALK_LOGIN_URL: baseUrl,
  BASE_PATH: z
    .string()
    .default(BASE_PATH)
    .refine(
      (path) => path === BASE_PATH,
      `differs from the build's (${BASE_PATH || 'none'}): it is chosen by npm run build / 与构建时不同，请用该值重新执行 npm run build`,
    ),
  PUBLIC_ORIGIN: origin(
    'is missing: the address that people open, e.g. https://door.example.com / 未设置：员工打开的地址',
  ),
  SESSION_KEYS: sessionKeys,
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
  SHOW_OPERATOR_HINTS: toggle('true', 'false', false),
  FRAME_ANCESTORS: frameAncestors.optional(),
  AVATAR_HOSTS: hosts.optional(),
  CSP_IMG_SRC: sources(),
  CSP_CONNECT_SRC: sources(['wss']),
  CSP_FRAME_SRC: sources(),
  ALLOWED_FEATURES: features,
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: databaseUrl,
  DATABASE_POOL: wholeNumber(10, 2, 500),
  DIRECTORY_SYNC: toggle('on', 'off', true),
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
  BREAK_GLASS: toggle('on', 'off', false),
  GATE_LISTEN: listenAddress,
  GATE_HOSTS: hostPatterns,
  GATE_TRUSTED_PROXIES: addressRanges,
  GATE_PROXY_SECRET: z
    .string()
    .regex(
      /^[\x21-\x7e]{32,256}$/,
      'must be 32 to 256 characters without blanks / 必须是 32 到 256 个不含空格的字符',
    )
    .optional(),
  GATE_APPS: hostApps,
  GATE_USER: z
    .enum(['userid', 'job-number', 'mailbox'], {
      error: 'must be userid, job-number or mailbox / 只能是 userid、job-number 或 mailbox',
    })
    .default('userid'),
  GATE_HEADERS: z
    .enum(['remote', 'x-auth-request'], {
      error: 'must be remote or x-auth-request / 只能是 remote 或 x-auth-request',
    })
    .default('remote'),
  GATE_KEYS: assertionKeys,
  BRAND_FILE: z.string().optional(),
  SHOW_EXAMPLES: toggle('on', 'off', false),
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
  DINGTALK_STREAM: toggle('on', 'off', false),
  AUDIT_DAYS: wholeNumber(200, 1, 3650),
  TIME_ZONE: timeZone('Asia/Shanghai'),
  WATERMARK: toggle('on', 'off', false),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address or a host name to listen on / 必须是监听的地址或主机名')
    .default('127.0.0.1'),
  PORT: wholeNumber(3000, 0, 65_535),
  DRAIN_SECONDS: wholeNumber(1, 0, 60),
  METRICS_PORT: portNumber,
  METRICS_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address or a host name to listen on / 必须是监听的地址或主机名')
    .default('127.0.0.1'),
  ALERT_WEBHOOK: robotWebhook,
  ALERT_SECRET: robotSecret,
});

/** Every name that is read from the environment. */
export const SETTING_NAMES = Object.keys(settingsSchema.shape);

/** Settings whose values are not plain ASCII. */
export const VALUE_KINDS: Partial<Record<string, ValueKind>> = {
  PUBLIC_ORIGIN: 'address',
  DINGTALK_API_URL: 'address',
  DINGTALK_OAPI_URL: 'address',
  DINGTALK_LOGIN_URL: 'address',
  DATABASE_URL: 'address',
  ALERT_WEBHOOK: 'address',
  DATA_DIR: 'path',
  DIRECTORY_SEE_HIDDEN: 'names',
  DIRECTORY_EXPORT: 'names',
  ADMIN_USER_IDS: 'names',
  AUDITORS: 'names',
  ACCESS_FILE: 'path',
  BRAND_FILE: 'path',
  ALLOWED_FEATURES: 'names',
};

/** What sealing needs, for the command that changes the keys. */
export const sessionSettingsSchema = settingsSchema.pick({
  SESSION_KEYS: true,
  SESSION_SEAL_KEY: true,
  SESSION_TTL_SECONDS: true,
});

/** For the command that changes the keys of assertions. */
export const gateKeysSchema = settingsSchema.pick({ GATE_KEYS: true });
