import { channel } from 'node:diagnostics_channel';
import { type NextRequest, NextResponse } from 'next/server';
import { withBasePath, withoutBasePath } from './lib/base-path';
import { TARGET_HEADER } from './lib/http/internal-headers';
import { corpIdInTarget, loginAddress } from './lib/http/login-address';
import { isPublicAddress } from './lib/http/public-addresses';
import { safeReturnTo } from './lib/http/return-to';
import { pagePolicy, setPageSecurityHeaders } from './lib/http/security-headers';
import { SESSION_REFUSED, sessionCookies } from './lib/session/session-cookie';
import { isDingTalk } from './lib/session/user-agent';

/**
 * Gives every page its security headers and the nonce that its scripts need, tells it its own address, and sends away
 * visitors whose cookie does not open. The second net only: whether a session still stands is asked by the page, and
 * without this file the pages are as closed as with it.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = pagePolicy(nonce, process.env.NODE_ENV === 'development');
  const headers = new Headers(request.headers);
  // Next puts the nonce that it finds here on the scripts it renders.
  headers.set('content-security-policy', policy);
  // Always overwritten, so that a client cannot say it.
  headers.set(TARGET_HEADER, targetOf(request.url));
  const response = await answerTo(request, headers);
  setPageSecurityHeaders(response.headers, policy);
  return response;
}

async function answerTo(request: NextRequest, headers: Headers): Promise<NextResponse> {
  if (isColdEntry(request)) {
    const rewritten = NextResponse.rewrite(new URL(withBasePath('/login/instant'), request.url), {
      request: { headers },
    });
    // Next compresses what a route handler answers only if the type was known before.
    rewritten.headers.set('content-type', 'text/html; charset=utf-8');
    return rewritten;
  }
  return (await sendStrangerAway(request)) ?? NextResponse.next({ request: { headers } });
}

/**
 * The second net: whoever has no cookie of ours that opens is sent to the sign-in page, before anything is rendered,
 * from every address that is not public. A page that forgets to ask is closed to strangers all the same.
 */
async function sendStrangerAway(request: NextRequest): Promise<NextResponse | undefined> {
  if (isPublicAddress(request.nextUrl.pathname)) return undefined;
  const opened = await sessionCookies().open(request.headers.get('cookie'));
  if (opened.session) return undefined;
  channel(SESSION_REFUSED).publish(opened.reason);
  const next = safeReturnTo(targetOf(request.url));
  const location = new URL(
    withBasePath(loginAddress({ next, linkedCorpId: corpIdInTarget(next) })),
    request.url,
  );
  return new NextResponse(null, {
    status: 307,
    headers: { location: location.href, 'cache-control': 'private, no-store', vary: 'cookie' },
  });
}

/** Whether somebody opens a page in DingTalk without any session: they need not be sent to sign in first. */
function isColdEntry({ method, headers, cookies, nextUrl }: NextRequest): boolean {
  return (
    method === 'GET' &&
    isDingTalk(headers.get('user-agent') ?? '') &&
    // Next’s router asks for */*, and hides its own headers here.
    /text\/html/.test(headers.get('accept') ?? '') &&
    // What is fetched ahead is not opened yet.
    !headers.has('sec-purpose') &&
    !headers.has('purpose') &&
    // A download would leave the page standing.
    !/^\/(?:_next|login|unavailable|denied|signed-out|ticket)(?:\/|$)|\.csv$/.test(nextUrl.pathname) &&
    !cookies.has(sessionCookies().cookieName)
  );
}

/**
 * Not for the API: Next collects a whole request body before it goes on from here, and so the API's own bounds on
 * size and time would never see a slow or large one. The API has its headers from `connections.ts`.
 */
export const config = { matcher: ['/', '/((?!api/).*)'] };

/** Path and query as they were sent: a parsed and rebuilt query would come back in another spelling. */
function targetOf(url: string): string {
  const sent = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '') || '/';
  const target = withoutBasePath(sent) ?? '/';
  // Next adds this to what its router fetches.
  return target.replace(/([?&])_rsc=[^&]*&?/, '$1').replace(/[?&]$/, '');
}
