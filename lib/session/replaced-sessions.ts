import 'server-only';
import { LRUCache } from 'lru-cache';
import { singleton } from '../singleton';

/** Ids of sessions that a newer one of the same browser has replaced. */
const replaced = singleton('replaced-sessions', () => new LRUCache<string, true>({ max: 10_000 }));

export function noteReplaced(sessionId: string): void {
  replaced().set(sessionId, true);
}

/**
 * Whether a newer session took this one's place. A browser applies a late answer to whatever cookie it has by then: an
 * answer to a request that was sent before the sign-in must not take the newer cookie away.
 */
export function wasReplaced(sessionId: string): boolean {
  return replaced().has(sessionId);
}
