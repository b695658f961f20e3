import { explain } from '@/lib/http/error-response';
import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import { messagesIn, preferredLanguage } from '@/lib/i18n';
import { escaped, plainPage } from '../../lib/http/plain-page';

export const dynamic = 'force-dynamic';

/** Where people are sent whom a page or a form is not for: a true 403, which a page cannot answer with. */
export function GET(request: Request): Response {
  const query = new URL(request.url).searchParams;
  const next = asLocation(safeReturnTo(query.get('next')));
  const requestId = /^[0-9a-f-]{36}$/.exec(query.get('request') ?? '')?.[0];
  const language = preferredLanguage(request.headers.get('accept-language'));
  const messages = messagesIn(language);
  const { message, nextStep, operator } = explain('not-permitted', messages);
  const { problemNote: labels, errorPage, signIn } = messages;
  const lines = [
    requestId && `${escaped(labels.requestId)} <code>${requestId}</code>`,
    operator && `${escaped(labels.cause)}: ${escaped(operator.cause)}`,
    operator && `${escaped(labels.remedy)}: ${escaped(operator.remedy)}`,
    operator && `${escaped(labels.actor)}: ${escaped(operator.actor)}`,
    `<a href="/">${escaped(errorPage.home)}</a>`,
    next !== '/' && `<a href="${escaped(next)}">${escaped(signIn.retry)}</a>`,
  ].filter(Boolean);
  return plainPage({
    language,
    title: messages.appName,
    body: `<div role="alert"><p>${escaped(message)}</p><p>${escaped(nextStep)}</p></div><p>${lines.join('</p><p>')}</p>`,
    status: 403,
    headers: { vary: 'accept-language' },
  });
}
