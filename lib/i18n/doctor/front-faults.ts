const zhCN = {
  'origin-elsewhere': {
    found: '{url} 应答 {status}（{server}），但不是本应用',
    cause:
      'PUBLIC_ORIGIN 指向别的网站、别的路径，或 SESSION_KEYS 不同的另一套部署；也可能是反向代理没有转发 /api。',
    remedy: '核对 PUBLIC_ORIGIN、域名解析，以及反向代理转发到的地址和端口（HOST、PORT）。',
  },
  'origin-without-app': {
    found: '{url} 应答 {status}（{server}）',
    cause: '反向代理在，但它连不上本应用：应用没有启动，或转发的端口不对。',
    remedy: '启动应用（npm start），并核对反向代理转发到的地址和端口（HOST、PORT）。',
  },
  'origin-certificate': {
    found: '{url}（{reason}）',
    cause:
      '证书已过期、域名不符、缺少中间证书，由本机不认识的机构签发，或这个端口没有提供 https；钉钉客户端会拒绝打开。',
    remedy:
      '换上包含完整证书链的有效证书。公司自签的根证书要装到所有手机和电脑上，本机用 NODE_EXTRA_CA_CERTS。',
  },
  'certificate-ends': {
    found: '证书 {date} 到期，还有 {days} 天',
    cause: '证书快到期了，到期后钉钉客户端打不开页面。',
    remedy: '续期证书并让反向代理重新加载；检查自动续期为什么没有执行。',
  },
  'plain-http-open': {
    found: 'http 应答 {status}，没有转到 https',
    cause: '以 http 打开的人得到的不是本站，且 Cookie 不会带上。',
    remedy: '让 80 端口对所有地址应答 301，转到 https 的同一地址。',
  },
  'request-changed': {
    found: '{changed}',
    cause: '反向代理改写了请求：登录、回调的签名和同源校验都以原样的路径、参数和 Origin 为准。',
    remedy: 'nginx 用不带路径的 proxy_pass http://127.0.0.1:3000;，不要改写参数，不要去掉 Origin。',
  },
  'cookie-lost': {
    found: '{what}',
    cause: '反向代理去掉或改写了 Cookie，登录会保存不住。',
    remedy:
      '去掉 proxy_cookie_path、proxy_cookie_domain、proxy_hide_header Set-Cookie 和对 Cookie 头的改动；不要缓存。',
  },
  'answer-changed': {
    found: '缺少或被改：{headers}',
    cause: '反向代理去掉或覆盖了应答的安全头：页面可能被缓存，或被别的网站嵌入。',
    remedy: '去掉 proxy_hide_header、add_header 和缓存设置中与这些头有关的行。',
  },
  'body-cut': {
    found: '{kilobytes} KB 的请求得到 {status}',
    cause: '反向代理不放行较大的请求体；钉钉的事件一次可能有几百 KB。',
    remedy: 'nginx：client_max_body_size 1m;',
  },
  'hops-differ': {
    found: '前面有 {found} 层代理，TRUSTED_PROXY_HOPS={setting}',
    cause: '填小了，所有员工算作同一个地址，一个人连续失败会连累大家；填大了，任何人都能伪造地址。',
    remedy: '设为 TRUSTED_PROXY_HOPS={found} 后重启；若有一层代理不写 X-Forwarded-For，先让它写上。',
  },
  'callback-refused': {
    found: '{url} 应答 {status}',
    cause: '正在运行的应用用的是另一组 token 或 aes_key（改后没有重启），或反向代理改写了参数。',
    remedy:
      '核对 DINGTALK_CALLBACK_TOKEN、DINGTALK_CALLBACK_AES_KEY 与开发者后台一致，重启应用；日志 dingtalk-event 写明原因。',
  },
  'gate-unsigned': {
    found: 'GATE_LISTEN 对外监听，但没有设置 GATE_TRUSTED_PROXIES',
    cause: '网关认不出其他机器上的代理，会拒绝它们的询问；只设置 GATE_PROXY_SECRET 不够。',
    remedy: '在 GATE_TRUSTED_PROXIES 中写上代理的地址；代理就在本机时，改为监听 127.0.0.1。',
  },
  'gate-proxies-wide': {
    found: 'GATE_TRUSTED_PROXIES 包含 {ranges}',
    cause: '几乎所有地址都被当作代理：能连上 GATE_LISTEN 的任何机器都可以冒充代理，伪造访客的地址。',
    remedy: '只写代理自己的地址或网段；地址不固定时，再设置 GATE_PROXY_SECRET。',
  },
  'gate-host-unruled': {
    found: '{hosts}',
    cause: '受保护的主机没有访问规则时，谁都进不去。',
    remedy: '在 ACCESS_FILE 中为每个主机写一条规则，如 { "at": "主机名/*", "for": ["everybody"] }。',
  },
  'gate-host-unknown': {
    found: '{hosts}',
    cause: '规则中的主机不在 GATE_HOSTS 中，这些规则不起作用；多半是拼写不同。',
    remedy: '让规则与 GATE_HOSTS 中的主机名一致，或删去不用的规则。',
  },
  'gate-app-refused': {
    found: '{refused}',
    cause: 'GATE_APPS 中应用的 Client ID 或 Client Secret 不对，或应用属于另一个企业；端内免登因此失败。',
    remedy: '对照这些应用的“凭证与基础信息”页面，改正 GATE_APPS。',
  },
  'gate-user-shared': {
    found: '{count} 个值由多人共用\n{shared}',
    cause: '受保护的系统只凭这个值认人（{kind}）；同一个值的人都会被拒绝。',
    remedy: '在钉钉管理后台改正这些人的工号或企业邮箱，或改用 GATE_USER=userid。',
  },
  'gate-user-missing': {
    found: '{count} 人没有值（{kind}）',
    cause: '没有工号或企业邮箱的人进不了受保护的系统。',
    remedy: '在钉钉管理后台补上，或改用 GATE_USER=userid；缺邮箱时先看字段权限 fieldEmail。',
  },
};

const en: typeof zhCN = {
  'origin-elsewhere': {
    found: '{url} answers {status} ({server}), but is not this app',
    cause:
      'PUBLIC_ORIGIN leads to another site, another path, or a deployment with other SESSION_KEYS; or the reverse proxy does not pass /api on.',
    remedy:
      'Check PUBLIC_ORIGIN, the DNS, and the address and port that the reverse proxy passes to (HOST, PORT).',
  },
  'origin-without-app': {
    found: '{url} answers {status} ({server})',
    cause:
      'The reverse proxy is there, but does not reach the app: it is not running, or the port is another.',
    remedy:
      'Start the app (npm start), and check the address and port that the reverse proxy passes to (HOST, PORT).',
  },
  'origin-certificate': {
    found: '{url} ({reason})',
    cause:
      'The certificate has expired, is for another name, lacks an intermediate one, its issuer is unknown here, or this port does not speak https; DingTalk’s clients refuse to open the pages.',
    remedy:
      'Install a valid certificate with its complete chain. A root of the company’s own has to be installed on all phones and computers, and here by NODE_EXTRA_CA_CERTS.',
  },
  'certificate-ends': {
    found: 'the certificate expires on {date}, in {days} days',
    cause: 'Once it has expired, DingTalk’s clients do not open the pages.',
    remedy: 'Renew it and have the reverse proxy reload; see why the automatic renewal did not run.',
  },
  'plain-http-open': {
    found: 'http answers {status} and does not lead to https',
    cause: 'People who open http get something else, without their cookies.',
    remedy: 'Have port 80 answer 301 to the same address with https.',
  },
  'request-changed': {
    found: '{changed}',
    cause:
      'The reverse proxy rewrites requests: sign-in, signatures of callbacks and the same-origin check go by the path, query and Origin as they were sent.',
    remedy: 'nginx: proxy_pass http://127.0.0.1:3000; without a path; rewrite no query and keep Origin.',
  },
  'cookie-lost': {
    found: '{what}',
    cause: 'The reverse proxy drops or rewrites cookies, so that no session is kept.',
    remedy:
      'Remove proxy_cookie_path, proxy_cookie_domain, proxy_hide_header Set-Cookie and changes of the Cookie header; do not cache.',
  },
  'answer-changed': {
    found: 'missing or changed: {headers}',
    cause:
      'The reverse proxy drops or replaces security headers: pages may be cached, or framed by another site.',
    remedy: 'Remove what concerns these headers from proxy_hide_header, add_header and the cache settings.',
  },
  'body-cut': {
    found: 'a request of {kilobytes} KB got {status}',
    cause:
      'The reverse proxy does not pass larger bodies on; an event of DingTalk may have several hundred KB.',
    remedy: 'nginx: client_max_body_size 1m;',
  },
  'hops-differ': {
    found: '{found} proxies in front, TRUSTED_PROXY_HOPS={setting}',
    cause:
      'Too small, and everybody counts as one address, so that one person’s failures lock out the others; too large, and clients can forge their address.',
    remedy:
      'Set TRUSTED_PROXY_HOPS={found} and restart; where a proxy does not write X-Forwarded-For, have it do so first.',
  },
  'callback-refused': {
    found: '{url} answers {status}',
    cause:
      'The running app has another token or aes_key (it was not restarted), or the reverse proxy rewrites the query.',
    remedy:
      'Compare DINGTALK_CALLBACK_TOKEN and DINGTALK_CALLBACK_AES_KEY with the console, and restart; the log line dingtalk-event has the reason.',
  },
  'gate-unsigned': {
    found: 'GATE_LISTEN is open to other machines, and GATE_TRUSTED_PROXIES is not set',
    cause:
      'The gate knows no proxy on another machine, and refuses their requests; GATE_PROXY_SECRET alone does not change that.',
    remedy:
      'Name the proxies’ addresses in GATE_TRUSTED_PROXIES; where the proxy is on this machine, listen on 127.0.0.1.',
  },
  'gate-proxies-wide': {
    found: 'GATE_TRUSTED_PROXIES has {ranges}',
    cause:
      'Almost every address counts as a proxy: any machine that reaches GATE_LISTEN can pose as one and forge the addresses of visitors.',
    remedy: 'Name the proxies’ own addresses or network; where they change, set GATE_PROXY_SECRET as well.',
  },
  'gate-host-unruled': {
    found: '{hosts}',
    cause: 'On a protected host without an access rule, no one is let in.',
    remedy:
      'Write a rule for each host into ACCESS_FILE, such as { "at": "host-name/*", "for": ["everybody"] }.',
  },
  'gate-host-unknown': {
    found: '{hosts}',
    cause: 'Rules name hosts that GATE_HOSTS lacks, so they have no effect; often one is misspelt.',
    remedy: 'Make the rules and GATE_HOSTS agree, or remove rules that are not used.',
  },
  'gate-app-refused': {
    found: '{refused}',
    cause:
      'Client ID or Client Secret of an app in GATE_APPS is wrong, or the app belongs to another company; sign-in inside DingTalk’s clients fails there.',
    remedy: 'Compare GATE_APPS with the page 凭证与基础信息 (credentials) of these apps.',
  },
  'gate-user-shared': {
    found: '{count} values are shared\n{shared}',
    cause: 'Protected systems know a person by this value alone ({kind}); all who share one are refused.',
    remedy:
      'Correct these people’s job numbers or company mailboxes in DingTalk’s admin console, or use GATE_USER=userid.',
  },
  'gate-user-missing': {
    found: '{count} people have no value ({kind})',
    cause: 'Who has no job number or company mailbox does not get into protected systems.',
    remedy:
      'Enter them in DingTalk’s admin console, or use GATE_USER=userid; where mailboxes are missing, see the permission fieldEmail first.',
  },
};

/** What may be wrong between people and this app, and with the gate. */
export const frontFaults = { 'zh-CN': zhCN, en };
