import 'server-only';
import { isGranted } from '../auth/access/member-facts';
import { requireMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { type View, type Viewer, visibilityOf } from '../directory/visibility';

const MAX_ATTEMPTS = 5;

/** @throws AppError `not-signed-in` */
export async function readView<T>(read: (view: View) => Promise<T>): Promise<T> {
  return readViewOf((await requireMember()).userId, read);
}

/**
 * What a member may see of one state of the directory. Rows that were read after a publication do not fit the tree of
 * before it, and would show who is hidden in either: then all is read once more.
 */
export async function readViewOf<T>(userId: string, read: (view: View) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const view = await viewOf(userId);
    const value = await read(view);
    if ((await directoryStore().revision()) === view.tree.state.revision) return value;
    if (attempt === MAX_ATTEMPTS) throw new Error('the directory changes faster than it can be read');
  }
}

async function viewOf(userId: string): Promise<View> {
  const viewer = await viewerOf(userId);
  const tree = await directoryTree();
  return {
    viewer,
    tree,
    visibility: visibilityOf(tree, viewer, await isGranted(config().directory.seeHidden, userId)),
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
