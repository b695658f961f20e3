/**
 * DingTalk's client, as seen from a page inside it. Browser only: `dingtalk-jsapi` cannot even be imported on a
 * server, so load this module with `import()` from an effect or a handler.
 */

import { setTitle$ as setNavigationTitle } from 'dingtalk-jsapi/api/biz/navigation/setTitle';
import { openLink$ as openLink } from 'dingtalk-jsapi/api/biz/util/openLink';
import { requestAuthCode$ as requestAuthCodeV1 } from 'dingtalk-jsapi/api/runtime/permission/requestAuthCode';
import { openChatByUserId$ as openChatByUserId } from 'dingtalk-jsapi/api/union/openChatByUserId';
import { requestAuthCode$ as requestAuthCodeV2 } from 'dingtalk-jsapi/api/union/requestAuthCode';
import * as dd from 'dingtalk-jsapi/entry/union';
import { JsapiError, toJsapiError } from './jsapi-codes';
import { addressToSign, entryAddress, fetchSignature, type PageSignature } from './signed-page';

export type { JsapiError, SignatureRefusal } from './jsapi-codes';

/** The problems of `errors.ts` that a client can be the cause of. */
export type WebviewProblem =
  | 'not-in-dingtalk'
  | 'bridge-silent'
  | 'bridge-refused'
  | 'domain-unknown'
  | 'corp-refused';

/** Why the client gave no code. `nativeCode` is the client's own error code, for the operator. */
export class WebviewError extends Error {
  readonly problem: WebviewProblem;
  readonly nativeCode: string | undefined;

  constructor(problem: WebviewProblem, nativeCode?: string) {
    super(problem);
    this.name = 'WebviewError';
    this.problem = problem;
    this.nativeCode = nativeCode;
  }
}

/** The first clients with the newer call. @see https://open.dingtalk.com/document/development/jsapi-request-auth-code */
const V2_SINCE: Partial<Record<string, string>> = {
  android: '7.0.45',
  ios: '7.0.45',
  pc: '7.0.50',
  harmony: '7.0.0',
};
/** The client's word for a call that it does not have. */
const NOT_EXIST = '1';

/**
 * Asks the client for a one-time code. Needs no `dd.config`. A client whose bridge is dead never answers, so the wait
 * is bounded; an answer that comes later is ignored.
 *
 * @throws WebviewError
 */
export async function requestAuthCode(options: {
  corpId: string;
  clientId: string;
  timeoutMs: number;
}): Promise<string> {
  const { code } = await answered(() => ask(options.corpId, options.clientId), options.timeoutMs);
  if (typeof code !== 'string' || code === '') throw new WebviewError('bridge-refused', 'no-code');
  return code;
}

/** A client that has a chat opens it within this time or not at all. */
const CHAT_TIMEOUT_MS = 5000;

/** Clients that can open a chat: those on phones. The desktop's has no such call. */
const CHAT_CLIENTS = ['android', 'ios', 'harmony'];

/** Opens the chat with a member of the company. @throws WebviewError */
export async function openChat({ corpId, userId }: { corpId: string; userId: string }): Promise<void> {
  if (!CHAT_CLIENTS.includes(String(dd.env.platform))) throw new WebviewError('bridge-refused', NOT_EXIST);
  await answered(() => openChatByUserId({ corpId, userId }), CHAT_TIMEOUT_MS);
}

/** A link opens within this time or not at all. */
const LINK_TIMEOUT_MS = 5000;

/** Opens an address in the system's browser, which a client on a computer can. @throws WebviewError */
export async function openInBrowser(address: string): Promise<void> {
  if (String(dd.env.platform) !== 'pc') throw new WebviewError('bridge-refused', NOT_EXIST);
  await answered(() => openLink({ url: address }), LINK_TIMEOUT_MS);
}

/** Sets the title of the client's own bar. @throws WebviewError */
export async function setTitle(title: string): Promise<void> {
  await answered(() => setNavigationTitle({ title }), CHAT_TIMEOUT_MS);
}

/** @throws WebviewError; `bridge-silent` where the client does not answer in time */
async function answered<T>(request: () => Promise<T>, timeoutMs: number): Promise<T> {
  try {
    return await inTime(request(), timeoutMs, () => new WebviewError('bridge-silent'));
  } catch (error) {
    throw error instanceof WebviewError ? error : toWebviewError(error);
  }
}

async function inTime<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}

async function ask(corpId: string, clientId: string): Promise<{ code?: unknown }> {
  // The package adds keys to what it is given: each call gets an object of its own.
  if (!hasV2()) return requestAuthCodeV1({ corpId });
  try {
    return await requestAuthCodeV2({ corpId, clientId });
  } catch (error) {
    if (nativeError(error).code !== NOT_EXIST) throw error;
    return requestAuthCodeV1({ corpId });
  }
}

function hasV2(): boolean {
  const { platform, version } = dd.env;
  const since = V2_SINCE[String(platform)];
  return !since || !version || dd.compareVersion(since, version, true);
}

/** What comes up is an Error of the package, a client's object in one of several spellings, or nothing at all. */
function nativeError(error: unknown): { code: string; message: string } {
  if (error instanceof Error) {
    return { code: /ERROR (\d{4})/.exec(error.message)?.[1] ?? '', message: error.message };
  }
  const { errorCode, errorMessage, message } = (error ?? {}) as Record<string, unknown>;
  return { code: String(errorCode ?? ''), message: String(errorMessage ?? message ?? '') };
}

function toWebviewError(error: unknown): WebviewError {
  const { code, message } = nativeError(error);
  if (/^40[456]0$/.test(code)) return new WebviewError('not-in-dingtalk', code);
  if (/微应用/.test(message)) return new WebviewError('domain-unknown', code);
  if (/corpid/i.test(message)) return new WebviewError('corp-refused', code);
  return new WebviewError('bridge-refused', code || undefined);
}

/** The JSAPIs that need a signed page, by the client's names; another one is added here. */
const SIGNED_APIS = ['biz.contact.choose', 'biz.util.scan'] as const;
export type SignedApi = (typeof SIGNED_APIS)[number];

/** How long the client may take to accept a page's signature, the server's part included. */
const SIGNING_TIMEOUT_MS = 15_000;

/** The page that the client has accepted, or is being asked to accept. */
let accepted: { address: string; done: Promise<void> } | undefined;

/**
 * Calls a JSAPI that needs a signed page. The page is signed at the first call, and again where the client takes it for
 * another page since. What the person does in the client may take any time; the signing may not.
 *
 * @example const people = await jsapi('biz.contact.choose', { multiple: true, users: [], corpId })
 * @returns what the client says, such as `[{ name, avatar, emplId }]` or `{ text }`
 * @throws JsapiError
 */
export async function jsapi<Result = unknown>(
  name: SignedApi,
  parameters: Record<string, unknown> = {},
): Promise<Result> {
  try {
    if (dd.env.platform === 'notInDingTalk') throw new JsapiError('not-in-dingtalk');
    await signedOnce();
    // The package adds keys to what it is given.
    return (await dd._invoke(name, { ...parameters })) as Result;
  } catch (error) {
    throw error instanceof JsapiError ? error : toJsapiError(nativeError(error));
  }
}

function signedOnce(): Promise<void> {
  const address = addressToSign(String(dd.env.platform), entryAddress(), location.href);
  if (accepted?.address === address) return accepted.done;
  const done = inTime(sign(address), SIGNING_TIMEOUT_MS, () => new JsapiError('bridge-silent'));
  const attempt = { address, done };
  accepted = attempt;
  done.catch(() => {
    // The next call tries again.
    if (accepted === attempt) accepted = undefined;
  });
  return done;
}

/** Signs the page; once more where the server's ticket may have died early, or may have been replaced. */
async function sign(address: string): Promise<void> {
  try {
    await configure(address, await fetchSignature(address));
  } catch (error) {
    if (error instanceof JsapiError || !isPerhapsTheTicket(error)) throw error;
    await configure(address, await fetchSignature(address, 'refusal'));
  }
}

/** A signature with an old ticket is a wrong one, too. */
function isPerhapsTheTicket(error: unknown): boolean {
  return ['jsapi-ticket', 'jsapi-address'].includes(toJsapiError(nativeError(error)).problem);
}

/**
 * Sends what `dd.config` sends. The package's own takes the first call of a page only, so that neither a page whose
 * address has changed nor one that was refused once could be signed again.
 */
async function configure(address: string, { signedUrl, ...signature }: PageSignature): Promise<void> {
  const isDesktop = String(dd.env.platform) === 'pc';
  try {
    await dd._invoke(isDesktop ? 'config' : 'runtime.permission.requestJsApis', {
      ...signature,
      ...(isDesktop && { url: address }),
      type: 0,
      jsApiList: [...SIGNED_APIS],
    });
  } catch (error) {
    // biome-ignore lint/suspicious/noConsole: the two addresses side by side are what the developer needs
    console.warn('dingpass signed this page as', signedUrl, nativeError(error).message);
    throw error;
  }
}
