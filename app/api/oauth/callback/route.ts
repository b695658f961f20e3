import { currentMember } from '@/lib/auth';
import { AppError } from '@/lib/errors';
import type { Trip } from '@/lib/http';
import { methods } from '@/lib/methods';
import { signInFailedPage } from '@/lib/oauth-answer';
import { oauthFlows } from '@/lib/oauth-flow';
import { asLocation } from '@/lib/return-to';
import { signIn } from '@/lib/sign-in';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  GET: { access: 'public', event: 'sign-in', handler: finishSignIn },
});

/**
 * Where DingTalk's page sends the browser back to. The state is checked before anything else happens; the code is
 * traded once; and whatever comes of it, the browser is sent on to an address without either.
 */
async function finishSignIn(request: Request, trip: Trip): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const flow = await oauthFlows().finish(request.headers.get('cookie'), only(query, 'state') ?? '');
  const headers = new Headers();
  for (const cookie of flow.setCookies) headers.append('set-cookie', cookie);
  try {
    if (flow.outcome === 'used' && (await currentMember())) return leaveAlone(headers, trip);
    if (flow.outcome !== 'good') throw new AppError('flow-invalid', { hint: flow.outcome });
    const { setCookie } = await signIn('browser', codeIn(query), request, trip);
    headers.append('set-cookie', setCookie);
    headers.set('location', asLocation(flow.next));
    return new Response(null, { status: 303, headers });
  } catch (error) {
    return signInFailedPage(error, { request, trip, headers, next: flow.next });
  }
}

/** The back button brings old callbacks up again: whoever is signed in stays so. */
function leaveAlone(headers: Headers, trip: Trip): Response {
  trip.note({ repeated: true });
  headers.set('location', '/');
  return new Response(null, { status: 303, headers });
}

/** DingTalk sends the code under two names with one value, or under one. */
function codeIn(query: URLSearchParams): string {
  if (query.has('error')) throw new AppError('sign-in-declined');
  const code = only(query, 'authCode') ?? only(query, 'code');
  if (code === null || !/^[\w.~-]{1,1024}$/.test(code)) throw new AppError('flow-invalid', { hint: 'code' });
  return code;
}

/** A parameter that is there once; twice is as good as not at all. */
function only(query: URLSearchParams, name: string): string | null {
  const values = query.getAll(name);
  return values.length === 1 ? (values[0] ?? null) : null;
}
