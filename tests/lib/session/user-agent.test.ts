import { expect, test } from 'vitest';
import { isDingTalk, isDingTalkMobile, partsOfClient, toClientKind } from '../../../lib/session/user-agent';
import { CLIENTS } from '../../support/client';

test.each([
  [CLIENTS.android, 'dingtalk-android'],
  [CLIENTS.iphone, 'dingtalk-ios'],
  [CLIENTS.harmony, 'dingtalk-harmony'],
  [CLIENTS['harmony-compatible'], 'dingtalk-harmony'],
  [CLIENTS.harmony.replace('OpenHarmony', 'Android; OpenHarmony'), 'dingtalk-harmony'],
  [CLIENTS.harmony.replace(' Mobile', ' Android Mobile'), 'dingtalk-harmony'],
  [CLIENTS.windows, 'dingtalk-windows'],
  [CLIENTS.mac, 'dingtalk-mac'],
  ['Mozilla/5.0 (Windows NT 10.0) Chrome/133.0 Safari/537.36 Edg/133.0', 'edge-windows'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.6 Safari/605.1.15', 'safari-mac'],
  ['Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/141.0 Safari/537.36', 'chrome-linux'],
  ['Mozilla/5.0 (X11; Linux x86_64) Ubuntu Chromium/141.0 Chrome/141.0 Safari/537.36', 'chrome-linux'],
  ['Mozilla/5.0 (X11; Linux x86_64) Chromium/141.0 Safari/537.36', 'chrome-linux'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/141.0 Mobile Safari/604.1', 'chrome-ios'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox-linux'],
  ['<script>alert(1)</script>', 'other-other'],
  [null, 'other-other'],
])('%s is %s', (userAgent, kind) => {
  expect(toClientKind(userAgent)).toBe(kind);
});

test.each([
  [CLIENTS.android, true, true],
  [CLIENTS.iphone, true, true],
  [CLIENTS.harmony, true, true],
  [CLIENTS.windows, true, false],
  [CLIENTS.mac, true, false],
  ['Mozilla/5.0 (compatible; DingTalkBot-LinkService/1.0; +https://open.dingtalk.com/)', false, false],
  ['Mozilla/5.0 (Linux; Android 13) AliApp(TB/10.0)', false, false],
  ['Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0 Safari/537.36', false, false],
  ['', false, false],
])('whether %s is a client of DingTalk, and one for phones', (userAgent, client, mobile) => {
  expect([isDingTalk(userAgent), isDingTalkMobile(userAgent)]).toEqual([client, mobile]);
});

test('whatever is in the database, only words of ours come out', () => {
  expect(partsOfClient('edge-mac')).toEqual({ app: 'edge', system: 'mac' });
  for (const odd of ['', 'constructor-__proto__', 'x', '<b>-ios'])
    expect(partsOfClient(odd)).toMatchObject({ app: 'other' });
});
