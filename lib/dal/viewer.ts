import 'server-only';
import { isGranted } from '../auth/access/member-facts';
import { requireMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { type View, type Viewer, visibilityOf } from '../directory/visibility';

/** @throws AppError `not-signed-in` */
export async function currentView(): Promise<View> {
  const viewer = await currentViewer();
  const tree = await directoryTree();
  return {
    viewer,
    tree,
    sight: visibilityOf(tree, viewer, await isGranted(config().directory.seeHidden, viewer.userId)),
  };
}

export async function currentViewer(): Promise<Viewer> {
  const { userId } = await requireMember();
  const store = directoryStore();
  return { userId, member: await store.member(userId), roles: await store.rolesOf(userId) };
}

export function mayViewerExport({ userId }: Viewer): Promise<boolean> {
  return isGranted(config().directory.mayExport, userId);
}
