import 'server-only';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { config } from './config';
import { type CookieSettings, createCookies } from './cookie';
import { processWide } from './process-wide';
import { createSealer, type SealerSettings } from './seal';

/** Who is signed in. All that a later request needs to know; never a DingTalk token. */
export interface Session {
  /** Names this session, and only it: in the log, and for ending it. */
  id: string;
  corpId: string;
  userId: string;
  unionId?: string | undefined;
  /** Display name, clipped. */
  name: string;
  /** Through which door they came: DingTalk's client, or a browser. */
  door: 'client' | 'browser';
  /** Unix time in seconds. */
  issuedAt: number;
  /** Unix time in seconds; from this second on it is nobody's. */
  expiresAt: number;
}

/** Why a visitor with (or without) a cookie is nobody. */
export type NoSessionReason =
  | 'absent'
  | 'duplicate'
  | 'not-ours'
  | 'unknown-key'
  | 'expired'
  | 'wrong-shape'
  | 'other-company';

export type OpenedSession = { session: Session } | { session: null; reason: NoSessionReason };

export interface SessionSettings extends CookieSettings, SealerSettings {
  corpId: string;
  sessionTtlSeconds: number;
}

export interface Sessions {
  cookieName: string;
  /** Makes a new session and the `Set-Cookie` value that carries it. Nothing of an earlier session is kept. */
  seal(person: NewSession): Promise<{ session: Session; setCookie: string }>;
  /** Opens the session in a `Cookie` header. Whatever is wrong with it, the visitor is anonymous: never throws. */
  open(cookieHeader: string | null | undefined): Promise<OpenedSession>;
  /** The `Set-Cookie` value that removes the cookie. */
  clear(): string;
}

export type NewSession = Pick<Session, 'userId' | 'unionId' | 'name' | 'door'>;

const VERSION = 1;
const PURPOSE = 'session';
/** Names are clipped to this many characters: the cookie must fit a browser's 4096 bytes. */
const MAX_NAME_LENGTH = 64;
/** A seal of the longest allowed fields stays below this; anything longer is not ours. */
const MAX_COOKIE_LENGTH = 4096;
/** How far ahead another instance's clock may be. */
const MAX_SKEW_SECONDS = 300;

/** What is inside the seal. */
const payloadSchema = z.strictObject({
  v: z.literal(VERSION),
  id: z.uuid(),
  corpId: z.string().min(1),
  userId: z.string().min(1).max(64),
  unionId: z.string().min(1).max(128).optional(),
  name: z
    .string()
    .min(1)
    .max(MAX_NAME_LENGTH * 2),
  door: z.enum(['client', 'browser']),
  issuedAt: z.int().positive(),
  expiresAt: z.int().positive(),
});

/**
 * The one owner of the session cookie.
 *
 * @param now milliseconds since 1970
 */
export function createSessions(settings: SessionSettings, now: () => number = Date.now): Sessions {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const cookieName = cookies.nameOf('dingpass');
  const ttl = settings.sessionTtlSeconds;

  async function seal(person: NewSession) {
    const issuedAt = Math.floor(now() / 1000);
    const session: Session = {
      id: randomUUID(),
      corpId: settings.corpId,
      userId: person.userId,
      ...(person.unionId ? { unionId: person.unionId.slice(0, 128) } : {}),
      name: displayName(person.name, person.userId),
      door: person.door,
      issuedAt,
      expiresAt: issuedAt + ttl,
    };
    const value = await sealer.seal(PURPOSE, { v: VERSION, ...session }, ttl);
    return { session, setCookie: cookies.set(cookieName, value, ttl) };
  }

  async function open(cookieHeader: string | null | undefined): Promise<OpenedSession> {
    const values = cookies.valuesOf(cookieHeader, cookieName);
    const value = values[0];
    if (value === undefined) return nobody('absent');
    // Two cookies of one name: somebody else planted one of them, and nobody can tell which.
    if (values.length > 1) return nobody('duplicate');
    if (value.length > MAX_COOKIE_LENGTH) return nobody('not-ours');
    const opened = await sealer.open(PURPOSE, value, ttl);
    return 'failure' in opened ? nobody(opened.failure) : read(opened.value);
  }

  function read(unsealed: unknown): OpenedSession {
    const parsed = payloadSchema.safeParse(unsealed);
    if (!parsed.success) return nobody('wrong-shape');
    const { v: _version, ...session } = parsed.data;
    const time = Math.floor(now() / 1000);
    // iron-session allows a minute of skew and knows nothing of a shortened lifetime.
    if (time >= session.expiresAt) return nobody('expired');
    if (session.expiresAt - session.issuedAt > settings.sessionTtlSeconds) return nobody('expired');
    if (session.issuedAt > time + MAX_SKEW_SECONDS) return nobody('wrong-shape');
    if (session.corpId !== settings.corpId) return nobody('other-company');
    return { session };
  }

  return { cookieName, seal, open, clear: () => cookies.clear(cookieName) };
}

/** The sessions of this process. */
export const sessions = processWide('sessions', () => createSessions(config()));

function nobody(reason: NoSessionReason): OpenedSession {
  return { session: null, reason };
}

/** Names are other people's text: well-formed, without control characters, of bounded length, never blank. */
function displayName(name: string, userId: string): string {
  const clean = name
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  const clipped = Array.from(clean).slice(0, MAX_NAME_LENGTH).join('').trim();
  // Nor is a name that consists of what cannot be seen.
  return /[^\p{Cf}\p{Z}]/u.test(clipped) ? clipped : userId;
}
