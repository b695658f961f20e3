import 'server-only';
import { randomUUID } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';
import { z } from 'zod';
import { config } from './config';
import { processWide } from './process-wide';

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

export interface SessionSettings {
  corpId: string;
  publicOrigin: string;
  sessionKeys: ReadonlyMap<string, string>;
  sealKey: string;
  sessionTtlSeconds: number;
  sessionSameSite: 'lax' | 'strict' | 'none';
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
/** Names are clipped to this many characters: the cookie must fit a browser's 4096 bytes. */
const MAX_NAME_LENGTH = 64;
/** A seal of the longest allowed fields stays below this; anything longer is not ours. */
const MAX_COOKIE_LENGTH = 4096;
/** How far ahead another instance's clock may be. */
const MAX_SKEW_SECONDS = 300;

/** What is inside the seal. `purpose` keeps a seal made for something else from passing as a session. */
const payloadSchema = z.strictObject({
  v: z.literal(VERSION),
  purpose: z.literal('session'),
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
 * The one owner of the session cookie. Its value is `<key id>.<iron seal>`: the key that sealed it is named outside,
 * because iron-session always seals with its highest key, and a rolling change of keys must not.
 *
 * @param now milliseconds since 1970
 */
export function createSessions(settings: SessionSettings, now: () => number = Date.now): Sessions {
  const secure = settings.publicOrigin.startsWith('https:');
  // Safari keeps no Secure cookie on http://localhost.
  const cookieName = secure ? '__Host-dingpass' : 'dingpass';
  const sameSite = { lax: 'Lax', strict: 'Strict', none: 'None' }[settings.sessionSameSite];
  const flags = `Path=/; HttpOnly; ${secure ? 'Secure; ' : ''}SameSite=${sameSite}`;

  async function seal(person: NewSession) {
    const secret = settings.sessionKeys.get(settings.sealKey);
    if (secret === undefined) throw new Error('the sealing key is not among the session keys');
    const issuedAt = Math.floor(now() / 1000);
    const session: Session = {
      id: randomUUID(),
      corpId: settings.corpId,
      userId: person.userId,
      ...(person.unionId ? { unionId: person.unionId.slice(0, 128) } : {}),
      name: displayName(person.name, person.userId),
      door: person.door,
      issuedAt,
      expiresAt: issuedAt + settings.sessionTtlSeconds,
    };
    const sealed = await sealData(
      { v: VERSION, purpose: 'session', ...session },
      { password: secret, ttl: settings.sessionTtlSeconds },
    );
    const value = `${settings.sealKey}.${sealed}`;
    return { session, setCookie: `${cookieName}=${value}; Max-Age=${settings.sessionTtlSeconds}; ${flags}` };
  }

  async function open(cookieHeader: string | null | undefined): Promise<OpenedSession> {
    const values = cookieValues(cookieHeader ?? '', cookieName);
    const value = values[0];
    if (value === undefined) return nobody('absent');
    // Two cookies of one name: somebody else planted one of them, and nobody can tell which.
    if (values.length > 1) return nobody('duplicate');
    if (value.length > MAX_COOKIE_LENGTH) return nobody('not-ours');
    const dot = value.indexOf('.');
    const secret = settings.sessionKeys.get(value.slice(0, dot));
    if (dot < 1 || secret === undefined)
      return nobody(/^[\w-]{1,32}\.Fe26\./.test(value) ? 'unknown-key' : 'not-ours');
    return read(await unsealQuietly(value.slice(dot + 1), secret, settings.sessionTtlSeconds));
  }

  function read(unsealed: unknown): OpenedSession {
    if (typeof unsealed === 'string') return nobody(unsealed === 'expired' ? 'expired' : 'not-ours');
    const parsed = payloadSchema.safeParse(unsealed);
    if (!parsed.success) return nobody('wrong-shape');
    const { v: _version, purpose: _purpose, ...session } = parsed.data;
    const time = Math.floor(now() / 1000);
    // iron-session allows a minute of skew and knows nothing of a shortened lifetime.
    if (time >= session.expiresAt) return nobody('expired');
    if (session.expiresAt - session.issuedAt > settings.sessionTtlSeconds) return nobody('expired');
    if (session.issuedAt > time + MAX_SKEW_SECONDS) return nobody('wrong-shape');
    if (session.corpId !== settings.corpId) return nobody('other-company');
    return { session };
  }

  return { cookieName, seal, open, clear: () => `${cookieName}=; Max-Age=0; ${flags}` };
}

/** The sessions of this process. */
export const sessions = processWide('sessions', () => createSessions(config()));

function nobody(reason: NoSessionReason): OpenedSession {
  return { session: null, reason };
}

async function unsealQuietly(seal: string, password: string, ttl: number): Promise<unknown> {
  let failure = '';
  try {
    const data = await unsealData<object>(seal, {
      password,
      ttl,
      onUnsealError: (reason) => {
        failure = reason;
      },
    });
    return failure || data;
  } catch {
    return 'invalid';
  }
}

/** Every value under exactly this name, as sent: nothing is decoded, trimmed to another name or taken from a prefix. */
function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

/** Names are other people's text: well-formed, without control characters, of bounded length, never blank. */
function displayName(name: string, userId: string): string {
  const clean = name
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  return Array.from(clean).slice(0, MAX_NAME_LENGTH).join('').trim() || userId;
}
