type Meaning = readonly [zh: string, en: string];

/** What the lines of the log are about, by their `event`. Never rename one: operators search for them. */
export const LOG_EVENTS: Readonly<Record<string, Meaning>> = {
  // Requests
  'sign-in': ['一次登录，成功或失败', 'a sign-in, successful or failed'],
  'sign-out': ['退出登录', 'a sign-out'],
  'session-end': ['本人下线一台设备', 'a member signed one of their devices out'],
  'sign-out-elsewhere': ['本人下线其他设备', 'a member signed their other devices out'],
  'sign-out-everywhere': ['本人下线全部设备', 'a member signed all their devices out'],
  'sessions-end': ['管理员让他人下线', 'an administrator signed people out'],
  'session-refused': [
    '收到无法接受的会话 Cookie，附原因和次数',
    'session cookies were refused, with reason and number',
  ],
  'access-refused': ['按规则或权限被拒绝', 'refused by a rule, or for lack of permission'],
  'hand-off': ['生成“在浏览器中打开”的链接', 'a link for “open in browser” was made'],
  'directory-export': ['导出通讯录', 'the directory was exported'],
  'audit-export': ['导出审计', 'the audit was exported'],
  'sync-start': ['管理员启动同步', 'an administrator started a sync'],
  'meeting-book': ['预约会议', 'a meeting was booked'],
  'meeting-change': ['修改会议', 'a meeting was changed'],
  'meeting-cancel': ['取消会议', 'a meeting was cancelled'],
  'dingtalk-event': ['收到一个 HTTP 事件回调', 'an event by HTTP callback'],
  refusal: [
    '其他请求失败，原因在本应用或钉钉',
    'another request failed, by a fault of this app or of DingTalk',
  ],
  page: ['页面渲染出错', 'a page failed'],
  profile: ['读取本人资料失败', 'a profile could not be read'],
  'api-unhandled': ['Next.js 自行应答了一个 API 地址', 'Next.js answered an API address by itself'],
  'refusal-unexplained': ['拒绝页无法给出原因', 'a refusal could not be explained on its page'],
  // Start and health
  doctor: ['体检未能完成', 'the doctor could not finish'],
  'warm-up': [
    '登录检查结果有变化，附原因与处理办法',
    'the result of the sign-in check changed, with cause and remedy',
  ],
  'weak-session-keys': ['会话密钥容易猜到', 'session keys are easy to guess'],
  'brand-colour': [
    '品牌颜色接近白色或危险按钮的红色',
    'a brand colour is close to white, or to the red of warnings',
  ],
  'gate-listening': ['网关开始监听', 'the gate is listening'],
  'gate-failed': ['网关处理一个请求时出错', 'the gate failed to handle a request'],
  'metrics-listening': ['指标端口开始监听', 'the metrics port is listening'],
  alert: ['告警消息没有发出', 'an alert could not be sent'],
  // Database
  'database-waiting': ['启动时等待数据库', 'the start waits for the database'],
  'database-restored': [
    '数据库是较旧的副本，全员下线',
    'the database is an older copy: everybody is signed out',
  ],
  'sessions-silent': [
    '数据库不应答，会话无法核对',
    'the database does not answer: sessions cannot be checked',
  ],
  'sessions-back': ['数据库恢复应答', 'the database answers again'],
  'sessions-unwritable': ['数据库无法写入', 'the database cannot be written to'],
  'sessions-writable': ['数据库恢复写入', 'the database can be written to again'],
  'audit-unavailable': ['审计暂时无法写入，稍后补写', 'the audit cannot be written now; it is written later'],
  prune: ['清理过期数据失败', 'expired rows could not be deleted'],
  // Directory
  'directory-sync': ['一次同步结束，附结果', 'a sync ended, with its result'],
  'directory-schedule': ['同步计划出错', 'the sync schedule failed'],
  'directory-unavailable': ['本地通讯录不可用', 'the local directory is not available'],
  'administrators-unknown': ['无法读取钉钉管理员', 'DingTalk’s administrators could not be read'],
  leavers: ['下线离职人员时出错，会重试', 'signing leavers out failed; it is retried'],
  'refresh-owed': ['重读通讯录条目失败，会重试', 'a directory entry could not be read again; it is retried'],
  'refresh-given-up': [
    '重读通讯录条目失败，等下次同步',
    'a directory entry could not be read again; the next sync reads it',
  ],
  // Events
  'stream-connected': ['Stream 已连接', 'Stream is connected'],
  'stream-lost': ['Stream 断开或无法连接', 'the Stream connection was lost, or could not be made'],
  'stream-later': ['一个事件未能处理，会再次送来', 'an event could not be handled; it is delivered again'],
  'missed-events': ['无法取回未送达的事件', 'undelivered events could not be fetched'],
  // Access rules
  'access-rules': ['访问规则已生效', 'access rules are in force'],
  'access-rules-unknown': ['无法得知当前规则', 'it is not known which rules are in force'],
  'access-file-refused': [
    '规则文件有错误，沿用原来的规则',
    'the rules file has errors; the previous rules stay in force',
  ],
  'access-file-differs': ['规则文件与生效的规则不同', 'the rules file differs from the rules in force'],
  'access-names-unknown': [
    '规则中有通讯录里没有的名称',
    'rules contain names that the directory does not have',
  ],
  'access-facts-unknown': ['读不到规则所需的信息', 'what the rules depend on could not be read'],
  // Notices
  notice: ['一条工作通知没有送达', 'a work notification was not delivered'],
  notices: ['通知队列出错', 'the queue of notices failed'],
};
