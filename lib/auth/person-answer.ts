import 'server-only';
import { withoutBasePath } from '../base-path';
import { config } from '../config';
import type { AppError } from '../errors';
import { loginAddress } from '../http/login-address';
import { asLocation, safeReturnTo } from '../http/return-to';
import { type RequestContext, readForm } from '../http/route';
import { deniedAddress } from './auth';

/** What of a form comes along to the page that it is asked on again. */
const MAX_FIELDS = 8;
const MAX_FIELD_LENGTH = 128;

/**
 * Where a person gets to whose link or form was refused: a program reads JSON, a browser would show it. Back on the page
 * that they came from, `again=1` says that nothing was done, and the form's fields stand beside it.
 *
 * @returns undefined where the answer is JSON: for programs, and for every other failure
 */
export async function answerPerson(
  { problem }: AppError,
  request: Request,
  { requestId }: Pick<RequestContext, 'requestId'>,
): Promise<Response | undefined> {
  if (!isNavigation(request)) return undefined;
  if (problem === 'not-permitted') return seeOther(deniedAddress(requestId, pageBehind(request)));
  if (problem !== 'not-signed-in' && problem !== 'sign-in-too-old') return undefined;
  const next = withQuery(pageBehind(request), [['again', '1'], ...(await formIn(request))]);
  const within = problem === 'sign-in-too-old' ? config().stepUpMinutes : undefined;
  return seeOther(loginAddress({ next: safeReturnTo(next), linkedCorpId: null, within }));
}

/** A link or a form, not a script. Old webviews send no `Sec-Fetch-Mode`. */
function isNavigation({ headers }: Request): boolean {
  const mode = headers.get('sec-fetch-mode');
  return /\btext\/html\b/.test(headers.get('accept') ?? '') && (mode === null || mode === 'navigate');
}

/** The page of ours with the link or the form; without one, what was asked for, where that is no endpoint. */
export function pageBehind(request: Request): string {
  const referer = request.headers.get('referer') ?? '';
  const { publicUrl } = config();
  if (/^(?:[/?]|$)/.test(referer.slice(publicUrl.length)) && referer.startsWith(publicUrl))
    return safeReturnTo(referer.slice(publicUrl.length) || '/');
  const { pathname, search } = new URL(request.url);
  return request.method === 'GET' ? safeReturnTo(withoutBasePath(pathname + search)) : '/';
}

async function formIn(request: Request): Promise<[string, string][]> {
  if (request.method === 'GET' || request.bodyUsed) return [];
  const form = await readForm(request).catch(() => new URLSearchParams());
  return [...form].filter(([, value]) => value.length <= MAX_FIELD_LENGTH).slice(0, MAX_FIELDS);
}

function withQuery(target: string, fields: [string, string][]): string {
  const [path = '/', query] = target.replace(/#.*$/s, '').split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  for (const [name, value] of fields) parameters.set(name, value);
  return `${path}?${parameters}`;
}

function seeOther(target: string): Response {
  return new Response(null, { status: 303, headers: { location: asLocation(target) } });
}
