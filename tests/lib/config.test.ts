import { expect, test } from 'vitest';
import { ConfigError, parseConfig } from '../../lib/config';

const SECRET = 'canary-client-secret-0123456789';
const KEY = 'canary-session-key-of-more-than-32-chars';

const good: Record<string, string> = {
  DINGTALK_CORP_ID: 'ding0123456789abcdef',
  DINGTALK_CLIENT_ID: 'dingclient0123',
  DINGTALK_CLIENT_SECRET: SECRET,
  PUBLIC_ORIGIN: 'https://door.example.com',
  SESSION_KEYS: `a:${KEY}`,
};
const REQUIRED = Object.keys(good);

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('the five required settings are enough, and the rest has defaults', () => {
  expect(parseConfig(good)).toEqual({
    corpId: 'ding0123456789abcdef',
    clientId: 'dingclient0123',
    clientSecret: SECRET,
    agentId: undefined,
    monthlyCalls: 5000,
    jsapiDigest: 'sha256',
    region: 'cn',
    apiUrl: 'https://api.dingtalk.com',
    oapiUrl: 'https://oapi.dingtalk.com',
    loginUrl: 'https://login.dingtalk.com',
    publicOrigin: 'https://door.example.com',
    publicUrl: 'https://door.example.com',
    sessionKeys: new Map([['a', KEY]]),
    sealKey: 'a',
    sessionTtlSeconds: 43_200,
    sessionIdleSeconds: undefined,
    stepUpMinutes: 30,
    sessionSameSite: 'lax',
    trustedProxyHops: 0,
    logLevel: 'info',
    showOperatorHints: false,
    frameAncestors: ['https://*.dingtalk.com'],
    avatarHosts: expect.arrayContaining(['*.dingtalk.com']),
    contentSources: { img: [], connect: [], frame: [] },
    features: expect.not.arrayContaining([expect.objectContaining({ isAllowed: true })]),
    dataDir: './data',
    directory: {
      sync: true,
      syncIntervalSeconds: 21_600,
      signInMaxAgeSeconds: 0,
      callsPerSecond: 15,
      seeHidden: { userIds: [], roles: [] },
      mayExport: { userIds: [], roles: [] },
    },
    adminUserIds: [],
    auditors: { userIds: [], roles: [] },
    accessFile: undefined,
    brandFile: undefined,
    showExamples: false,
    accessMaxAgeHours: 48,
    callback: undefined,
    stream: false,
    auditDays: 200,
    timeZone: 'Asia/Shanghai',
    watermark: false,
    breakGlass: false,
    gate: {
      listen: undefined,
      hosts: [],
      trustedProxies: [],
      secret: undefined,
      apps: new Map(),
      user: 'userid',
      headers: 'remote',
      keys: new Map(),
    },
    listen: { host: '127.0.0.1', port: 3000, drainSeconds: 1 },
  });
});

test.each(REQUIRED)('%s is missed when it is absent, empty or blank', (name) => {
  for (const value of [undefined, '', '   ', '\t\n']) {
    const problems = problemsOf({ ...good, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} .*missing.*未设置`));
  }
});

test.each<[string, string]>([
  ['DINGTALK_CORP_ID', '$CORPID$'],
  ['DINGTALK_CORP_ID', 'ding 123'],
  ['DINGTALK_CLIENT_ID', '客户端'],
  ['DINGTALK_CLIENT_SECRET', `${SECRET} ${SECRET}`],
  ['DINGTALK_CLIENT_SECRET', `${SECRET}\u200b`],
  ['DINGTALK_AGENT_ID', '12a'],
  ['DINGTALK_MONTHLY_CALLS', 'many'],
  ['DINGTALK_MONTHLY_CALLS', '-1'],
  ['DINGTALK_JSAPI_DIGEST', 'md5'],
  ['DINGTALK_API_URL', 'api.dingtalk.com'],
  ['DINGTALK_API_URL', 'ftp://api.dingtalk.com'],
  ['DINGTALK_OAPI_URL', 'https://user:pw@oapi.dingtalk.com'],
  ['DINGTALK_OAPI_URL', 'https://oapi.dingtalk.com/?x=1'],
  ['DINGTALK_LOGIN_URL', 'https://login.dingtalk.com/#x'],
  ['DINGTALK_LOGIN_URL', 'javascript:alert(1)'],
  ['PUBLIC_ORIGIN', 'door.example.com'],
  ['PUBLIC_ORIGIN', 'http://door.example.com'],
  ['PUBLIC_ORIGIN', 'https://door.example.com/app'],
  ['PUBLIC_ORIGIN', 'https://door.example.com?x'],
  ['PUBLIC_ORIGIN', 'https://user@door.example.com'],
  ['PUBLIC_ORIGIN', 'http://localhost.evil.example'],
  ['PUBLIC_ORIGIN', 'https://door.example.com,https://other.example.com'],
  ['PUBLIC_ORIGIN', 'ftp://localhost'],
  ['SESSION_KEYS', KEY],
  ['SESSION_KEYS', 'a:canary-too-short'],
  ['SESSION_KEYS', `a:${KEY},a:${KEY}2`],
  ['SESSION_KEYS', `a:${KEY},`],
  ['SESSION_KEYS', `:${KEY}`],
  ['SESSION_KEYS', `a b:${KEY}`],
  ['SESSION_KEYS', `${'i'.repeat(33)}:${KEY}`],
  ['SESSION_SEAL_KEY', 'nobody'],
  ['SESSION_TTL_SECONDS', '0'],
  ['SESSION_TTL_SECONDS', '59'],
  ['SESSION_TTL_SECONDS', '604801'],
  ['SESSION_TTL_SECONDS', '12h'],
  ['SESSION_TTL_SECONDS', '-3600'],
  ['SESSION_TTL_SECONDS', '1e4'],
  ['SESSION_TTL_SECONDS', '3600.5'],
  ['SESSION_SAME_SITE', 'Lax!'],
  ['TRUSTED_PROXY_HOPS', '-1'],
  ['TRUSTED_PROXY_HOPS', 'true'],
  ['TRUSTED_PROXY_HOPS', '11'],
  ['LOG_LEVEL', 'verbose'],
  ['SHOW_OPERATOR_HINTS', 'yes'],
  ['FRAME_ANCESTORS', 'portal.example.com'],
  ['FRAME_ANCESTORS', 'http://portal.example.com'],
  ['FRAME_ANCESTORS', 'https://portal.example.com/path'],
  ['FRAME_ANCESTORS', "https://a.example.com; script-src 'unsafe-inline'"],
  ['FRAME_ANCESTORS', "'self'"],
  ['FRAME_ANCESTORS', '*'],
  ['FRAME_ANCESTORS', 'https://*'],
  ['FRAME_ANCESTORS', 'https://*.com'],
  ['FRAME_ANCESTORS', 'https://a.example.com:99999'],
  ['FRAME_ANCESTORS', 'https://user@a.example.com'],
  ['AVATAR_HOSTS', 'https://avatars.example.com'],
  ['AVATAR_HOSTS', 'a.example.com, b/c'],
  ['ADMIN_USER_IDS', 'zhang,role:财务'],
  ['ADMIN_USER_IDS', '财务'],
  ['DIRECTORY_EXPORT', '财务'],
  ['DIRECTORY_EXPORT', 'role:'],
  ['DIRECTORY_SEE_HIDDEN', 'zhang,人事 经理'],
  ['DIRECTORY_SEE_HIDDEN', 'Role:HR'],
  ['SESSION_IDLE_SECONDS', '60'],
  ['SESSION_IDLE_SECONDS', 'on'],
  ['STEP_UP_MINUTES', '0'],
  ['STEP_UP_MINUTES', 'no'],
])('%s = %j is refused by its name, and its value is not repeated', (name, value) => {
  const problems = problemsOf({ ...good, [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${name}[ =]`));
  expect(problems[0]).not.toContain(KEY);
  expect(problems[0]).not.toContain('canary');
  if (/SECRET|KEYS/.test(name)) expect(problems[0]).not.toContain(value);
});

test('a SameSite of none needs https', () => {
  const env = { ...good, SESSION_SAME_SITE: 'none', PUBLIC_ORIGIN: 'http://localhost:3000' };
  expect(problemsOf(env)).toEqual([expect.stringMatching(/^SESSION_SAME_SITE=none needs an https/)]);
});

test('every problem is told at once, in both languages, without a secret', () => {
  const env = {
    ...good,
    DINGTALK_CORP_ID: undefined,
    DINGTALK_CLIENT_SECRET: `${SECRET} with a blank`,
    PUBLIC_ORIGIN: 'http://door.example.com',
    SESSION_KEYS: `${KEY}`,
    SESSION_TTL_SECONDS: 'long',
    LOG_LEVEL: 'loud',
  };
  const names = [
    'DINGTALK_CORP_ID',
    'DINGTALK_CLIENT_SECRET',
    'PUBLIC_ORIGIN',
    'SESSION_KEYS',
    'SESSION_TTL_SECONDS',
    'LOG_LEVEL',
  ];
  const problems = problemsOf(env);
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual(names);
  const { message } = new ConfigError(problems);
  for (const name of names) expect(message).toContain(`\n  - ${name} `);
  expect(message).toMatch(/cannot start[\s\S]*无法启动/);
  expect(message).not.toContain('canary');
});

test('what depends on another setting is told even when a third one is wrong', () => {
  const env = { ...good, SESSION_SEAL_KEY: 'nobody', LOG_LEVEL: 'loud' };
  expect(problemsOf(env).map((problem) => problem.split(' ')[0])).toEqual(['LOG_LEVEL', 'SESSION_SEAL_KEY']);
});

test('a missing credential says where in the console it is found', () => {
  const problems = problemsOf({});
  expect(problems).toHaveLength(REQUIRED.length);
  expect(problems.filter((problem) => problem.includes('open-dev.dingtalk.com'))).toHaveLength(3);
  expect(problems.join()).toMatch(/AppKey[\s\S]*AppSecret/);
});

test.each<[string, string, object]>([
  ['PUBLIC_ORIGIN', 'https://door.example.com/', { publicOrigin: 'https://door.example.com' }],
  ['PUBLIC_ORIGIN', 'HTTPS://Door.Example.com:8443', { publicOrigin: 'https://door.example.com:8443' }],
  ['PUBLIC_ORIGIN', 'http://localhost:3000', { publicOrigin: 'http://localhost:3000' }],
  ['PUBLIC_ORIGIN', 'http://127.0.0.1:3000', { publicOrigin: 'http://127.0.0.1:3000' }],
  ['PUBLIC_ORIGIN', 'http://[::1]:3000', { publicOrigin: 'http://[::1]:3000' }],
  [
    'DINGTALK_API_URL',
    'https://gateway.example.com/dingtalk/new//',
    { apiUrl: 'https://gateway.example.com/dingtalk/new' },
  ],
  ['DINGTALK_OAPI_URL', 'http://127.0.0.1:4010/old', { oapiUrl: 'http://127.0.0.1:4010/old' }],
  ['DINGTALK_CORP_ID', '  ding0123456789abcdef \n', { corpId: 'ding0123456789abcdef' }],
  ['SESSION_TTL_SECONDS', '604800', { sessionTtlSeconds: 604_800 }],
  ['SESSION_TTL_SECONDS', '', { sessionTtlSeconds: 43_200 }],
  ['TRUSTED_PROXY_HOPS', '2', { trustedProxyHops: 2 }],
  ['DINGTALK_AGENT_ID', '4100200300', { agentId: '4100200300' }],
  ['DINGTALK_MONTHLY_CALLS', '200000', { monthlyCalls: 200_000 }],
  ['DINGTALK_MONTHLY_CALLS', '0', { monthlyCalls: 0 }],
  ['DINGTALK_JSAPI_DIGEST', 'sha1', { jsapiDigest: 'sha1' }],
  ['SHOW_OPERATOR_HINTS', 'true', { showOperatorHints: true }],
  ['SESSION_IDLE_SECONDS', '1800', { sessionIdleSeconds: 1800 }],
  ['STEP_UP_MINUTES', 'off', { stepUpMinutes: undefined }],
  ['STEP_UP_MINUTES', '5', { stepUpMinutes: 5 }],
  ['ADMIN_USER_IDS', 'zhang, li.si-2', { adminUserIds: ['zhang', 'li.si-2'] }],
  [
    'CSP_IMG_SRC',
    'https://CDN.example.com/, https://*.example.com',
    { contentSources: { img: ['https://cdn.example.com', 'https://*.example.com'] } },
  ],
  [
    'CSP_CONNECT_SRC',
    'wss://live.example.com:8443',
    { contentSources: { connect: ['wss://live.example.com:8443'] } },
  ],
  ['CSP_FRAME_SRC', 'http://localhost:3001', { contentSources: { frame: ['http://localhost:3001'] } }],
  [
    'ALLOWED_FEATURES',
    'Camera，geolocation',
    {
      features: expect.arrayContaining([
        { name: 'camera', isAllowed: true },
        { name: 'geolocation', isAllowed: true },
        { name: 'microphone', isAllowed: false },
      ]),
    },
  ],
  [
    'DIRECTORY_EXPORT',
    'zhang，role:财务, role: hr',
    { directory: { mayExport: { userIds: ['zhang'], roles: ['财务', 'hr'] } } },
  ],
])('%s = %j is understood', (name, value, expected) => {
  expect(parseConfig({ ...good, [name]: value })).toMatchObject(expected);
});

test('a role without its prefix is named, with the way to write it', () => {
  const problems = problemsOf({ ...good, DIRECTORY_EXPORT: 'zhang,财务' });
  expect(problems).toEqual([expect.stringMatching(/^DIRECTORY_EXPORT .*财务 → role:财务$/)]);
});

const SENTENCES = {
  quotes: /引号/,
  invisible: /异常字符/,
  'full width': /全角/,
  comment: /注释/,
  twice: /又写了一遍/,
};

test.each(
  Object.keys(good).concat([
    'LOG_LEVEL',
    'DATA_DIR',
    'ADMIN_USER_IDS',
    'DIRECTORY_EXPORT',
    'PORT',
    'HOST',
    'SESSION_SEAL_KEY',
  ]),
)('quotes that were kept around %s are named', (name) => {
  const value = good[name] ?? 'info';
  for (const [open, close] of ['""', "''", '“”', '‘’', '「」', '＂＂', '``'].map((pair) => [...pair])) {
    for (const quoted of [`${open}${value}${close}`, `${open}${value}`, `${value}${close}`]) {
      const problems = problemsOf({ ...good, [name]: quoted });
      expect(
        problems.filter((problem) => SENTENCES.quotes.test(problem)),
        quoted,
      ).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${name} `));
      expect(problems.join()).not.toContain('canary');
    }
  }
});

test.each<[keyof typeof SENTENCES, string, string]>([
  ['quotes', 'SESSION_KEYS', `a:"${KEY}"`],
  ['quotes', 'ADMIN_USER_IDS', 'a,"b",c'],
  ['invisible', 'DINGTALK_CLIENT_ID', 'ding\u200bclient'],
  ['invisible', 'PUBLIC_ORIGIN', 'https://door.example\u200d.com'],
  ['invisible', 'ADMIN_USER_IDS', 'manager\u2060'],
  ['invisible', 'DATA_DIR', './da\u00adta'],
  ['invisible', 'DIRECTORY_SEE_HIDDEN', '人事\u202e'],
  ['full width', 'SESSION_KEYS', `a：${KEY}`],
  ['full width', 'SESSION_KEYS', `a:${KEY}，b:${KEY}2`],
  ['full width', 'PUBLIC_ORIGIN', 'https：//door.example.com'],
  ['full width', 'PUBLIC_ORIGIN', 'https://door。example。com'],
  ['full width', 'DINGTALK_CLIENT_ID', 'ｄingclient'],
  ['full width', 'SESSION_TTL_SECONDS', '４３２００'],
  ['comment', 'DATA_DIR', './data # the folder'],
  ['comment', 'LOG_LEVEL', 'info # or warn'],
  ['twice', 'DINGTALK_CLIENT_ID', 'DINGTALK_CLIENT_ID=dingclient'],
  ['twice', 'SESSION_KEYS', `SESSION_KEYS=a:${KEY}`],
])('pasting: %s is named in %s = %j', (sentence, name, value) => {
  const problems = problemsOf({ ...good, [name]: value });
  expect(problems).toEqual([expect.stringMatching(SENTENCES[sentence])]);
  expect(problems[0]).toMatch(new RegExp(`^${name} `));
  expect(problems[0]).not.toContain('canary');
});

test.each([
  '\uFEFFDINGTALK_CORP_ID',
  'DINGTALK_CORP_ID\u00a0',
  'ＤINGTALK_CORP_ID',
  'DINGTALK\u200b_CORP_ID',
])('a name that only looks like a setting (%j) is told from one that is absent', (disguised) => {
  const env = { ...good, DINGTALK_CORP_ID: undefined, [disguised]: 'ding0123456789abcdef' };
  expect(problemsOf(env)).toEqual([expect.stringMatching(/^DINGTALK_CORP_ID is missing.*看起来相同/)]);
  expect(problemsOf({ ...good, [disguised]: 'ding0123456789abcdef' })).toEqual([]);
});

test.each<[string, string]>([
  ['https://door.example.com:443', 'https://door.example.com'],
  ['https://door.example.com:443/', 'https://door.example.com'],
  ['https://door.example.com:0443', 'https://door.example.com'],
  ['http://localhost:80', 'http://localhost'],
  ['https://门户.例子.公司', 'https://xn--zoup46i.xn--fsqu00a.xn--55qx5d'],
  ['https://Bücher.example:8443', 'https://xn--bcher-kva.example:8443'],
  ['\uFEFF https://door.example.com\r', 'https://door.example.com'],
  ['\u3000https://door.example.com\u00a0', 'https://door.example.com'],
])('PUBLIC_ORIGIN = %j becomes %s', (value, publicOrigin) => {
  expect(parseConfig({ ...good, PUBLIC_ORIGIN: value })).toMatchObject({ publicOrigin });
});

test.each(['https://door.example.com.', 'https://*.example.com', 'https:door.example.com', 'https://$HOST'])(
  'PUBLIC_ORIGIN = %j is refused',
  (value) => {
    expect(problemsOf({ ...good, PUBLIC_ORIGIN: value })).toHaveLength(1);
  },
);

test('lists may be written with the commas and semicolons of any keyboard, names hold what people hold', () => {
  expect(parseConfig({ ...good, ADMIN_USER_IDS: 'a，b；c;d' }).adminUserIds).toEqual(['a', 'b', 'c', 'd']);
  const roles = ['人事（总部）', '👨‍👩‍👧组', 'HR & IT'];
  const seeHidden = roles.map((role) => `role:${role}`).join(',');
  expect(parseConfig({ ...good, DIRECTORY_SEE_HIDDEN: `${seeHidden}；zhang` }).directory).toMatchObject({
    seeHidden: { userIds: ['zhang'], roles },
  });
});

test('of several keys the first seals, unless another is named', () => {
  const env = { ...good, SESSION_KEYS: `old:${KEY}, new:${KEY}2` };
  expect(parseConfig(env)).toMatchObject({ sealKey: 'old' });
  const named = parseConfig({ ...env, SESSION_SEAL_KEY: 'new' });
  expect(named.sealKey).toBe('new');
  expect([...named.sessionKeys]).toEqual([
    ['old', KEY],
    ['new', `${KEY}2`],
  ]);
});

test("a key may hold a colon, and settings that are not ours are nobody's business", () => {
  const { sessionKeys } = parseConfig({ ...good, SESSION_KEYS: `a:${KEY}:with:colons`, NODE_OPTIONS: '???' });
  expect(sessionKeys.get('a')).toBe(`${KEY}:with:colons`);
});

test('origins that may show our pages in a frame', () => {
  const parsed = (value: string) => parseConfig({ ...good, FRAME_ANCESTORS: value }).frameAncestors;
  expect(parsed('https://Portal.example.com/, https://*.example.cn:8443')).toEqual([
    'https://portal.example.com',
    'https://*.example.cn:8443',
  ]);
  expect(parsed('http://localhost:3000,http://127.0.0.1:3000,http://[::1]:3000')).toHaveLength(3);
});

test.each([
  'postgres://dingpass:p%40ss%2Fword@db.example.com/dingpass',
  'postgresql://dingpass@127.0.0.1:6432/dingpass?sslmode=verify-full&sslrootcert=/etc/ca.pem',
  'postgres://dingpass@[::1]:5432/dingpass?sslmode=no-verify',
])('a database is taken as it is written: %s', (url) => {
  expect(parseConfig({ ...good, DATABASE_URL: url, DATABASE_POOL: '25' }).database).toEqual({
    url,
    poolSize: 25,
  });
});

test.each([
  ['another kind', 'mysql://dingpass:canary-password@db.example.com/dingpass'],
  ['no database', 'postgres://dingpass:canary-password@db.example.com'],
  ['no host', 'postgres:///dingpass?password=canary-password'],
  ['signs that are not encoded', 'postgres://dingpass:canary-password/@db.example.com/dingpass'],
  ['half an encoding', 'postgres://dingpass:canary-password%2@db.example.com/dingpass'],
  ['an sslmode that pg does not know', 'postgres://x:canary-password@db.example.com/x?sslmode=on'],
  ['an empty sslmode', 'postgres://x:canary-password@db.example.com/x?sslmode='],
  ['words', 'host=db.example.com password=canary-password'],
  ['quotes', '"postgres://x:canary-password@db.example.com/x"'],
])('a database address with %s is refused, and its password not repeated', (_, url) => {
  const problems = problemsOf({ ...good, DATABASE_URL: url });
  expect(problems).toEqual([expect.stringMatching(/^DATABASE_URL .*\p{Script=Han}/u)]);
  expect(problems.join()).not.toContain('canary-password');
});

test.each(['1', '0', '501', 'ten'])('a pool of %s connections is refused', (size) => {
  expect(problemsOf({ ...good, DATABASE_POOL: size })).toEqual([expect.stringMatching(/^DATABASE_POOL /)]);
});

const WEBHOOK = 'https://oapi.dingtalk.com/robot/send?access_token=canary-token';
const ROBOT_SECRET = `SEC${'0'.repeat(64)}`;

test.each<[string, string]>([
  ['METRICS_PORT', '0'],
  ['METRICS_PORT', '65536'],
  ['METRICS_PORT', '127.0.0.1:9464'],
  ['METRICS_HOST', 'http://127.0.0.1'],
  ['ALERT_WEBHOOK', 'http://oapi.dingtalk.com/robot/send?access_token=canary-token'],
  ['ALERT_WEBHOOK', 'https://oapi.dingtalk.com/robot/send'],
  ['ALERT_WEBHOOK', 'https://oapi.dingtalk.com/topapi/x?access_token=canary-token'],
  ['ALERT_SECRET', 'canary-secret'],
])('%s = %j is refused, and its value is not repeated', (name, value) => {
  const env = { ...good, ALERT_WEBHOOK: WEBHOOK, ALERT_SECRET: ROBOT_SECRET, [name]: value };
  expect(problemsOf(env)).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
  expect(problemsOf(env).join()).not.toContain('canary');
});

test('the robot needs its webhook and its secret', () => {
  expect(parseConfig({ ...good, ALERT_WEBHOOK: WEBHOOK, ALERT_SECRET: ROBOT_SECRET }).robot?.secret).toBe(
    ROBOT_SECRET,
  );
  for (const lone of [{ ALERT_WEBHOOK: WEBHOOK }, { ALERT_SECRET: ROBOT_SECRET }])
    expect(problemsOf({ ...good, ...lone })).toEqual([expect.stringContaining('go together')]);
});

test('a region has its hosts, and single addresses win over it', () => {
  const { apiUrl, oapiUrl, loginUrl, avatarHosts, frameAncestors } = parseConfig({
    ...good,
    DINGTALK_REGION: 'intl',
    DINGTALK_LOGIN_URL: 'https://login.example.com/x/',
  });
  expect([apiUrl, oapiUrl, loginUrl]).toEqual([
    'https://api.dingtalk.io',
    'https://oapi.dingtalk.io',
    'https://login.example.com/x',
  ]);
  expect(avatarHosts).toContain('*.dingtalk.io');
  expect(frameAncestors).toContain('https://*.dingtalk.io');
  expect(problemsOf({ ...good, DINGTALK_REGION: 'us' })).toEqual([
    expect.stringMatching(/^DINGTALK_REGION must be cn or intl/),
  ]);
  // Where the value is found, too.
  const [problem] = problemsOf({ ...good, DINGTALK_REGION: 'intl', DINGTALK_CLIENT_ID: undefined });
  expect(problem).toContain('open-dev.dingtalk.io');
  expect(problem).not.toContain('dingtalk.com');
});
