/** What one check is about. `{…}` stands for the values of its finding. */
interface CheckText {
  /** What was tried. */
  tried: string;
  /** What came out, where all is well. */
  ok: string;
  /** Other good outcomes, by their note. */
  notes?: Readonly<Record<string, string>>;
  /** What a person has to look at, where nothing can be asked. */
  todo?: string;
}

const zhApp = '开发者后台 open-dev.dingtalk.com → 应用开发 → 您的应用';
const enApp = 'open-dev.dingtalk.com → 应用开发 → your app';

const zhCN = {
  settings: { tried: '读取设置（.env 与环境变量）', ok: '全部有效' },
  node: { tried: 'Node.js 版本', ok: '{version}' },
  ids: { tried: '各个编号没有填错位置', ok: 'CorpId {corpId}，Client ID {clientId}，AgentId {agentId}' },
  hosts: { tried: '钉钉的地址都属于 DINGTALK_REGION', ok: '{region}（{hosts}）' },
  'tls-roots': {
    tried: '信任的 TLS 根证书',
    ok: 'Node.js 自带的 {roots} 个',
    notes: { own: 'Node.js 自带的 {roots} 个，另有 {path} 中的 {own} 个' },
  },
  'session-keys': {
    tried: '会话密钥的强度与使用时间',
    ok: '编号 {keys}，用 {sealKey} 签发，最早的一把已用 {days} 天',
    notes: { new: '编号 {keys}，用 {sealKey} 签发' },
  },
  'outgoing-proxy': {
    tried: '出站代理变量',
    ok: 'HTTP_PROXY {http}，HTTPS_PROXY {https}，NO_PROXY {noProxy}',
    notes: { none: '没有设置，直接访问钉钉' },
  },
  'access-file': { tried: '访问规则文件', ok: '{rules} 条规则，没有错误' },
  'brand-file': { tried: '品牌文件', ok: '{path} 可以使用' },
  'data-folder': { tried: '数据目录可写、有空间', ok: '{path}，剩余 {free} MB' },
  database: {
    tried: '数据库的连接、归属、版本和延迟',
    ok: '{kind} {version}，查询 {ms} 毫秒',
    notes: { new: '{kind}，应用首次启动时建立' },
  },
  origin: { tried: '从 PUBLIC_ORIGIN 发出的请求到达本应用', ok: '{url} 到达本应用' },
  'origin-certificate': { tried: 'PUBLIC_ORIGIN 的证书', ok: '有效至 {date}，还有 {days} 天' },
  'plain-http': {
    tried: '以 http 打开时转到 https',
    ok: '转到 https',
    notes: { led: '转到 https', closed: '80 端口没有开放' },
  },
  'origin-request': { tried: '请求的路径、参数和 Origin 原样到达', ok: '原样到达（Host：{arrived}）' },
  'origin-cookies': { tried: 'Cookie 双向原样到达', ok: '{name} 双向原样到达' },
  'origin-answer': { tried: '应答的安全头原样到达', ok: '原样到达' },
  'proxy-hops': {
    tried: 'X-Forwarded-For 与 TRUSTED_PROXY_HOPS 一致',
    ok: '前面有 {found} 层代理，与设置一致',
  },
  'origin-body': { tried: '较大的请求体可以到达', ok: '{kilobytes} KB 完整到达' },
  'gate-proxies': { tried: '网关能认出代理', ok: '保护的主机：{hosts}' },
  'gate-rules': { tried: '受保护的主机都有访问规则', ok: '{hosts}' },
  'gate-apps': { tried: 'GATE_APPS 中各应用的凭证', ok: '{hosts} 的应用可用' },
  'gate-user': { tried: 'GATE_USER 的值每人一个', ok: '{people} 人，各不相同（{kind}）' },
  clock: { tried: '本机时间与钉钉一致', ok: '相差 {seconds} 秒（{hosts}）' },
  token: { tried: '用 Client ID 和 Client Secret 换取应用令牌', ok: '{clientId} 可用' },
  'legacy-api': { tried: '用应用令牌调用旧版接口', ok: '{host} 可用' },
  company: { tried: 'CorpId 是应用所在的企业', ok: '{corpId}' },
  range: {
    tried: '通讯录授权范围',
    ok: '全体员工',
    notes: { whole: '全体员工' },
  },
  'named-people': { tried: '设置中写到的 userid 都有其人', ok: '{count} 人都在' },
  'redirect-url': { tried: '登录页认得回调地址', ok: '认得 {url}' },
  'monthly-calls': { tried: '本月计量接口的调用次数', ok: '已用 {used} 次，上限 {limit} 次' },
  permission: { tried: '权限点 {point}（{name}）', ok: '已开通' },
  'permission-field': { tried: '字段权限 {point}（{name}）', ok: '已开通' },
  'agent-id': { tried: 'AgentId 属于本应用', ok: '{agentId}' },
  events: { tried: '接收钉钉事件的方式', ok: '{ways}' },
  stream: { tried: 'Stream 连接', ok: '可以连接 {host}', notes: { connected: '已连接 {since}' } },
  'events-lately': {
    tried: '最近收到过事件',
    ok: '最近一次 {last}（UTC）',
    notes: { none: '还没有收到过；没有人员变动时属正常' },
  },
  callback: { tried: '以钉钉的方式请求回调地址（check_url）', ok: '{url} 应答正确' },
  'console-home': {
    tried: '开发者后台：首页地址',
    ok: '{url}',
    todo: `${zhApp} → 网页应用：移动端与 PC 端首页地址都填 {url}`,
  },
  'console-permissions': {
    tried: '开发者后台：权限已授权',
    ok: '{count} 项都已授权',
    todo: `${zhApp} → 权限管理：逐项核对 docs/zh-CN/deploy.md 中的权限`,
  },
  'console-events': {
    tried: '开发者后台：事件已订阅',
    ok: '{count} 种都已订阅',
    todo: `${zhApp} → 事件订阅：勾选“通讯录”下的全部事件`,
  },
  'console-version': {
    tried: '开发者后台：最新版本已发布',
    ok: '{status}',
    todo: `${zhApp} → 版本管理与发布：最新版本的状态应为“已发布”`,
  },
  'console-visible': {
    tried: '开发者后台：应用可见范围',
    ok: '包含所有使用者',
    todo: `${zhApp} → 版本管理与发布 → 应用可见范围：包含所有使用者；员工在 工作台 → 添加 中添加应用`,
  },
} satisfies Record<string, CheckText>;

const en: Record<keyof typeof zhCN, CheckText> = {
  settings: { tried: 'Reading the settings (.env and environment)', ok: 'all valid' },
  node: { tried: 'Version of Node.js', ok: '{version}' },
  ids: {
    tried: 'No id is entered in the wrong setting',
    ok: 'CorpId {corpId}, Client ID {clientId}, AgentId {agentId}',
  },
  hosts: { tried: 'DingTalk’s addresses belong to DINGTALK_REGION', ok: '{region} ({hosts})' },
  'tls-roots': {
    tried: 'Trusted TLS roots',
    ok: 'the {roots} of Node.js',
    notes: { own: 'the {roots} of Node.js, and {own} in {path}' },
  },
  'session-keys': {
    tried: 'Strength and age of the session keys',
    ok: 'ids {keys}, new sessions use {sealKey}; the oldest has been in use for {days} days',
    notes: { new: 'ids {keys}, new sessions use {sealKey}' },
  },
  'outgoing-proxy': {
    tried: 'Outgoing proxy',
    ok: 'HTTP_PROXY {http}, HTTPS_PROXY {https}, NO_PROXY {noProxy}',
    notes: { none: 'none is set, DingTalk is called directly' },
  },
  'access-file': { tried: 'Access rules file', ok: '{rules} rules without errors' },
  'brand-file': { tried: 'Brand file', ok: '{path} can be used' },
  'data-folder': { tried: 'Data folder: writable, with room', ok: '{path}, {free} MB free' },
  database: {
    tried: 'Database: connection, owner, version, latency',
    ok: '{kind} {version}, {ms} ms a query',
    notes: { new: '{kind}, created when the app first starts' },
  },
  origin: { tried: 'A request to PUBLIC_ORIGIN reaches this app', ok: '{url} leads to this app' },
  'origin-certificate': {
    tried: 'Certificate of PUBLIC_ORIGIN',
    ok: 'valid until {date}, for {days} more days',
  },
  'plain-http': {
    tried: 'Plain http leads to https',
    ok: 'leads to https',
    notes: { led: 'leads to https', closed: 'port 80 is closed' },
  },
  'origin-request': {
    tried: 'Path, query and Origin arrive unchanged',
    ok: 'unchanged (Host: {arrived})',
  },
  'origin-cookies': { tried: 'Cookies arrive unchanged both ways', ok: '{name} arrives both ways' },
  'origin-answer': { tried: 'Security headers of answers arrive', ok: 'unchanged' },
  'proxy-hops': {
    tried: 'X-Forwarded-For agrees with TRUSTED_PROXY_HOPS',
    ok: '{found} proxies in front, as the setting says',
  },
  'origin-body': {
    tried: 'A larger request body arrives',
    ok: 'all {kilobytes} KB arrive',
  },
  'gate-proxies': { tried: 'The gate recognises its proxies', ok: 'protected hosts: {hosts}' },
  'gate-rules': { tried: 'Every protected host has an access rule', ok: '{hosts}' },
  'gate-apps': { tried: 'Credentials of the apps in GATE_APPS', ok: 'those of {hosts} work' },
  'gate-user': {
    tried: 'GATE_USER has one value for each person',
    ok: '{people} people, all different ({kind})',
  },
  clock: { tried: 'This machine’s clock against DingTalk’s', ok: '{seconds} s apart ({hosts})' },
  token: { tried: 'App token from Client ID and Client Secret', ok: '{clientId} works' },
  'legacy-api': { tried: 'A call of the legacy API with the app token', ok: '{host} works' },
  company: { tried: 'CorpId is that of the app’s company', ok: '{corpId}' },
  range: {
    tried: 'Contact range of the app',
    ok: 'the whole company',
    notes: { whole: 'the whole company' },
  },
  'named-people': { tried: 'User ids in the settings exist', ok: 'all {count} exist' },
  'redirect-url': { tried: 'DingTalk’s sign-in page knows the redirect URL', ok: 'knows {url}' },
  'monthly-calls': { tried: 'Metered calls of this month', ok: '{used} of {limit} used' },
  permission: { tried: 'Permission {point} ({name})', ok: 'granted' },
  'permission-field': { tried: 'Field permission {point} ({name})', ok: 'granted' },
  'agent-id': { tried: 'AgentId belongs to this app', ok: '{agentId}' },
  events: { tried: 'How DingTalk’s events arrive', ok: '{ways}' },
  stream: {
    tried: 'Stream connection',
    ok: 'can connect to {host}',
    notes: { connected: 'connected for {since}' },
  },
  'events-lately': {
    tried: 'Events have arrived lately',
    ok: 'last at {last} (UTC)',
    notes: { none: 'none yet, which is normal while nothing changes in the company' },
  },
  callback: {
    tried: 'The callback address, asked as DingTalk does (check_url)',
    ok: '{url} answers correctly',
  },
  'console-home': {
    tried: 'Console: home addresses',
    ok: '{url}',
    todo: `${enApp} → 网页应用: enter {url} both for mobile and for PC`,
  },
  'console-permissions': {
    tried: 'Console: permissions are authorised',
    ok: 'all {count} are authorised',
    todo: `${enApp} → 权限管理: compare with the permissions in docs/deploy.md`,
  },
  'console-events': {
    tried: 'Console: events are subscribed',
    ok: 'all {count} are subscribed',
    todo: `${enApp} → 事件订阅: tick everything under 通讯录`,
  },
  'console-version': {
    tried: 'Console: the latest version is released',
    ok: '{status}',
    todo: `${enApp} → 版本管理与发布: the latest version should be 已发布 (released)`,
  },
  'console-visible': {
    tried: 'Console: who sees the app',
    ok: 'includes all users',
    todo: `${enApp} → 版本管理与发布 → 应用可见范围: include everybody who uses it; people add the app under 工作台 → 添加`,
  },
};

export type CheckTexts = Record<keyof typeof zhCN, CheckText>;

/** What each check tried, and what a good outcome of it is. */
export const doctorChecks: { 'zh-CN': CheckTexts; en: CheckTexts } = { 'zh-CN': zhCN, en };
