import 'server-only';
import { requireAdministrator } from '../directory/viewer';
import { AppError } from '../errors';
import { revocations } from './revocations';
import { pageOfSessions, type SessionsPage } from './session-pages';

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
  return { ...page, total: await revocations().store.countLive() };
}

/** @throws AppError `not-signed-in`, `not-permitted`, `not-found` */
export async function endSessionById(id: string): Promise<{ userId: string }> {
  const admin = await requireAdministrator();
  const row = await revocations().store.find(id);
  if (!row) throw new AppError('not-found');
  await revocations().endSession(row, { reason: 'by-admin', by: admin.userId });
  return admin;
}

/** Ends every session of one person, known here or not. @throws AppError `not-signed-in`, `not-permitted` */
export async function endSessionsOf(userId: string): Promise<{ userId: string }> {
  const admin = await requireAdministrator();
  await revocations().endPeople([userId], { reason: 'by-admin', by: admin.userId });
  return admin;
}

/** The emergency stop: everybody is out, the administrator included. @throws AppError `not-signed-in`, `not-permitted` */
export async function endEverySession(): Promise<{ userId: string }> {
  const admin = await requireAdministrator();
  await revocations().endEveryone({ reason: 'emergency', by: admin.userId });
  return admin;
}
