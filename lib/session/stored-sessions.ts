import 'server-only';
import type { Database } from '../storage/database';
import { deleteInChunks } from '../storage/delete-in-chunks';
import { createEventInbox } from '../storage/event-inbox';
import { createHorizon } from './prune-horizon';
import { createRevocations } from './session-endings';
import { createSessionList } from './session-rows';
import type { SessionStore } from './session-store';

/** Events are remembered far longer than the window in which an old one would be taken. */
const KEEP_EVENTS_MS = 7 * 86_400_000;

/**
 * Sessions and their endings in a database.
 *
 * @param now Unix time in ms
 * @param elapsed monotonic clock in ms
 */
export function createSessionStore(
  db: Database,
  now: () => number = Date.now,
  elapsed: () => number = now === Date.now ? () => performance.now() : now,
): SessionStore {
  const horizon = createHorizon({ now, elapsed });
  const parts = { db, now };
  return {
    ...createRevocations(parts),
    ...createSessionList(parts),
    ...createEventInbox(parts),
    touch: async () => {
      await db.run('UPDATE revocation_head SET sequence = sequence');
    },
    prune: async () => {
      await deleteInChunks(db, 'session', 'expires_at < ?', await db.transaction(horizon.advance));
      await deleteInChunks(db, 'event', 'at < ?', now() - KEEP_EVENTS_MS);
    },
  };
}
