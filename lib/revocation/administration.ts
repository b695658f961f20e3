import 'server-only';
import { requireAdministrator } from '../directory/viewer';
import { AppError } from '../errors';
import { revocations } from './revocations';
import type { SessionRow } from './store';

/** What an administrator sees and does about sessions. Each function finds out who asks, and refuses others. */

export interface SessionsPage {
  total: number;
  /** Newest first. */
  sessions: SessionRow[];
  /** Where the next page begins, if there is one. */
  next: string | undefined;
}

const PAGE_SIZE = 50;
const MAX_TEXT = 64;

/**
 * The sessions that stand.
 *
 * @param after what a page before called `next`
 * @throws AppError `not-signed-in`, `not-permitted`
 */
export async function liveSessions(text: string, after?: string): Promise<SessionsPage> {
  await requireAdministrator();
  const { store, flushSeen } = revocations();
  await flushSeen();
  const wanted = text.trim().slice(0, MAX_TEXT);
  const [, issuedAt, id] = /^(\d{1,12})-([0-9a-f-]{36})$/.exec(after ?? '') ?? [];
  const sessions = await store.live({
    text: wanted === '' ? undefined : wanted,
    after: id === undefined ? undefined : { issuedAt: Number(issuedAt), id },
    limit: PAGE_SIZE + 1,
  });
  const last = sessions.length > PAGE_SIZE ? sessions[PAGE_SIZE - 1] : undefined;
  return {
    total: await store.countLive(),
    sessions: sessions.slice(0, PAGE_SIZE),
    next: last && `${last.issuedAt}-${last.id}`,
  };
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
