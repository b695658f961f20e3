import type { Problem } from '../errors';
import { accessPage } from './access-page';
import { adminPage } from './admin-page';
import { alertTexts } from './alert-texts';
import { auditPage } from './audit-page';
import { auditReasons } from './audit-reasons';
import { devicesPage } from './devices-page';
import { directoryPage } from './directory-page';
import { doctorPage } from './doctor/page';
import { errorPage } from './error-page';
import { frameText } from './frame';
import { gatePage } from './gate-page';
import { jsapiPage, jsapiProblems } from './jsapi-page';
import { onlinePage } from './online-page';
import { profilePage } from './profile-page';
import { sessionsPage } from './sessions-page';
import { setupText } from './setup';
import { syncPage } from './sync-page';
import { ticketPage } from './ticket-page';

/** What is said about one problem: to the person at the phone, and to whoever runs the app. */
export interface ProblemText {
  /** One sentence for the person. */
  person: string;
  /** What the person can do now. */
  next: string;
  /** For the operator: why. */
  cause: string;
  /** For the operator: what to do, and where to click. */
  remedy: string;
}

const retry = '点“重试”即可。';
const waitAndRetry = '稍等片刻后点“重试”。';
const tellAdmin = '请把下面的请求编号告诉管理员。';
/** Where errors of the program go: the product cannot know who looks after this installation. */
const report = '连同请求编号报告给本系统的维护人员';
const waitThenTell = '稍等片刻后点“重试”；若一直如此，请把下面的请求编号告诉管理员。';
const unreachable = '钉钉服务暂时无法连接，请稍后重试。已登录的用户不受影响。';
const consoleApp = '钉钉开发者后台 open-dev.dingtalk.com → 应用开发 → 您的应用';

const problems: Record<Problem, ProblemText> = {
  'bad-request': {
    person: '请求的内容不正确。',
    next: '请返回后重新打开应用。',
    cause: '请求体不是约定的 JSON，或字段不合要求。',
    remedy: '按 docs/zh-CN/http-api.md 检查调用方；字段名见 hint。',
  },
  'unsupported-media-type': {
    person: '请求的格式不受支持。',
    next: '请返回后重新打开应用。',
    cause: '该接口只接受 application/json（UTF-8）。',
    remedy: '让调用方发送 Content-Type: application/json。',
  },
  'payload-too-large': {
    person: '请求的内容过大。',
    next: '请返回后重新打开应用。',
    cause: '请求体超过 16 KiB。',
    remedy: '检查调用方；登录请求只需几百字节。',
  },
  'request-timeout': {
    person: '网络太慢，请求没有传完。',
    next: '请换个网络，再点“重试”。',
    cause: '5 秒内没有收到完整的请求体。',
    remedy: '若频繁出现，检查反向代理与网络。',
  },
  'method-not-allowed': {
    person: '不支持这种请求方式。',
    next: '请返回后重新打开应用。',
    cause: '该地址不接受这个 HTTP 方法，允许的方法见 Allow 响应头。',
    remedy: '检查调用方。',
  },
  'not-found': {
    person: '没有找到这个页面。',
    next: '请检查地址，或返回首页。',
    cause: '没有这样的地址。',
    remedy: '检查链接。',
  },
  'cross-site': {
    person: '为了您的安全，这个请求被拒绝了。',
    next: '请从钉钉工作台重新打开应用。',
    cause: '请求的 Origin 不是 PUBLIC_ORIGIN：来自别的网站，或 PUBLIC_ORIGIN 与员工实际打开的地址不一致。',
    remedy: '若员工正常使用时出现，把 PUBLIC_ORIGIN 改成浏览器地址栏里的协议、主机和端口。',
  },
  'not-signed-in': {
    person: '您还没有登录，或登录已过期。',
    next: '请重新打开应用登录。',
    cause: '没有会话 Cookie，或其已过期、被篡改、密钥已更换。',
    remedy: '通常无需处理。若所有人同时退出，检查 SESSION_KEYS 是否被整体替换。',
  },
  'sign-in-overtaken': {
    person: '登录过程中，您的访问权限有了变动。',
    next: '请重新打开应用。',
    cause: '登录过程中，此人或所有人被下线：已离职，或由管理员操作。',
    remedy: '无需处理。/admin/audit 中可查到操作者和原因。',
  },
  'sign-in-too-old': {
    person: '这一页需要您重新确认身份。',
    next: '请重新登录一次。',
    cause: '该操作要求最近若干分钟内登录过（STEP_UP_MINUTES，或页面自己的要求），而此会话更早。',
    remedy: '正常现象，无需处理。管理页面与导出的时限由 STEP_UP_MINUTES 设置。',
  },
  'flow-invalid': {
    person: '这次扫码登录已失效。',
    next: '请重新发起登录，并在十分钟内、在同一个浏览器里完成。',
    cause: '回调里的 state 缺失、过期、用过，或不属于这个浏览器。',
    remedy:
      '偶发无需处理。若总是如此，检查反向代理是否丢弃 Cookie，以及员工打开的地址是否就是 PUBLIC_ORIGIN。',
  },
  'sign-in-declined': {
    person: '您取消了登录。',
    next: '需要时请重新登录。',
    cause: '钉钉的登录页返回了 error：本人取消，或钉钉拒绝。',
    remedy: '通常无需处理。',
  },
  'too-many-attempts': {
    person: '登录尝试过于频繁。',
    next: '请稍等一会儿，再点“重试”。',
    cause: '来自同一地址（或整体）的失败登录超过上限。',
    remedy: '若是反向代理之后的正常用户，检查 TRUSTED_PROXY_HOPS 是否正确。',
  },
  'corp-mismatch': {
    person: '您当前所在的组织不是这个应用所属的组织。',
    next: '请在钉钉里切换到正确的组织，再从工作台打开应用。',
    cause: '地址里的 corpid 与 DINGTALK_CORP_ID 不同：员工在另一个组织的身份下打开了应用。',
    remedy: '若所有人都如此，核对 DINGTALK_CORP_ID（开发者后台首页的 CorpId）。',
  },
  'code-refused': {
    person: '登录凭证已失效，请重新打开应用。',
    next: retry,
    cause: '钉钉不认这个临时授权码：用过、超过 5 分钟、属于别的应用，或来自另一种登录方式。',
    remedy: '偶发无需处理。若每次都如此，核对 DINGTALK_CLIENT_ID 与员工打开的是同一个应用。',
  },
  'not-member': {
    person: '您不是本公司的成员。',
    next: '请切换到本公司的钉钉账号后再试。',
    cause: '在本组织的通讯录里找不到此人：外部人员、已离职，或账号不对。',
    remedy: '若确是员工，请在 oa.dingtalk.com → 通讯录 里确认其在职。',
  },
  'not-permitted': {
    person: '您没有使用此功能的权限。',
    next: '如有需要，请向本应用的管理员申请。',
    cause:
      '管理功能限钉钉主管理员和 ADMIN_USER_IDS，导出限 DIRECTORY_EXPORT，其他页面由 ACCESS_FILE 中的规则决定；此人不在其中。',
    remedy:
      '在服务器的设置里，把 userid 加入 ADMIN_USER_IDS（管理），或把 userid 或 role:角色名 加入 DIRECTORY_EXPORT（导出），然后重启；规则决定的页面，在 /admin/access 查看由哪一条决定。',
  },
  'not-allowed': {
    person: '您不在该应用的可见范围内，请联系管理员。',
    next: tellAdmin,
    cause: '此人不在应用的可见范围，或不在通讯录授权范围之内（两处都要包含）。',
    remedy: `${consoleApp} → 版本管理与发布 → 应用可见范围；以及 权限管理 → 通讯录 → 授权范围。改后需重新发布版本。`,
  },
  'member-disabled': {
    person: '您的账号已被停用，请联系管理员。',
    next: tellAdmin,
    cause: '钉钉称此用户已禁用。',
    remedy: 'oa.dingtalk.com → 通讯录 → 找到此人 → 启用账号。',
  },
  'member-inactive': {
    person: '您的钉钉账号尚未在本公司激活。',
    next: '请先在手机钉钉里登录并进入本公司，然后再试。',
    cause: '成员详情的 active 为 false：此人从未以本公司身份激活钉钉。',
    remedy: '请其在手机钉钉接受邀请并激活。',
  },
  'sessions-unknown': {
    person: '服务暂时无法确认您的登录状态。',
    next: waitAndRetry,
    cause: '会话数据库已有一分钟没有应答，或一直没有应答：此时不凭旧状态放行任何人。',
    remedy:
      '在日志中查 sessions-silent。检查 DATA_DIR 是否存在、磁盘是否写满、文件是否被移动或替换；若已替换，请重启。',
  },
  'bad-credentials': {
    person: '应用配置有误，请联系管理员。',
    next: tellAdmin,
    cause: '钉钉不认 DINGTALK_CLIENT_ID 与 DINGTALK_CLIENT_SECRET。',
    remedy: `${consoleApp} → 凭证与基础信息：重新复制 Client ID（原 AppKey）和 Client Secret（原 AppSecret），改 .env 后重启。`,
  },
  'token-refused': {
    person: '应用配置有误，请联系管理员。',
    next: tellAdmin,
    cause: '刚取得的应用凭证仍被拒绝：两个接口地址指向了不同的环境，或应用与组织不匹配。',
    remedy: '核对 DINGTALK_API_URL 与 DINGTALK_OAPI_URL 属于同一个钉钉环境，DINGTALK_CORP_ID 属于该应用。',
  },
  'permission-missing': {
    person: '应用配置有误，请联系管理员。',
    next: tellAdmin,
    cause: '应用没有调用该接口的权限。',
    remedy: `${consoleApp} → 权限管理：申请钉钉为该接口指明的权限点，然后在 版本管理与发布 发布新版本。`,
  },
  'address-refused': {
    person: '应用配置有误，请联系管理员。',
    next: tellAdmin,
    cause: '服务器的出口 IP 不在白名单之中。',
    remedy: `${consoleApp} → 安全设置 → 服务器出口IP：加入本服务器访问钉钉时的出口地址（可能是 IPv6，钉钉的回答里通常会写明）。`,
  },
  'app-disabled': {
    person: '该应用目前已停用，请联系管理员。',
    next: tellAdmin,
    cause: '应用已停用、未授权给本组织，或组织已禁用。',
    remedy: 'oa.dingtalk.com → 工作台 → 应用管理：启用该应用；在开发者后台确认版本已发布。',
  },
  'request-refused': {
    person: '应用配置有误，请联系管理员。',
    next: tellAdmin,
    cause: '钉钉不认识我们的请求：接口地址不对，或接口有变。',
    remedy: `核对 DINGTALK_API_URL 与 DINGTALK_OAPI_URL；若无误，${report}。`,
  },
  'event-gone': {
    person: '这个日程已经不存在。',
    next: '请返回日程列表；可能已被取消。',
    cause: '钉钉日历中没有这个日程，或它已被删除。',
    remedy: '无需处理。',
  },
  'event-read-only': {
    person: '这个日程不能在这里修改。',
    next: '请在钉钉日历中修改；重复日程，以及他人组织的日程，这里只能查看。',
    cause: '该日程属于一个重复系列，或当前用户不是组织者。',
    remedy: '无需处理。',
  },
  'event-limit': {
    person: '您今天创建的日程已达上限。',
    next: '请明天再试，或在钉钉日历中创建。',
    cause: '钉钉限制每人每天通过接口创建 100 个日程（flowLimit）。',
    remedy: '若并非本人操作，检查哪个程序在以此人的名义创建日程。',
  },
  'event-in-progress': {
    person: '这个日程正在创建中。',
    next: retry,
    cause: '同一个请求（相同的 x-client-token）仍在钉钉处理中。',
    remedy: '会自行恢复，不会重复创建。',
  },
  'too-many-attendees': {
    person: '参与人太多。',
    next: '请减少参与人后再试。',
    cause: '一次最多邀请 500 人，一个日程的人数也有上限（exceedMaxReceiverSize）。',
    remedy: '无需处理。',
  },
  'calendar-out-of-range': {
    person: '您的日历不在本应用可以访问的范围内。',
    next: tellAdmin,
    cause: '钉钉拒绝访问此人的日历（permissionDeny）：不在应用的授权范围内，或不是该日程的组织者。',
    remedy: `${consoleApp} → 权限管理：把此人所在的部门加入授权范围。`,
  },
  'too-many-calls': {
    person: '您查询得太频繁。',
    next: '请稍等一会儿，再点“重试”。',
    cause: '此人的页面在短时间内（或当天）向钉钉发起的调用超过了本系统的限制；这些调用计入本组织每月的额度。',
    remedy: '若频繁出现，检查是否有脚本在反复打开该页面。',
  },
  'calls-spent': {
    person: '本月可用的钉钉接口调用已用完，这项功能下月恢复。登录与通讯录不受影响。',
    next: '在此之前，请直接使用钉钉日历。',
    cause: '本系统本月计入额度的调用已达到 DINGTALK_MONTHLY_CALLS，或钉钉回答额度已用完（90020）。',
    remedy: '在开发者后台查看本组织的额度；有余量时调大 DINGTALK_MONTHLY_CALLS 并重启。',
  },
  'agent-refused': {
    person: '工作通知暂时无法发送。',
    next: tellAdmin,
    cause: '钉钉不认识 DINGTALK_AGENT_ID（40056），或它属于另一个应用。',
    remedy: `${consoleApp} → 凭证与基础信息：核对 AgentId 与 Client ID 属于同一个应用，改正后重启。`,
  },
  'notice-invalid': {
    person: '这条通知无法发送。',
    next: tellAdmin,
    cause: '通知的内容不合要求：没有收件人，标题超过 50 字，整条消息超过 2048 字节，或页面不是本系统的地址。',
    remedy: '按 docs/zh-CN/notices-and-calendar.md 检查调用 notify() 的代码；哪一项见 hint。',
  },
  throttled: {
    person: '当前登录繁忙，请稍后再试。',
    next: waitAndRetry,
    cause:
      '调用频率超过钉钉的限制（标准版每接口每秒 20 次），或钉钉返回了网页：出口 IP 被临时封禁约 5 分钟，或钉钉正在维护。',
    remedy: '会自行恢复。若经常发生，检查同一应用是否还被别的程序使用。',
  },
  overloaded: {
    person: '当前登录繁忙，请稍后再试。',
    next: waitAndRetry,
    cause: '同时进行的登录太多，排队已满。',
    remedy:
      '会自行恢复。若经常发生，在日志中查看钉钉是否应答缓慢（ms、upstreamCalls），以及机器的 CPU 是否不足。',
  },
  'quota-spent': {
    person: '登录服务暂不可用。已登录的用户不受影响。',
    next: tellAdmin,
    cause: '本组织的钉钉接口调用额度已用完。',
    remedy: '开发者后台 → 资源管理：查看用量，升级或购买额度。',
  },
  unreachable: {
    person: unreachable,
    next: waitAndRetry,
    cause: '钉钉没有回答、回答超时或回答系统繁忙。',
    remedy: '会自行恢复。若持续，检查服务器到钉钉的网络、DNS 与代理。',
  },
  malformed: {
    person: unreachable,
    next: waitAndRetry,
    cause: '钉钉（或中间的代理）的回答无法理解，未予采信。',
    remedy: `若持续，检查中间代理是否改写了回答；若没有，${report}。`,
  },
  'html-page': {
    person: unreachable,
    next: waitAndRetry,
    cause: '收到的是一个网页而不是接口的回答：钉钉正在维护，或途中的代理、防火墙代为回答。',
    remedy: '若是钉钉维护，会自行恢复。若持续，检查是否有代理或网络认证页面代替钉钉作答。',
  },
  'certificate-refused': {
    person: unreachable,
    next: waitThenTell,
    cause:
      '不信任钉钉地址的 TLS 证书：途中的防火墙或代理签发了自己的证书、Node.js 不认识其根证书、证书已过期，或服务器时间不准。',
    remedy:
      '若公司网络会检查 TLS 流量，把公司的根证书存为 PEM 文件，用环境变量 NODE_EXTRA_CA_CERTS 指向它，然后重启。否则检查服务器时间，以及 DINGTALK_API_URL、DINGTALK_OAPI_URL。不要关闭证书校验。',
  },
  'host-unknown': {
    person: unreachable,
    next: waitThenTell,
    cause: '服务器的 DNS 查不到钉钉的主机名（ENOTFOUND）。',
    remedy:
      '检查 DINGTALK_API_URL、DINGTALK_OAPI_URL，以及服务器或容器的 DNS。若只能经代理访问外网，请设置 HTTPS_PROXY。',
  },
  'connection-refused': {
    person: unreachable,
    next: waitThenTell,
    cause: '到钉钉地址的连接被拒绝，或没有路由：多半是防火墙。',
    remedy:
      '放行服务器到钉钉各主机 TCP 443 端口的出站连接，并检查 DINGTALK_API_URL、DINGTALK_OAPI_URL。若只能经代理访问外网，请设置 HTTPS_PROXY。',
  },
  'proxy-failed': {
    person: unreachable,
    next: waitThenTell,
    cause: '出站代理连不上、没有回答，或拒绝连接钉钉。',
    remedy:
      '检查 HTTPS_PROXY 的主机、端口、用户名和密码（proxy-407 表示用户名或密码被拒绝）。代理须允许以 CONNECT 连接钉钉各主机的 443 端口。无需代理的主机写入 NO_PROXY。',
  },
  'unknown-answer': {
    person: '钉钉返回了未知的错误，登录没有完成。',
    next: tellAdmin,
    cause: '钉钉返回了不在已知列表中的错误码。',
    remedy: `在钉钉开放平台文档里搜索该错误码（日志中的 dingTalkCode），并${report}。`,
  },
  internal: {
    person: '服务内部出错了。',
    next: tellAdmin,
    cause: '程序内部错误，详情在服务器日志中。',
    remedy: `按请求编号查日志，并${report}。`,
  },
  'not-in-dingtalk': {
    person: '这里不是钉钉客户端，无法免登。',
    next: '请在钉钉的工作台里打开这个应用。',
    cause: '页面不在钉钉客户端内，或客户端没有提供 JSAPI。',
    remedy: '从工作台打开。PC 端若在系统浏览器打开，请在钉钉设置里选择“在钉钉内打开工作台页面”。',
  },
  'corp-placeholder': {
    person: '应用首页的地址没有填写正确，请联系管理员。',
    next: '请从钉钉工作台打开应用；若仍如此，请告诉管理员。',
    cause: '地址里的 $CORPID$ 没有被替换：不是从工作台打开的，或占位符写错。',
    remedy: `${consoleApp} → 网页应用：首页地址写成 https://您的地址/?corpid=$CORPID$，并从工作台打开。`,
  },
  'bridge-silent': {
    person: '钉钉没有回应。',
    next: '请点“重试”；若仍无反应，请关闭后从工作台重新打开。',
    cause: '钉钉客户端 10 秒内没有给出授权码。',
    remedy: '偶发无需处理。若某个客户端版本总是如此，请升级钉钉。',
  },
  'bridge-refused': {
    person: '钉钉没有给出登录凭证。',
    next: retry,
    cause: '客户端拒绝了取授权码的请求，通常会给出自己的错误码。',
    remedy: `检查 ${consoleApp} → 安全设置 → 端内免登地址，以及应用首页域名与本页一致。`,
  },
  'domain-unknown': {
    person: '应用的访问地址没有在钉钉登记，请联系管理员。',
    next: '请把这一页告诉管理员。',
    cause: '当前组织没有以本页域名为首页的应用（“没有某域名微应用”）。',
    remedy: `${consoleApp} → 网页应用：首页地址的域名须与本页相同；或在 安全设置 → 端内免登地址 登记，然后发布版本。`,
  },
  'corp-refused': {
    person: '钉钉不认识这个组织，请联系管理员。',
    next: '请把这一页告诉管理员。',
    cause: '客户端称 corpId 不合法。',
    remedy: '核对 DINGTALK_CORP_ID（开发者后台首页的 CorpId）。',
  },
  'cookie-blocked': {
    person: '登录成功了，但浏览器没有保存登录状态。',
    next: '请允许本站使用 Cookie（关闭无痕模式），再点“重试”。',
    cause:
      '会话 Cookie 没有被保存：webview 禁用 Cookie、页面被跨站嵌入（可试 SESSION_SAME_SITE=none），或 PUBLIC_ORIGIN 与实际地址不符。',
    remedy: '核对 PUBLIC_ORIGIN 的协议与主机；https 之外的地址保存不了安全 Cookie。',
  },
  'network-failed': {
    person: '网络连接失败。',
    next: '请检查网络，再点“重试”。',
    cause: '浏览器无法连到本服务。',
    remedy: '检查服务是否在运行，以及反向代理。',
  },
  ...jsapiProblems['zh-CN'],
};

export const zhCN = {
  appName: '员工门户',
  problems,
  actors: {
    nobody: '无需处理，会自行恢复',
    person: '本人',
    developer: '应用的开发者',
    admin: '公司的钉钉管理员',
    operator: '本系统的运维人员',
  },
  problemNote: {
    requestId: '请求编号',
    heading: '给管理员',
    cause: '原因',
    remedy: '处理办法',
    actor: '由谁处理',
    dingTalkCode: '钉钉错误码',
    reason: '具体情况',
    proxy: '出站代理',
    permissions: '缺少的权限点',
    address: '服务器出口地址',
    apply: '在钉钉申请',
  },
  signIn: {
    title: '登录',
    asking: '正在向钉钉确认您的身份…',
    posting: '正在登录…',
    entering: '欢迎，正在进入…',
    retry: '重试',
    signedOut: '您已退出登录。',
    again: '重新登录',
    browserLead: '您正在使用浏览器，请用钉钉扫码或账号登录，也可以从钉钉工作台打开。',
    browserButton: '用钉钉登录',
    otherMethod: '改用钉钉网页登录',
    stepUp: (name: string, minutes: number) =>
      `${name}，您仍处于登录状态。您打开的页面要求最近 ${minutes} 分钟内登录过，请再确认一次身份。`,
    stepUpBack: '返回首页，不重新登录',
    noScript: '自动登录需要 JavaScript。您也可以用钉钉网页登录：',
  },
  frame: frameText['zh-CN'],
  me: profilePage['zh-CN'],
  stepUp: {
    again: '您的身份已确认。刚才的操作尚未执行，请核对后再点一次。',
    title: '敏感页面示例',
    hint: '五分钟内登录过才能打开',
    lead: (name: string) => `${name}，您刚刚确认过身份，所以能看到这一页。`,
  },
  directory: directoryPage['zh-CN'],
  errorPage: errorPage['zh-CN'],
  jsapi: jsapiPage['zh-CN'],
  sync: syncPage['zh-CN'],
  devices: devicesPage['zh-CN'],
  doctor: doctorPage['zh-CN'],
  setup: setupText['zh-CN'],
  sessions: sessionsPage['zh-CN'],
  access: accessPage['zh-CN'],
  gate: gatePage['zh-CN'],
  ticket: ticketPage['zh-CN'],
  alerts: alertTexts['zh-CN'],
  admin: adminPage['zh-CN'],
  audit: auditPage['zh-CN'],
  auditReasons: auditReasons['zh-CN'],
  online: onlinePage['zh-CN'],
};

/** The keys of every language, and their parameters. */
export type Messages = typeof zhCN;
