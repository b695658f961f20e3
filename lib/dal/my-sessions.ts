import 'server-only';
import { headers } from 'next/headers';
import { currentMember, requireMember } from '../auth/auth';
import { AppError } from '../errors';
import type { Session } from '../session/session-cookie';
import { sessionCookies } from '../session/session-cookie';
import { pageOfSessions } from '../session/session-pages';
import type { SessionRow } from '../session/session-store';
import { sessions } from '../session/sessions';

/** A session as its owner sees it. */
interface OwnSession extends SessionRow {
  /** The one that asks. */
  isThis: boolean;
}

/**
 * The visitor's own sessions, newest first.
 *
 * @param after what a page before called `next`
 * @throws AppError `not-signed-in`, `sessions-unknown`
 */
export async function mySessions(
  after?: string,
): Promise<{ sessions: OwnSession[]; next: string | undefined }> {
  const { id, userId } = await requireMember();
  const page = await pageOfSessions({ userId }, after);
  return { ...page, sessions: page.sessions.map((row) => ({ ...row, isThis: row.id === id })) };
}

/** Ends one of the visitor's sessions. @throws AppError `not-found` when it is not theirs */
export async function endMySession(id: string): Promise<Session> {
  const session = await requireMember();
  const row = await sessions().store.find(id);
  if (row?.userId !== session.userId) throw new AppError('not-found');
  if (id === session.id) await forgetSeal();
  await sessions().endSession(row, { reason: 'by-owner', by: session.userId });
  return session;
}

/** Ends all of the visitor's sessions, this one included. @returns the `Set-Cookie` value that removes the cookie */
export async function signOutEverywhere(): Promise<{ session: Session | null; setCookie: string }> {
  const session = await currentMember();
  if (session) {
    await forgetSeal();
    await sessions().endPeople([session.userId], { reason: 'everywhere', by: session.userId });
  }
  return { session, setCookie: sessionCookies().clear() };
}

/** The content of a cookie that is over need not stay in memory. */
async function forgetSeal(): Promise<void> {
  sessionCookies().forget((await headers()).get('cookie'));
}
