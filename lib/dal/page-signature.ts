import 'server-only';
import { randomUUID } from 'node:crypto';
import { requireMember } from '../auth/auth';
import { withoutBasePath } from '../base-path';
import { config } from '../config';
import { signedAddress, signPage } from '../dingtalk/jsapi';
import { toAppError } from '../dingtalk-problems';
import { AppError } from '../errors';
import { jsapiTicket } from './jsapi-ticket';

/** What `dd.config` of a page needs from the server. */
export interface PageSignature {
  corpId: string;
  agentId: string;
  timeStamp: string;
  nonceStr: string;
  signature: string;
  /** What was signed: in the client's message about a wrong signature stands what it expected. */
  signedUrl: string;
}

const MAX_LENGTH = 4096;
/** `location.href` has none of these, so the address cannot be the one that the client sees. */
const IMPOSSIBLE = /[\p{Cc}\p{Cs} ]|^[^?#]*\\/u;

/**
 * Signs a page of ours for the member who asks.
 *
 * @param href the page's `location.href`, byte for byte
 * @param options.ticketRefused the client has refused a signature with the current ticket
 * @throws AppError `bad-request` for an address that is not ours, `agent-id-missing`, or what DingTalk failed with
 */
export async function signPageOf(
  href: string | null,
  { ticketRefused = false }: { ticketRefused?: boolean } = {},
): Promise<PageSignature> {
  await requireMember();
  const { agentId, corpId, jsapiDigest, publicOrigin } = config();
  // Compared as text: a parser would repair what the client takes as it is.
  if (href === null || href.length > MAX_LENGTH || IMPOSSIBLE.test(href) || !isOurs(href, publicOrigin))
    throw new AppError('bad-request', { hint: 'url' });
  if (agentId === undefined) throw new AppError('agent-id-missing');
  const { get, renew } = jsapiTicket();
  const ticket = await (ticketRefused ? renew() : get()).catch((error: unknown) => {
    throw toAppError(error);
  });
  const [nonce, timestamp, address] = [randomUUID(), String(Date.now()), signedAddress(href)];
  const signature = signPage({ ticket, nonce, timestamp, address, digest: jsapiDigest });
  return { corpId, agentId, timeStamp: timestamp, nonceStr: nonce, signature, signedUrl: address };
}

function isOurs(href: string, publicOrigin: string): boolean {
  const path = href.slice(publicOrigin.length);
  return href.startsWith(publicOrigin) && path.startsWith('/') && withoutBasePath(path) !== undefined;
}
