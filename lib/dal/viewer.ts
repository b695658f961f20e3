import 'server-only';
import { isGranted } from '../auth/access/member-facts';
import { requireMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { type View, type Viewer, visibilityOf } from '../directory/visibility';

const MAX_ATTEMPTS = 5;

/**
 * What somebody may see of one state of the directory. Rows that were read after a publication do not fit the tree of
 * before it, and would show who is hidden in either: then all is read once more.
 *
 * @throws AppError `not-signed-in`
 */
export async function readView<T>(read: (view: View) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const view = await currentView();
    const value = await read(view);
    if ((await directoryStore().revision()) === view.tree.state.revision) return value;
    if (attempt === MAX_ATTEMPTS) throw new Error('the directory changes faster than it can be read');
  }
}

async function currentView(): Promise<View> {
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
