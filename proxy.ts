import { type NextRequest, NextResponse } from 'next/server';
import { TARGET_HEADER } from './lib/target-header';

/**
 * Gives every answer its security headers and every page the nonce that its scripts need, and tells a page its own
 * address. Never access control: without this file the pages are as closed as with it.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const csp = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  // Next puts the nonce that it finds here on the scripts it renders.
  headers.set('content-security-policy', csp);
  // Always overwritten, so that a client cannot say it.
  headers.set(TARGET_HEADER, targetOf(request.url));
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', csp);
  return response;
}

function contentSecurityPolicy(nonce: string): string {
  const dev = process.env.NODE_ENV === 'development';
  return [
    "default-src 'self'",
    // The scheme and host sources are for webviews that do not know strict-dynamic; the others ignore them.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${dev ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: https: http://localhost:* http://127.0.0.1:*",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self' https://*.dingtalk.com",
  ].join('; ');
}

/** Path and query as they were sent: a parsed and rebuilt query would come back in another spelling. */
function targetOf(url: string): string {
  const target = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/';
  // Next adds this to what its router fetches.
  return target.replace(/([?&])_rsc=[^&]*&?/, '$1').replace(/[?&]$/, '');
}
