import 'server-only';
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { singleton } from '../singleton';

/** DingTalk forgets a code after five minutes; so do we. */
const CODE_LIFE_MS = 5 * 60 * 1000;

/**
 * Codes that were handed in, as hashes: the second to bring one is refused without asking DingTalk. Bounded, so that
 * a flood of invented codes costs nothing but older entries.
 */
export const usedCodes = singleton('spent-codes', () => {
  const seen = new LRUCache<string, true>({ max: 20_000, ttl: CODE_LIFE_MS });
  return {
    /** True when this caller is the first with the code. */
    consume(code: string): boolean {
      const key = hash(code);
      if (seen.has(key)) return false;
      seen.set(key, true);
      return true;
    },
    /** The code turned out not to have been used. */
    release(code: string): void {
      seen.delete(hash(code));
    },
  };
});

function hash(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
