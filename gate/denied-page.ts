import 'server-only';
import { config } from '@/lib/config';
import { refusalOf } from '@/lib/dal/refusal';
import { escaped } from '@/lib/http/plain-page';
import { refusalMarkup } from '@/lib/http/refusal-markup';
import { messagesIn, preferredLanguage } from '@/lib/i18n';
import { log } from '@/lib/log';
import { gatePage } from './page';
import type { PageRequest } from './sign-in-page';
import type { Verdict } from './verdict';

/**
 * Why a member is not let in, who can change it, and the request id.
 *
 * @param denied undefined where the visitor would be let in by now
 */
export async function deniedPage(
  { host, target, headers, requestId }: PageRequest,
  denied: Extract<Verdict, { kind: 'denied' }> | undefined,
): Promise<Response> {
  const language = preferredLanguage(headers['accept-language']);
  const messages = messagesIn(language);
  const { gate, problemNote, access, errorPage, signIn } = messages;
  const refusal =
    denied?.why === 'rule'
      ? await refusalOf(denied.session, { host: host.name, path: target }, language).catch(
          (error: unknown) => {
            log().error({ event: 'refusal-unexplained', requestId, err: error });
            return null;
          },
        )
      : null;
  const why =
    denied?.why === 'other-site' || denied?.why === 'identity' ? gate.denied[denied.why] : gate.denied.rule;
  const address = host.name + target.replace(/[?#].*$/s, '');
  return gatePage({
    language,
    title: access.denied.title,
    status: 403,
    requestId,
    body: [
      refusal ? refusalMarkup(refusal, address, messages) : `<div role="alert"><p>${escaped(why)}</p></div>`,
      `<p class="small">${escaped(problemNote.requestId)} <code>${requestId}</code></p>`,
      `<p><a href="${escaped(config().publicUrl)}/">${escaped(errorPage.home)}</a> · <a href="${escaped(host.origin + target)}">${escaped(signIn.retry)}</a></p>`,
      denied && signOutForm(gate.signOut),
    ]
      .filter(Boolean)
      .join(''),
  });
}

function signOutForm(label: string): string {
  return `<form method="post" action="/.dingpass/sign-out"><p><button class="quiet">${escaped(label)}</button></p></form>`;
}

/** It is not known which sessions have ended: 503, for a moment. */
export function unavailablePage({ host, target, headers, requestId }: PageRequest): Response {
  const language = preferredLanguage(headers['accept-language']);
  const { gate, problemNote, signIn } = messagesIn(language);
  const page = gatePage({
    language,
    title: gate.unavailable.title,
    status: 503,
    requestId,
    body: `<div role="alert"><p>${escaped(gate.unavailable.text)}</p></div>
<p><a href="${escaped(host.origin + target)}">${escaped(signIn.retry)}</a></p>
<p class="small">${escaped(problemNote.requestId)} <code>${requestId}</code></p>`,
  });
  page.headers.set('retry-after', '5');
  return page;
}
