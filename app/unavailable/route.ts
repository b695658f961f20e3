import { messagesIn, preferredLanguage } from '@/lib/messages';
import { asLocation, safeReturnTo } from '@/lib/return-to';

export const dynamic = 'force-dynamic';

const RETRY_SECONDS = 5;

/**
 * Where pages send people while nobody can tell whose session still stands: a true 503, which a page cannot answer
 * with, and back to the page after some seconds.
 */
export function GET(request: Request): Response {
  const next = asLocation(safeReturnTo(new URL(request.url).searchParams.get('next')));
  const language = preferredLanguage(request.headers.get('accept-language'));
  const { appName, signIn, problems } = messagesIn(language);
  const { person } = problems['sessions-unknown'];
  const link = next.replace(/[&"'<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return new Response(
    `<!doctype html><html lang="${language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${appName}</title>
<body style="margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;font:16px/1.6 sans-serif">
<main style="max-width:22rem;padding:24px;text-align:center"><h1 style="font-size:22px">${appName}</h1>
<p role="alert">${person}</p><p><a href="${link}">${signIn.retry}</a></p></main></body></html>`,
    {
      status: 503,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'retry-after': String(RETRY_SECONDS),
        refresh: `${RETRY_SECONDS};url=${next}`,
        'cache-control': 'private, no-store',
        vary: 'accept-language',
      },
    },
  );
}
