const consoleZh = '钉钉开发者后台 open-dev.dingtalk.com → 应用开发 → 您的应用';
const consoleEn = 'open-dev.dingtalk.com → 应用开发 (App development) → your app';
const askZh = '请把这一页告诉管理员。';
const askEn = 'Please show this page to your administrator.';

/** Problems of signed pages and of the JSAPIs that need them. */
const problemsZh = {
  'agent-id-missing': {
    person: '应用的设置不完整，无法使用钉钉的这项功能。',
    next: '请把下面的请求编号告诉管理员。',
    cause: '页面签名和工作通知需要 AgentId，但没有设置 DINGTALK_AGENT_ID。',
    remedy: `把 DINGTALK_AGENT_ID 设为 ${consoleZh} → 凭证与基础信息 里的 AgentId，然后重启。`,
  },
  'jsapi-corp': {
    person: '钉钉没有接受这个页面，无法使用这项功能。',
    next: askZh,
    cause: '客户端不接受 dd.config 中的 corpId。',
    remedy: '核对 DINGTALK_CORP_ID（开发者后台首页的 CorpId）；应用须从这家公司的工作台打开。',
  },
  'jsapi-ticket': {
    person: '钉钉没有接受这个页面，无法使用这项功能。',
    next: askZh,
    cause: '钉钉读不到签名所用的 jsapi_ticket：凭证属于另一家公司，或 ticket 已失效。',
    remedy: '核对 DINGTALK_CORP_ID 与 DINGTALK_CLIENT_ID 属于同一家公司；然后重新打开页面。',
  },
  'jsapi-address': {
    person: '钉钉没有接受这个页面的地址，无法使用这项功能。',
    next: askZh,
    cause: '签名与页面地址不符。客户端的提示中 url:[…] 是钉钉看到的地址，浏览器控制台中有本应用签名的地址。',
    remedy:
      '比较两个地址：协议、主机、端口、路径和查询都须逐字相同。PUBLIC_ORIGIN 须是员工打开的地址；另可试 DINGTALK_JSAPI_DIGEST=sha1。',
  },
  'jsapi-values': {
    person: '钉钉没有接受这个页面，无法使用这项功能。',
    next: askZh,
    cause: 'dd.config 的随机串、签名、接口列表或时间戳不合法。',
    remedy: '只用 lib/webview.ts 的 jsapi() 调用；新接口的名称不带 dd.，写入其中的 SIGNED_APIS。',
  },
  'jsapi-agent': {
    person: '钉钉没有接受这个页面，无法使用这项功能。',
    next: askZh,
    cause: 'AgentId 不是获取 ticket 的那个应用的。',
    remedy: `核对 DINGTALK_AGENT_ID 与 DINGTALK_CLIENT_ID：两者都在 ${consoleZh} → 凭证与基础信息。`,
  },
  'jsapi-refused': {
    person: '钉钉拒绝了这项操作。',
    next: askZh,
    cause: '客户端拒绝了调用，错误码没有公开的说明，或应用没有这个接口的权限。',
    remedy: `在钉钉开放平台文档中查该接口需要的权限，并在 ${consoleZh} → 权限管理 中申请，然后发布版本。`,
  },
  'jsapi-unsigned': {
    person: '服务没有为这个页面签名。',
    next: '请重新打开页面再试。',
    cause: '/api/jsapi/signature 返回了错误。',
    remedy: '按请求编号查服务器日志，那里有具体原因。',
  },
  'jsapi-unsupported': {
    person: '这个钉钉客户端没有这项功能。',
    next: '请换一台设备（例如手机），或更新钉钉后再试。',
    cause: '客户端没有这个接口，例如电脑端没有扫码。',
    remedy: '在页面上为没有这项功能的客户端留一条别的路，例如手工输入。',
  },
  'jsapi-cancelled': {
    person: '您取消了操作。',
    next: '需要时再点一次即可。',
    cause: '员工关闭了钉钉的选人或扫码界面。',
    remedy: '无需处理。',
  },
};

const problemsEn: typeof problemsZh = {
  'agent-id-missing': {
    person: 'The app is not set up completely, so this function of DingTalk is not available.',
    next: 'Please give your administrator the request ID below.',
    cause:
      'Signing a page and sending work notifications need the AgentId, and DINGTALK_AGENT_ID is not set.',
    remedy: `Set DINGTALK_AGENT_ID to the AgentId in ${consoleEn} → 凭证与基础信息 (Credentials), then restart.`,
  },
  'jsapi-corp': {
    person: 'DingTalk does not accept this page, so this function is not available.',
    next: askEn,
    cause: 'The client does not accept the corpId in dd.config.',
    remedy:
      'Check DINGTALK_CORP_ID (CorpId on the home page of the developer console); the app must be opened from the workbench of this company.',
  },
  'jsapi-ticket': {
    person: 'DingTalk does not accept this page, so this function is not available.',
    next: askEn,
    cause:
      'DingTalk cannot read the jsapi_ticket of the signature: the credentials are another company’s, or the ticket has expired.',
    remedy: 'Check that DINGTALK_CORP_ID and DINGTALK_CLIENT_ID are of the same company; open the page anew.',
  },
  'jsapi-address': {
    person: 'DingTalk does not accept this page’s address, so this function is not available.',
    next: askEn,
    cause:
      'The signature is not of the page’s address. In the client’s message, url:[…] is what DingTalk sees; the browser’s console has the address that this app signed.',
    remedy:
      'Compare the two addresses: scheme, host, port, path and query must be the same to the letter. PUBLIC_ORIGIN must be the address that people open; also try DINGTALK_JSAPI_DIGEST=sha1.',
  },
  'jsapi-values': {
    person: 'DingTalk does not accept this page, so this function is not available.',
    next: askEn,
    cause: 'The nonce, the signature, the list of APIs or the timestamp of dd.config is invalid.',
    remedy:
      'Call JSAPIs by jsapi() of lib/webview.ts only; names of new ones go into SIGNED_APIS there, without dd.',
  },
  'jsapi-agent': {
    person: 'DingTalk does not accept this page, so this function is not available.',
    next: askEn,
    cause: 'The AgentId is not that of the app which fetched the ticket.',
    remedy: `Check DINGTALK_AGENT_ID and DINGTALK_CLIENT_ID: both are in ${consoleEn} → 凭证与基础信息 (Credentials).`,
  },
  'jsapi-refused': {
    person: 'DingTalk refused this.',
    next: askEn,
    cause:
      'The client refused the call with a code that is not documented, or the app lacks the permission for this JSAPI.',
    remedy: `Look up the permission of this JSAPI in DingTalk’s documentation, and apply for it in ${consoleEn} → 权限管理 (Permissions). Then publish.`,
  },
  'jsapi-unsigned': {
    person: 'The server did not sign this page.',
    next: 'Please open the page again.',
    cause: '/api/jsapi/signature answered with an error.',
    remedy: 'Look up the request ID in the server’s log: the reason stands there.',
  },
  'jsapi-unsupported': {
    person: 'This DingTalk client does not have this function.',
    next: 'Please use another device, such as a phone, or update DingTalk.',
    cause: 'The client has no such JSAPI: those on computers cannot scan, for example.',
    remedy: 'Offer another way in the page for these clients, such as typing the code.',
  },
  'jsapi-cancelled': {
    person: 'You cancelled it.',
    next: 'Tap again when you need it.',
    cause: 'The person closed DingTalk’s picker or scanner.',
    remedy: 'Nothing to do.',
  },
};

const pageZh = {
  title: '选人与扫码',
  hint: '示例：调用钉钉的选人与扫码',
  lead: '选人与扫码由钉钉完成，页面为此向服务器取得签名。',
  outside: '这个页面不是在钉钉中打开的，无法选人和扫码。请从钉钉工作台打开。',
  choose: '选择同事',
  scan: '扫一扫',
  asking: '正在等待钉钉…',
  nothing: '没有选择任何人。',
  chosen: '已选择',
  scanned: '扫码结果',
  noScript: '选人与扫码需要 JavaScript。',
};

const pageEn: typeof pageZh = {
  title: 'Choose and scan',
  hint: 'An example: DingTalk’s picker and scanner',
  lead: 'DingTalk shows the picker and the scanner; the page gets a signature from the server for it.',
  outside:
    'This page is not open in DingTalk. Open it from DingTalk’s workbench to choose people and to scan.',
  choose: 'Choose colleagues',
  scan: 'Scan a code',
  asking: 'Waiting for DingTalk…',
  nothing: 'No one was chosen.',
  chosen: 'Chosen',
  scanned: 'Result of the scan',
  noScript: 'Choosing and scanning need JavaScript.',
};

/** What is said about JSAPIs that need a signed page, and on the example page that uses them. */
export const jsapiPage = { 'zh-CN': pageZh, en: pageEn };
export const jsapiProblems = { 'zh-CN': problemsZh, en: problemsEn };
