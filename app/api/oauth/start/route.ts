import { methods } from '@/lib/auth/methods';
import { callbackAddress, oauthFlows } from '@/lib/auth/oauth-flow';
import { config } from '@/lib/config';
import { authorizeUrl } from '@/lib/dingtalk/oauth';
import { safeReturnTo } from '@/lib/http/return-to';
import { isFetchedAhead } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Begins a sign-in in a browser: off to DingTalk's own page, with a state that only this browser can bring back. */
  GET: { access: 'public', handler: startSignIn },
});

async function startSignIn(request: Request): Promise<Response> {
  if (isFetchedAhead(request)) return new Response(null, { status: 503 });
  const next = safeReturnTo(new URL(request.url).searchParams.get('next'));
  const { state, setCookies } = await oauthFlows().start(request.headers.get('cookie'), next);
  const { loginUrl, clientId } = config();
  const headers = new Headers({
    location: authorizeUrl({ loginUrl, clientId, redirectUri: callbackAddress(), state }),
  });
  for (const cookie of setCookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 302, headers });
}
