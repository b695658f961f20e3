import type { Platform } from './platform';

/** What a page asks the client for, and what the client knows of the page. */
export interface ClientCodeRequest {
  userid: string;
  corpId: unknown;
  /** Undefined: the older call, which names no app. */
  clientId?: unknown;
  /** The page's address as the client sees it. */
  url: string;
}

export type ClientError = { errorCode: '3'; errorMessage: string };

/**
 * For which app the client gives the page a code: the page's host must be an address of that app, and the older call means
 * the app that has the host. The text of a host without an app was seen; the others, and that of a host which belongs to
 * another app, are assumed. A host of no protected page is the main app's.
 *
 * @see https://open.dingtalk.com/document/development/jsapi-request-auth-code
 */
export function judgeCodeRequest(
  { app, hostApps, protectedHosts, settings }: Platform,
  { corpId, clientId, url }: ClientCodeRequest,
): { clientId: string } | ClientError {
  if (typeof corpId !== 'string' || !/^ding\w+$/.test(corpId)) return refuse('1002,corpId不合法');
  if (corpId !== app.corpId) return UNKNOWN_HOST;
  const { host } = new URL(url);
  const isProtected = protectedHosts.some((one) => one.host === host);
  const owner = isProtected ? hostApps.find((one) => one.host === host) : app;
  const isKnown = clientId === undefined || [app, ...hostApps].some((one) => one.clientId === clientId);
  if (!isKnown) return refuse('1002,clientId不合法');
  if (!owner || settings.refusedHosts.includes(host)) return UNKNOWN_HOST;
  if (clientId !== undefined && clientId !== owner.clientId) return UNKNOWN_HOST;
  return { clientId: owner.clientId };
}

function refuse(errorMessage: string): ClientError {
  return { errorCode: '3', errorMessage };
}

/** Word for word as it was seen in the wild. */
const UNKNOWN_HOST = refuse('对应企业没有某域名微应用');
