import { doctorChecks } from './checks';
import { dingTalkFaults } from './dingtalk-faults';
import { frontFaults } from './front-faults';
import { machineFaults } from './machine-faults';

const zhApp = '开发者后台 open-dev.dingtalk.com → 应用开发 → 您的应用';

const zhCN = {
  title: '体检',
  lead: '从设置到钉钉，逐项尝试，指出要改的地方。',
  todo: '需要处理',
  again: '重新体检',
  took: '用时 {seconds} 秒',
  summary:
    '{ok} 项正常，{warn} 项需要处理，{bad} 项异常，{skipped} 项未检查，{untried} 项无法从这里尝试，{manual} 项请人工核对',
  outcomes: {
    ok: '正常',
    warn: '需要处理',
    bad: '异常',
    skipped: '未检查',
    untried: '无法尝试',
    manual: '请核对',
  },
  circles: { local: '本机与地址', dingtalk: '钉钉', console: '开发者后台' },
  labels: {
    cause: '原因',
    remedy: '处理',
    where: '位置',
    command: '命令',
    actor: '由谁处理',
    apply: '申请',
    more: '详见',
    todo: '请核对',
  },
  places: {
    env: '服务器上的 .env，改后重启',
    server: '服务器',
    front: '反向代理（nginx、Caddy 等）',
    home: '钉钉管理后台 oa.dingtalk.com',
    credentials: `${zhApp} → 凭证与基础信息`,
    permissions: `${zhApp} → 权限管理，然后在“版本管理与发布”发布新版本`,
    range: `${zhApp} → 权限管理 → 通讯录 → 授权范围`,
    security: `${zhApp} → 安全设置`,
    webapp: `${zhApp} → 网页应用，然后在“版本管理与发布”发布新版本`,
    events: `${zhApp} → 事件订阅`,
    publish: `${zhApp} → 版本管理与发布`,
  },
  waiting: '{count} 项{outcome} · {found}',
  between: '；',
  skipped: '先处理“{because}”',
  untried: '没有得到应答（{reason}），不算错误',
  untriedToo: '取决于“{because}”',
  assumed: '依推定的应答判断',
  problemFound: '{code} {api}',
  unknownApp: 'UNIFIED_APP_ID',
};

const enApp = 'open-dev.dingtalk.com → 应用开发 → your app';

const en: typeof zhCN = {
  title: 'Doctor',
  lead: 'Tries everything from the settings to DingTalk, and names what has to be changed.',
  todo: 'Needs attention',
  again: 'Check again',
  took: 'took {seconds} s',
  summary:
    '{ok} OK, {warn} needing attention, {bad} failing, {skipped} not checked, {untried} that could not be tried from here, {manual} to be checked by a person',
  outcomes: {
    ok: 'OK',
    warn: 'needs attention',
    bad: 'failing',
    skipped: 'not checked',
    untried: 'could not be tried',
    manual: 'please check',
  },
  circles: { local: 'This machine and its address', dingtalk: 'DingTalk', console: 'Developer console' },
  labels: {
    cause: 'Cause',
    remedy: 'Remedy',
    where: 'Where',
    command: 'Command',
    actor: 'Who acts',
    apply: 'Apply',
    more: 'More',
    todo: 'Please check',
  },
  places: {
    env: '.env on the server, then restart',
    server: 'the server',
    front: 'the reverse proxy (nginx, Caddy or the like)',
    home: 'DingTalk’s admin console, oa.dingtalk.com',
    credentials: `${enApp} → 凭证与基础信息 (credentials)`,
    permissions: `${enApp} → 权限管理 (permissions), then publish a version under 版本管理与发布`,
    range: `${enApp} → 权限管理 → 通讯录 → 授权范围 (contact range)`,
    security: `${enApp} → 安全设置 (security)`,
    webapp: `${enApp} → 网页应用 (web app), then publish a version under 版本管理与发布`,
    events: `${enApp} → 事件订阅 (events)`,
    publish: `${enApp} → 版本管理与发布 (versions)`,
  },
  waiting: '{count} {outcome} · {found}',
  between: '; ',
  skipped: 'fix “{because}” first',
  untried: 'no answer ({reason}); this is not counted as a fault',
  untriedToo: 'depends on “{because}”',
  assumed: 'judged by an assumed answer',
  problemFound: '{code} {api}',
  unknownApp: 'UNIFIED_APP_ID',
};

const whole = (language: 'zh-CN' | 'en', words: typeof zhCN) => ({
  ...words,
  checks: doctorChecks[language],
  faults: { ...machineFaults[language], ...frontFaults[language], ...dingTalkFaults[language] },
});

/** The doctor: on the page for administrators, and of `npm run doctor`. */
export const doctorPage = { 'zh-CN': whole('zh-CN', zhCN), en: whole('en', en) };

export type DoctorText = (typeof doctorPage)['en'];
