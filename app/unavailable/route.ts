import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import { messagesIn, preferredLanguage } from '@/lib/i18n';
import { escaped, plainPage } from '../../lib/http/plain-page';

export const dynamic = 'force-dynamic';

const RETRY_SECONDS = 5;

/**
 * Where pages send people while it is unknown which sessions have ended: a true 503, which a page cannot answer
 * with, and back to the page after some seconds.
 */
export function GET(request: Request): Response {
  const next = asLocation(safeReturnTo(new URL(request.url).searchParams.get('next')));
  const language = preferredLanguage(request.headers.get('accept-language'));
  const { appName, signIn, problems } = messagesIn(language);
  const { person } = problems['sessions-unknown'];
  return plainPage({
    language,
    title: appName,
    body: `<p role="alert">${escaped(person)}</p><p><a href="${escaped(next)}">${escaped(signIn.retry)}</a></p>`,
    status: 503,
    headers: {
      'retry-after': String(RETRY_SECONDS),
      refresh: `${RETRY_SECONDS};url=${next}`,
      vary: 'accept-language',
    },
  });
}
