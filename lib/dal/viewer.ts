import 'server-only';
import { requireMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { isGranted, type View, type Viewer, visibilityOf } from '../directory/visibility';

/** @throws AppError `not-signed-in` */
export async function currentView(): Promise<View> {
  const viewer = await currentViewer();
  const tree = await directoryTree();
  return { viewer, tree, sight: visibilityOf(tree, viewer, config().directory.seeHidden) };
}

export async function currentViewer(): Promise<Viewer> {
  const { userId } = await requireMember();
  const store = directoryStore();
  return { userId, member: await store.member(userId), roles: await store.rolesOf(userId) };
}

export function mayViewerExport(viewer: Viewer): boolean {
  return isGranted(config().directory.mayExport, viewer);
}
