import 'server-only';
import { record } from '../audit/recorder';
import { requireMember } from '../auth';
import { config } from '../config';
import { AppError } from '../errors';
import { directoryStore } from './libsql-store';
import { isListed, type Sight, sightOf, type Viewer } from './sight';
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
  return isListed(config().directory.mayExport, viewer);
}

const ADMINISTRATORS_FOR_MS = 3 * 86_400_000;

/**
 * An administrator of this app, or one of DingTalk's main administrators: by a list that DingTalk has confirmed in the
 * last three days, or two reads. A list that cannot be read any more would otherwise keep somebody in for ever.
 */
export async function isViewerAdministrator(userId: string): Promise<boolean> {
  const { adminUserIds, directory } = config();
  if (adminUserIds.includes(userId)) return true;
  const goodForMs = Math.max(ADMINISTRATORS_FOR_MS, 2000 * directory.syncIntervalSeconds);
  return directoryStore().isMainAdministrator(userId, Date.now() - goodForMs);
}

/** @throws AppError `not-signed-in`, `not-permitted` */
export async function requireAdministrator(): Promise<{ userId: string }> {
  const { userId } = await requireMember();
  if (!(await isViewerAdministrator(userId))) {
    record({ event: 'access-refused', userId, reason: 'not-permitted' });
    throw new AppError('not-permitted');
  }
  return { userId };
}
