import { perhapsMember } from '@/lib/auth/auth';
import { protectedHosts } from '@/lib/auth/gate-ticket';
import { withBasePath } from '@/lib/base-path';
import { escaped, plainPage } from '@/lib/http/plain-page';
import { messagesIn, preferredLanguage } from '@/lib/i18n';

export const dynamic = 'force-dynamic';

/** After a sign-out on a protected host: whether the member leaves the main origin and the other hosts, too. */
export async function GET(request: Request): Promise<Response> {
  const host = protectedHosts().find(new URL(request.url).searchParams.get('host') ?? '')?.name;
  const language = preferredLanguage(request.headers.get('accept-language'));
  const { gate, errorPage } = messagesIn(language);
  const { title, text, question, everywhere, stay } = gate.signedOut;
  const isMember = (await perhapsMember()) !== null;
  const choice = isMember
    ? `<p>${escaped(question)}</p>
<form method="post" action="${withBasePath('/api/session/sign-out')}"><p><button>${escaped(everywhere)}</button></p></form>
<p><a href="${withBasePath('/')}">${escaped(stay)}</a></p>`
    : `<p><a href="${withBasePath('/')}">${escaped(errorPage.home)}</a></p>`;
  return plainPage({
    language,
    title,
    body: (host ? `<p role="status">${escaped(text(host))}</p>` : '') + choice,
    headers: { vary: 'accept-language, cookie' },
  });
}
