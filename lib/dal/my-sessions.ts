import 'server-only';
import { headers } from 'next/headers';
import { currentMember, requireMember } from '../auth/auth';
import { AppError } from '../errors';
import { type Session, sessionCookies } from '../session/session-cookie';
import { type ListedSession, pageOfSessions, withHosts } from '../session/session-pages';
import type { SessionRow } from '../session/session-store';
import { sessions } from '../session/sessions';

interface MySessions {
  /** The one that asks. */
  current: ListedSession;
  /** Newest first. */
  others: ListedSession[];
  /** Where the next page of others begins, if there is one. */
  next: string | undefined;
}

/**
 * The visitor's own sessions.
 *
 * @param after what a page before called `next`
 * @throws AppError `not-signed-in`, `sessions-unknown`
 */
export async function mySessions(after?: string): Promise<MySessions> {
  const session = await requireMember();
  const page = await pageOfSessions({ userId: session.userId }, after);
  const own = page.sessions.find(({ id }) => id === session.id) ??
    (await sessions().store.find(session.id)) ?? {
      // Not yet known here, or no longer: what the cookie says of it.
      ...session,
      client: 'other-other' as const,
      lastSeen: Math.floor(Date.now() / 1000),
    };
  const rows = [own, ...page.sessions.filter(({ id }) => id !== session.id)];
  const [current = { ...own, hosts: [] }, ...others] = await withHosts(session.userId, rows);
  return { current, others, next: page.next };
}

/** Ends one of the visitor's sessions. @throws AppError `not-found` when it is not theirs */
export async function endMySession(id: string): Promise<SessionRow> {
  const session = await requireMember();
  const row = await sessions().store.find(id);
  if (row?.userId !== session.userId) throw new AppError('not-found');
  if (id === session.id) await forgetSeal();
  await sessions().endSession(row, { reason: 'by-owner', by: session.userId });
  return row;
}

const MAX_PAGES = 20;

/** Ends all of the visitor's sessions but the one that asks. @returns how many that were */
export async function endMyOtherSessions(): Promise<number> {
  const session = await requireMember();
  let ended = 0;
  // What begins meanwhile is left alone: it is newer than what the person has seen.
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const found = await pageOfSessions({ userId: session.userId }, after);
    for (const row of found.sessions) {
      if (row.id === session.id) continue;
      await sessions().endSession(row, { reason: 'by-owner', by: session.userId });
      ended++;
    }
    if (found.next === undefined) break;
    after = found.next;
  }
  return ended;
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
