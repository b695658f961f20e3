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

/** A sentence about DingTalk's consoles (`open-dev`, `oa`) and hosts as it is true in a region. */
export function inRegion(text: string, region: Region): string {
  return region === 'cn'
    ? text
    : text.replace(/\b(open-dev|oa|api|oapi|login)\.dingtalk\.com\b/g, '$1.dingtalk.io');
}

/** The region of an address of DingTalk's; undefined for any other, such as the emulator's. */
export function regionOf(url: string): Region | undefined {
  const { hostname } = new URL(url);
  const regions = ['cn', 'intl'] as const;
  return regions.find((region) => {
    const { apiUrl, oapiUrl, loginUrl } = REGIONS[region];
    return [apiUrl, oapiUrl, loginUrl].some((one) => new URL(one).hostname === hostname);
  });
}

/** The region that entered settings name; `cn` where they do not. */
export function regionIn({ DINGTALK_REGION }: Readonly<Record<string, string | undefined>>): Region {
  return DINGTALK_REGION === 'intl' ? 'intl' : 'cn';
}
