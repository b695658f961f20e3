import 'server-only';
import type { z } from 'zod';
import { BASE_PATH } from './base-path';
import { REGIONS } from './region';
import type { sessionSettingsSchema, settingsSchema } from './settings';

type Settings = z.infer<typeof settingsSchema>;

/** @see toConfig */
export function toSessionSettings(settings: z.infer<typeof sessionSettingsSchema>) {
  /** Key id to secret, in the order given. */
  const sessionKeys = settings.SESSION_KEYS;
  /** Id of the key that seals new sessions. */
  const sealKey = settings.SESSION_SEAL_KEY ?? [...sessionKeys.keys()][0] ?? '';
  return { sessionKeys, sealKey, sessionTtlSeconds: settings.SESSION_TTL_SECONDS };
}

/** The settings as the code reads them. Secrets are in the result: never log it whole. */
export function toConfig(settings: Settings) {
  return {
    ...toSessionSettings(settings),
    ...dingTalkOf(settings),
    ...accessOf(settings),
    ...pagesOf(settings),
    ...operationOf(settings),
    directory: directoryOf(settings),
    gate: gateOf(settings),
  };
}

/** As which app DingTalk is asked, where it is, and how its events come. */
function dingTalkOf(settings: Settings) {
  const region = REGIONS[settings.DINGTALK_REGION];
  return {
    corpId: settings.DINGTALK_CORP_ID,
    clientId: settings.DINGTALK_CLIENT_ID,
    clientSecret: settings.DINGTALK_CLIENT_SECRET,
    /** Undefined: no work notifications. */
    agentId: settings.DINGTALK_AGENT_ID,
    /** Calls of a month that may count against DingTalk's quota: calendar and notices. */
    monthlyCalls: settings.DINGTALK_MONTHLY_CALLS,
    /** How pages are signed for JSAPIs. */
    jsapiDigest: settings.DINGTALK_JSAPI_DIGEST,
    /** Where DingTalk is, unless the addresses below say otherwise. */
    region: settings.DINGTALK_REGION,
    apiUrl: settings.DINGTALK_API_URL ?? region.apiUrl,
    oapiUrl: settings.DINGTALK_OAPI_URL ?? region.oapiUrl,
    loginUrl: settings.DINGTALK_LOGIN_URL ?? region.loginUrl,
    /** The HTTP proxy that DingTalk is asked through; its password is a secret. */
    outgoingProxy:
      settings.HTTP_PROXY || settings.HTTPS_PROXY
        ? { http: settings.HTTP_PROXY, https: settings.HTTPS_PROXY, noProxy: settings.NO_PROXY }
        : undefined,
    /** What DingTalk's HTTP callbacks are signed and encrypted with; undefined: events do not come this way. */
    callback:
      settings.DINGTALK_CALLBACK_TOKEN && settings.DINGTALK_CALLBACK_AES_KEY
        ? { token: settings.DINGTALK_CALLBACK_TOKEN, aesKey: settings.DINGTALK_CALLBACK_AES_KEY }
        : undefined,
    /** Whether events are fetched over a Stream connection. */
    stream: settings.DINGTALK_STREAM,
  };
}

/** How long sessions last, who administers, and who may see which page. */
function accessOf(settings: Settings) {
  return {
    /** A session that was not used for so long is over; undefined: use does not matter. */
    sessionIdleSeconds: settings.SESSION_IDLE_SECONDS,
    /** Administration and export need a sign-in of the last so many minutes; undefined: any session will do. */
    stepUpMinutes: settings.STEP_UP_MINUTES,
    /** Not `strict`: the cookie would be missing on the way back from DingTalk's page, and behind a link in a chat. */
    sessionSameSite: settings.SESSION_SAME_SITE,
    /** Administrators of this app, beside DingTalk's own main administrators. */
    adminUserIds: settings.ADMIN_USER_IDS,
    /** Who sees the audit, and nothing else of the administration. */
    auditors: settings.AUDITORS,
    /** Path of the access rules; undefined: every member sees every page. */
    accessFile: settings.ACCESS_FILE,
    /** Hours for which the directory's information counts in rules. */
    accessMaxAgeHours: settings.ACCESS_MAX_AGE_HOURS,
    /** Whether `npm run ticket` makes links that sign administrators in without DingTalk. */
    breakGlass: settings.BREAK_GLASS,
  };
}

/** Where pages are, what they show, and what they may load and use. */
function pagesOf(settings: Settings) {
  const region = REGIONS[settings.DINGTALK_REGION];
  return {
    /** Scheme, host and port as people's browsers see them, without a trailing slash. */
    publicOrigin: settings.PUBLIC_ORIGIN,
    /** The same with the base path: what the addresses of our pages begin with. */
    publicUrl: settings.PUBLIC_ORIGIN + BASE_PATH,
    /** Origins, besides our own, whose pages may show ours in a frame. */
    frameAncestors: settings.FRAME_ANCESTORS ?? region.frameAncestors.split(','),
    /** Hosts (with port, if any) whose pictures are shown as avatars. */
    avatarHosts: settings.AVATAR_HOSTS ?? region.avatarHosts.split(','),
    /** Origins that pages may load from, besides our own. */
    contentSources: {
      img: settings.CSP_IMG_SRC,
      connect: settings.CSP_CONNECT_SRC,
      frame: settings.CSP_FRAME_SRC,
    },
    /** What of a device pages may use, and what not. */
    features: settings.ALLOWED_FEATURES,
    /** Path of the company's name, colour and pictures; undefined: as dingpass comes. */
    brandFile: settings.BRAND_FILE,
    /** Whether the first page leads to the example pages. */
    showExamples: settings.SHOW_EXAMPLES,
    showOperatorHints: settings.SHOW_OPERATOR_HINTS,
    /** Of all times that people read, such as `Asia/Shanghai`. */
    timeZone: settings.TIME_ZONE,
    /** Whether directory and administration carry the reader's name. */
    watermark: settings.WATERMARK,
  };
}

/** Where the process listens, what it keeps, and what it tells operators. */
function operationOf(settings: Settings) {
  return {
    /** Where `start.mjs` listens, and how long it goes on answering after a signal. */
    listen: { host: settings.HOST, port: settings.PORT, drainSeconds: settings.DRAIN_SECONDS },
    trustedProxyHops: settings.TRUSTED_PROXY_HOPS,
    /** Folder of the database files; created when it does not exist. */
    dataDir: settings.DATA_DIR,
    /** PostgreSQL in place of files; its password is a secret. */
    database: settings.DATABASE_URL
      ? { url: settings.DATABASE_URL, poolSize: settings.DATABASE_POOL }
      : undefined,
    /** How long audit entries are kept. */
    auditDays: settings.AUDIT_DAYS,
    logLevel: settings.LOG_LEVEL,
    /** Where metrics are answered; undefined: nowhere. */
    metrics: settings.METRICS_PORT ? { host: settings.METRICS_HOST, port: settings.METRICS_PORT } : undefined,
    /** The robot of the operators' group; its webhook and its secret are secrets. */
    robot:
      settings.ALERT_WEBHOOK && settings.ALERT_SECRET
        ? { webhook: settings.ALERT_WEBHOOK, secret: settings.ALERT_SECRET }
        : undefined,
  };
}

/** How the directory is kept, and who may see what of it. */
function directoryOf(settings: Settings) {
  return {
    /** Whether this process reads the address book by itself. */
    sync: settings.DIRECTORY_SYNC,
    /** Seconds from one read to the next; 0: never by itself. */
    syncIntervalSeconds: settings.DIRECTORY_SYNC_INTERVAL_SECONDS,
    /** A sign-in uses the directory when it is at most this old; 0: never. */
    signInMaxAgeSeconds: settings.DIRECTORY_SIGN_IN_MAX_AGE_SECONDS,
    /** Calls a second to each API; DingTalk allows 20. */
    callsPerSecond: settings.DIRECTORY_CALLS_PER_SECOND,
    /** Who sees hidden departments, people and mobile numbers. */
    seeHidden: settings.DIRECTORY_SEE_HIDDEN,
    /** Who may export. */
    mayExport: settings.DIRECTORY_EXPORT,
  };
}

/** The sign-in in front of pages that others wrote. */
function gateOf(settings: Settings) {
  return {
    /** Where it listens for the proxies' questions; undefined: it is off. */
    listen: settings.GATE_LISTEN,
    /** Names of protected hosts; `*.` stands for one more label. */
    hosts: settings.GATE_HOSTS,
    /** Ranges of addresses, besides this machine's, whose connections are proxies'. */
    trustedProxies: settings.GATE_TRUSTED_PROXIES,
    /** What proxies send in `X-Dingpass-Proxy-Secret`. */
    secret: settings.GATE_PROXY_SECRET,
    /** By host: the DingTalk app whose codes are taken there, and nowhere else. */
    apps: settings.GATE_APPS,
    /** What upstreams know a member by. */
    user: settings.GATE_USER,
    /** Names of the identity headers. */
    headers: settings.GATE_HEADERS,
    /** Key id to private key (PKCS #8, PEM): the first signs assertions, the others are published only. */
    keys: settings.GATE_KEYS,
  };
}
