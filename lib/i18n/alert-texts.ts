const zhCN = {
  informed: '运维人员已收到通知。',
  title: (app: string, machine: string) => `【${app}】${machine}`,
  begun: {
    'sign-in': (reason: string) => `登录出错：${reason}`,
    database: '数据库没有应答，页面暂时打不开。',
    directory: '通讯录长时间没有完整读取，离职和调动可能没有反映出来。请看 /admin/sync。',
    events: 'Stream 连接已中断，离职等事件收不到。',
    quota: '本月计入钉钉额度的调用已用到九成，用完后日程页面关闭。',
  },
  over: {
    'sign-in': '登录已恢复。',
    database: '数据库已恢复应答。',
    directory: '通讯录已重新完整读取。',
    events: 'Stream 连接已恢复。',
    quota: '本月的调用额度已恢复。',
  },
};

const en: typeof zhCN = {
  informed: 'The operators have been informed.',
  title: (app: string, machine: string) => `[${app}] ${machine}`,
  begun: {
    'sign-in': (reason: string) => `Sign-ins fail: ${reason}`,
    database: 'The database does not answer; pages cannot be opened at the moment.',
    directory:
      'The directory has not been read completely for a long time; people may have left or moved unnoticed. See /admin/sync.',
    events: 'The Stream connection is lost: events, such as employees leaving, do not arrive.',
    quota: 'Nine tenths of this month’s DingTalk quota are used; once it is spent, the calendar pages close.',
  },
  over: {
    'sign-in': 'Sign-ins work again.',
    database: 'The database answers again.',
    directory: 'The directory has been read completely again.',
    events: 'The Stream connection works again.',
    quota: 'Quota is available again.',
  },
};

/** Messages to the operators' group, and the sentence that may follow one. */
export const alertTexts = { 'zh-CN': zhCN, en };
