import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { config } from './config';
import { safetyHeaders } from './safety-headers';

/** For an answer that is not even a page: it may load nothing and be shown in nothing. `proxy.ts` says better. */
const BARE_CSP = "default-src 'none'; frame-ancestors 'none'";

/**
 * From now on every request is looked at before Next sees it. Next answers some by itself, before `proxy.ts` is asked
 * (a slash too many, a method that it does not know): those answers have the safety headers too. Called once, at boot.
 */
export function observeArrivals(): void {
  const headers = { ...safetyHeaders(config().publicOrigin), 'content-security-policy': BARE_CSP };
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    request.url = originForm(request.url ?? '/');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  });
}

/** `GET http://elsewhere/x` is a request for `/x`: Next would take the host for ours, and redirect to it. */
function originForm(target: string): string {
  const path = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');
  return path === target || path.startsWith('/') ? path : `/${path}`;
}
