import 'server-only';
import { directoryStore } from '../directory/store';
import { AppError } from '../errors';
import type { RequestContext } from '../http/route';
import { type Session, sessionCookies } from '../session/session-cookie';
import type { SessionVersion } from '../session/session-store';
import { sessions } from '../session/sessions';
import { toClientKind } from '../session/user-agent';
import { shownName } from '../shown-text';
import { currentMember } from './auth';
import { mayBreakGlass } from './break-glass';
import { type Ticket, tickets } from './tickets';

/** Tickets that no cookie can bind to a browser: a person is shown whose they are, and presses a button. */

/** A ticket as the person is asked about it. */
export interface OfferedTicket {
  purpose: 'hand-off' | 'break-glass';
  userId: string;
  name: string;
}

/** For the system browser of a member of DingTalk's client. @returns what stands in the link */
export function issueHandOff(session: Session): Promise<string> {
  return tickets().issue({ purpose: 'hand-off', userId: session.userId, host: '', parent: session });
}

/** Finds a ticket without using it up: link scanners open links, too. @returns undefined where it is not good */
export async function offeredTicket(token: string): Promise<OfferedTicket | undefined> {
  const ticket = await tickets().find(token);
  if (!ticket || ticket.purpose === 'return') return undefined;
  const { purpose, userId, parent } = ticket;
  return { purpose, userId, name: parent?.name ?? (await knownName(userId)) };
}

/**
 * Trades a ticket for a session on the main origin. One of a hand-off has its sign-in time and its end from the session
 * that it came from: no ticket passes for a sign-in at DingTalk.
 *
 * @throws AppError `flow-invalid`, `sign-in-overtaken`, `sessions-unknown`
 */
export async function signInByTicket(
  token: string,
  request: Request,
  context: RequestContext,
): Promise<{ setCookie: string }> {
  const since = await sessions().sequence();
  const ticket = await tickets().find(token);
  if (!ticket || ticket.purpose === 'return' || !(await mayOpen(ticket)))
    throw new AppError('flow-invalid', { hint: 'ticket' });
  if (!(await tickets().consume(token))) throw new AppError('flow-invalid', { hint: 'ticket used' });
  const { purpose, userId, parent } = ticket;
  const own = sessionCookies().draft({ userId, name: await knownName(userId), method: 'ticket' });
  const draft = parent ? { ...withoutVersion(parent), id: own.id, method: 'ticket' as const } : own;
  const client = toClientKind(request.headers.get('user-agent'));
  const previous = await currentMember();
  const version = await sessions().open(
    { ...draft, client },
    {
      since,
      replaces: previous ?? undefined,
      line: { event: 'sign-in', userId, sessionId: draft.id, detail: `${purpose} ${client}` },
    },
  );
  context.note({ userId, sessionId: draft.id, ticket: purpose });
  return sessionCookies().seal(draft, version);
}

/** Asked again when the ticket is used: meanwhile an administrator may have become none. */
async function mayOpen({ parent, purpose, userId }: Ticket): Promise<boolean> {
  if (purpose === 'break-glass') return mayBreakGlass(userId);
  return parent !== undefined && (await sessions().verify(parent)) === 'valid';
}

async function knownName(userId: string): Promise<string> {
  const member = await directoryStore()
    .member(userId)
    .catch(() => null);
  return shownName(member?.record.name, userId);
}

function withoutVersion(session: Session): Omit<Session, keyof SessionVersion> {
  const { generation: _g, epoch: _e, sequence: _s, databaseId: _d, ...rest } = session;
  return rest;
}
