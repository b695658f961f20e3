/**
 * How the bridge behaves: as it should, never answering, refusing, or answering after five seconds.
 *
 * @typedef {'answers' | 'silent' | 'refuses' | 'late'} BridgeMood
 */

/**
 * A call of a page to DingTalk, for the log beside the webview.
 *
 * @typedef {object} NativeCall
 * @property {string} method
 * @property {'pending' | 'done' | 'failed'} state
 * @property {string} [reason]
 */

/** What a refusing DingTalk says, word for word as it was seen in the wild. */
const refused = { errorCode: '3', errorMessage: '对应企业没有某域名微应用' };
const lateMs = 5000;

/** Without the callbacks that some clients pass along. @param {any} parameters */
function plain(parameters) {
  return JSON.parse(JSON.stringify(parameters));
}

/**
 * DingTalk's side of the bridge: takes a method and its parameters, whatever the client, and answers like the native code.
 *
 * @param {object} world
 * @param {{ corpId: string, clientId: string }} world.company
 * @param {() => string} world.userid who holds the device now
 * @param {() => BridgeMood} world.mood
 * @param {{ setTitle(title: string): void, close(): void, openLink(url: string): void }} world.frame
 * @param {() => 'phone' | 'desktop'} world.shape
 * @param {(userid: string) => void | Promise<void>} world.openChat
 * @param {() => { document: unknown, address: string } | undefined} world.page the page that the webview shows, and the address that the client takes it for
 * @param {(parameters: any) => Promise<unknown>} world.choose DingTalk's picker
 * @param {() => Promise<unknown>} world.scan DingTalk's scanner
 * @param {(call: NativeCall) => void} world.onCall called again when the call's state changes
 * @returns {(method: string, params: any) => Promise<unknown>} rejects with `{ errorCode, errorMessage }`
 */
export function createNative({ company, userid, mood, frame, shape, openChat, page, choose, scan, onCall }) {
  const { config, signed } = createGrants(page);
  const codeFor = (/** @type {object} */ asked) =>
    authCode({ ...asked, userid: userid(), url: page()?.address });
  /** @type {Record<string, (params: any) => unknown>} */
  const methods = {
    'runtime.permission.requestAuthCode': ({ corpId }) => codeFor({ corpId }),
    'runtime.permission.requestAuthCodeV2': ({ corpId, clientId }) =>
      codeFor({ corpId, clientId: clientId ?? '' }),
    'biz.navigation.setTitle': ({ title }) => frame.setTitle(String(title ?? '')),
    'biz.navigation.close': () => frame.close(),
    'biz.util.openLink': ({ url }) => frame.openLink(String(url ?? '')),
    'biz.chat.openSingleChat': ({ corpId, userId }) => chat(corpId, userId),
    // `dd.config`, as phones and as computers call it.
    'runtime.permission.requestJsApis': config,
    config,
    'biz.contact.choose': (params) => signed('biz.contact.choose', () => choose(params)),
    'biz.util.scan': () => {
      if (shape() === 'desktop') throw { errorCode: '1', errorMessage: 'not_exist' };
      return signed('biz.util.scan', scan);
    },
  };

  /** Only phones have it. @param {unknown} corpId @param {unknown} userId */
  function chat(corpId, userId) {
    if (shape() === 'desktop') throw { errorCode: '1', errorMessage: 'not_exist' };
    if (corpId !== company.corpId) throw refused;
    return openChat(String(userId ?? ''));
  }

  /** @param {string} method @param {any} params */
  async function answer(method, params) {
    const behaviour = mood();
    if (behaviour === 'silent') await new Promise(() => {});
    if (behaviour === 'late') await new Promise((resolve) => setTimeout(resolve, lateMs));
    if (behaviour === 'refuses') throw refused;
    const native = methods[method];
    if (native === undefined) throw { errorCode: '1', errorMessage: 'not_exist' };
    return (await native(params ?? {})) ?? {};
  }

  return async (method, params) => {
    /** @type {NativeCall} */
    const call = { method, state: 'pending' };
    onCall(call);
    try {
      const result = await answer(method, params);
      call.state = 'done';
      return result;
    } catch (error) {
      call.state = 'failed';
      call.reason = /** @type {any} */ (error).errorMessage ?? String(error);
      throw error instanceof Error ? { errorCode: '2', errorMessage: error.message } : error;
    } finally {
      onCall(call);
    }
  };
}

/**
 * What a page may call once DingTalk has accepted its signature.
 *
 * @param {() => { document: unknown, address: string } | undefined} page
 */
function createGrants(page) {
  /** @type {{ document: unknown, address: string, names: string[] } | undefined} */
  let granted;

  return {
    /** The page may call what it lists, if DingTalk accepts its signature. @param {any} parameters */
    async config(parameters) {
      const asking = page();
      if (asking === undefined) throw { errorCode: '2', errorMessage: 'no page' };
      const answer = await fetch('/__emulator/jsapi/config', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ parameters: plain(parameters), url: asking.address }),
      });
      const verdict = await answer.json();
      if (verdict.errorCode !== undefined) throw verdict;
      granted = { ...asking, names: verdict.jsApiList };
    },

    /** Another page, or the same under another address, has to be signed itself. @param {string} name @param {() => unknown} call */
    signed(name, call) {
      const asking = page();
      const isGranted =
        asking?.document === granted?.document &&
        asking?.address === granted?.address &&
        granted?.names.includes(name);
      if (!isGranted) throw { errorCode: '7', errorMessage: `no permission: ${name} needs dd.config` };
      return call();
    },
  };
}

/**
 * A code for the person who holds the device. The page's host decides of which app it can be.
 *
 * @param {{ corpId?: unknown, clientId?: unknown, userid: string, url: string | undefined }} asked
 */
async function authCode(asked) {
  if (asked.url === undefined) throw { errorCode: '2', errorMessage: 'no page' };
  const answer = await fetch('/__emulator/jsapi/code', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  if (!answer.ok) throw { errorCode: '2', errorMessage: `HTTP ${answer.status}` };
  const verdict = await answer.json();
  if (verdict.errorCode !== undefined) throw verdict;
  return { code: verdict.code };
}
