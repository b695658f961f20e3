import { withBasePath } from './base-path';
import { JsapiError } from './jsapi-codes';

/**
 * A page that has to be signed before the client carries out a JSAPI for it: its address, and its signature from our
 * server. Browser only, and without DingTalk's package.
 */

/**
 * The address that a client takes the page for, without fragment. iPhones and iPads keep the one that the page was
 * entered by; the others follow a router that changes it.
 *
 * @param platform as `dingtalk-jsapi` names it
 * @param entered where the document was loaded from
 * @param current `location.href`
 */
export function addressToSign(platform: string, entered: string, current: string): string {
  return (platform === 'ios' ? entered : current).split('#', 1)[0] ?? '';
}

/** Where this document was loaded from, whatever a router has made of its address since. */
export function entryAddress(): string {
  const name = performance.getEntriesByType('navigation')[0]?.name;
  // Older webviews have no such entry, or one that is named `document`.
  return name?.startsWith(`${location.origin}/`) ? name : location.href;
}

/** The parameters of `dd.config` that come from our server. */
export type PageSignature = Record<string, string> & { signedUrl: string };

/** @param after `refusal`: with a new ticket, if the server finds that the current one may be the reason. @throws JsapiError */
export async function fetchSignature(address: string, after?: 'refusal'): Promise<PageSignature> {
  const query = new URLSearchParams({ url: address, ...(after && { ticket: 'refused' }) });
  const response = await fetch(withBasePath(`/api/jsapi/signature?${query}`)).catch(() => {
    throw new JsapiError('network-failed');
  });
  const body = await response.json().catch(() => undefined);
  if (!response.ok || !body) throw new JsapiError('jsapi-unsigned', { answer: body?.error });
  return body;
}
