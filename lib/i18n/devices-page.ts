const zhCN = {
  title: '我的设备',
  here: '当前设备',
  others: '其他设备',
  all: '全部设备',
  thisOne: '本机',
  untilThen: (since: string, until: string) => `${since} 登录，有效至${until}`,
  used: '使用',
  since: (since: string) => `${since} 登录`,
  noOthers: '没有在其他设备上登录。',
  unknownOne: '看到不认识的设备？先下线，再告诉管理员。',
  end: '下线',
  cancel: '取消',
  endHint: (device: string) => `${device} 会立即退出登录，再次打开需要重新登录。其他设备不受影响。`,
  endConfirm: '下线此设备',
  endOthers: '下线其他设备',
  endOthersHint: (devices: string) => `${devices} 会立即退出登录。本机保持登录。`,
  endAll: '全部下线，包括本机',
  endAllHint: '所有设备都会立即退出，包括您正在用的这台。之后在每台设备上都要重新登录。',
  endAllConfirm: '全部下线',
  ended: (device: string) => `已下线“${device}”。`,
  endedOthers: (count: number) =>
    count === 0 ? '没有需要下线的其他设备。' : `已下线其他 ${count} 台设备，本机保持登录。`,
  gone: '这台设备已退出登录，无需再下线。',
  listed: (devices: string[], hasMore: boolean) => `${devices.join('、')}${hasMore ? '等' : ''}`,
  next: '更早登录的设备',
};

const en: typeof zhCN = {
  title: 'My devices',
  here: 'This device',
  others: 'Other devices',
  all: 'All devices',
  thisOne: 'This device',
  untilThen: (since, until) => `Signed in ${since}, until ${until}`,
  used: 'last used',
  since: (since) => `signed in ${since}`,
  noOthers: 'You are not signed in on any other device.',
  unknownOne: 'A device you do not recognise? Sign it out, then tell an administrator.',
  end: 'Sign out',
  cancel: 'Cancel',
  endHint: (device) =>
    `${device} is signed out at once and has to sign in again. Other devices stay signed in.`,
  endConfirm: 'Sign out this device',
  endOthers: 'Sign out other devices',
  endOthersHint: (devices) => `${devices} will be signed out at once. This device stays signed in.`,
  endAll: 'Sign out everywhere, including here',
  endAllHint:
    'All devices are signed out at once, including the one you are using. You will have to sign in again on each of them.',
  endAllConfirm: 'Sign out everywhere',
  ended: (device) => `“${device}” is signed out.`,
  endedOthers: (count) =>
    count === 0
      ? 'There was no other device to sign out.'
      : `${count === 1 ? '1 other device is' : `${count} other devices are`} signed out. This device stays signed in.`,
  gone: 'That device is no longer signed in; there is nothing to sign out.',
  listed: (devices, hasMore) => `${devices.join(', ')}${hasMore ? ' and others' : ''}`,
  next: 'Devices signed in earlier',
};

/** What the page of one's own devices says. */
export const devicesPage = { 'zh-CN': zhCN, en };
