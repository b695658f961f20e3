const zhCN = {
  'settings-wrong': {
    found: '{problems}',
    cause: '有设置缺失或写错，应用因此不会启动。',
    remedy: '按每一行的说明修改；各项的含义见 .env.example。',
  },
  'ids-confused': {
    found: '{setting} 填的像是 {looks}',
    cause:
      'CorpId、Client ID（原 AppKey）、Client Secret（原 AppSecret）、AgentId 是四个不同的值，容易填错位置。',
    remedy: '对照“凭证与基础信息”页面和开发者后台首页的 CorpId，逐个核对。',
  },
  'region-mixed': {
    found: 'DINGTALK_REGION={region}\n{found}',
    cause: '钉钉国内版和国际版互不相通：企业、应用和凭证只在其中一个地区有效。',
    remedy: '按企业所在的地区设置 DINGTALK_REGION（cn 或 intl），并删去上面这几项。',
  },
  'node-old': {
    found: 'Node.js {version}',
    cause: '本应用需要 Node.js 20.19 或更新版本。',
    remedy: '安装 Node.js 24（或 20.19 以上），重新执行 npm ci 后重启。',
  },
  'roots-unread': {
    found: '{path} 中没有可用的证书',
    cause: 'NODE_EXTRA_CA_CERTS 指向的文件不存在、不可读，或不是 PEM 格式；Node.js 只提示一行就忽略它。',
    remedy: '把公司的根证书存为 PEM 文件，改正路径和权限，然后重启。',
  },
  'roots-late': {
    found: '{path} 只写在 .env 中',
    cause: 'Node.js 在读取 .env 之前就读取 NODE_EXTRA_CA_CERTS，写在 .env 中不起作用。',
    remedy: '在启动它的地方设置：systemd 的 Environment=、容器的环境变量，或 shell 的 export。',
  },
  'verification-off': {
    found: 'NODE_TLS_REJECT_UNAUTHORIZED=0',
    cause: '此变量让 Node.js 接受任何证书，途中的人可以冒充数据库等服务器。',
    remedy: '去掉它，改用 NODE_EXTRA_CA_CERTS 信任公司的根证书。',
  },
  'key-guessable': {
    found: '编号 {keys} 的密钥可以猜到',
    cause: '它有规律、有重复，或出自公开的文档；拿到一个 Cookie 就能离线试出密钥，伪造任何人的登录。',
    remedy: '用 npm run keys 生成新密钥，按它写出的步骤更换。',
  },
  'key-old': {
    found: '编号 {keys} 的密钥已用 {days} 天',
    cause: '密钥用得越久，见过它的人、备份和日志越多。',
    remedy: '用 npm run keys 生成新密钥，按它写出的步骤更换，无人掉线。',
  },
  'clock-off': {
    found: '与钉钉相差 {direction}{seconds} 秒（{hosts}）',
    cause: '本机时间不准。登录有效期、一次性授权码和回调的时间校验都会出错，相差五分钟起收不到事件。',
    remedy: '打开时间同步（timedatectl set-ntp true，或 chrony），确认后再体检。',
  },
  'folder-unwritable': {
    found: '{path}（{code}）',
    cause: 'DATA_DIR 不是可写的目录：不存在且无法建立、属于另一个用户，或所在文件系统只读。',
    remedy: '建立目录并交给运行本应用的用户（chown），或改用另一个 DATA_DIR。',
  },
  'disk-full': {
    found: '{path} 只剩 {free} MB',
    cause: '通讯录同步和数据库日志需要空间；写满之后登录会失败。',
    remedy: '清理磁盘或换更大的卷，至少留出 512 MB。',
  },
  'database-away': {
    found: '{where}（{reason}）',
    cause: '数据库没有应答：没有启动、地址或端口不对、被防火墙拦住、TLS 证书不受信任，或文件打不开。',
    remedy: '在这台机器上用 psql（或 ls -l）试一次同样的地址；改正 DATABASE_URL 或 DATA_DIR，或启动数据库。',
  },
  'database-refused': {
    found: '数据库拒绝了登录（{reason}）',
    cause: '用户名、密码或库名不对，或此用户没有权限。',
    remedy: '改正 DATABASE_URL；密码中的特殊字符要用百分号编码；库要先建好，并由此用户拥有。',
  },
  'database-unsupported': {
    found: '{reason}',
    cause: '本应用需要 PostgreSQL 14 或更新版本，编码为 UTF8。',
    remedy: '升级 PostgreSQL，或换一个以 UTF8 建立的库。',
  },
  'database-former': {
    found: 'DATA_DIR 中有旧版本的数据库（dingpass.db）',
    cause: '旧版本的数据不会自动转换，应用因此不会启动。',
    remedy: '执行下面的命令：旧文件移到一旁，不会删除，应用重新开始。',
  },
  'database-foreign': {
    found: '属于企业 {corpId}、应用 {clientId}（{apiUrl}）',
    cause: '数据库属于另一个企业、应用或接口地址，不能当作现在这个企业的来用。',
    remedy: '改正设置，或换一个 DATA_DIR 或数据库；同一企业可用 npm run database -- --adopt 沿用。',
  },
  'database-newer': {
    found: '有本版本不认识的结构：{names}',
    cause: '更新版本的 dingpass 用过这个数据库。',
    remedy: '改用那个较新的版本，或恢复升级之前的备份。',
  },
  'database-slow': {
    found: '一次查询 {ms} 毫秒',
    cause: '数据库太远、太忙，或磁盘太慢；每个请求都要等它几次。',
    remedy: '把数据库放在同一机房，检查它的负载和磁盘。',
  },
  'access-file-wrong': {
    found: '{problems}',
    cause: '访问规则文件有错误：正在运行的应用沿用原来的规则，新的进程无法启动。',
    remedy: '按行号修改，然后用下面的命令检查。',
  },
  'brand-file-wrong': {
    found: '{problems}',
    cause: '品牌文件有错误，应用因此不会启动。',
    remedy: '按每一行的说明修改 BRAND_FILE。',
  },
};

const en: typeof zhCN = {
  'settings-wrong': {
    found: '{problems}',
    cause: 'Settings are missing or wrong, so the app does not start.',
    remedy: 'Correct each as its line says; .env.example explains them all.',
  },
  'ids-confused': {
    found: '{setting} looks like the {looks}',
    cause:
      'CorpId, Client ID (formerly AppKey), Client Secret (formerly AppSecret) and AgentId are four different values that are easily mixed up.',
    remedy: 'Compare each with the page 凭证与基础信息, and the CorpId with the console’s home page.',
  },
  'region-mixed': {
    found: 'DINGTALK_REGION={region}\n{found}',
    cause:
      'DingTalk in China and DingTalk International are separate: a company, its apps and their credentials belong to one of them.',
    remedy: 'Set DINGTALK_REGION (cn or intl) to the company’s region, and remove the settings above.',
  },
  'node-old': {
    found: 'Node.js {version}',
    cause: 'The app needs Node.js 20.19 or newer.',
    remedy: 'Install Node.js 24 (or at least 20.19), run npm ci again and restart.',
  },
  'roots-unread': {
    found: 'no usable certificate in {path}',
    cause:
      'The file of NODE_EXTRA_CA_CERTS does not exist, cannot be read or is not PEM; Node.js ignores it after one line of warning.',
    remedy: 'Save the company’s root certificate as a PEM file, correct path and permissions, and restart.',
  },
  'roots-late': {
    found: '{path} is set in .env only',
    cause: 'Node.js reads NODE_EXTRA_CA_CERTS before any .env is loaded: there it has no effect.',
    remedy:
      'Set it where the process is started: Environment= of systemd, the container’s environment, or export in the shell.',
  },
  'verification-off': {
    found: 'NODE_TLS_REJECT_UNAUTHORIZED=0',
    cause: 'With it Node.js accepts every certificate: others can pose as the database or another server.',
    remedy: 'Remove it, and trust the company’s root certificate by NODE_EXTRA_CA_CERTS.',
  },
  'key-guessable': {
    found: 'the key with id {keys} can be guessed',
    cause:
      'It repeats itself, follows a pattern or was published: with one cookie it can be found offline, and sessions of anybody can be forged.',
    remedy: 'Make a new key with npm run keys, and follow the steps that it prints.',
  },
  'key-old': {
    found: 'the key with id {keys} has been in use for {days} days',
    cause: 'The longer a key is in use, the more people, backups and logs have seen it.',
    remedy: 'Make a new key with npm run keys, and follow the steps that it prints; no one is signed out.',
  },
  'clock-off': {
    found: '{direction}{seconds} s from DingTalk’s ({hosts})',
    cause:
      'This machine’s clock is wrong: session lifetimes, one-time codes and the time of callbacks are off. From five minutes on no callback is accepted.',
    remedy: 'Switch time synchronisation on (timedatectl set-ntp true, or chrony), then check again.',
  },
  'folder-unwritable': {
    found: '{path} ({code})',
    cause:
      'DATA_DIR is not a writable folder: it cannot be created, belongs to another user, or its file system is read-only.',
    remedy: 'Create the folder and give it to the user of the app (chown), or choose another DATA_DIR.',
  },
  'disk-full': {
    found: '{free} MB left in {path}',
    cause: 'Syncs of the directory and the database’s log need room; sign-ins fail when the disk is full.',
    remedy: 'Free space or use a larger volume: at least 512 MB.',
  },
  'database-away': {
    found: '{where} ({reason})',
    cause:
      'The database does not answer: it is not running, its address or port is wrong, a firewall is between, its TLS certificate is not trusted, or the file cannot be opened.',
    remedy:
      'Try the same address from this machine with psql (or ls -l). Correct DATABASE_URL or DATA_DIR, or start the database.',
  },
  'database-refused': {
    found: 'the database refused the login ({reason})',
    cause: 'User, password or database name are wrong, or the user has no right to it.',
    remedy:
      'Correct DATABASE_URL; special characters of the password are percent-encoded; the database has to exist and belong to this user.',
  },
  'database-unsupported': {
    found: '{reason}',
    cause: 'The app needs PostgreSQL 14 or newer, with the encoding UTF8.',
    remedy: 'Upgrade PostgreSQL, or use a database that was created with UTF8.',
  },
  'database-former': {
    found: 'DATA_DIR has a database of a former version (dingpass.db)',
    cause: 'Its data is not carried over, so the app does not start.',
    remedy:
      'Run the command below: the old file is moved aside, nothing is deleted, and the app begins anew.',
  },
  'database-foreign': {
    found: 'it belongs to company {corpId}, app {clientId} ({apiUrl})',
    cause: 'The data of another company, app or API address must not be shown as this one’s.',
    remedy:
      'Correct the settings, or use another DATA_DIR or database; for the same company, npm run database -- --adopt keeps the data.',
  },
  'database-newer': {
    found: 'it has parts that this version does not know: {names}',
    cause: 'A newer version of dingpass has used this database.',
    remedy: 'Run that newer version, or restore the backup from before the upgrade.',
  },
  'database-slow': {
    found: '{ms} ms a query',
    cause:
      'The database is too far away, too busy, or its disk is slow; each request waits for it several times.',
    remedy: 'Keep the database in the same data centre; look at its load and its disk.',
  },
  'access-file-wrong': {
    found: '{problems}',
    cause:
      'The file of access rules has errors: a running app keeps the previous rules, and a new process does not start.',
    remedy: 'Correct it by the line numbers, then check it with the command below.',
  },
  'brand-file-wrong': {
    found: '{problems}',
    cause: 'The brand file has errors, so the app does not start.',
    remedy: 'Correct BRAND_FILE as each line says.',
  },
};

/** What may be wrong with this machine, its settings and its data. */
export const machineFaults = { 'zh-CN': zhCN, en };
