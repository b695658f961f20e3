import type { Figure } from './figure';

/** What `bench/results.json` holds, by the name of the bench. */
export type Results = Record<string, Result>;

export interface Result {
  /** ISO time. */
  at: string;
  node: string;
  cpus: number;
  /** The machine's load of the minute before. */
  loadBefore: number;
  figures: Figure[];
}

export type Language = 'zh-CN' | 'en';

const WORDS: Record<Language, { columns: string[]; measured: (result: Result) => string }> = {
  'zh-CN': {
    columns: ['测量内容', '结果', '四分位区间', '要求'],
    measured: ({ at, node, cpus, loadBefore }) =>
      `测量于 ${at.slice(0, 10)}，Node.js ${node.slice(1)}，${cpus} 核，测量前一分钟的系统负载 ${loadBefore}。`,
  },
  en: {
    columns: ['measure', 'result', 'interquartile range', 'required'],
    measured: ({ at, node, cpus, loadBefore }) =>
      `Measured on ${at.slice(0, 10)}, Node.js ${node.slice(1)}, ${cpus} cores, load average of the minute before: ${loadBefore}.`,
  },
};

const TITLES: Record<string, Record<Language, string>> = {
  tap: { 'zh-CN': '打开应用', en: 'Opening the app' },
  session: { 'zh-CN': '会话检查', en: 'Session check' },
  'sign-in': { 'zh-CN': '登录', en: 'Sign-in' },
  directory: { 'zh-CN': '通讯录，文件', en: 'Directory, on a file' },
  'directory-postgres': { 'zh-CN': '通讯录，PostgreSQL', en: 'Directory, on PostgreSQL' },
  'directory-real': {
    'zh-CN': '通讯录，接口响应与钉钉一样慢',
    en: 'Directory, with answers as slow as DingTalk’s',
  },
  sessions: { 'zh-CN': '会话撤销', en: 'Session revocation' },
  machines: { 'zh-CN': '多台机器', en: 'Several machines' },
  access: { 'zh-CN': '访问规则', en: 'Access rules' },
  gate: { 'zh-CN': '网关（与空的 node:http 服务相比）', en: 'The gate, beside a bare node:http server' },
  'gate-tap': {
    'zh-CN': '打开受保护的页面（与经过主站相比）',
    en: 'Opening a protected page, beside the way through the main origin',
  },
  start: { 'zh-CN': '公司规模', en: 'Size of the company' },
};

/** Longer phrases first: what a figure is called is made of them. Whatever is not here stays English. */
const CHINESE: [english: string, chinese: string][] = [
  ['all script before the session exists', '会话建立之前下载的全部脚本'],
  ['script in the page for desktops', '桌面端页面内的脚本'],
  ['people / departments / seed', '人数 / 部门数 / 种子'],
  ['outcome of both runs', '两次同步的结果'],
  ['outcome of the runs', '各次同步的结果'],
  ['differences from the emulator’s list', '与模拟器人员名单的差异'],
  ['wall time over the lower bound that the rate limit sets', '用时与限流决定的下限之比'],
  ['first run over the lower bound that the rate limit sets', '首次同步用时与限流决定的下限之比'],
  ['later run over the lower bound that the rate limit sets', '之后的同步用时与限流决定的下限之比'],
  ['longest pause of the event loop, first run', '事件循环最长停顿，首次同步'],
  ['longest pause of the event loop, run with 20000 changes', '事件循环最长停顿，有 20000 处变化的同步'],
  ['refusals for QPS', '因 QPS 被拒次数'],
  ['calls over the minimum', '调用次数与最少次数之比'],
  ['memory over idle, peak', '内存增量峰值'],
  ['writes of a second run with nothing changed', '无变化时第二次同步的写入'],
  ['writes of a run with nothing changed', '无变化时同步的写入'],
  ['search p99, inside the store', '搜索，存储层，p99'],
  ['search, of the API', '搜索，接口'],
  ['rows of the export', '导出行数'],
  ['sign-in at 20/s', '每秒 20 次登录'],
  ['own time beyond DingTalk’s answers', '除钉钉响应之外自身的耗时'],
  ['own time over that of a bare handler', '自身耗时与空接口之比'],
  ['DingTalk calls of a sign-in', '一次登录调用钉钉的次数'],
  ['through the token’s expiry', '令牌到期期间'],
  ['failures', '失败次数'],
  ['slow phone', '慢速手机'],
  ['tap → code asked', '点击 → 请求授权码'],
  ['tap → internal page painted', '点击 → 显示内部页面'],
  ['tap → protected page painted', '点击 → 显示受保护的页面'],
  ['host with an app of its own', '主机有自己的钉钉应用'],
  ['through the main origin', '经过主站'],
  ['the common way', '常见做法'],
  ['page of 50 of a department of 5000, inside the store', '5000 人部门的一页（50 人），存储层'],
  ['page of 50 of a department of 5000, of the API', '5000 人部门的一页（50 人），接口'],
  ['complete, complete, complete', '完整，完整，完整'],
  ['warm, beside 50 never seen a second, p99', '已知 Cookie，每秒另有 50 个从未见过的，p99'],
  ['cookies on 6 hosts, not opened again', '个 Cookie、6 个主机，无需再次解封的比例'],
  ['verdict, one rule a host', '判断，每个主机一条规则'],
  ['verdict, 1000 rules', '判断，1000 条规则'],
  ['complete, complete', '完整，完整'],
  ['check of one request', '一次请求的检查'],
  ['leavers', '名离职者'],
  ['route handler', '接口'],
  ['without a session', '（无会话）'],
  ['cookies never seen before', '从未见过的 Cookie'],
  ['members in turn', '名成员轮流'],
  ['by processor time', '按处理器时间'],
  ['to the best peer', '与最快的同类相比'],
  ['answers other than 200', '非 200 的应答'],
  ['capacity of the load generator over the load', '压测端的最大能力与实际负载之比'],
  ['memory when started', '启动时的内存'],
  ['memory after 2000 pages', '打开 2000 个页面后的内存'],
  ['command → first 200', '从命令到首个 200'],
  ['verdict among 1000 rules', '1000 条规则中的一次判断'],
  ['verdicts that refused the member', '拒绝该成员的判断数'],
  ['page with rules over one without, median', '有规则与无规则的页面耗时之比，中位数'],
  ['page with rules over one without, p99', '有规则与无规则的页面耗时之比，p99'],
  ['three processes over one, on the same core, per second', '三个进程与一个进程在同一核上的吞吐量之比'],
  ['verdict', '判断'],
  ['cookies', '个 Cookie'],
  ['sign-in', '登录'],
  ['session check', '会话检查'],
  ['page', '页面'],
  ['among', '公司人数'],
  ['people', '人'],
  ['directory', '通讯录'],
  ['sessions', '会话撤销'],
  ['session', '会话'],
  ['start', '启动'],
];

/** A table for each bench: the figures that are required to be something, and the ratios. */
export function benchTables(results: Results, language: Language): string {
  return Object.entries(results)
    .map(([name, result]) => {
      const title = TITLES[name]?.[language] ?? name;
      return `### ${title}\n\n${WORDS[language].measured(result)}\n\n${benchTable(result.figures, language)}`;
    })
    .join('\n\n');
}

function benchTable(figures: Figure[], language: Language): string {
  const rows = figures
    .filter(({ limit, ratioTo }) => limit !== undefined || ratioTo !== undefined)
    .map(({ what, value, unit, spread = '', limit, met, ratioTo }) => [
      inLanguage(what, language),
      `${typeof value === 'string' ? inLanguage(value, language) : value}${unit || (ratioTo ? ' ×' : '')}`,
      spread,
      limit === undefined ? '' : `${inLanguage(limit, language)} ${met ? '✓' : '✗'}`,
    ]);
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(WORDS[language].columns), '| --- | ---: | ---: | --- |', ...rows.map(line)].join('\n');
}

function inLanguage(text: string, language: Language): string {
  if (language === 'en') return text;
  const chinese = CHINESE.reduce((said, [from, to]) => said.replace(wholeWords(from), to), text);
  return /\p{Script=Han}/u.test(chinese) ? chinese.replaceAll(': ', '：').replaceAll(', ', '，') : chinese;
}

/** `session` is not a part of `iron-session`. */
function wholeWords(phrase: string): RegExp {
  return new RegExp(`(?<![\\w-])${phrase}(?!\\w)`);
}

const WIDTH = 720;
const LEFT = 150;
const RIGHT = 96;
const BAR = 22;
const GAP = 34;

const STYLE = `
  text { font: 13px system-ui, 'PingFang SC', 'Microsoft YaHei', sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .bar { fill: #8c959f; }
  .ours { fill: #0969da; }
  .line { stroke: #1f2328; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .bar { fill: #6e7681; }
    .ours { fill: #4493f8; }
    .line { stroke: #e6edf3; }
  }`;

/** Every ratio as a bar, in groups with what it is a ratio to, which is the dashed line at 1. */
export function benchPlot(results: Results): string {
  const groups = new Map<string, Figure[]>();
  for (const figure of Object.values(results).flatMap(({ figures }) => figures)) {
    if (figure.ratioTo === undefined) continue;
    groups.set(figure.ratioTo, [...(groups.get(figure.ratioTo) ?? []), figure]);
  }
  const largest = Math.max(1, ...[...groups.values()].flat().flatMap((figure) => endsOf(figure)));
  const x = (ratio: number) => round(LEFT + (ratio / largest) * (WIDTH - LEFT - RIGHT));
  let y = 0;
  const parts: string[] = [];
  for (const [ratioTo, figures] of groups) {
    y += GAP;
    const chinese = inLanguage(ratioTo, 'zh-CN');
    parts.push(
      `<text class="title" x="8" y="${y - 10}">${xmlText(`${ratioTo} = 1 · ${chinese} = 1`)}</text>`,
    );
    const top = y;
    for (const figure of figures) {
      parts.push(...bar(figure, y, x));
      y += BAR;
    }
    parts.push(
      `<line class="line" stroke-dasharray="3 3" x1="${x(1)}" x2="${x(1)}" y1="${top - 4}" y2="${y}"/>`,
    );
  }
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img">`;
  return `${[head, '<title>dingpass bench</title>', `<style>${STYLE}</style>`, ...parts, '</svg>'].join('\n')}\n`;
}

function bar(figure: Figure, y: number, x: (ratio: number) => number): string[] {
  const label = figure.what.split(': ').at(-1)!;
  const [least, most] = endsOf(figure);
  const middle = y + BAR / 2 - 2;
  const end = x(Number(figure.value));
  return [
    `<text x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${xmlText(label)}</text>`,
    `<rect class="${isOurs(label) ? 'ours' : 'bar'}" x="${LEFT}" y="${y}" width="${round(end - LEFT)}" height="${BAR - 4}" rx="2"/>`,
    `<line class="line" x1="${x(least)}" x2="${x(most)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${Math.max(end, x(most)) + 8}" y="${middle + 4}">${xmlText(`${figure.value}${figure.unit}`)}</text>`,
  ];
}

/** Whatever is measured without peers is ours. */
function isOurs(label: string): boolean {
  return !/^(Auth\.js|better-auth|iron-session|the common way)/.test(label);
}

function endsOf({ value, spread }: Figure): [least: number, most: number] {
  const [least = Number(value), most = Number(value)] = spread?.split('–').map(Number) ?? [];
  return [least, most];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
