const zhCN = {
  signIn: {
    title: '正在登录',
    failed: '登录没有完成',
    otherBrowser: '这次登录是在另一个浏览器中开始的，或者此浏览器没有保存 Cookie。请在此浏览器中重新登录。',
    again: '重新登录',
  },
  denied: {
    rule: '您没有打开此页面的权限。',
    'other-site': '这个请求来自另一个网站，已被拒绝。',
    identity: '您在通讯录中的资料不足以登录此系统（缺少工号或企业邮箱，或与他人重复）。请联系管理员。',
  },
  unavailable: {
    title: '暂时无法打开',
    text: '暂时无法确认您的登录状态，请稍候重试。',
  },
  signOut: '退出此网站',
  signedOut: {
    title: '已退出',
    text: (host: string) => `您已退出 ${host}。`,
    question: '您在本应用和其他网站上仍处于登录状态。',
    everywhere: '全部退出',
    stay: '保持登录',
  },
};

const en: typeof zhCN = {
  signIn: {
    title: 'Signing you in',
    failed: 'Sign-in was not completed',
    otherBrowser:
      'This sign-in was started in another browser, or this browser does not keep cookies. Please sign in again here.',
    again: 'Sign in again',
  },
  denied: {
    rule: 'You do not have permission to open this page.',
    'other-site': 'This request came from another website and was refused.',
    identity:
      'Your directory record is not sufficient for this site: your job number or company mail address is missing, or someone else has the same. Please contact your administrator.',
  },
  unavailable: {
    title: 'Temporarily unavailable',
    text: 'Your sign-in cannot be verified right now. Please try again in a moment.',
  },
  signOut: 'Sign out of this site',
  signedOut: {
    title: 'Signed out',
    text: (host: string) => `You are signed out of ${host}.`,
    question: 'You are still signed in to this app and to other sites.',
    everywhere: 'Sign out everywhere',
    stay: 'Stay signed in',
  },
};

/** The pages that people see on a protected host. */
export const gatePage = { 'zh-CN': zhCN, en };
