import type { ClientApp, ClientSystem } from '../session/user-agent';

const zhCN = {
  apps: {
    dingtalk: '钉钉',
    edge: 'Edge',
    chrome: 'Chrome',
    firefox: 'Firefox',
    safari: 'Safari',
    other: '其他客户端',
  } satisfies Record<ClientApp, string> as Record<ClientApp, string>,
  systems: {
    android: 'Android',
    ios: 'iOS',
    harmony: '鸿蒙',
    windows: 'Windows',
    mac: 'macOS',
    linux: 'Linux',
    other: '其他系统',
  } satisfies Record<ClientSystem, string> as Record<ClientSystem, string>,
};

const en: typeof zhCN = {
  apps: {
    dingtalk: 'DingTalk',
    edge: 'Edge',
    chrome: 'Chrome',
    firefox: 'Firefox',
    safari: 'Safari',
    other: 'Other client',
  },
  systems: {
    android: 'Android',
    ios: 'iOS',
    harmony: 'HarmonyOS',
    windows: 'Windows',
    mac: 'macOS',
    linux: 'Linux',
    other: 'other system',
  },
};

/** What clients are called. */
export const sessionsPage = { 'zh-CN': zhCN, en };
