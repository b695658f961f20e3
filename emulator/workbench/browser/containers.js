import { userAgentIn } from './clients.js';

/** @typedef {import('./clients.js').Client} Client */

/**
 * What a page finds in one kind of webview, as dingtalk-jsapi 3.2 looks for it.
 *
 * @typedef {object} Container
 * @property {string} frameName the webview's window.name
 * @property {(frame: Window & typeof globalThis) => void} install puts the bridge into a document, and may do so again
 * @property {() => void} leave takes back what was put into this page's own window
 */

/** Only an origin of *.dingtalk.com is believed by the package. */
const hostOrigin = 'https://desktop.dingtalk.com';

/**
 * Prepares this page to be the DingTalk around a webview. Call it before the webview's iframe is made: the package looks at
 * `window.top` once, when it is loaded.
 *
 * @param {Client} client
 * @param {string} language such as zh_CN
 * @param {{ invoke: (method: string, params: any) => Promise<any>, frame: () => (Window & typeof globalThis) | null }} native
 * @returns {Container}
 */
export function enterContainer(client, language, native) {
  const top = /** @type {any} */ (window);
  const plainPostMessage = window.postMessage;
  // The package's spelling. A containerId must stay out of window.name: it outlives this page and marks any later one as a desktop client.
  top.__dingtalk_jsapi_top_platfrom_config__ = { platform: client.platform };
  window.name = JSON.stringify({ hostVersion: client.version, language });
  if (client.platform === 'pc') {
    top.postMessage = (/** @type {any} */ message, /** @type {any[]} */ ...rest) => {
      if (message?.type === 'request' && message.methodName) answerDesktop(message, native);
      else plainPostMessage.call(window, message, ...rest);
    };
  }
  return {
    frameName:
      client.platform === 'pc'
        ? JSON.stringify({ hostOrigin, containerId: '1', hostVersion: client.version, language })
        : '',
    install(frame) {
      Object.defineProperty(frame.navigator, 'userAgent', {
        get: () => userAgentIn(client, language === 'zh_CN' ? 'zh' : 'en'),
        configurable: true,
      });
      Object.defineProperty(frame.navigator, 'language', {
        get: () => language.replace('_', '-'),
        configurable: true,
      });
      bridges[client.platform](frame, native.invoke);
    },
    leave() {
      delete top.__dingtalk_jsapi_top_platfrom_config__;
      window.name = '';
      window.postMessage = plainPostMessage;
    },
  };
}

/** @type {Record<Client['platform'], (frame: any, invoke: (method: string, params: any) => Promise<any>) => void>} */
const bridges = {
  android(frame, invoke) {
    const exec = (onOk, onFail, service, action, params) => {
      invoke(`${service}.${action}`, params).then(onOk, onFail);
    };
    frame.nuva = { isReady: true, require: () => exec };
    announce(frame, 'runtimeready');
  },
  ios(frame, invoke) {
    frame.WebViewJavascriptBridge = {
      init() {},
      registerHandler() {},
      callHandler(method, params, callback) {
        // The string '0': the package takes the number for a failure.
        invoke(method, params).then((result) => callback({ errorCode: '0', result }), callback);
      },
    };
    announce(frame, 'WebViewJavascriptBridgeReady');
  },
  harmony(frame, invoke) {
    frame.DingTalkJSBridge = {
      init() {},
      call(method, params, callback) {
        invoke(method, params).then(
          (body) => callback({ success: true, body }),
          (body) => callback({ success: false, body }),
        );
      },
    };
    announce(frame, 'DingTalkJSBridgeReady');
  },
  pc() {},
};

/** @param {any} frame @param {string} event */
function announce(frame, event) {
  frame.document.dispatchEvent(new frame.Event(event));
}

/**
 * Desktop clients talk by messages between windows, each answered under the id it was asked with.
 *
 * @param {{ methodName: string, msgId: number, body: any }} message
 * @param {{ invoke: (method: string, params: any) => Promise<any>, frame: () => any }} native
 */
function answerDesktop({ methodName, msgId, body: params }, native) {
  const asking = native.frame();
  const document = asking.document;
  const reply = (success, body) => {
    // The page may have gone meanwhile; the next one in the same window has not asked for this.
    if (native.frame()?.document !== document) return;
    const data = { type: 'response', msgId, success, body };
    asking.dispatchEvent(new asking.MessageEvent('message', { origin: hostOrigin, source: window, data }));
  };
  native.invoke(methodName, params).then(
    (body) => reply(true, body),
    (body) => reply(false, body),
  );
}
