import 'server-only';
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { record } from './audit/recorder';
import { config } from './config';
import { type CookieSettings, createCookies } from './cookie';
import { processWide } from './process-wide';
import { createSealer, type SealerSettings } from './seal';
import { shownName } from './shown-text';

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
  /** The person's number at the sign-in: another one means that their sessions were ended. */
  generation: number;
  /** Everybody's number at the sign-in. */
  epoch: number;
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
  /** Begins a new session. Nothing of an earlier one is kept. */
  draft(person: NewSession): Draft;
  /** Finishes it. @returns the `Set-Cookie` value that carries it */
  seal(draft: Draft, standing: Standing): Promise<{ session: Session; setCookie: string }>;
  /** Opens the session in a `Cookie` header. Whatever is wrong with it, the visitor is anonymous: never throws. */
  open(cookieHeader: string | null | undefined): Promise<OpenedSession>;
  /** Forgets what a `Cookie` header was opened to. */
  forget(cookieHeader: string | null | undefined): void;
  /** The `Set-Cookie` value that removes the cookie. */
  clear(): string;
}

export type NewSession = Pick<Session, 'userId' | 'unionId' | 'name' | 'door'>;
type Standing = Pick<Session, 'generation' | 'epoch'>;
/** A session that nobody has yet. */
export type Draft = Omit<Session, keyof Standing>;

const VERSION = 2;
const PURPOSE = 'session';
/** Names are clipped to this many characters: the cookie must fit a browser's 4096 bytes. */
const MAX_NAME_LENGTH = 64;
/** A seal of the longest allowed fields stays below this; anything longer is not ours. */
const MAX_COOKIE_LENGTH = 4096;
/** Sessions whose seals need not be opened again: some 15 MB. */
const MAX_REMEMBERED = 10_000;
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
});

/**
 * The one owner of the session cookie.
 *
 * @param now milliseconds since 1970
 * @param onKeyUse told the id of a key with which a session was opened
 */
export function createSessions(
  settings: SessionSettings,
  now: () => number = Date.now,
  onKeyUse?: (keyId: string) => void,
): Sessions {
  const cookies = createCookies(settings);
  const sealer = createSealer(settings);
  const cookieName = cookies.nameOf('dingpass');
  const ttl = settings.sessionTtlSeconds;
  /**
   * By the exact value of the cookie, what is in it: opening a seal takes longer than everything else about a session.
   * Whether the session still stands is never remembered.
   */
  const opening = new LRUCache<string, Promise<OpenedSession>>({ max: MAX_REMEMBERED });

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

  async function seal(draft: Draft, { generation, epoch }: Standing) {
    const session: Session = { ...draft, generation, epoch };
    const value = await sealer.seal(PURPOSE, { v: VERSION, ...session }, ttl);
    // The first page comes at once, and need not open what was just sealed.
    remember(value, Promise.resolve({ session: Object.freeze(session) }));
    return { session, setCookie: cookies.set(cookieName, value, ttl) };
  }

  async function open(cookieHeader: string | null | undefined): Promise<OpenedSession> {
    const values = cookies.valuesOf(cookieHeader, cookieName);
    const value = values[0];
    if (value === undefined) return nobody('absent');
    // Two cookies of one name: somebody else planted one of them, and nobody can tell which.
    if (values.length > 1) return nobody('duplicate');
    if (value.length > MAX_COOKIE_LENGTH) return nobody('not-ours');
    let opened = opening.get(value);
    if (!opened) {
      opened = unseal(value);
      remember(value, opened);
    }
    const found = await opened;
    const standing = found.session ? judge(found.session) : found;
    if (!standing.session) opening.delete(value);
    return standing;
  }

  function remember(value: string, opened: Promise<OpenedSession>): void {
    // What follows a seal's end is ignored: one member's cookie in a thousand spellings must not push out the others'.
    if (value.indexOf('~') === value.length - 2) opening.set(value, opened);
  }

  async function unseal(value: string): Promise<OpenedSession> {
    const opened = await sealer.open(PURPOSE, value, ttl);
    if ('failure' in opened) return nobody(opened.failure);
    onKeyUse?.(value.slice(0, value.indexOf('.')));
    const parsed = payloadSchema.safeParse(opened.value);
    if (!parsed.success) return nobody('wrong-shape');
    const { v: _version, ...session } = parsed.data;
    return { session: Object.freeze(session) };
  }

  function forget(cookieHeader: string | null | undefined): void {
    for (const value of cookies.valuesOf(cookieHeader, cookieName)) opening.delete(value);
  }

  /** What can change from one request to the next. */
  function judge(session: Session): OpenedSession {
    const time = Math.floor(now() / 1000);
    // iron-session allows a minute of skew and knows nothing of a shortened lifetime.
    if (time >= session.expiresAt) return nobody('expired');
    if (session.expiresAt - session.issuedAt > settings.sessionTtlSeconds) return nobody('expired');
    if (session.issuedAt > time + MAX_SKEW_SECONDS) return nobody('wrong-shape');
    if (session.corpId !== settings.corpId) return nobody('other-company');
    return { session };
  }

  return { cookieName, draft, seal, open, forget, clear: () => cookies.clear(cookieName) };
}

/** The sessions of this process. */
export const sessions = processWide('sessions', () => {
  const seen = new Set<string>();
  return createSessions(config(), Date.now, (keyId) => {
    if (seen.has(keyId)) return;
    seen.add(keyId);
    record({ event: 'key-used', detail: keyId });
  });
});

function nobody(reason: NoSessionReason): OpenedSession {
  return { session: null, reason };
}

/** Clipped, and never blank. */
function displayName(name: string, userId: string): string {
  return shownName(Array.from(shownName(name, userId)).slice(0, MAX_NAME_LENGTH).join(''), userId);
}
