import 'server-only';
import { config } from '../config';
import { AppError } from '../errors';
import type { Session } from '../session/session-cookie';
import { isGranted } from './access/member-facts';
import { isViewerAdministrator } from './administrator-list';
import { denyPage, isRecent, pageMember, requireMember, stepUp } from './auth';

/** @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function requireAdministrator(): Promise<Session> {
  const session = await requireMember();
  if (!(await isViewerAdministrator(session.userId))) throw new AppError('not-permitted');
  if (!isRecent(session, stepUp().signedInWithinMinutes)) throw new AppError('sign-in-too-old');
  return session;
}

/** For pages of administrators: as `pageMember`; others go to a page that answers 403, and a line in the audit. */
export async function pageAdministrator(): Promise<Session> {
  const session = await pageMember();
  if (!(await isViewerAdministrator(session.userId))) await denyPage(session);
  return pageMember(stepUp());
}

/** Who reads the audit: administrators and auditors. @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function requireAuditor(): Promise<Session> {
  const session = await requireMember();
  if (!(await mayReadAudit(session))) throw new AppError('not-permitted');
  if (!isRecent(session, stepUp().signedInWithinMinutes)) throw new AppError('sign-in-too-old');
  return session;
}

/** For pages of the audit, as `pageAdministrator`. */
export async function pageAuditor(): Promise<Session> {
  const session = await pageMember();
  if (!(await mayReadAudit(session))) await denyPage(session);
  return pageMember(stepUp());
}

/** Whether a member sees the audit. @param ask as of `isViewerAdministrator` */
export async function mayReadAudit(
  { userId }: Pick<Session, 'userId'>,
  { ask }: { ask: boolean } = { ask: true },
): Promise<boolean> {
  return (await isGranted(config().auditors, userId)) || (await isViewerAdministrator(userId, { ask }));
}
