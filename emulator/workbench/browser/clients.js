/**
 * A DingTalk client that the workbench can pretend to be.
 *
 * @typedef {object} Client
 * @property {'android' | 'ios' | 'harmony' | 'harmony-compatible' | 'win' | 'mac'} id
 * @property {'android' | 'ios' | 'harmony' | 'pc'} platform as dingtalk-jsapi calls it
 * @property {'phone' | 'desktop'} shape
 * @property {string} label
 * @property {'harmony'} [picture] where it is not named after the id
 * @property {string} version of DingTalk, as the webview reports it
 * @property {string} userAgent
 */

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const desktop = 'Mojo/1.0.0 Native AppType(release) Channel/201200 Architecture/x86_64 webDt/PC';

/** @type {Client[]} */
export const clients = [
  {
    id: 'android',
    platform: 'android',
    shape: 'phone',
    label: 'Android',
    version: '8.1.10.1',
    userAgent: `Mozilla/5.0 (Linux; U; Android 16; zh-CN; 2510DRK44C Build/BP2A.250605.031.A3) ${webkit} Version/4.0 Chrome/100.0.4896.58 UWS/5.12.11.0 Mobile Safari/537.36 AliApp(DingTalk/8.1.10.1) com.alibaba.android.rimet/0 Channel/700159 language/zh-CN`,
  },
  {
    id: 'ios',
    platform: 'ios',
    shape: 'phone',
    label: 'iPhone',
    version: '7.8.1',
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/23E246 AliApp(DingTalk/7.8.1) com.laiwang.DingTalk/46766536 Channel/201200 language/zh-Hans-CN UT4Aplus/0.0.6 WK',
  },
  {
    id: 'harmony',
    platform: 'harmony',
    shape: 'phone',
    label: 'Harmony',
    version: '7.6.45',
    userAgent: `Mozilla/5.0 (Phone; OpenHarmony 5.0) ${webkit} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile AliApp(DingTalk/7.6.45) language/zh-CN`,
  },
  {
    // HarmonyOS with 使用兼容管理 on: the client puts an Android into the user agent.
    id: 'harmony-compatible',
    platform: 'harmony',
    shape: 'phone',
    label: 'Harmony+',
    picture: 'harmony',
    version: '7.6.45',
    userAgent: `Mozilla/5.0 (Phone; OpenHarmony 5.0; Android 12) ${webkit} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile AliApp(DingTalk/7.6.45) language/zh-CN`,
  },
  {
    id: 'win',
    platform: 'pc',
    shape: 'desktop',
    label: 'Windows',
    version: '8.1.5',
    userAgent: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/133.0.6943.142 Safari/537.36 dingtalk-win/1.0.0 nw(0.14.7) DingTalk(8.1.5-Release.251107001) ${desktop}`,
  },
  {
    id: 'mac',
    platform: 'pc',
    shape: 'desktop',
    label: 'Mac',
    version: '8.3.15',
    userAgent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15 DingTalk(8.3.15-macOS-54673844) nw DTWKWebView Channel/201200 Architecture/x86_64 webDt/PC',
  },
];

/**
 * The user agent of a client whose language is set to this: phones say it there.
 *
 * @param {Client} client @param {'zh' | 'en'} language
 */
export function userAgentIn({ userAgent }, language) {
  return language === 'zh' ? userAgent : userAgent.replace(/language\/zh(-Hans)?-CN/, 'language/en-US');
}

/**
 * Has the webview's requests sent with the client's own user agent and language, as the real one does.
 *
 * @param {Client} client @param {'zh' | 'en'} language
 */
export async function becomeClient(client, language) {
  const said = { userAgent: userAgentIn(client, language), language: language === 'zh' ? 'zh-CN' : 'en-US' };
  await fetch(`client?${new URLSearchParams(said)}`, { method: 'POST' });
}
