import 'server-only';
import { requireAdministrator } from '../auth/administrator';
import { directoryStore } from '../directory/store';
import { AppError } from '../errors';
import { pageOfSessions, type SessionsPage } from '../session/session-pages';
import { sessions } from '../session/sessions';

/** What an administrator sees and does about sessions. Each function finds out who asks, and refuses others. */

const MAX_TEXT = 64;

/**
 * The sessions that stand, and how many there are.
 *
 * @param after what a page before called `next`
 * @throws AppError `not-signed-in`, `not-permitted`
 */
export async function liveSessions(text: string, after?: string): Promise<SessionsPage & { total: number }> {
  await requireAdministrator();
  const wanted = text.trim().slice(0, MAX_TEXT);
  const page = await pageOfSessions({ text: wanted === '' ? undefined : wanted }, after);
  return { ...page, total: await sessions().store.countLive() };
}

/** @throws AppError `not-signed-in`, `not-permitted`, `not-found` */
export async function endSessionById(id: string): Promise<{ userId: string }> {
  const admin = await requireAdministrator();
  const row = await sessions().store.find(id);
  if (!row) throw new AppError('not-found');
  await sessions().endSession(row, { reason: 'by-admin', by: admin.userId });
  return admin;
}

/** What became of an order to end sessions. */
interface EndedSessions {
  /** Who gave it. */
  admin: { userId: string };
  /** Whose sessions they were. */
  userId: string;
  /** How many were live. */
  count: number;
}

/**
 * Ends every session of one person, a sign-in under way included.
 *
 * @param given a user id as it was typed: blanks and invisible characters around it do not count
 * @returns null where neither the directory nor the sessions know such a person: nothing was done
 * @throws AppError `not-signed-in`, `not-permitted`
 */
export async function endSessionsOf(given: string): Promise<EndedSessions | null> {
  const admin = await requireAdministrator();
  const userId = given.replace(/^[\s\p{Cf}\p{Cc}]+|[\s\p{Cf}\p{Cc}]+$/gu, '');
  const isKnown =
    userId !== '' &&
    ((await sessions().store.knowsPerson(userId)) || (await directoryStore().member(userId)) !== null);
  if (!isKnown) return null;
  const ending = { reason: 'by-admin', by: admin.userId } as const;
  const count = await sessions().endPeople([userId], ending, { auditsLiveOnly: true });
  return { admin, userId, count };
}

/** The emergency stop: everybody is out, the administrator included. @throws AppError `not-signed-in`, `not-permitted` */
export async function endEverySession(): Promise<{ userId: string }> {
  const admin = await requireAdministrator();
  await sessions().endEveryone({ reason: 'emergency', by: admin.userId });
  return admin;
}
