import 'server-only';

/** One metric as operators read about it. Labels never hold a person, a host of the company or an address. */
export interface Metric {
  name: string;
  kind: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  /** What it counts: for `/metrics` in English, for the documents in both languages. */
  en: string;
  zh: string;
  /** Label sets beyond it are counted as `other`. */
  mostSeries?: number;
}

const metric = <const Name extends string>(
  name: Name,
  kind: Metric['kind'],
  labels: readonly string[],
  [en, zh]: readonly [en: string, zh: string],
  mostSeries?: number,
) => ({ name: `dingpass_${name}` as const, kind, labels, en, zh, ...(mostSeries && { mostSeries }) });

/** What this process counts by itself: sum them over all processes. */
export const COUNTED = {
  signIns: metric(
    'sign_ins_total',
    'counter',
    ['method', 'outcome'],
    [
      'Sign-ins by method (webview, oauth, ticket, host) and outcome: ok, or a code of the error catalogue',
      '登录次数，按方式（webview、oauth、ticket、host）和结果：ok 或错误目录中的代码',
    ],
    60,
  ),
  verdicts: metric(
    'gate_verdicts_total',
    'counter',
    ['verdict'],
    [
      'Answers of the gate to reverse proxies: admitted, sign-in, rule, other-site, identity, unavailable',
      '网关对反向代理的应答：admitted、sign-in、rule、other-site、identity、unavailable',
    ],
    10,
  ),
  endings: metric(
    'session_endings_total',
    'counter',
    ['cause'],
    [
      'Endings of sessions by cause, as in the audit; of several people at once each counts',
      '会话终止次数，按原因（与审计相同）；一次涉及多人时每人计一次',
    ],
    20,
  ),
  calls: metric(
    'dingtalk_calls_total',
    'counter',
    ['api', 'answer'],
    [
      'Calls sent to DingTalk by API and answer: ok, refused, throttled, unreachable, malformed',
      '发往钉钉的调用，按接口和应答：ok、refused、throttled、unreachable、malformed',
    ],
    80,
  ),
  database: metric(
    'database_seconds',
    'histogram',
    ['operation'],
    [
      'Time of database operations in seconds, the wait for their turn included: read, write, transaction',
      '数据库操作耗时（秒），含排队：read、write、transaction',
    ],
  ),
} satisfies Record<string, Metric>;

/** What is looked at every ten seconds. Of what all processes share, each has the same value. */
export const OBSERVED = {
  ready: metric('ready', 'gauge', [], ['1 while /api/ready answers 200', '/api/ready 返回 200 时为 1']),
  signInOk: metric(
    'sign_in_ok',
    'gauge',
    [],
    ['1 while sign-ins work, as in the body of /api/ready', '登录正常时为 1，与 /api/ready 正文一致'],
  ),
  doctor: metric(
    'doctor',
    'gauge',
    ['check', 'outcome'],
    [
      'What the doctor found when it last ran in this process: 1 for the outcome of each check (ok, warn, bad, skipped, untried, manual); absent until ten minutes after the start',
      '本进程最近一次体检的结果：每项检查的结果为 1（ok、warn、bad、skipped、untried、manual）；启动十分钟后才有',
    ],
  ),
  circuitOpen: metric(
    'dingtalk_circuit_open',
    'gauge',
    ['host'],
    [
      '1 while calls to a host of DingTalk (api, oapi) are refused here because it did not answer',
      '因钉钉某主机（api、oapi）无应答而暂停调用时为 1',
    ],
  ),
  directoryAge: metric(
    'directory_age_seconds',
    'gauge',
    [],
    [
      'Age of the last complete reading of the directory; absent before the first',
      '最近一次完整读取通讯录距今的秒数；首次完成前没有此项',
    ],
  ),
  directoryInterval: metric(
    'directory_interval_seconds',
    'gauge',
    [],
    [
      'DIRECTORY_SYNC_INTERVAL_SECONDS; 0: never by itself',
      'DIRECTORY_SYNC_INTERVAL_SECONDS；0 表示不自动同步',
    ],
  ),
  directoryState: metric(
    'directory_state',
    'gauge',
    ['state'],
    [
      '1 for the state of the directory: complete, partial, failed, none',
      '通讯录当前的状态为 1：complete、partial、failed、none',
    ],
  ),
  directoryPeople: metric('directory_people', 'gauge', [], ['People in the directory', '通讯录人数']),
  streamConnected: metric(
    'stream_connected',
    'gauge',
    [],
    [
      '1 while the Stream connection stands; absent without DINGTALK_STREAM=on',
      'Stream 连接正常时为 1；未设置 DINGTALK_STREAM=on 时没有此项',
    ],
  ),
  streamEvents: metric(
    'stream_events',
    'gauge',
    [],
    ['Events that came over Stream since the start', '启动以来经 Stream 收到的事件数'],
  ),
  queue: metric(
    'queue_depth',
    'gauge',
    ['queue'],
    [
      'What waits in the database: refresh (directory entries to read again), missed (undelivered events), leavers (whose sessions are to end), notices',
      '数据库中的待办：refresh（待重读的通讯录条目）、missed（未送达的事件）、leavers（待下线的离职人员）、notices（通知）',
    ],
  ),
  sessions: metric(
    'sessions',
    'gauge',
    ['client'],
    ['Sessions that stand, by kind of client', '有效会话数，按客户端种类'],
  ),
  people: metric('signed_in_people', 'gauge', [], ['People who are signed in', '已登录人数']),
  monthlyCalls: metric(
    'monthly_calls',
    'gauge',
    ['kind'],
    [
      'Calls of this month that count against DingTalk’s quota: calendar, notices',
      '本月计入钉钉额度的调用：calendar、notices',
    ],
  ),
  monthlyLimit: metric(
    'monthly_calls_limit',
    'gauge',
    [],
    ['DINGTALK_MONTHLY_CALLS', 'DINGTALK_MONTHLY_CALLS'],
  ),
} satisfies Record<string, Metric>;

/** Every metric of ours; those of Node.js (`process_…`, `nodejs_…`) are prom-client's. */
export const METRIC_LIST: readonly Metric[] = [...Object.values(COUNTED), ...Object.values(OBSERVED)];
