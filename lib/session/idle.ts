import 'server-only';
import { LRUCache } from 'lru-cache';
import type { Session } from './session-cookie';
import type { SessionStore } from './session-store';

/** Uses in memory; where one is missing or pushed out, the store is read. */
const MAX_REMEMBERED = 50_000;

/**
 * Finds sessions that were not used for a time. What this process remembers answers nearly every request. Only a session
 * that it has not seen, or that looks idle from here, is looked up in the store: another process may have served it, and
 * writes its uses down every 30 s.
 *
 * @param options.now Unix time in ms
 */
export function createIdleCheck(options: {
  store: Pick<SessionStore, 'lastSeen'>;
  idleSeconds: number;
  now?: () => number;
}) {
  const { store, idleSeconds, now = Date.now } = options;
  const uses = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  return {
    /** Notes a use. @returns false, and notes nothing, when the use before was too long ago */
    async use({ id, issuedAt }: Pick<Session, 'id' | 'issuedAt'>): Promise<boolean> {
      const at = Math.floor(now() / 1000);
      const isIdle = (last: number) => at - last > idleSeconds;
      const known = uses.get(id);
      if ((known === undefined || isIdle(known)) && isIdle((await store.lastSeen(id)) ?? issuedAt))
        return false;
      uses.set(id, at);
      return true;
    },
  };
}
