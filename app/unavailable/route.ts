import { areInformed } from '@/lib/alarm';
import { withBasePath } from '@/lib/base-path';
import { messagesFor } from '@/lib/http/language';
import { asLocation, safeReturnTo } from '@/lib/http/return-to';
import { escaped, plainPage } from '../../lib/http/plain-page';

export const dynamic = 'force-dynamic';

const RETRY_SECONDS = 5;

/**
 * Where pages send people while it is unknown which sessions have ended: a true 503, which a page cannot answer
 * with, and back to the page after some seconds.
 */
export function GET(request: Request): Response {
  const next = asLocation(safeReturnTo(new URL(request.url).searchParams.get('next')));
  const { language, messages } = messagesFor(request.headers);
  const { appName, signIn, problems, alerts } = messages;
  const { person } = problems['sessions-unknown'];
  const informed = areInformed('sessions-unknown') ? `<p>${escaped(alerts.informed)}</p>` : '';
  return plainPage({
    language,
    title: appName,
    body: `<p role="alert">${escaped(person)}</p>${informed}<p><a href="${escaped(withBasePath(next))}">${escaped(signIn.retry)}</a></p>`,
    status: 503,
    headers: {
      'retry-after': String(RETRY_SECONDS),
      refresh: `${RETRY_SECONDS};url=${withBasePath(next)}`,
      vary: 'accept-language, cookie',
    },
  });
}
