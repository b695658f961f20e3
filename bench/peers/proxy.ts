import { type NextRequest, NextResponse } from 'next/server';
import { proxy as ours } from '../../proxy';

/** The product's for all pages alike, but for the common way, which has no policy worth the name. */
export function proxy(request: NextRequest): NextResponse {
  if (!request.nextUrl.pathname.startsWith('/common')) return ours(request);
  const response = NextResponse.next();
  response.headers.set('content-security-policy', "default-src 'self' 'unsafe-inline'");
  return response;
}

/** Next reads it without running it, so it cannot be passed on: the same as in the product's. */
export const config = { matcher: ['/((?!api/).*)'] };
