import 'server-only';
import { config } from '../config';

/** For answers that are not pages: nothing may be loaded, no page may frame them, and no address leaves with them. */
export function setApiSecurityHeaders(headers: Headers): void {
  headers.set('content-security-policy', "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
  // An address of the API can hold a code of DingTalk's.
  headers.set('referrer-policy', 'no-referrer');
  setCommonHeaders(headers);
}

/** For pages. @param policy as of `pagePolicy` */
export function setPageSecurityHeaders(headers: Headers, policy: string): void {
  headers.set('content-security-policy', policy);
  // Not no-referrer: under it browsers send "Origin: null" with our own forms.
  headers.set('referrer-policy', 'same-origin');
  setCommonHeaders(headers);
}

/**
 * What a page may load.
 *
 * @param nonce of this answer, for the scripts that Next renders
 * @param isDev whether React's development build, which evaluates strings, has to run
 */
export function pagePolicy(nonce: string, isDev: boolean): string {
  const { avatarHosts, contentSources, frameAncestors } = config();
  return [
    "default-src 'self'",
    // 'self' is for webviews that do not know strict-dynamic; the others ignore it.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDev ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    ["img-src 'self' data:", ...avatarHosts, ...contentSources.img].join(' '),
    ["connect-src 'self'", ...contentSources.connect].join(' '),
    ["frame-src 'self'", ...contentSources.frame].join(' '),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    ["frame-ancestors 'self'", ...frameAncestors].join(' '),
  ].join('; ');
}

/** The nonce in a policy of `pagePolicy`; empty where there is none. */
export function nonceOf(policy: string | null): string {
  return /'nonce-([\w+/=]+)'/.exec(policy ?? '')?.[1] ?? '';
}

function setCommonHeaders(headers: Headers): void {
  headers.set('x-content-type-options', 'nosniff');
  // No other site holds a window of ours or loads anything from here: it could measure how long an answer takes.
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  const features = config().features.map(({ name, isAllowed }) => `${name}=${isAllowed ? '(self)' : '()'}`);
  headers.set('permissions-policy', [...features, 'browsing-topics=()'].join(', '));
  if (config().publicOrigin.startsWith('https:')) {
    headers.set('strict-transport-security', 'max-age=31536000');
  }
}
