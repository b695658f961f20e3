import { perhapsMember } from '@/lib/auth/auth';
import { offeredTicket } from '@/lib/auth/ticket-sign-in';
import { withBasePath } from '@/lib/base-path';
import { escaped, plainPage } from '@/lib/http/plain-page';
import { safeReturnTo } from '@/lib/http/return-to';
import { messagesIn, preferredLanguage } from '@/lib/i18n';

export const dynamic = 'force-dynamic';

/**
 * Where a link with a ticket leads: names whose it is, and asks for a press. Opening it uses up nothing, and nobody is signed
 * in, or out, by a link alone.
 */
export async function GET(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const token = query.get('ticket') ?? '';
  const language = preferredLanguage(request.headers.get('accept-language'));
  const { ticket: text, errorPage } = messagesIn(language);
  const offered = await offeredTicket(token);
  const home = `<p><a href="${withBasePath('/')}">${escaped(errorPage.home)}</a></p>`;
  if (!offered) {
    return plainPage({
      language,
      title: text.title,
      status: 401,
      body: `<div role="alert"><p>${escaped(text.used)}</p></div>${home}`,
      headers: { vary: 'accept-language, cookie' },
    });
  }
  const present = await perhapsMember();
  const other = present && present.userId !== offered.userId ? text.other(present.name) : undefined;
  const next = safeReturnTo(query.get('next'));
  return plainPage({
    language,
    title: text.title,
    body: `<p>${escaped(text.offers[offered.purpose](offered.name))}</p>
${other ? `<p role="alert">${escaped(other)}</p>` : ''}
<form method="post" action="${withBasePath('/api/ticket')}">
<input type="hidden" name="ticket" value="${escaped(token)}"><input type="hidden" name="next" value="${escaped(next)}">
<p><button>${escaped(text.press(offered.name))}</button></p></form>${home}`,
    headers: { vary: 'accept-language, cookie' },
  });
}
