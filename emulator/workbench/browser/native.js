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
 * @param {(call: NativeCall) => void} world.onCall called again when the call's state changes
 * @returns {(method: string, params: any) => Promise<unknown>} rejects with `{ errorCode, errorMessage }`
 */
export function createNative({ company, userid, mood, frame, shape, openChat, onCall }) {
  /** @type {Record<string, (params: any) => unknown>} */
  const methods = {
    'runtime.permission.requestAuthCode': ({ corpId }) => authCode(corpId, company.clientId),
    'runtime.permission.requestAuthCodeV2': ({ corpId, clientId }) => authCode(corpId, clientId),
    'biz.navigation.setTitle': ({ title }) => frame.setTitle(String(title ?? '')),
    'biz.navigation.close': () => frame.close(),
    'biz.util.openLink': ({ url }) => frame.openLink(String(url ?? '')),
    'biz.chat.openSingleChat': ({ corpId, userId }) => chat(corpId, userId),
  };

  /** Only phones have it. @param {unknown} corpId @param {unknown} userId */
  function chat(corpId, userId) {
    if (shape() === 'desktop') throw { errorCode: '1', errorMessage: 'not_exist' };
    if (corpId !== company.corpId) throw refused;
    return openChat(String(userId ?? ''));
  }

  /** @param {unknown} corpId @param {unknown} clientId */
  async function authCode(corpId, clientId) {
    if (typeof corpId !== 'string' || !/^ding\w+$/.test(corpId)) {
      throw { errorCode: '3', errorMessage: '1002,corpId不合法' };
    }
    if (corpId !== company.corpId) throw refused;
    if (clientId !== company.clientId) throw { errorCode: '3', errorMessage: '1002,clientId不合法' };
    const answer = await fetch('/__emulator/codes', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userid: userid() }),
    });
    if (!answer.ok) throw { errorCode: '2', errorMessage: `HTTP ${answer.status}` };
    const { code } = await answer.json();
    return { code };
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
