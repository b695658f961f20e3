import 'server-only';
import { endMissingMember } from '../auth/missing-member';
import { config } from '../config';
import type { StoredDetail } from '../directory/model';
import { refreshMember } from '../directory/refresh';
import { outsideRequest } from '../singleton';
import { callBudget } from './call-budget';

/** DingTalk gives a manager and today's roles for single people only: a person's page asks, at most this often. */
const MAX_AGE_MS = 3_600_000;
/** The page is shown without, rather than late. */
const MAX_WAIT_MS = 800;

/**
 * Asks DingTalk about the person whose page is opened, unless that was done lately or the viewer's pages have asked too
 * often. Never throws, never takes long.
 */
export async function lookUp(viewerId: string, userId: string, detail: StoredDetail | null): Promise<void> {
  if (!config().directory.sync || (detail && Date.now() - detail.checkedAt < MAX_AGE_MS)) return;
  if (!callBudget().take(viewerId)) return;
  // Whatever fails: the mirror has an answer.
  const signal = outsideRequest(() => AbortSignal.timeout(MAX_WAIT_MS));
  const member = await refreshMember(userId, signal).catch(() => undefined);
  if (member === null) await endMissingMember(userId);
}
