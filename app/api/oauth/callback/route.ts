import { currentMember } from '@/lib/auth/auth';
import { methods } from '@/lib/auth/methods';
import { type FinishedFlow, oauthFlows } from '@/lib/auth/oauth-flow';
import { repeatedCallbacks } from '@/lib/auth/repeated-callback';
import { signIn } from '@/lib/auth/sign-in';
import { AppError } from '@/lib/errors';
import { signInFailedPage } from '@/lib/http/oauth-answer';
import { asLocation } from '@/lib/http/return-to';
import { isFetchedAhead, type RequestContext } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  GET: { access: 'public', event: 'sign-in', handler: finishSignIn },
});

/**
 * Where DingTalk's page sends the browser back to. The state is checked before anything else happens; the code is
 * traded once; and whatever comes of it, the browser is sent on to an address without either. The same request may
 * come again (two restored tabs, an answer that was lost, the back button): it is answered as before.
 */
async function finishSignIn(request: Request, context: RequestContext): Promise<Response> {
  if (isFetchedAhead(request)) {
    context.note({ fetchedAhead: true });
    return new Response(null, { status: 503 });
  }
  const query = new URL(request.url).searchParams;
  const state = only(query, 'state') ?? '';
  const headers = new Headers();
  let next: FinishedFlow['next'] = '/';
  try {
    const flow = await oauthFlows().finish(request.headers.get('cookie'), state);
    next = flow.next;
    for (const cookie of flow.setCookies) headers.append('set-cookie', cookie);
    for (const cookie of await sessionFor(flow, query, request, context))
      headers.append('set-cookie', cookie);
    headers.set('location', asLocation(next));
    return new Response(null, { status: 303, headers });
  } catch (error) {
    return signInFailedPage(error, { request, context, headers, next });
  }
}

/** The `Set-Cookie` values of a new session, or of the one that this request has led to before. @throws AppError */
async function sessionFor(
  flow: FinishedFlow,
  query: URLSearchParams,
  request: Request,
  context: RequestContext,
): Promise<readonly string[]> {
  const state = only(query, 'state') ?? '';
  if (flow.outcome === 'good') {
    const code = codeIn(query);
    return repeatedCallbacks().first(state, code, async () => {
      const { setCookie } = await signIn({ method: 'oauth', code, request, context });
      return setCookie ? [setCookie] : [];
    });
  }
  if (flow.outcome === 'used') context.note({ repeated: true });
  if (await currentMember()) return [];
  if (flow.outcome === 'used' && flow.isBound) {
    const earlier = await repeatedCallbacks().again(state, codeIn(query));
    if (earlier) return earlier;
  }
  throw new AppError('flow-invalid', { hint: flow.outcome });
}

/** DingTalk sends the code under two names with one value, or under one. Two values are a forgery. */
function codeIn(query: URLSearchParams): string {
  if (query.has('error')) throw new AppError('sign-in-declined');
  const [code, ...others] = new Set(
    ['authCode', 'code'].filter((name) => query.has(name)).map((name) => only(query, name)),
  );
  if (!code || others.length > 0 || !/^[\w.~-]{1,1024}$/.test(code))
    throw new AppError('flow-invalid', { hint: 'code' });
  return code;
}

/** A parameter that is there once; twice is as good as not at all. */
function only(query: URLSearchParams, name: string): string | null {
  const values = query.getAll(name);
  return values.length === 1 ? (values[0] ?? null) : null;
}
