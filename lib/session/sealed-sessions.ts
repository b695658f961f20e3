import 'server-only';
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { outsideRequest } from '../singleton';
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
  /** How they signed in: in DingTalk's client, at its sign-in page in a browser, or by a link. */
  method: 'webview' | 'oauth' | 'ticket';
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
  | 'other-company'
  | 'other-host';

export type OpenedSession<T extends Session = Session> =
  | { session: T }
  | { session: null; reason: NoSessionReason };

export interface SessionSettings extends CookieSettings, SealerSettings {
  corpId: string;
  sessionTtlSeconds: number;
}

/** A kind of session: in a cookie of its own, sealed for a purpose of its own. */
export interface SessionKind {
  /** Name of the cookie. */
  cookie: string;
  purpose: string;
  /** What is in the seal besides what every session has. */
  fields: z.ZodRawShape;
  /** Sessions whose seals need not be opened again: so many, and so many bytes. */
  maxRemembered: number;
  maxRememberedBytes: number;
}

interface Clocks {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Called with the id of the key that opened a session. */
  onKeyUse?: ((keyId: string) => void) | undefined;
}

const VERSION = 4;
/** Names are clipped to this many characters: the cookie must fit a browser's 4096 bytes. */
export const MAX_NAME_LENGTH = 64;
/** A seal of the longest allowed fields stays below this; anything longer is not ours. */
const MAX_COOKIE_LENGTH = 4096;
/** What a remembered session takes besides the texts that differ in length: measured with some to spare. */
const REMEMBERED_BYTES = 512;
/** How far ahead another instance's clock may be. */
const MAX_SKEW_SECONDS = 300;

/** What is inside the seal of every session. */
const FIELDS = {
  v: z.literal(VERSION),
  id: z.uuid(),
  corpId: z.string().min(1),
  userId: z.string().min(1).max(64),
  unionId: z.string().min(1).max(128).optional(),
  name: z
    .string()
    .min(1)
    .max(MAX_NAME_LENGTH * 2),
  method: z.enum(['webview', 'oauth', 'ticket']),
  issuedAt: z.int().positive(),
  expiresAt: z.int().positive(),
  generation: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
  databaseId: z.int().nonnegative(),
};

/** Sessions of one kind, in their cookie: sealed, opened, and remembered while they are used. */
export function createSealedSessions<T extends Session>(
  settings: SessionSettings,
  kind: SessionKind,
  { now, onKeyUse }: Clocks,
) {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const cookieName = cookies.nameOf(kind.cookie);
  const ttl = settings.sessionTtlSeconds;
  const payloadSchema = z.strictObject({ ...FIELDS, ...kind.fields });
  const remembered = createMemory<T>(kind);
  /** Seals that are being opened just now: one request asks several times. */
  const underWay = new Map<string, Promise<OpenedSession<T>>>();

  /** @returns the `Set-Cookie` value that carries the session */
  async function seal(session: T): Promise<string> {
    const value = await sealer.seal(kind.purpose, { v: VERSION, ...session }, ttl);
    // The first page comes at once, and need not open what was just sealed.
    remembered.set(keyOf(value), Object.freeze(session));
    return cookies.set(cookieName, value, ttl);
  }

  /** Opens the session in a `Cookie` header. Whatever is wrong with it, the visitor is anonymous: never throws. */
  async function open(cookieHeader: string | null | undefined): Promise<OpenedSession<T>> {
    const values = cookies.valuesOf(cookieHeader, cookieName);
    const value = values[0];
    if (value === undefined) return anonymous('absent');
    // Two cookies of one name: another site planted one of them, and there is no telling which.
    if (values.length > 1) return anonymous('duplicate');
    if (value.length > MAX_COOKIE_LENGTH) return anonymous('not-ours');
    const key = keyOf(value);
    const known = remembered.get(key);
    const found = known ? { session: known } : await openOnce(key, value);
    const checked = found.session ? check(found.session, settings, now()) : found;
    if (!checked.session) remembered.delete(key);
    return checked;
  }

  function openOnce(key: string, value: string): Promise<OpenedSession<T>> {
    const same = underWay.get(key);
    if (same) return same;
    const opened = outsideRequest(() => unseal(key, value).finally(() => underWay.delete(key)));
    underWay.set(key, opened);
    return opened;
  }

  async function unseal(key: string, value: string): Promise<OpenedSession<T>> {
    const opened = await sealer.open(kind.purpose, value, ttl);
    if ('failure' in opened) return anonymous(opened.failure);
    onKeyUse?.(value.slice(0, value.indexOf('.')));
    const parsed = payloadSchema.safeParse(opened.value);
    // One of an older version of dingpass is no sign of an attack: after an update every member has one.
    if (!parsed.success) return anonymous(isOlder(opened.value) ? 'expired' : 'wrong-shape');
    const { v: _version, ...content } = parsed.data;
    const session = Object.freeze(content) as unknown as T;
    // What follows a seal's end is ignored: one member's cookie in a thousand spellings must not push out the others'.
    if (value.indexOf('~') === value.length - 2) remembered.set(key, session);
    return { session };
  }

  /** Forgets what a `Cookie` header was opened to. */
  function forget(cookieHeader: string | null | undefined): void {
    for (const value of cookies.valuesOf(cookieHeader, cookieName)) remembered.delete(keyOf(value));
  }

  /** `clear` is the `Set-Cookie` value that removes the cookie. */
  return { cookieName, seal, open, forget, clear: () => cookies.clear(cookieName) };
}

/**
 * By a hash of the exact value of the cookie, what is in it: opening a seal takes longer than everything else about a
 * session. Whether the session still stands is never remembered. Values, never promises: a promise keeps the request
 * that it was made in, and the value itself is a part of that request's headers.
 */
function createMemory<T extends Session>({ maxRemembered, maxRememberedBytes }: SessionKind) {
  return new LRUCache<string, Readonly<T>>({
    max: maxRemembered,
    maxSize: maxRememberedBytes,
    sizeCalculation: sizeOf,
  });
}

/** What can change from one request to the next. @param now Unix time in ms */
function check<T extends Session>(session: T, settings: SessionSettings, now: number): OpenedSession<T> {
  const time = Math.floor(now / 1000);
  // iron-session allows a minute of skew and knows nothing of a shortened lifetime.
  if (time >= session.expiresAt) return anonymous('expired');
  if (session.expiresAt - session.issuedAt > settings.sessionTtlSeconds) return anonymous('expired');
  if (session.issuedAt > time + MAX_SKEW_SECONDS) return anonymous('wrong-shape');
  if (session.corpId !== settings.corpId) return anonymous('other-company');
  return { session };
}

function keyOf(value: string): string {
  return hash('sha256', value, 'base64');
}

/** In bytes, at most. */
function sizeOf({ name, userId, unionId = '' }: Session): number {
  return REMEMBERED_BYTES + 2 * (name.length + userId.length + unionId.length);
}

function anonymous(reason: NoSessionReason): { session: null; reason: NoSessionReason } {
  return { session: null, reason };
}

function isOlder(value: unknown): boolean {
  const version: unknown = value !== null && typeof value === 'object' && 'v' in value ? value.v : undefined;
  return typeof version === 'number' && version < VERSION;
}
