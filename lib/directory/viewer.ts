import 'server-only';
import { record } from '../audit/recorder';
import { requireMember } from '../auth';
import { config } from '../config';
import { AppError } from '../errors';
import { log } from '../log';
import { processWide } from '../process-wide';
import { within } from '../within';
import { directoryStore } from './libsql-store';
import { refreshAdministrators } from './refresh';
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

/**
 * Whether this is an administrator of this app, or one of DingTalk's main administrators.
 *
 * @param ask has DingTalk asked, a little, while there is no directory that would know
 */
export async function isViewerAdministrator(userId: string, { ask }: { ask: boolean }): Promise<boolean> {
  if (config().adminUserIds.includes(userId)) return true;
  const { asOf, missing } = await directoryStore().state();
  const isRead = asOf !== undefined && !missing.some(({ what }) => what === 'admins');
  if (ask && !isRead) await within(askForAdministrators(), ASK_PATIENCE_MS);
  return directoryStore().isMainAdministrator(userId);
}

const ASK_AGAIN_MS = 60_000;
const ASK_PATIENCE_MS = 3000;
const asked = processWide('administrators-asked', () => ({
  at: Number.NEGATIVE_INFINITY,
  /** Only while DingTalk is being asked: a promise keeps alive the request in which it was made. */
  answer: undefined as Promise<void> | undefined,
}));

/** One call a minute, however many people open the pages. Never throws. */
async function askForAdministrators(): Promise<void> {
  if (performance.now() - asked().at > ASK_AGAIN_MS) {
    asked().at = performance.now();
    asked().answer = refreshAdministrators()
      .catch((error: unknown) => log().warn({ event: 'administrators-unknown', err: error }))
      .finally(() => {
        asked().answer = undefined;
      });
  }
  await asked().answer;
}

/** @throws AppError `not-signed-in`, `not-permitted` */
export async function requireAdministrator(): Promise<{ userId: string }> {
  const { userId } = await requireMember();
  if (!(await isViewerAdministrator(userId, { ask: true }))) {
    record({ event: 'access-refused', userId, reason: 'not-permitted' });
    throw new AppError('not-permitted');
  }
  return { userId };
}
