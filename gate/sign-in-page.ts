import 'server-only';
import { randomBytes } from 'node:crypto';
import { hashOf } from '@/lib/auth/tickets';
import { config } from '@/lib/config';
import { escaped } from '@/lib/http/plain-page';
import type { ProtectedHost } from '@/lib/http/protected-host';
import { messagesIn, preferredLanguage } from '@/lib/i18n';
import { createCookies } from '@/lib/session/cookie';
import { isDingTalk, isDingTalkMobile } from '@/lib/session/user-agent';
import { gatePage, redirectTo } from './page';
import { scriptAddress } from './sign-in-script';
import type { VisitorHeaders } from './sub-request';

/** A person's request for a page of a protected host. */
export interface PageRequest {
  host: ProtectedHost;
  /** Path and query. */
  target: string;
  headers: VisitorHeaders;
  requestId: string;
}

/** In the browser that begins on a protected host: only that one may bring the ticket back. */
const NONCE_COOKIE = 'dingpass-begun';
const NONCE_LIFE_SECONDS = 3600;
const NONCE = /^[\w-]{43}$/;

function hostCookies() {
  return createCookies({ publicOrigin: config().publicOrigin, sessionSameSite: 'lax' });
}

/** The nonce in a request, where its browser has one. */
export function nonceIn(cookie: string | undefined): string | undefined {
  const cookies = hostCookies();
  const [nonce, ...others] = cookies.valuesOf(cookie, cookies.nameOf(NONCE_COOKIE));
  return nonce !== undefined && NONCE.test(nonce) && others.length === 0 ? nonce : undefined;
}

/**
 * Signs a person in: in a client of DingTalk, on a host with an app of its own, there and then, at the address that was
 * opened; otherwise by way of the main origin.
 *
 * @param within minutes, where the page asks for a sign-in as recent as that
 */
export function signInPage(request: PageRequest, within?: number): Response {
  const app = config().gate.apps.get(request.host.name);
  const userAgent = request.headers['user-agent'] ?? '';
  return app && isDingTalk(userAgent)
    ? instantSignIn(request, { clientId: app.clientId, userAgent, within })
    : viaMainOrigin(request, within);
}

/** Tabs of one browser share a nonce: the ticket of each is good in all of them. */
export function viaMainOrigin({ host, target, headers }: PageRequest, within?: number): Response {
  const nonce = nonceIn(headers.cookie) ?? randomBytes(32).toString('base64url');
  const cookies = hostCookies();
  return redirectTo(mainAddress(host, target, hashOf(nonce), within), [
    cookies.set(cookies.nameOf(NONCE_COOKIE), nonce, NONCE_LIFE_SECONDS),
  ]);
}

/**
 * A ticket of another browser, or of this one, which keeps no cookies: going on by itself would never end.
 */
export function otherBrowserPage({ host, target, headers, requestId }: PageRequest): Response {
  const language = preferredLanguage(headers['accept-language']);
  const { gate, problemNote } = messagesIn(language);
  const again = `${host.origin}/.dingpass/sign-in?rd=${encodeURIComponent(target)}`;
  return gatePage({
    language,
    title: gate.signIn.failed,
    status: 401,
    requestId,
    body: `<div role="alert"><p>${escaped(gate.signIn.otherBrowser)}</p></div>
<p><a href="${escaped(again)}">${escaped(gate.signIn.again)}</a></p>
<p class="small">${escaped(problemNote.requestId)} <code>${requestId}</code></p>`,
  });
}

function mainAddress(host: ProtectedHost, target: string, nonceHash: string, within?: number): string {
  const query = new URLSearchParams({ host: host.origin.replace(/^https?:\/\//, ''), nonce: nonceHash });
  if (within !== undefined) query.set('within', String(within));
  query.set('rd', target);
  return `${config().publicUrl}/gate?${query}`;
}

function instantSignIn(
  { host, target, headers, requestId }: PageRequest,
  { clientId, userAgent, within }: { clientId: string; userAgent: string; within: number | undefined },
): Response {
  const language = preferredLanguage(headers['accept-language']);
  const { signIn, gate } = messagesIn(language);
  const elsewhere = `${host.origin}/.dingpass/sign-in?via=main${within === undefined ? '' : `&within=${within}`}&rd=${encodeURIComponent(target)}`;
  const data = Object.entries({
    'corp-id': config().corpId,
    'client-id': clientId,
    elsewhere,
    asking: signIn.asking,
    posting: signIn.posting,
  })
    .map(([name, value]) => `data-${name}="${escaped(value)}"`)
    .join(' ');
  return gatePage({
    language,
    title: gate.signIn.title,
    status: 401,
    requestId,
    script: { address: scriptAddress(isDingTalkMobile(userAgent) ? 'phone' : 'desktop'), data },
    body: `<div class="place"><div role="status"><div class="wait" aria-hidden="true"></div><p class="after-1">${escaped(signIn.asking)}</p></div>
<a class="late" href="${escaped(elsewhere)}">${escaped(signIn.otherMethod)}</a></div>
<noscript><p><a href="${escaped(elsewhere)}">${escaped(signIn.otherMethod)}</a></p></noscript>`,
  });
}
