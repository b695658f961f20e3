import 'server-only';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import { isViewerAdministrator } from './administrator-list';

/**
 * Whether a link may sign this person in without DingTalk: where `BREAK_GLASS` is on, those of `ADMIN_USER_IDS` and the
 * administrators whom the directory has as active. Access rules have no part in it.
 */
export async function mayBreakGlass(userId: string): Promise<boolean> {
  const { breakGlass, adminUserIds } = config();
  if (!breakGlass) return false;
  if (adminUserIds.includes(userId)) return true;
  const member = await directoryStore().member(userId);
  return member?.record.active === true && (await isViewerAdministrator(userId, { ask: false }));
}
