import 'server-only';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { config } from '@/lib/config';
import { escaped, plainPage } from '@/lib/http/plain-page';
import { asLocation } from '@/lib/http/return-to';
import type { Language } from '@/lib/i18n';

/** Pages and redirects on a protected host, whose own pages share their origin: nothing of them may be framed there. */

interface GatePage {
  language: Language;
  title: string;
  /** Markup, already escaped. */
  body: string;
  status: number;
  requestId: string;
  /** The one script of the page: its address on this host, and its data. */
  script?: { address: string; data: string } | undefined;
}

/** A page of the gate: its own policy, nothing loaded from anywhere. */
export function gatePage({ language, title, body, status, requestId, script }: GatePage): Response {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    ...(script ? [`script-src 'nonce-${nonce}'`, "connect-src 'self'"] : []),
    "style-src 'unsafe-inline'",
    'img-src data:',
    // A sign-out goes on to the main origin, and browsers ask this of redirects, too.
    `form-action 'self' ${config().publicOrigin}`,
    "base-uri 'none'",
    `frame-ancestors ${config().frameAncestors.join(' ') || "'none'"}`,
  ].join('; ');
  return plainPage({
    language,
    title,
    body,
    status,
    isElsewhere: true,
    head: script
      ? `<script async nonce="${nonce}" src="${escaped(script.address)}" ${script.data}></script>`
      : '',
    headers: {
      'content-security-policy': policy,
      'cache-control': 'no-store',
      // Not no-referrer: under it browsers send "Origin: null" with our own forms.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
      vary: 'accept-language, cookie, user-agent',
    },
  });
}

/** @param location absolute; what is not ASCII in it is percent-encoded */
export function redirectTo(location: string, setCookies: readonly string[] = []): Response {
  const headers = new Headers({
    location: asLocation(location),
    'cache-control': 'no-store',
    // The address of the next page would be the referrer: it may hold a ticket.
    'referrer-policy': 'no-referrer',
  });
  for (const cookie of setCookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

export async function sendPage(response: ServerResponse, page: Response): Promise<void> {
  const body = Buffer.from(await page.arrayBuffer());
  for (const [name, value] of page.headers) if (name !== 'set-cookie') response.setHeader(name, value);
  const cookies = page.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.setHeader('content-length', body.length);
  response.writeHead(page.status);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
