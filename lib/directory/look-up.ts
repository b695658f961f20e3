import 'server-only';
import { config } from '../config';
import { processWide } from '../process-wide';
import { endMissingMember } from '../revocation/revocations';
import { refreshMember } from './refresh';
import type { StoredDetail } from './store';

/** A manager and the roles of today are told of single people only: their page asks, at most this often. */
const MAX_AGE_MS = 3_600_000;
/** The rest of DingTalk's 20 a second is for people who sign in. */
const PER_SECOND = 4;
/** The page is shown without, rather than late. */
const PATIENCE_MS = 800;

const window = processWide('look-ups', () => ({ startedAt: 0, count: 0 }));

/** Asks DingTalk about somebody whose page is opened, unless that was done lately. Never throws, never takes long. */
export async function lookUp(userId: string, detail: StoredDetail | null): Promise<void> {
  if (!config().directory.sync || (detail && Date.now() - detail.checkedAt < MAX_AGE_MS)) return;
  const now = performance.now();
  if (now - window().startedAt >= 1000) Object.assign(window(), { startedAt: now, count: 0 });
  if (++window().count > PER_SECOND) return;
  // Whatever fails: the mirror has an answer.
  const member = await refreshMember(userId, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
  if (member === null) await endMissingMember(userId);
}
