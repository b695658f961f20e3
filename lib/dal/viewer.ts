import 'server-only';
import { isGranted } from '../auth/access/member-facts';
import { requireMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { type View, type Viewer, visibilityOf } from '../directory/visibility';

/** @throws AppError `not-signed-in` */
export async function currentView(): Promise<View> {
  return viewOf((await requireMember()).userId);
}

/** What a member sees of the directory, who is known by other means than the request of a page. */
export async function viewOf(userId: string): Promise<View> {
  const viewer = await viewerOf(userId);
  const tree = await directoryTree();
  return {
    viewer,
    tree,
    sight: visibilityOf(tree, viewer, await isGranted(config().directory.seeHidden, userId)),
  };
}

export async function currentViewer(): Promise<Viewer> {
  return viewerOf((await requireMember()).userId);
}

async function viewerOf(userId: string): Promise<Viewer> {
  const store = directoryStore();
  return { userId, member: await store.member(userId), roles: await store.rolesOf(userId) };
}

export function mayViewerExport({ userId }: Viewer): Promise<boolean> {
  return isGranted(config().directory.mayExport, userId);
}
