import { type NextRequest, NextResponse } from 'next/server';
import { config } from './lib/config';
import { safetyHeaders } from './lib/safety-headers';
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
  const isApi = request.nextUrl.pathname.startsWith('/api/');
  // Pages are only ever read, and there are no Server Actions: Next need not look at the body of anything else.
  const isReadable = isApi || /^(GET|HEAD)$/.test(request.method);
  const response = isReadable
    ? NextResponse.next({ request: { headers } })
    : new NextResponse(null, { status: 405, headers: { allow: 'GET, HEAD' } });
  response.headers.set('content-security-policy', csp);
  const safety = safetyHeaders(config().publicOrigin);
  for (const [name, value] of Object.entries(safety)) response.headers.set(name, value);
  // The addresses of the API can hold a code of DingTalk's, and lead nowhere.
  if (isApi) response.headers.set('referrer-policy', 'no-referrer');
  return response;
}

function contentSecurityPolicy(nonce: string): string {
  const isDev = process.env.NODE_ENV === 'development';
  return [
    "default-src 'self'",
    // 'self' is for webviews that do not know strict-dynamic; the others ignore it.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDev ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: ${config().avatarHosts.join(' ')}`,
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
