const zhCN = {
  'hosts-swapped': {
    found: 'DINGTALK_API_URL 与 DINGTALK_OAPI_URL 填反了',
    cause: '新版接口在 api.dingtalk.com，旧版接口在 oapi.dingtalk.com，互相不认识对方的地址。',
    remedy: '对调两个设置；一般不必设置，去掉即用默认值。',
  },
  'company-other': {
    found: '应用不属于企业 {corpId}',
    cause: 'DINGTALK_CORP_ID 是另一个企业的，或抄错了；客户端里的登录会全部失败。',
    remedy: '从开发者后台首页重新复制 CorpId。',
  },
  'range-empty': {
    found: '没有授权任何部门或人员',
    cause: '应用读不到任何员工，所有登录都会被拒绝。',
    remedy: '选择“全部员工”，或包含所有使用者的部门。',
  },
  'range-partial': {
    found: '{total} 个部门中的 {covered} 个（{names}，含下级），和单独的 {people} 人',
    cause: '范围之外的员工不能登录，也不在通讯录中。若有意如此，无需处理。',
    remedy: '选择“全部员工”，或加上缺少的部门；有意如此时用 --except range 略去这一项。',
  },
  'person-unknown': {
    found: '{setting}：{userIds}',
    cause: '企业里没有这个 userid：抄错了，或此人已离职。',
    remedy: '在钉钉管理后台 → 通讯录 中查看员工的 userid，改正设置。',
  },
  'person-outside': {
    found: '{setting}：{userIds}',
    cause: '此人不在应用的通讯录授权范围之内，因此不能登录。',
    remedy: '把此人所在的部门加入授权范围。',
  },
  'fields-missing': {
    found: '读到的人员都没有这些字段（{name}）',
    cause: '应用没有字段权限 {point}，通讯录和个人资料中缺少相应内容。',
    remedy: '需要这些内容时申请权限点 {point} 并发布新版本；不需要时可略去这一项。',
  },
  'redirect-unknown': {
    found: '{url} 没有登记',
    cause: '浏览器登录时，钉钉只回到登记过的地址，一字不差才算。',
    remedy:
      '在“重定向URL（回调域名）”中加上 {url}，保留原有的各项；命令会替换整张列表，请把 EXISTING_ONES 换成原有的各项。',
  },
  'events-off': {
    found: '既没有 Stream，也没有 HTTP 回调',
    cause: '员工离职后，要等下一次同步（默认六小时）才会下线。',
    remedy: '设置 DINGTALK_STREAM=on 并重启，再在开发者后台选择 Stream 模式推送。',
  },
  'events-silent': {
    found: '{since} 的同步发现有人离职，而没有事件通知过',
    cause: '事件没有订阅，或没有送到。',
    remedy: '在事件订阅中选择 Stream 模式推送（或 HTTP 推送）并勾选“通讯录”下的全部事件。',
  },
  'quota-low': {
    found: '已用 {used} 次，上限 {limit} 次，按现在的用量还够 {days} 天',
    cause: '日程和工作通知计入钉钉的每月额度，用完后本月不能再用；登录和通讯录不受影响。',
    remedy: '减少通知，或购买更高的额度后提高 DINGTALK_MONTHLY_CALLS。',
  },
  'home-page-missing': {
    found: '没有填写：{which}',
    cause: '没有首页地址的一端，工作台上看不到应用。',
    remedy: '移动端与 PC 端都填 {url}，然后发布新版本。',
  },
  'home-page-other': {
    found: '{found}',
    cause: '工作台打开的是另一个地址，不是 PUBLIC_ORIGIN。',
    remedy: '移动端与 PC 端都改为 {url}，然后发布新版本。',
  },
  'permission-unauthorised': {
    found: '没有授权：{subject}',
    cause: '权限还没有申请、正在审批，或没有随版本发布。',
    remedy: '申请这些权限点，等审批通过后发布新版本。',
  },
  'event-unsubscribed': {
    found: '没有订阅：{events}',
    cause: '这些变动不会通知到本应用，要等下一次同步才生效。',
    remedy: '勾选“通讯录”下的全部事件并保存；Stream 方式下应用必须正在运行。',
  },
  'version-unreleased': {
    found: '状态 {status}',
    cause: '最近的改动还没有发布，对员工不生效。',
    remedy: '发布新版本；需要审批时，请审批人处理。',
  },
};

const en: typeof zhCN = {
  'hosts-swapped': {
    found: 'DINGTALK_API_URL and DINGTALK_OAPI_URL are swapped',
    cause:
      'The new API is at api.dingtalk.com, the legacy one at oapi.dingtalk.com; neither knows the other’s addresses.',
    remedy: 'Swap the two settings, or remove both: the defaults are usually right.',
  },
  'company-other': {
    found: 'the app does not belong to company {corpId}',
    cause: 'DINGTALK_CORP_ID is another company’s, or was copied wrongly; all sign-ins in the client fail.',
    remedy: 'Copy the CorpId from the console’s home page again.',
  },
  'range-empty': {
    found: 'it includes neither departments nor people',
    cause: 'The app can read nobody, and every sign-in is refused.',
    remedy: 'Choose 全部员工 (everybody), or the departments that include all users.',
  },
  'range-partial': {
    found: '{covered} of {total} departments ({names}, with those below) and {people} single people',
    cause:
      'People outside can neither sign in nor be found in the directory. If that is intended, nothing has to be done.',
    remedy:
      'Choose 全部员工 (everybody), or add what is missing; if it is intended, leave the check out with --except range.',
  },
  'person-unknown': {
    found: '{setting}: {userIds}',
    cause: 'The company has no such userid: it was copied wrongly, or the person has left.',
    remedy: 'Look the userid up in DingTalk’s admin console under 通讯录, and correct the setting.',
  },
  'person-outside': {
    found: '{setting}: {userIds}',
    cause: 'The person is outside the app’s contact range, and therefore cannot sign in.',
    remedy: 'Add the person’s department to the range.',
  },
  'fields-missing': {
    found: 'nobody who was read has these fields ({name})',
    cause:
      'The app lacks the field permission {point}: what it covers is missing from directory and profiles.',
    remedy:
      'Apply for {point} and publish a version where these fields are wanted; otherwise leave the check out.',
  },
  'redirect-unknown': {
    found: '{url} is not registered',
    cause:
      'For a sign-in in a browser DingTalk returns only to registered addresses, compared character for character.',
    remedy:
      'Add {url} to 重定向URL（回调域名）, and keep those that are there; the command replaces the whole list, so put them in place of EXISTING_ONES.',
  },
  'events-off': {
    found: 'neither Stream nor HTTP callback',
    cause: 'Employees who leave stay signed in until the next sync, by default up to six hours.',
    remedy: 'Set DINGTALK_STREAM=on and restart, then choose Stream 模式推送 in the console.',
  },
  'events-silent': {
    found: 'the sync of {since} found leavers that no event had reported',
    cause: 'Events are not subscribed, or do not arrive.',
    remedy: 'Choose Stream 模式推送 (or HTTP 推送) under 事件订阅, and tick everything under 通讯录.',
  },
  'quota-low': {
    found: '{used} of {limit} used; at this pace it lasts {days} more days',
    cause:
      'Calendar and work notifications count against DingTalk’s monthly quota; once it is spent, both stop until the month ends. Sign-in and directory are not affected.',
    remedy: 'Send fewer notifications, or buy a larger quota and raise DINGTALK_MONTHLY_CALLS.',
  },
  'home-page-missing': {
    found: 'not entered: {which}',
    cause: 'Where a client’s home address is empty, its workbench does not show the app.',
    remedy: 'Enter {url} both for mobile and for PC, then publish a version.',
  },
  'home-page-other': {
    found: '{found}',
    cause: 'The workbench opens another address than PUBLIC_ORIGIN.',
    remedy: 'Change it to {url} both for mobile and for PC, then publish a version.',
  },
  'permission-unauthorised': {
    found: 'not authorised: {subject}',
    cause: 'They were not applied for, wait for approval, or were not published with a version.',
    remedy: 'Apply for them, wait for the approval, and publish a version.',
  },
  'event-unsubscribed': {
    found: 'not subscribed: {events}',
    cause: 'These changes are not reported to the app, and take effect with the next sync only.',
    remedy: 'Tick everything under 通讯录 and save; with Stream the app has to be running.',
  },
  'version-unreleased': {
    found: 'state {status}',
    cause: 'The latest changes are not published, and have no effect for employees.',
    remedy: 'Publish a version; where it needs approval, ask the approver.',
  },
};

/** What may be wrong with the app as DingTalk has it. */
export const dingTalkFaults = { 'zh-CN': zhCN, en };
