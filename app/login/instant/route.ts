import { ICONS_ADDRESS } from '@/app/_ui/icon';
import { isOurCorp } from '@/lib/auth/auth';
import { withBasePath } from '@/lib/base-path';
import { config } from '@/lib/config';
import { expectSignIn } from '@/lib/dingtalk-client';
import { TARGET_HEADER } from '@/lib/http/internal-headers';
import { messagesFor } from '@/lib/http/language';
import { corpIdInTarget, loginAddress } from '@/lib/http/login-address';
import { escaped, plainPage } from '@/lib/http/plain-page';
import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import { nonceOf } from '@/lib/http/security-headers';
import { isDingTalkMobile } from '@/lib/session/user-agent';
import scripts from './script-text';

/** Which answer it is depends on these. */
const HEADERS = { 'cache-control': 'private, no-store', vary: 'accept-language, cookie, user-agent' };

/**
 * The instant sign-in: what `proxy.ts` shows a client of DingTalk that has no session, in place of the page that it opened.
 * The code is asked for by a script in the page itself, before React, style sheets or a redirect could arrive. Whatever
 * does not go smoothly is the sign-in page's.
 */
export function GET(request: Request): Response {
  const next = safeReturnTo(request.headers.get(TARGET_HEADER));
  const linkedCorpId = corpIdInTarget(next);
  const loginPage = loginAddress({ next, linkedCorpId });
  if (!isOurCorp(linkedCorpId))
    return new Response(null, { status: 307, headers: { ...HEADERS, location: withBasePath(loginPage) } });
  expectSignIn();
  const { corpId, clientId } = config();
  const { language, messages } = messagesFor(request.headers);
  const { appName, signIn } = messages;
  const { asking, posting } = signIn;
  const nonce = nonceOf(request.headers.get('content-security-policy'));
  const isMobile = isDingTalkMobile(request.headers.get('user-agent') ?? '');
  const data = Object.entries({ corpId, clientId, next: asLocation(next), loginPage, asking, posting })
    .map(([name, value]) => `data-${name.replace(/[A-Z]/g, '-$&').toLowerCase()}="${escaped(value)}"`)
    .join(' ');
  return plainPage({
    language,
    title: appName,
    // First of all: the code is under way before anything is painted.
    head: `<script nonce="${nonce}" ${data}>${isMobile ? scripts.phone : scripts.desktop}</script>`,
    body: `<div class="place"><div role="status"><div class="wait" aria-hidden="true"></div><p class="after-1">${escaped(asking)}</p></div>
<a class="late" href="${escaped(withBasePath(loginPage))}">${escaped(signIn.otherMethod)}</a></div>
<noscript><meta http-equiv="refresh" content="0;url=${escaped(withBasePath(loginPage))}"></noscript>
<script nonce="${nonce}" async src="${withBasePath('/instant-sign-in.js')}"></script>
<link rel="prefetch" href="${ICONS_ADDRESS}">`,
    headers: HEADERS,
  });
}
