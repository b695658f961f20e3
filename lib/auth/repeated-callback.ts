import 'server-only';
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { singleton } from '../singleton';

/** An answer that was lost on its way is asked for again within seconds. */
const KEPT_MS = 60_000;

/** The sign-ins of browsers that have just been answered, so that the same request can be answered again. */
export const repeatedCallbacks = singleton('repeated-callbacks', () => {
  const answered = new LRUCache<string, readonly string[]>({ max: 1000, ttl: KEPT_MS });
  const underWay = new Map<string, (() => void)[]>();
  const nameOf = (state: string, code: string) =>
    createHash('sha256').update(`${state} ${code}`).digest('base64url');
  return {
    /** Runs a sign-in, whose `Set-Cookie` values are kept for a minute. */
    async first(state: string, code: string, signIn: () => Promise<readonly string[]>) {
      const name = nameOf(state, code);
      underWay.set(name, []);
      try {
        const setCookies = Object.freeze([...(await signIn())]);
        answered.set(name, setCookies);
        return setCookies;
      } finally {
        const waiting = underWay.get(name) ?? [];
        underWay.delete(name);
        for (const wake of waiting) wake();
      }
    },
    /**
     * The same `Set-Cookie` values for the same state and code; waits for a sign-in that is still under way. Only for a
     * browser that is bound to the state.
     *
     * @returns undefined where there was no such sign-in, or it failed
     */
    async again(state: string, code: string): Promise<readonly string[] | undefined> {
      const name = nameOf(state, code);
      const waiting = underWay.get(name);
      if (waiting) await new Promise<void>((resolve) => waiting.push(resolve));
      return answered.get(name);
    },
  };
});
