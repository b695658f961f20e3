import 'server-only';
import { denyPage, isRecent, pageMember, requireMember, stepUp } from '../auth';
import { config } from '../config';
import { AppError } from '../errors';
import type { Session } from '../session';
import { directoryStore } from './libsql-store';
import { isGranted, type Sight, sightOf, type Viewer } from './sight';
import { type DirectoryTree, directoryTree } from './tree';

/** Who asks, what there is, and what of it they may see. */
export interface View {
  viewer: Viewer;
  tree: DirectoryTree;
  sight: Sight;
}

/** @throws AppError `not-signed-in` */
export async function currentView(): Promise<View> {
  const viewer = await currentViewer();
  const tree = await directoryTree();
  return { viewer, tree, sight: sightOf(tree, viewer, config().directory.seeHidden) };
}

export async function currentViewer(): Promise<Viewer> {
  const { userId } = await requireMember();
  const store = directoryStore();
  return { userId, member: await store.member(userId), roles: await store.rolesOf(userId) };
}

export function mayViewerExport(viewer: Viewer): boolean {
  return isGranted(config().directory.mayExport, viewer);
}

/** An administrator of this app, or one of DingTalk's main administrators. */
export async function isViewerAdministrator(userId: string): Promise<boolean> {
  return config().adminUserIds.includes(userId) || (await directoryStore().isMainAdministrator(userId));
}

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
