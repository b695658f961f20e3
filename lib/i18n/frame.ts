const zhCN = {
  skip: '跳到正文',
  parts: '主导航',
  menu: '，打开菜单',
  back: '返回',
  home: '首页',
  administration: '管理',
  language: '切换语言：',
  signOut: '退出登录',
  everyday: '常用',
  account: '我的账号',
  greetings: {
    morning: (name: string) => `早上好，${name}`,
    noon: (name: string) => `中午好，${name}`,
    afternoon: (name: string) => `下午好，${name}`,
    evening: (name: string) => `晚上好，${name}`,
  },
  findPeople: '找同事',
  findHint: '姓名、拼音、工号、部门',
  find: '搜索',
  devices: (count: number, hasMore: boolean) => `${count}${hasMore ? ' 台以上' : ' 台'}设备已登录`,
  signedInUntil: (moment: string) => `本机登录至${moment}`,
  entries: {
    directory: { name: '通讯录', hint: '查同事、部门、联系方式' },
    profile: { name: '我的资料', hint: '公司登记的个人信息' },
    devices: { name: '我的设备', hint: '查看已登录的设备' },
    overview: { name: '概览', hint: '运行状态一览' },
    online: { name: '在线', hint: '查看在线人员，强制下线' },
    audit: { name: '审计', hint: '登录、拒绝、下线、导出' },
    sync: { name: '同步', hint: '通讯录的读取状态' },
    access: { name: '访问规则', hint: '谁可以打开哪个页面' },
    stepUp: { name: '敏感页面', hint: '五分钟内登录过才能打开' },
    canteen: { name: '食堂订餐', hint: '自建页面的示例' },
  },
  days: {
    today: (time: string) => `今天 ${time}`,
    yesterday: (time: string) => `昨天 ${time}`,
    tomorrow: (day: string, time: string) => `明天（${day}）${time}`,
    other: (day: string, time: string) => `${day} ${time}`,
  },
};

const en: typeof zhCN = {
  skip: 'Skip to content',
  parts: 'Main navigation',
  menu: ', open menu',
  back: 'Back',
  home: 'Home',
  administration: 'Administration',
  language: 'Switch language: ',
  signOut: 'Sign out',
  everyday: 'Everyday',
  account: 'Your account',
  greetings: {
    morning: (name) => `Good morning, ${name}`,
    noon: (name) => `Good afternoon, ${name}`,
    afternoon: (name) => `Good afternoon, ${name}`,
    evening: (name) => `Good evening, ${name}`,
  },
  findPeople: 'Find people',
  findHint: 'Name, pinyin, job number, department',
  find: 'Search',
  devices: (count, hasMore) =>
    count === 1 && !hasMore
      ? 'Signed in on this device'
      : `Signed in on ${count}${hasMore ? '+' : ''} devices`,
  signedInUntil: (moment) => `This device until ${moment}`,
  entries: {
    directory: { name: 'Directory', hint: 'Colleagues, departments, contact details' },
    profile: { name: 'Profile', hint: 'What the company has on record' },
    devices: { name: 'Devices', hint: 'Where you are signed in' },
    overview: { name: 'Overview', hint: 'How everything is running' },
    online: { name: 'Online', hint: 'See who is signed in, sign people out' },
    audit: { name: 'Audit log', hint: 'Sign-ins, refusals, sign-outs, exports' },
    sync: { name: 'Sync', hint: 'How the directory is being read' },
    access: { name: 'Access', hint: 'Who may open which page' },
    stepUp: { name: 'Sensitive', hint: 'Opens within five minutes of a sign-in' },
    canteen: { name: 'Canteen', hint: 'An example of a page of your own' },
  },
  days: {
    today: (time) => `today at ${time}`,
    yesterday: (time) => `yesterday at ${time}`,
    tomorrow: (day, time) => `tomorrow (${day}) at ${time}`,
    other: (day, time) => `${day} at ${time}`,
  },
};

/** What frame and first page say. */
export const frameText = { 'zh-CN': zhCN, en };
