import 'server-only';
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { singleton } from '../singleton';

/** An answer that was lost on its way is asked for again within seconds. */
const KEPT_MS = 60_000;

/** The sign-ins of browsers that have just been answered, so that the same request can be answered again. */
export interface RepeatedCallbacks {
  /** Runs a sign-in, whose `Set-Cookie` values are kept for a minute. */
  first(state: string, code: string, signIn: () => Promise<readonly string[]>): Promise<readonly string[]>;
  /**
   * The same `Set-Cookie` values for the same state and code; waits for a sign-in that is still under way. Only for a
   * browser that is bound to the state.
   *
   * @returns undefined where there was no such sign-in, or it failed
   */
  again(state: string, code: string): Promise<readonly string[] | undefined>;
}

export function createRepeatedCallbacks(): RepeatedCallbacks {
  const answered = new LRUCache<string, readonly string[]>({ max: 1000, ttl: KEPT_MS });
  const underWay = new Map<string, (() => void)[]>();
  const nameOf = (state: string, code: string) =>
    createHash('sha256').update(`${state} ${code}`).digest('base64url');
  return {
    async first(state, code, signIn) {
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
    async again(state, code) {
      const name = nameOf(state, code);
      const waiting = underWay.get(name);
      if (waiting) await new Promise<void>((resolve) => waiting.push(resolve));
      return answered.get(name);
    },
  };
}

/** The sign-ins of this process. */
export const repeatedCallbacks = singleton('repeated-callbacks', createRepeatedCallbacks);
