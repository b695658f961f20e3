import 'server-only';
import { createEventInbox } from '../storage/event-inbox';
import type { Database } from '../storage/sqlite';
import { createWriter } from '../storage/writer';
import { createHorizon } from './prune-horizon';
import { createRevocations } from './session-endings';
import { createSessionList } from './session-rows';
import type { SessionStore } from './session-store';

/** Events are remembered far longer than the window in which an old one would be taken. */
const KEEP_EVENTS_MS = 7 * 86_400_000;

/**
 * Sessions and their endings in a libsql database.
 *
 * @param now Unix time in ms
 * @param elapsed monotonic clock in ms
 */
export function createSessionStore(
  db: Database,
  now: () => number = Date.now,
  elapsed: () => number = now === Date.now ? () => performance.now() : now,
): SessionStore {
  const assertInPlace = () => {
    if (!db.isInPlace()) throw new Error('the database file was moved or replaced while it was open');
  };
  const writer = createWriter(db, assertInPlace);
  const horizon = createHorizon(db, { now, elapsed });
  const parts = { db, writer, now };
  return {
    ...createRevocations({ ...parts, assertInPlace }),
    ...createSessionList(parts),
    ...createEventInbox(parts),
    touch: () =>
      writer.write(() => {
        db.run('UPDATE revocation_head SET sequence = sequence');
      }),
    prune: async () => {
      await writer.deleteAll('session', 'expires_at < ?', await writer.write(horizon.advance));
      await writer.deleteAll('revocation_event', 'at < ?', now() - KEEP_EVENTS_MS);
    },
  };
}
