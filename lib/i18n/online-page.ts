const zhCN = {
  title: '在线',
  search: '查找在线人员',
  searchHint: '姓名、拼音、工号、部门',
  find: '查找',
  clear: '清除',
  total: (people: number, devices: number) => `${people} 人在线，共 ${devices} 台设备；按最近使用排列`,
  found: (count: number, isMore: boolean) => `找到${isMore ? '超过' : ''} ${count} 位在线人员`,
  nobody: (wanted: string) => `没有与“${wanted}”相符的在线人员`,
  nobodyHint: '此人可能没有登录。可以换个写法，或在下面按 userid 下线。',
  empty: '现在没有人在线',
  notListed: '不在通讯录中',
  count: (devices: number) => `${devices} 台`,
  used: (when: string) => `${when}使用`,
  signedIn: (when: string) => `${when} 登录`,
  thisOne: '本机',
  methods: { oauth: '通过浏览器登录', ticket: '通过链接登录' },
  end: '下线',
  endDevice: '下线此设备',
  endDeviceAsk: (device: string) => `只下线“${device}”这一台，其他设备不受影响。`,
  endOwn: '这是您正在使用的设备，下线后您要重新登录。',
  endAll: (count: number) => `全部 ${count} 台下线`,
  endAllAsk: (name: string, count: number) =>
    `${name}的 ${count} 台设备立即退出登录，正在进行的登录也会作废。`,
  endAllConfirm: (name: string) => `让${name}全部下线`,
  moreDevices: (count: number) => `另有 ${count} 台没有列出，`,
  showAll: '查看此人的全部设备',
  pages: '分页',
  first: '第一页',
  next: '下一页',
  notInList: '下线不在列表里的人',
  userId: 'userid',
  userIdHint: '例如通讯录里已查不到的人。大小写须一致。',
  look: '查看',
  endWhom: (name: string) => `让${name}下线？`,
  endWhomAsk: (count: number) =>
    count === 0
      ? '此人没有在线的设备；如果正在登录，登录会作废。'
      : `${count} 台设备立即退出登录，正在进行的登录也会作废。`,
  endWhomConfirm: '下线',
  cancel: '取消',
  emergency: '紧急情况',
  everyone: '全员下线',
  everyoneHint: '密钥泄露、恢复旧备份之后使用',
  everyoneAsk: (people: number, devices: number) =>
    `${people} 人的 ${devices} 台设备立即退出登录，包括您自己。之后每个人都要重新登录。`,
  everyoneConfirm: '我知道后果，现在全员下线',
  records: '查看记录',
  endedOne: (name: string) => `${name}的一台设备已下线。`,
  ended: (name: string, count: number) =>
    count === 0 ? `${name}没有在线的设备；正在进行的登录已作废。` : `${name}的 ${count} 台设备已下线。`,
  unknown: (userId: string) =>
    `没有 userid 为“${userId}”的人，没有下线任何设备。请核对大小写；姓名不是 userid，可用上面的查找。`,
};

const en: typeof zhCN = {
  title: 'Online',
  search: 'Find people who are online',
  searchHint: 'Name, pinyin, job number, department',
  find: 'Find',
  clear: 'Clear',
  total: (people, devices) =>
    `${people} ${people === 1 ? 'person' : 'people'} online on ${devices} ${devices === 1 ? 'device' : 'devices'}; last used first`,
  found: (count, isMore) =>
    `${isMore ? 'More than ' : ''}${count} ${count === 1 ? 'person' : 'people'} online found`,
  nobody: (wanted) => `No one online matches “${wanted}”`,
  nobodyHint: 'They may not be signed in. Try another spelling, or the user ID below.',
  empty: 'No one is online',
  notListed: 'not in the directory',
  count: (devices) => (devices === 1 ? '1 device' : `${devices} devices`),
  used: (when) => `used ${when}`,
  signedIn: (when) => `signed in ${when}`,
  thisOne: 'This device',
  methods: { oauth: 'sign-in by browser', ticket: 'sign-in by link' },
  end: 'Sign out',
  endDevice: 'Sign out this device',
  endDeviceAsk: (device) => `Signs out “${device}” only. Other devices stay signed in.`,
  endOwn: 'You are using this device: you will have to sign in again.',
  endAll: (count) => `Sign out all ${count} devices`,
  endAllAsk: (name, count) =>
    `${name} is signed out of ${count} devices at once. A sign-in in progress is cancelled too.`,
  endAllConfirm: (name) => `Sign out ${name} everywhere`,
  moreDevices: (count) =>
    count === 1 ? '1 more device is not listed: ' : `${count} more devices are not listed: `,
  showAll: 'show all devices of this person',
  pages: 'Pages',
  first: 'First page',
  next: 'Next page',
  notInList: 'Sign out someone who is not listed',
  userId: 'User ID',
  userIdHint: 'For example someone who is no longer in the directory. Upper and lower case matter.',
  look: 'Look up',
  endWhom: (name) => `Sign out ${name}?`,
  endWhomAsk: (count) =>
    count === 0
      ? 'This person has no device online. A sign-in in progress would be cancelled.'
      : `${count === 1 ? '1 device is' : `${count} devices are`} signed out at once. A sign-in in progress is cancelled too.`,
  endWhomConfirm: 'Sign out',
  cancel: 'Cancel',
  emergency: 'Emergency',
  everyone: 'Sign everyone out',
  everyoneHint: 'After a leaked key, or a restored backup',
  everyoneAsk: (people, devices) =>
    `${people} ${people === 1 ? 'person' : 'people'} on ${devices} ${devices === 1 ? 'device' : 'devices'}, you included, are signed out at once. Everyone has to sign in again.`,
  everyoneConfirm: 'I understand. Sign everyone out now',
  records: 'View entries',
  endedOne: (name) => `One device of ${name} has been signed out.`,
  ended: (name, count) =>
    count === 0
      ? `${name} has no device online; a sign-in in progress was cancelled.`
      : `${count === 1 ? '1 device' : `${count} devices`} of ${name} ${count === 1 ? 'has' : 'have'} been signed out.`,
  unknown: (userId) =>
    `There is no one with the user ID “${userId}”; nothing was signed out. Upper and lower case matter, and a name is not a user ID: use the search above.`,
};

/** Who is online, and signing them out. */
export const onlinePage = { 'zh-CN': zhCN, en };
