/** What the error page says. Alone in a file because the page is sent to the browser, and the rest must not be. */
export const errorPage = {
  'zh-CN': {
    title: '出错了',
    sentence: '服务内部出错了。',
    incomplete: '这个页面没有加载完整。',
    reload: '重新加载',
    home: '返回首页',
    notFound: '没有找到这个页面',
    requestId: '请求编号',
  },
  en: {
    title: 'Something went wrong',
    sentence: 'Something went wrong inside the service.',
    incomplete: 'This page did not load completely.',
    reload: 'Reload',
    home: 'Home',
    notFound: 'Page not found',
    requestId: 'Request ID',
  },
};
