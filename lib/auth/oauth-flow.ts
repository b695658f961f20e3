import 'server-only';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { config } from '../config';
import { type CookieSettings, createCookies, readCookies } from '../session/cookie';
import { createSealer, type SealerSettings } from '../session/seal';
import { singleton } from '../singleton';

const PURPOSE = 'oauth-flow';
const TTL_SECONDS = 600;
/** The cookie outlives the flow: a person who was slow gets the right message, and keeps the return target. */
const SEAL_TTL_SECONDS = 3600;
/** All unfinished flows of one browser together: servers refuse large headers, and the session is in there too. */
const MAX_COOKIE_BYTES = 5000;
/** A longer target would push the other tabs' flows out; such a person lands on the first page instead. */
const MAX_NEXT_LENGTH = 1024;

export interface FinishedFlow {
  /** `used`: it came to its end before. `invalid`: the state is missing, forged, expired or another browser's. */
  outcome: 'good' | 'used' | 'invalid';
  /** Whether the browser still has the cookie that binds the state to it. */
  isBound: boolean;
  /** Where the person wanted to go, as far as that is known; a checked target, else `/`. */
  next: string;
  setCookies: string[];
}

const payloadSchema = z.object({ id: z.string(), secret: z.string(), next: z.string(), expiresAt: z.int() });

/** Browser sign-ins on their way to DingTalk and back: each tab has its own. @param now milliseconds since 1970 */
function createOAuthFlows(settings: CookieSettings & SealerSettings, now: () => number = Date.now) {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const prefix = cookies.nameOf('dingpass-flow-');
  const finished = new LRUCache<string, { secret: string; next: string }>({
    max: 20_000,
    ttl: SEAL_TTL_SECONDS * 1000,
  });

  /** Names begin with the time, so that the oldest come first. */
  function oldestToDrop(cookieHeader: string | null, newBytes: number): string[] {
    const flows = [...readCookies(cookieHeader)]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => ({
        name,
        bytes: values.reduce((sum, value) => sum + name.length + value.length + 3, 0),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    let total = newBytes + flows.reduce((sum, { bytes }) => sum + bytes, 0);
    const dropped: string[] = [];
    for (const { name, bytes } of flows) {
      if (total <= MAX_COOKIE_BYTES) break;
      total -= bytes;
      dropped.push(name);
    }
    return dropped;
  }

  /** What a flow's cookie says, if it is this browser's and belongs to this state. */
  async function openCookie(id: string, secret: string, value: string | undefined) {
    if (value === undefined) return undefined;
    const opened = await sealer.open(PURPOSE, value, SEAL_TTL_SECONDS);
    const parsed = payloadSchema.safeParse('value' in opened ? opened.value : undefined);
    if (!parsed.success || parsed.data.id !== id || !isSame(parsed.data.secret, secret)) return undefined;
    return parsed.data;
  }

  return {
    /** Begins a flow. @returns the `state` for DingTalk and the cookies that bind it to this browser */
    async start(cookieHeader: string | null, next: string) {
      const id = `${Math.floor(now()).toString(36)}${randomBytes(6).toString('hex')}`;
      const secret = randomBytes(16).toString('base64url');
      const expiresAt = Math.floor(now() / 1000) + TTL_SECONDS;
      const target = next.length > MAX_NEXT_LENGTH ? '/' : next;
      const value = await sealer.seal(PURPOSE, { id, secret, next: target, expiresAt }, SEAL_TTL_SECONDS);
      const name = prefix + id;
      const dropped = oldestToDrop(cookieHeader, name.length + value.length + 3);
      return {
        state: `${id}.${secret}`,
        setCookies: [...dropped.map((old) => cookies.clear(old)), cookies.set(name, value, SEAL_TTL_SECONDS)],
      };
    },

    /** Ends a flow, once. @returns its outcome, and the cookie to remove */
    async finish(cookieHeader: string | null, state: string): Promise<FinishedFlow> {
      const [, id, secret] = /^([0-9a-z]{16,32})\.([\w-]{22})$/.exec(state) ?? [];
      if (id === undefined || secret === undefined)
        return { outcome: 'invalid', isBound: false, next: '/', setCookies: [] };
      const name = prefix + id;
      const [value, ...others] = cookies.valuesOf(cookieHeader, name);
      const setCookies = value === undefined ? [] : [cookies.clear(name)];
      const sealed = others.length > 0 ? undefined : await openCookie(id, secret, value);
      // Looked up only now: of two requests that come together, the later one sees that the other was first.
      const earlier = finished.get(id);
      if (earlier && isSame(earlier.secret, secret)) {
        return { outcome: 'used', isBound: sealed !== undefined, next: earlier.next, setCookies };
      }
      if (!sealed) return { outcome: 'invalid', isBound: false, next: '/', setCookies };
      const { next, expiresAt } = sealed;
      if (now() / 1000 >= expiresAt) return { outcome: 'invalid', isBound: true, next, setCookies };
      finished.set(id, { secret, next });
      return { outcome: 'good', isBound: true, next, setCookies };
    },
  };
}

/** The redirect URI, exactly as it is to be registered with DingTalk. */
export function callbackAddress(): string {
  return `${config().publicOrigin}/api/oauth/callback`;
}

/** The flows of this process. */
export const oauthFlows = singleton('oauth-flows', () => createOAuthFlows(config()));

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
