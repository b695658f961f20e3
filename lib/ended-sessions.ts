import 'server-only';
import { LRUCache } from 'lru-cache';
import { processWide } from './process-wide';
import type { Session } from './session';

/**
 * Sessions that were ended before their time: signed out, or replaced by another sign-in. A copy of their cookie
 * opens nothing in this process any more. Remembered in memory until they would have expired.
 */
export const endedSessions = processWide('ended-sessions', () => {
  const ended = new LRUCache<string, true>({ max: 100_000 });
  return {
    end({ id, expiresAt }: Session): void {
      ended.set(id, true, { ttl: Math.max(1, expiresAt * 1000 - Date.now()) });
    },
    has: (id: string): boolean => ended.has(id),
  };
});
