import 'server-only';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { config } from '../config';
import { type CookieSettings, createCookies, readCookies } from '../session/cookie';
import { createSealer, type SealerSettings } from '../session/seal';
import { singleton } from '../singleton';
import type { UsedValues } from '../storage/used-values';
import { usedValues } from './used-values';

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

const finishedSchema = z.object({ secretHash: z.string(), next: z.string() });
const payloadSchema = z.object({ id: z.string(), secret: z.string(), next: z.string(), expiresAt: z.int() });

/**
 * Browser sign-ins on their way to DingTalk and back: each tab has its own.
 *
 * @param finished states that have come back, to whatever process
 * @param now milliseconds since 1970
 */
export function createOAuthFlows(
  settings: CookieSettings & SealerSettings,
  finished: UsedValues,
  now: () => number = Date.now,
) {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const prefix = cookies.nameOf('dingpass-flow-');

  /** What a flow's cookie says, if it is this browser's and belongs to this state. */
  async function openCookie(id: string, secret: string, value: string | undefined) {
    if (value === undefined) return undefined;
    const opened = await sealer.open(PURPOSE, value, SEAL_TTL_SECONDS);
    const parsed = payloadSchema.safeParse('value' in opened ? opened.value : undefined);
    if (!parsed.success || parsed.data.id !== id || !isSame(parsed.data.secret, secret)) return undefined;
    return parsed.data;
  }

  /** Where an earlier request with this state wanted to go; undefined: there was none. */
  async function nextOfEarlier(id: string, secret: string): Promise<string | undefined> {
    const detail = await finished.detailOf(keyOf(id));
    const parsed = finishedSchema.safeParse(detail ? JSON.parse(detail) : undefined);
    return parsed.success && isSame(parsed.data.secretHash, hash(secret)) ? parsed.data.next : undefined;
  }

  /** @returns whether this request is the first with the state, of all that come to any process */
  function finishOnce(id: string, secret: string, next: string): Promise<boolean> {
    return finished.use(
      keyOf(id),
      SEAL_TTL_SECONDS * 1000,
      JSON.stringify({ secretHash: hash(secret), next }),
    );
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
      const dropped = oldestToDrop(cookieHeader, prefix, name.length + value.length + 3);
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
      const isExpired = sealed !== undefined && now() / 1000 >= sealed.expiresAt;
      const common = { isBound: sealed !== undefined, setCookies };
      if (sealed && !isExpired && (await finishOnce(id, secret, sealed.next)))
        return { outcome: 'good', next: sealed.next, ...common };
      const earlier = await nextOfEarlier(id, secret);
      if (earlier !== undefined) return { outcome: 'used', next: earlier, ...common };
      return { outcome: 'invalid', next: sealed?.next ?? '/', ...common };
    },
  };
}

/** The flows of other tabs for which there is no room beside a new one. Names begin with the time: the oldest come first. */
function oldestToDrop(cookieHeader: string | null, prefix: string, newBytes: number): string[] {
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

/** The redirect URI, exactly as it is to be registered with DingTalk. */
export function callbackAddress(): string {
  return `${config().publicUrl}/api/oauth/callback`;
}

/** The flows of this process. */
export const oauthFlows = singleton('oauth-flows', () => createOAuthFlows(config(), usedValues()));

function keyOf(id: string): string {
  return `state ${id}`;
}

/** What is kept of a secret: a database is read by more people than a cookie. */
function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
