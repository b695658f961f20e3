import 'server-only';

/** DingTalk's two regions. A company belongs to one of them; apps and ids of one are not known in the other. */
export type Region = 'cn' | 'intl';

/** Where each region is. Of the second, only that the hosts exist is known. */
export const REGIONS = {
  cn: {
    apiUrl: 'https://api.dingtalk.com',
    oapiUrl: 'https://oapi.dingtalk.com',
    loginUrl: 'https://login.dingtalk.com',
    frameAncestors: 'https://*.dingtalk.com',
    avatarHosts: '*.dingtalk.com,*.alicdn.com',
  },
  intl: {
    apiUrl: 'https://api.dingtalk.io',
    oapiUrl: 'https://oapi.dingtalk.io',
    loginUrl: 'https://login.dingtalk.io',
    frameAncestors: 'https://*.dingtalk.io,https://*.dingtalk.com',
    avatarHosts: '*.dingtalk.io,*.dingtalk.com,*.alicdn.com',
  },
} as const satisfies Record<Region, Record<string, string>>;

/** A sentence about the consoles (`open-dev`, `oa`) as it is true in a region. */
export function inRegion(text: string, region: Region): string {
  return region === 'cn' ? text : text.replace(/\b(open-dev|oa)\.dingtalk\.com\b/g, '$1.dingtalk.io');
}
