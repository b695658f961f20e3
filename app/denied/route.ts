import { withBasePath } from '@/lib/base-path';
import { currentRefusal } from '@/lib/dal/refusal';
import { explain } from '@/lib/http/error-response';
import { messagesFor } from '@/lib/http/language';
import { refusalMarkup } from '@/lib/http/refusal-markup';
import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import type { Messages } from '@/lib/i18n';
import { log } from '@/lib/log';
import { escaped, plainPage } from '../../lib/http/plain-page';

export const dynamic = 'force-dynamic';

/** Where people are sent whom a page or a form is not for: a true 403, which a page cannot answer with. */
export async function GET(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const next = asLocation(safeReturnTo(query.get('next')));
  const requestId = /^[0-9a-f-]{36}$/.exec(query.get('request') ?? '')?.[0];
  const { language, messages } = messagesFor(request.headers);
  const { errorPage, signIn, problemNote: labels } = messages;
  // Whatever is silent, the page that says no stands.
  const refusal = await currentRefusal(next, language).catch((error: unknown) => {
    log().error({ event: 'refusal-unexplained', requestId, err: error });
    return null;
  });
  const ways = [
    `<a href="${withBasePath('/')}">${escaped(errorPage.home)}</a>`,
    next !== '/' && `<a href="${escaped(withBasePath(next))}">${escaped(signIn.retry)}</a>`,
  ].filter(Boolean);
  const body = [
    refusal ? refusalMarkup(refusal, next, messages) : plainMarkup(messages),
    requestId && `<p class="small">${escaped(labels.requestId)} <code>${requestId}</code></p>`,
    `<p>${ways.join(' · ')}</p>`,
  ];
  return plainPage({
    language,
    title: refusal ? messages.access.denied.title : messages.appName,
    body: body.filter(Boolean).join(''),
    status: 403,
    headers: { vary: 'accept-language, cookie' },
  });
}

function plainMarkup(messages: Messages): string {
  const { message, nextStep, operator } = explain('not-permitted', messages);
  const { problemNote: labels } = messages;
  const lines = operator
    ? [
        [labels.cause, operator.cause],
        [labels.remedy, operator.remedy],
        [labels.actor, operator.actor],
      ]
    : [];
  const note = lines.map(([label = '', text = '']) => `<p>${escaped(label)}: ${escaped(text)}</p>`).join('');
  return `<div role="alert"><p>${escaped(message)}</p><p>${escaped(nextStep)}</p></div>${note}`;
}
