import 'server-only';
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { config } from '@/lib/config';
import type { HostSession } from '@/lib/session/host-session';
import { singleton } from '@/lib/singleton';
import { groupsIn, type Identity } from './identity-headers';

/** Upstreams check it by themselves, so that it outlives a sign-out by up to this. */
const LIFE_SECONDS = 300;
/** One is used again for half of its life. */
const REUSED_MS = (LIFE_SECONDS / 2) * 1000;
const MAX_REMEMBERED = 20_000;

const made = singleton(
  'gate-assertions',
  () => new LRUCache<string, string>({ max: MAX_REMEMBERED, ttl: REUSED_MS }),
);
const signingKey = singleton('gate-signing-key', () => ({ key: undefined as KeyObject | undefined }));

/**
 * What an upstream can check without a request: who it is, for this host alone, for five minutes (a JWT, ES256).
 *
 * @param fields of the rule; the assertion has no more than the headers
 * @returns undefined where `GATE_KEYS` is not set
 */
export async function assertionOf({
  session,
  identity,
  fields,
}: {
  session: HostSession;
  identity: Identity;
  fields: readonly string[];
}): Promise<string | undefined> {
  const [keyId, pem] = [...config().gate.keys][0] ?? [];
  if (keyId === undefined || pem === undefined) return undefined;
  const { subject, claims, text } = claimsOf(identity, fields);
  const key = `${session.id} ${session.host} ${text}`;
  const known = made().get(key);
  if (known) return known;
  signingKey().key ??= createPrivateKey(pem);
  const assertion = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: keyId, typ: 'JWT' })
    .setIssuer(config().publicOrigin)
    .setAudience(session.host)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(`${LIFE_SECONDS}s`)
    .sign(signingKey().key as KeyObject);
  made().set(key, assertion);
  return assertion;
}

interface Claims {
  subject: string;
  claims: Record<string, unknown>;
  /** Both, to compare them by. */
  text: string;
}

/** An identity is read again every second, and says the same. */
const composed = new WeakMap<Identity, Map<string, Claims>>();

function claimsOf(identity: Identity, fields: readonly string[]): Claims {
  const kinds = composed.get(identity) ?? new Map<string, Claims>();
  composed.set(identity, kinds);
  const kind = fields.join();
  let found = kinds.get(kind);
  if (!found) {
    const subject = fields.includes('user') ? identity.user : '';
    const claims = {
      ...(fields.includes('name') ? { name: identity.name } : {}),
      ...(fields.includes('email') && identity.email ? { email: identity.email } : {}),
      ...(fields.includes('groups') ? { groups: groupsIn(identity.groups) } : {}),
    };
    found = { subject, claims, text: JSON.stringify([subject, claims]) };
    kinds.set(kind, found);
  }
  return found;
}

/** The public keys (RFC 7517): the one that signs, and those before it. */
export function publicKeys(): { keys: object[] } {
  return {
    keys: [...config().gate.keys].map(([kid, pem]) => ({
      ...createPublicKey(pem).export({ format: 'jwk' }),
      kid,
      alg: 'ES256',
      use: 'sig',
    })),
  };
}
