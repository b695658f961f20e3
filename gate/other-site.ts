import 'server-only';
import type { VisitorHeaders, VisitorRequest } from './sub-request';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const SAME = new Set(['same-origin', 'none']);

/**
 * Whether a page of another origin sends what may change something: an unsafe method or a WebSocket handshake. A host's
 * cookie is `SameSite=Lax`, and hosts below one domain are one site: the browser sends the cookie along.
 *
 * @param allowed other origins that may, by a rule
 */
export function isFromOtherSite(
  { method, host, headers }: VisitorRequest,
  allowed: readonly string[] = [],
): boolean {
  if (SAFE.has(method) && !isWebSocket(headers)) return false;
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && allowed.includes(origin.toLowerCase())) return false;
  if (origin !== undefined && origin.toLowerCase() !== host.origin) return true;
  return site !== undefined && !SAME.has(site);
}

/** Whether it is a page that a person looks at, rather than a program's request: only people are led to sign in. */
export function isNavigation({ method, headers }: Pick<VisitorRequest, 'method' | 'headers'>): boolean {
  const { accept = '', 'sec-fetch-mode': mode } = headers;
  if ((method !== 'GET' && method !== 'HEAD') || isWebSocket(headers)) return false;
  return mode === undefined ? /text\/html/i.test(accept) || method === 'HEAD' : mode === 'navigate';
}

/** A handshake by any of its marks: not every proxy passes `Upgrade` on. */
function isWebSocket(headers: VisitorHeaders): boolean {
  const { upgrade, 'sec-websocket-key': key, 'sec-fetch-mode': mode } = headers;
  return upgrade !== undefined || key !== undefined || mode === 'websocket';
}
