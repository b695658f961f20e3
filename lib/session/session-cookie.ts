import 'server-only';
import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { config } from '../config';
import { shownName } from '../shown-text';
import { singleton } from '../singleton';
import { createSealedSessions, MAX_NAME_LENGTH, type Session, type SessionSettings } from './sealed-sessions';
import type { SessionVersion } from './session-store';

export type { Session };

export type NewSession = Pick<Session, 'userId' | 'unionId' | 'name' | 'method'>;
/** A session that is not sealed yet. */
type Draft = Omit<Session, keyof SessionVersion>;

/** Channels of `node:diagnostics_channel`, so that nothing here loads the database: a key's id, and a `NoSessionReason`. */
export const KEY_USED = 'dingpass.key-used';
export const SESSION_REFUSED = 'dingpass.session-refused';

/** 10,000 of ordinary members, fewer where names and ids are long. */
const KIND = { cookie: 'dingpass', purpose: 'session', fields: {}, maxRemembered: 10_000 };
const MAX_REMEMBERED_BYTES = 8_000_000;

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
  const sealed = createSealedSessions<Session>(settings, { ...KIND, maxRememberedBytes }, { now, onKeyUse });

  /** Begins a new session. Nothing of an earlier one is kept. */
  function draft(person: NewSession): Draft {
    const issuedAt = Math.floor(now() / 1000);
    return {
      id: randomUUID(),
      corpId: settings.corpId,
      userId: person.userId,
      ...(person.unionId ? { unionId: person.unionId.slice(0, 128) } : {}),
      name: displayName(person.name, person.userId),
      method: person.method,
      issuedAt,
      expiresAt: issuedAt + settings.sessionTtlSeconds,
    };
  }

  /** Finishes it. @returns also the `Set-Cookie` value that carries it */
  async function seal(draft: Draft, version: SessionVersion) {
    const session: Session = { ...draft, ...version };
    return { session, setCookie: await sealed.seal(session) };
  }

  return { ...sealed, draft, seal };
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

/** Clipped, and never blank. */
function displayName(name: string, userId: string): string {
  return shownName(Array.from(shownName(name, userId)).slice(0, MAX_NAME_LENGTH).join(''), userId);
}
