import 'server-only';
import { currentMember, requireMember } from './auth';
import { AppError } from './errors';
import { revocations } from './revocation/revocations';
import type { SessionRow } from './revocation/store';
import type { Session } from './session';
import { sessions } from './session';

/** A session as its owner sees it. */
export interface OwnSession extends SessionRow {
  /** The one that asks. */
  isThis: boolean;
}

const MOST = 100;

/** The sessions of whoever asks, newest first. @throws AppError `not-signed-in`, `sessions-unknown` */
export async function mySessions(): Promise<OwnSession[]> {
  const session = await requireMember();
  await revocations().flushSeen();
  const rows = await revocations().store.live({ userId: session.userId, limit: MOST });
  return rows.map((row) => ({ ...row, isThis: row.id === session.id }));
}

/** Ends one session of whoever asks. @throws AppError `not-found` when it is not theirs */
export async function endMySession(id: string): Promise<Session> {
  const session = await requireMember();
  const row = await revocations().store.find(id);
  if (row?.userId !== session.userId) throw new AppError('not-found');
  await revocations().endSession(row, { reason: 'by-owner', by: session.userId });
  return session;
}

/** Ends all sessions of whoever asks, this one included. @returns the `Set-Cookie` value that removes the cookie */
export async function signOutEverywhere(): Promise<{ session: Session | null; setCookie: string }> {
  const session = await currentMember();
  if (session) {
    await revocations().endPeople([session.userId], { reason: 'everywhere', by: session.userId });
  }
  return { session, setCookie: sessions().clear() };
}
