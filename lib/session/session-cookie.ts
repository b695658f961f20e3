import 'server-only';
import { hash, randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { config } from '../config';
import { shownName } from '../shown-text';
import { outsideRequest, singleton } from '../singleton';
import { type CookieSettings, createCookies } from './cookie';
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
  /** How they signed in: in DingTalk's client, or in a browser. */
  door: 'client' | 'browser';
  /** Unix time in seconds. */
  issuedAt: number;
  /** Unix time in seconds; from this second on it is over. */
  expiresAt: number;
  /** The person's number at the sign-in: another one means that their sessions were ended. */
  generation: number;
  /** The number of all sessions together at the sign-in. */
  epoch: number;
  /** The latest change of the store at the sign-in, and which database it was. */
  sequence: number;
  databaseId: number;
}

/** Why a visitor with (or without) a cookie is anonymous. */
export type NoSessionReason =
  | 'absent'
  | 'duplicate'
  | 'not-ours'
  | 'unknown-key'
  | 'expired'
  | 'wrong-shape'
  | 'other-company';

type OpenedSession = { session: Session } | { session: null; reason: NoSessionReason };

export interface SessionSettings extends CookieSettings, SealerSettings {
  corpId: string;
  sessionTtlSeconds: number;
}

export type NewSession = Pick<Session, 'userId' | 'unionId' | 'name' | 'door'>;
type Version = Pick<Session, 'generation' | 'epoch' | 'sequence' | 'databaseId'>;
/** A session that is not sealed yet. */
export type Draft = Omit<Session, keyof Version>;

/** Channels of `node:diagnostics_channel`, so that nothing here loads the database: a key's id, and a `NoSessionReason`. */
export const KEY_USED = 'dingpass.key-used';
export const SESSION_REFUSED = 'dingpass.session-refused';

const VERSION = 3;
const PURPOSE = 'session';
/** Names are clipped to this many characters: the cookie must fit a browser's 4096 bytes. */
const MAX_NAME_LENGTH = 64;
/** A seal of the longest allowed fields stays below this; anything longer is not ours. */
const MAX_COOKIE_LENGTH = 4096;
/** Sessions whose seals need not be opened again: 10,000 of ordinary members, fewer where names and ids are long. */
const MAX_REMEMBERED = 10_000;
const MAX_REMEMBERED_BYTES = 8_000_000;
/** What a remembered session takes besides the texts that differ in length: measured with some to spare. */
const REMEMBERED_BYTES = 512;
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
  generation: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
  databaseId: z.int().nonnegative(),
});

/**
 * The one owner of the session cookie.
 *
 * @param now milliseconds since 1970
 * @param onKeyUse called with the id of the key that opened a session
 * @param maxRememberedBytes what opened sessions may take, so that they need not be opened again
 */
export function createSessions(
  settings: SessionSettings,
  now: () => number = Date.now,
  onKeyUse?: (keyId: string) => void,
  maxRememberedBytes = MAX_REMEMBERED_BYTES,
) {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const cookieName = cookies.nameOf('dingpass');
  const ttl = settings.sessionTtlSeconds;
  /**
   * By a hash of the exact value of the cookie, what is in it: opening a seal takes longer than everything else about a
   * session. Whether the session still stands is never remembered. Values, never promises: a promise keeps the request
   * that it was made in, and the value itself is a part of that request's headers.
   */
  const remembered = new LRUCache<string, Readonly<Session>>({
    max: MAX_REMEMBERED,
    maxSize: maxRememberedBytes,
    sizeCalculation: sizeOf,
  });
  /** Seals that are being opened just now: one request asks several times. */
  const underWay = new Map<string, Promise<OpenedSession>>();

  /** Begins a new session. Nothing of an earlier one is kept. */
  function draft(person: NewSession): Draft {
    const issuedAt = Math.floor(now() / 1000);
    return {
      id: randomUUID(),
      corpId: settings.corpId,
      userId: person.userId,
      ...(person.unionId ? { unionId: person.unionId.slice(0, 128) } : {}),
      name: displayName(person.name, person.userId),
      door: person.door,
      issuedAt,
      expiresAt: issuedAt + ttl,
    };
  }

  /** Finishes it. @returns also the `Set-Cookie` value that carries it */
  async function seal(draft: Draft, { generation, epoch, sequence, databaseId }: Version) {
    const session: Session = { ...draft, generation, epoch, sequence, databaseId };
    const value = await sealer.seal(PURPOSE, { v: VERSION, ...session }, ttl);
    // The first page comes at once, and need not open what was just sealed.
    remembered.set(keyOf(value), Object.freeze(session));
    return { session, setCookie: cookies.set(cookieName, value, ttl) };
  }

  /** Opens the session in a `Cookie` header. Whatever is wrong with it, the visitor is anonymous: never throws. */
  async function open(cookieHeader: string | null | undefined): Promise<OpenedSession> {
    const values = cookies.valuesOf(cookieHeader, cookieName);
    const value = values[0];
    if (value === undefined) return anonymous('absent');
    // Two cookies of one name: another site planted one of them, and there is no telling which.
    if (values.length > 1) return anonymous('duplicate');
    if (value.length > MAX_COOKIE_LENGTH) return anonymous('not-ours');
    const key = keyOf(value);
    const known = remembered.get(key);
    const found = known ? { session: known } : await openOnce(key, value);
    const checked = found.session ? check(found.session) : found;
    if (!checked.session) remembered.delete(key);
    return checked;
  }

  function openOnce(key: string, value: string): Promise<OpenedSession> {
    const same = underWay.get(key);
    if (same) return same;
    const opened = outsideRequest(() => unseal(key, value).finally(() => underWay.delete(key)));
    underWay.set(key, opened);
    return opened;
  }

  async function unseal(key: string, value: string): Promise<OpenedSession> {
    const opened = await sealer.open(PURPOSE, value, ttl);
    if ('failure' in opened) return anonymous(opened.failure);
    onKeyUse?.(value.slice(0, value.indexOf('.')));
    const parsed = payloadSchema.safeParse(opened.value);
    if (!parsed.success) return anonymous('wrong-shape');
    const { v: _version, ...content } = parsed.data;
    const session = Object.freeze(content);
    // What follows a seal's end is ignored: one member's cookie in a thousand spellings must not push out the others'.
    if (value.indexOf('~') === value.length - 2) remembered.set(key, session);
    return { session };
  }

  /** Forgets what a `Cookie` header was opened to. */
  function forget(cookieHeader: string | null | undefined): void {
    for (const value of cookies.valuesOf(cookieHeader, cookieName)) remembered.delete(keyOf(value));
  }

  /** What can change from one request to the next. */
  function check(session: Session): OpenedSession {
    const time = Math.floor(now() / 1000);
    // iron-session allows a minute of skew and knows nothing of a shortened lifetime.
    if (time >= session.expiresAt) return anonymous('expired');
    if (session.expiresAt - session.issuedAt > settings.sessionTtlSeconds) return anonymous('expired');
    if (session.issuedAt > time + MAX_SKEW_SECONDS) return anonymous('wrong-shape');
    if (session.corpId !== settings.corpId) return anonymous('other-company');
    return { session };
  }

  /** `clear` is the `Set-Cookie` value that removes the cookie. */
  return { cookieName, draft, seal, open, forget, clear: () => cookies.clear(cookieName) };
}

/** The sessions of this process. */
export const sessionCookies = singleton('sessions', () => {
  const seen = new Set<string>();
  return createSessions(config(), Date.now, (keyId) => {
    if (seen.has(keyId)) return;
    seen.add(keyId);
    channel(KEY_USED).publish(keyId);
  });
});

function keyOf(value: string): string {
  return hash('sha256', value, 'base64');
}

/** In bytes, at most. */
function sizeOf({ name, userId, unionId = '' }: Session): number {
  return REMEMBERED_BYTES + 2 * (name.length + userId.length + unionId.length);
}

function anonymous(reason: NoSessionReason): OpenedSession {
  return { session: null, reason };
}

/** Clipped, and never blank. */
function displayName(name: string, userId: string): string {
  return shownName(Array.from(shownName(name, userId)).slice(0, MAX_NAME_LENGTH).join(''), userId);
}
