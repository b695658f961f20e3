import 'server-only';
import { hkdfSync } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';

/** A value that is still to be parsed, or why the seal was refused. */
type Unsealed = { value: unknown } | { failure: 'not-ours' | 'unknown-key' | 'expired' };

export interface SealerSettings {
  /** Key id to secret; any of them opens. */
  sessionKeys: ReadonlyMap<string, string>;
  /** Id of the one that seals. */
  sealKey: string;
}

/**
 * iron-session's seal and unseal, for several keys and several purposes. A seal is `<key id>.<iron seal>`: the key is
 * named outside, because iron-session always seals with its highest key, and a rolling change of keys must not. The
 * purpose is inside, and other purposes than the session have a key of their own: a seal made for one thing does not pass for another.
 */
export function createSealer({ sessionKeys, sealKey }: SealerSettings) {
  const derived = new Map<string, string>();
  function keyFor(purpose: string, secret: string): string {
    // Not derived, so that an update of the app leaves all sessions as they are.
    if (purpose === 'session') return secret;
    const name = `${purpose} ${secret}`;
    const key = derived.get(name) ?? deriveKey(secret, purpose);
    derived.set(name, key);
    return key;
  }
  return {
    /** Encrypts and signs a value for one purpose. @param ttlSeconds after which the seal itself is refused */
    async seal(purpose: string, value: object, ttlSeconds: number): Promise<string> {
      const secret = sessionKeys.get(sealKey);
      if (secret === undefined) throw new Error('the sealing key is not among the session keys');
      return `${sealKey}.${await sealData({ ...value, purpose }, { password: keyFor(purpose, secret), ttl: ttlSeconds })}`;
    },

    /** Opens what was sealed for the same purpose. Never throws. */
    async open(purpose: string, text: string, ttlSeconds: number): Promise<Unsealed> {
      const dot = text.indexOf('.');
      const secret = sessionKeys.get(text.slice(0, dot));
      if (dot < 1 || secret === undefined) {
        return { failure: /^[\w-]{1,32}\.Fe26\./.test(text) ? 'unknown-key' : 'not-ours' };
      }
      let isExpired = false;
      const { purpose: sealedFor, ...value } = await unsealData<Record<string, unknown>>(
        text.slice(dot + 1),
        {
          password: keyFor(purpose, secret),
          ttl: ttlSeconds,
          // What cannot be unsealed comes as an empty object.
          onUnsealError: (reason) => {
            isExpired = reason === 'expired';
          },
        },
      );
      if (isExpired) return { failure: 'expired' };
      return sealedFor === purpose ? { value } : { failure: 'not-ours' };
    },
  };
}

/** The key of one purpose (HKDF, RFC 5869). @returns 43 characters */
function deriveKey(secret: string, purpose: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `dingpass ${purpose}`, 32)).toString('base64url');
}
