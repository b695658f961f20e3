import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright';

/** The clients that people have, with user agents as they were seen. */
export const CLIENTS = {
  android:
    'Mozilla/5.0 (Linux; U; Android 16; zh-CN; 2510DRK44C Build/BP2A.250605.031.A3) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UWS/5.12.11.0 Mobile Safari/537.36 AliApp(DingTalk/8.1.10.1) language/zh-CN',
  iphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/23E246 AliApp(DingTalk/7.8.1) com.laiwang.DingTalk/46766536 Channel/201200 language/zh-Hans-CN WK',
  harmony:
    'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile AliApp(DingTalk/7.6.45) language/zh-CN',
  // HarmonyOS with 使用兼容管理 on: the client puts an Android into its user agent.
  'harmony-compatible':
    'Mozilla/5.0 (Phone; OpenHarmony 5.0; Android 12) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile AliApp(DingTalk/7.6.45) language/zh-CN',
  windows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.6943.142 Safari/537.36 dingtalk-win/1.0.0 nw(0.14.7) DingTalk(8.1.5-Release.251107001) Mojo/1.0.0 Native webDt/PC',
  mac: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15 DingTalk(8.3.15-macOS-54673844) nw DTWKWebView Channel/201200 Architecture/x86_64 webDt/PC',
  'android-old':
    'Mozilla/5.0 (Linux; U; Android 13; zh-CN; V2203A Build/TP1A.220624.014) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/69.0.3497.100 UWS/3.22.1.255 Mobile Safari/537.36 AliApp(DingTalk/7.0.15) language/zh-CN',
} as const;

export type ClientName = keyof typeof CLIENTS;

/** What the client does when it is asked for a code. */
export type BridgeAnswer = { code: string } | { errorCode: string; errorMessage: string } | 'silence';

export interface ClientOptions {
  client: ClientName;
  /** Called for each request of a code, with the native method and its parameters. */
  onAsk: (method: string, parameters: { corpId?: string; clientId?: string }) => BridgeAnswer;
  context?: BrowserContextOptions;
}

/** A webview of DingTalk: a Chromium page with the client's user agent and native bridge, as the package expects them. */
export async function openClient(
  browser: Browser,
  { client, onAsk, context: contextOptions }: ClientOptions,
): Promise<{ page: Page; context: BrowserContext; asked: string[] }> {
  const asked: string[] = [];
  const desktop = client === 'windows' || client === 'mac';
  const context = await browser.newContext({
    userAgent: CLIENTS[client],
    locale: 'zh-CN',
    viewport: desktop ? { width: 1024, height: 720 } : { width: 375, height: 740 },
    ...contextOptions,
  });
  await context.exposeFunction('__native', (method: string, parameters: object) => {
    asked.push(method);
    return onAsk(method, parameters);
  });
  // Under tsx, functions come with calls of a helper of its own, which no page has.
  await context.addInitScript('globalThis.__name ??= (named) => named');
  await context.addInitScript(installBridge, client);
  return { page: await context.newPage(), context, asked };
}

/** As if the script in the instant sign-in page did not run: it dies of the first thing that it does. */
export async function blockInstantScript(context: BrowserContext): Promise<void> {
  await context.addInitScript(() =>
    Object.defineProperty(window, 'dingpassInstant', {
      set() {
        throw new Error('blocked');
      },
    }),
  );
}

/** Runs in the page, before anything else. */
function installBridge(client: string): void {
  // biome-ignore lint/suspicious/noExplicitAny: the bridges are what DingTalk made them
  const w = window as any;
  type Answer = { code?: string; errorCode?: string } | 'silence';
  const native = (method: string, parameters: { corpId?: string; clientId?: string }): Promise<Answer> =>
    w.__native(method, { corpId: parameters.corpId, clientId: parameters.clientId });
  const settle = async (
    method: string,
    parameters: object,
    ok: (r: object) => void,
    no: (e: object) => void,
  ) => {
    const answer = await native(method, parameters);
    if (answer === 'silence') return;
    if (answer.errorCode !== undefined) no(answer);
    else ok(answer);
  };
  if (client.startsWith('android')) {
    w.nuva = {
      isReady: true,
      require:
        () =>
        (ok: (r: object) => void, no: (e: object) => void, service: string, action: string, p: object) =>
          settle(`${service}.${action}`, p, ok, no),
    };
  } else if (client === 'iphone') {
    w.WebViewJavascriptBridge = {
      init() {},
      registerHandler() {},
      callHandler: (method: string, p: object, done: (envelope: object) => void) =>
        settle(
          method,
          p,
          (result) => done({ errorCode: '0', result }),
          (error) => done(error),
        ),
    };
  } else if (client.startsWith('harmony')) {
    w.DingTalkJSBridge = {
      init() {},
      call: (method: string, p: object, done: (envelope: object) => void) =>
        settle(
          method,
          p,
          (body) => done({ success: true, body }),
          (body) => done({ success: false, body }),
        ),
    };
  } else {
    const hostOrigin = 'https://desktop.dingtalk.com';
    w.name = JSON.stringify({
      hostOrigin,
      containerId: '1',
      hostVersion: '7.6.45',
      language: 'zh_CN',
      corsIframe: true,
    });
    w.dingtalk = { platform: { invokeAPI() {} } };
    const original = w.postMessage.bind(w);
    w.postMessage = (
      message: { type?: string; msgId?: string; methodName?: string; body?: object },
      ...rest: unknown[]
    ) => {
      if (message?.type !== 'request' || !message.methodName) return original(message, ...rest);
      const reply = (success: boolean) => (body: object) =>
        w.dispatchEvent(
          new MessageEvent('message', {
            origin: hostOrigin,
            source: w,
            data: { type: 'response', msgId: message.msgId, success, body },
          }),
        );
      settle(message.methodName, message.body ?? {}, reply(true), reply(false));
    };
  }
}
