import 'server-only';
import { randomUUID } from 'node:crypto';
import { returnTarget } from '@/lib/http/host-return-target';
import { log } from '@/lib/log';
import { publicKeys } from './assertion';
import { deniedPage, unavailablePage } from './denied-page';
import type { HostContext } from './host-context';
import { createHostSession, endHostSession, takeTicket } from './host-session-requests';
import { isNavigation } from './other-site';
import { redirectTo, sendPage } from './page';
import { type PageRequest, signInPage, viaMainOrigin } from './sign-in-page';
import { sendScript } from './sign-in-script';
import { visitorHeaders } from './sub-request';
import { judge } from './verdict';
import { programRefusal } from './verdict-answer';

type Handler = (context: HostContext) => Promise<Response | undefined>;

const HANDLERS: Record<string, { method: 'GET' | 'POST'; handler: Handler }> = {
  '/.dingpass/sign-in': { method: 'GET', handler: signIn },
  '/.dingpass/sign-in.js': { method: 'GET', handler: sendScript },
  '/.dingpass/ticket': { method: 'GET', handler: takeTicket },
  '/.dingpass/session': { method: 'POST', handler: createHostSession },
  '/.dingpass/sign-out': { method: 'POST', handler: endHostSession },
  '/.dingpass/denied': { method: 'GET', handler: denied },
  '/.dingpass/unavailable': { method: 'GET', handler: async (context) => unavailablePage(pageOf(context)) },
  '/.dingpass/jwks.json': { method: 'GET', handler: async () => Response.json(publicKeys()) },
};

/**
 * Answers what people and their browsers ask of the gate on a protected host. The host's own scripts share its origin:
 * nothing here opens more than this host.
 */
export async function hostPage(asked: Omit<HostContext, 'requestId' | 'headers'>): Promise<void> {
  const { request, response } = asked;
  const path = (request.url ?? '/').replace(/\?.*$/s, '');
  const entry = Object.hasOwn(HANDLERS, path) ? HANDLERS[path] : undefined;
  if (!entry) return sendPage(response, new Response(null, { status: 404 }));
  const isAllowed = request.method === entry.method || (entry.method === 'GET' && request.method === 'HEAD');
  // nginx shows a page for a request that was refused with the method that it had.
  const isInternal = /^\/\.dingpass\/(?:sign-in|denied|unavailable)$/.test(path);
  if (!isAllowed && !isInternal)
    return sendPage(response, new Response(null, { status: 405, headers: { allow: entry.method } }));
  const context = { ...asked, requestId: randomUUID(), headers: visitorHeaders(request) };
  const answer = await entry.handler(context).catch((error: unknown) => failed(context, error));
  if (answer) await sendPage(response, answer);
}

/** Such as a database that went away meanwhile: nothing is known, for a moment. */
function failed(context: HostContext, error: unknown): Response {
  const { requestId } = context;
  log().error({ event: 'gate-failed', requestId, err: error });
  return isForPerson(context)
    ? unavailablePage(pageOf(context))
    : programRefusal('sessions-unknown', { requestId });
}

function pageOf({ host, hosts, request, headers, requestId }: HostContext): PageRequest {
  return { host, target: returnTarget(request.url ?? '/', host, hosts), headers, requestId };
}

/** Whether it is a person who is to see a page; a program gets a status and JSON. */
function isForPerson({ request, headers }: HostContext): boolean {
  return isNavigation({ method: request.method ?? 'GET', headers });
}

async function signIn(context: HostContext): Promise<Response | undefined> {
  const page = pageOf(context);
  const query = new URLSearchParams((context.request.url ?? '').split('?')[1]);
  const within = minutesIn(query.get('within'));
  const verdict = await judge({ method: 'GET', ...page });
  if (!isForPerson(context))
    return programRefusal(within === undefined ? 'not-signed-in' : 'sign-in-too-old', context);
  // A tab that was restored, or a sign-in in another tab meanwhile.
  if (verdict.kind === 'admitted') return redirectTo(page.host.origin + page.target);
  if (verdict.kind === 'unavailable') return unavailablePage(page);
  const asked = verdict.kind === 'sign-in' ? (verdict.within ?? within) : within;
  return query.get('via') === 'main' ? viaMainOrigin(page, asked) : signInPage(page, asked);
}

async function denied(context: HostContext): Promise<Response | undefined> {
  const page = pageOf(context);
  const verdict = await judge({ method: 'GET', ...page });
  if (verdict.kind === 'unavailable') return unavailablePage(page);
  const refused = verdict.kind === 'denied' ? verdict : undefined;
  // nginx does not say how it was asked: a GET of the same address may be admitted.
  return isForPerson(context) ? deniedPage(page, refused) : programRefusal('not-permitted', context);
}

function minutesIn(text: string | null): number | undefined {
  return text !== null && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}
