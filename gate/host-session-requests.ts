import 'server-only';
import { z } from 'zod';
import { signInOnHost } from '@/lib/auth/host-sign-in';
import { hashOf, tickets } from '@/lib/auth/tickets';
import { config } from '@/lib/config';
import { AppError } from '@/lib/errors';
import { returnTarget } from '@/lib/http/host-return-target';
import { isFetchedAhead, readJson, route } from '@/lib/http/route';
import { hostSessions, openChildSession, standingOf } from '@/lib/session/host-session';
import { sessions } from '@/lib/session/sessions';
import { toClientKind } from '@/lib/session/user-agent';
import { record } from '@/lib/storage/audit-log';
import type { HostContext } from './host-context';
import { redirectTo } from './page';
import { nonceIn, otherBrowserPage, viaMainOrigin } from './sign-in-page';
import { toRequest } from './to-request';

const codeSchema = z.object({ code: z.string().regex(/^[\w.~-]{1,1024}$/) });

/** A code of this host's own app for a session on this host: of the main app's codes none is taken here. */
export async function createHostSession(context: HostContext): Promise<Response> {
  const { host } = context;
  return route('sign-in', async (request, handling) => {
    assertOwnOrigin(context);
    const app = config().gate.apps.get(host.name);
    if (!app) throw new AppError('not-found');
    const { code } = await readJson(request, codeSchema);
    const { setCookie } = await signInOnHost({ app, code, host: host.name, request, context: handling });
    return new Response(null, { status: 204, headers: { 'set-cookie': setCookie } });
  })(toRequest(context));
}

/** Ends the session of this host; whether the person leaves the main origin too is asked there. */
export async function endHostSession(context: HostContext): Promise<Response> {
  const { host, headers } = context;
  return route('sign-out', async (_request, handling) => {
    assertOwnOrigin(context);
    handling.setCookie(hostSessions().clear());
    const { session } = await hostSessions().open(headers.cookie, host.name);
    if (session && (await standingOf(session)) !== 'ended') {
      handling.note({ userId: session.userId, sessionId: session.id });
      await sessions().endSession(session, { reason: 'signed-out', by: session.userId });
    }
    return redirectTo(`${config().publicUrl}/signed-out?${new URLSearchParams({ host: host.name })}`);
  })(toRequest(context));
}

/**
 * The way back from the main origin. The ticket is looked at first: another browser's arrival uses up nothing, and a
 * second arrival of this one goes on to the page.
 */
export async function takeTicket(context: HostContext): Promise<Response> {
  const { host, hosts, headers, request, requestId } = context;
  if (isFetchedAhead(toRequest(context))) return new Response(null, { status: 503 });
  const { url = '/' } = request;
  const target = returnTarget(url, host, hosts);
  const token = new URLSearchParams(url.split('?')[1]).get('ticket') ?? '';
  const nonce = nonceIn(headers.cookie);
  const standing = await hostSessions().open(headers.cookie, host.name);
  const isSignedIn = standing.session !== null && (await standingOf(standing.session)) === 'valid';
  const ticket = await tickets().find(token);
  const isOwn =
    ticket?.purpose === 'return' &&
    ticket.host === host.name &&
    nonce !== undefined &&
    ticket.nonceHash === hashOf(nonce);
  const page = { host, target, headers, requestId };
  if (!isOwn && isSignedIn && nonce !== undefined) return redirectTo(host.origin + target);
  // Used or too old, such as in a tab that was restored.
  if (!ticket) return viaMainOrigin(page);
  if (!isOwn) {
    record({ event: 'sign-in-refused', reason: 'flow-invalid', userId: ticket.userId, detail: host.name });
    return otherBrowserPage(page);
  }
  if (!ticket.parent || !(await tickets().consume(token))) return viaMainOrigin(page);
  const opened = await openChildSession(
    ticket.parent,
    host.name,
    toClientKind(headers['user-agent'] ?? null),
  );
  return opened ? redirectTo(host.origin + target, [opened.setCookie]) : viaMainOrigin(page);
}

/** A page of this very host sent it: `Sec-Fetch-Site`, where it is sent, must agree. */
function assertOwnOrigin({ host, headers }: HostContext): void {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== host.origin || (site !== undefined && site !== 'same-origin'))
    throw new AppError('cross-site');
}
