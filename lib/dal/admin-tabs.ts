import 'server-only';
import { isViewerAdministrator } from '../auth/administrator-list';
import { requireMember } from '../auth/auth';
import { syncStore } from '../directory/sync/run-store';

/** What the pages of administration show of one another. Decoration only: each page asks who is there by itself. */
export async function adminTabs(): Promise<{ isAdministrator: boolean; waiting: number }> {
  const { userId } = await requireMember();
  if (!(await isViewerAdministrator(userId, { ask: false }))) return { isAdministrator: false, waiting: 0 };
  const [last] = await syncStore().runs(1);
  return { isAdministrator: true, waiting: last?.state === 'shrunk' ? 1 : 0 };
}
