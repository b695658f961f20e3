const zhCN = {
  title: '登录确认',
  offers: {
    'hand-off': (name: string) => `将在此浏览器中以“${name}”的身份登录。`,
    'break-glass': (name: string) => `这是管理员应急登录链接，将以“${name}”的身份登录。`,
  },
  other: (name: string) => `此浏览器当前以“${name}”的身份登录，继续后将退出该账号。`,
  press: (name: string) => `以“${name}”登录`,
  used: '此链接已失效：只能使用一次，且很快过期。请回到钉钉重新打开。',
  handOff: {
    menu: '在浏览器中打开',
    title: '在浏览器中打开',
    text: '在电脑的默认浏览器中打开当前页面，无需重新扫码。链接一分钟内有效，只能使用一次。',
    open: '打开浏览器',
    opened: '已在浏览器中打开，请在浏览器中确认登录。',
    failed: '没有打开。此功能只在电脑端钉钉中可用；也可以直接在浏览器中打开本网址并扫码登录。',
  },
};

const en: typeof zhCN = {
  title: 'Confirm sign-in',
  offers: {
    'hand-off': (name: string) => `You are about to sign in as ${name} in this browser.`,
    'break-glass': (name: string) => `This is an emergency sign-in link for an administrator: ${name}.`,
  },
  other: (name: string) =>
    `This browser is signed in as ${name}. If you continue, that account is signed out.`,
  press: (name: string) => `Sign in as ${name}`,
  used: 'This link is no longer valid: it works once and expires quickly. Please open it again from DingTalk.',
  handOff: {
    menu: 'Open in browser',
    title: 'Open in browser',
    text: 'Opens the page in your computer’s default browser without scanning again. The link is valid for one minute and works once.',
    open: 'Open browser',
    opened: 'Opened. Please confirm the sign-in in your browser.',
    failed:
      'The browser could not be opened. This works in DingTalk for desktop only; you can also open this address in a browser and scan to sign in.',
  },
};

/** Sign-in by a link: from DingTalk's client to the system's browser, and of administrators in an emergency. */
export const ticketPage = { 'zh-CN': zhCN, en };
