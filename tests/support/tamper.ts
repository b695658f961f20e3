import { readFileSync } from 'node:fs';
import { sealData } from 'iron-session';

/** One way to spoil a session cookie, as `tests/corpora/cookie-tampering.json` has it. */
export interface Tampering {
  id: string;
  class: string;
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has parameters of its own
  mutation: { op: string; [parameter: string]: any };
  expect: {
    state: 'anonymous' | 'anonymous-or-same-user' | 'one-user-everywhere' | 'same-user' | 'http-431';
  };
}

/** What a tamperer has to work with. */
export interface TamperKit {
  cookieName: string;
  keyId: string;
  secret: string;
  /** Cookie values of two people, `<key id>.<seal>`. */
  a: string;
  b: string;
  /** What is sealed in `a`. */
  payload: Record<string, unknown>;
  /** The company whose sessions these are. */
  corpId: string;
}

/** A request's part that carries the spoilt session. */
export interface Tampered {
  cookie?: string;
  authorization?: string;
  query?: string;
}

/** The corpus. What revokes sessions is not tampering with them, and is tested where they are revoked. */
export const tamperings: Tampering[] = JSON.parse(
  readFileSync(new URL('../corpora/cookie-tampering.json', import.meta.url), 'utf8'),
).entries.filter((entry: Tampering) => entry.class !== 'revoked');

/** Spoils the session of `a` as an entry of the corpus says. */
export async function tamper(entry: Tampering, kit: TamperKit): Promise<Tampered> {
  const { mutation } = entry;
  if (entry.class === 'cookie-header') return tamperHeader(mutation, kit);
  const value = entry.class === 'minted' ? await mint(mutation, kit) : tamperValue(mutation, kit);
  return { cookie: `${kit.cookieName}=${value}` };
}

function tamperValue({ op, ...how }: Tampering['mutation'], { keyId, a, b }: TamperKit): string {
  const parts = a.slice(keyId.length + 1).split('*');
  const join = () => `${keyId}.${parts.join('*')}`;
  const part = parts[how.part] ?? '';
  switch (op) {
    case 'literal':
      return how.value;
    case 'repeat':
      return how.char.repeat(how.count);
    case 'setPart':
      parts[how.part] = how.value;
      return join();
    case 'flip':
      parts[how.part] = (part.startsWith('A') ? 'B' : 'A') + part.slice(1);
      return join();
    case 'truncate':
      parts[how.part] = part.slice(0, -how.dropFromEnd);
      return join();
    case 'addToPart':
      parts[how.part] = String(Number(part) + how.ms);
      return join();
    case 'copyPartFrom':
      parts[how.part] = b.split('*')[how.part]!;
      return join();
    case 'insertPart':
      parts.splice(how.at, 0, how.value);
      return join();
    case 'append2': {
      const [hmac, tail] = part.split('~');
      parts[how.part] = `${hmac}${how.value}~${tail}`;
      return join();
    }
    case 'append':
      return a + how.value;
    case 'upper':
      return a.toUpperCase();
    case 'wrap':
      return how.left + a + how.right;
    default:
      throw new Error(`no such operation: ${op}`);
  }
}

/** The corpus speaks of fields by other names than ours. */
const OUR_FIELDS: Record<string, string> = {
  exp: 'expiresAt',
  iat: 'issuedAt',
  authTime: 'issuedAt',
  userid: 'userId',
};

async function mint({ op, ...how }: Tampering['mutation'], kit: TamperKit): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const secret = how.key === 'foreign' || how.key === 'retired' ? 'x'.repeat(40) : kit.secret;
  const keyId = how.key === 'retired' ? 'retired' : kit.keyId;
  let payload: unknown = kit.payload;
  if (op === 'mintRaw') payload = how.value;
  else if (op === 'otherPurpose') payload = { ...kit.payload, purpose: how.purpose };
  else if (how.ttlSeconds < 0) payload = { ...kit.payload, expiresAt: now + how.ttlSeconds };
  else if (how.payload?.authTime) payload = { ...kit.payload, issuedAt: now - 10 * 86_400 };
  else {
    const changed = Object.entries(how.payload ?? {}).map(([name, value]) => [
      OUR_FIELDS[String(name)] ?? name,
      value === 'now*1000' ? now * 1000 : value,
    ]);
    payload = { ...kit.payload, ...Object.fromEntries(changed) };
    for (const [name = '', value] of changed as [string, unknown][])
      if (value === null) delete (payload as Record<string, unknown>)[name];
  }
  const seal = await sealData(payload as object, { password: secret, ttl: 0 });
  return `${keyId}.${how.tail === '' ? seal.replace(/~\d+$/, '') : seal}`;
}

function tamperHeader({ op, ...how }: Tampering['mutation'], { cookieName, a, b }: TamperKit): Tampered {
  const fill = (text: string) =>
    text
      .replaceAll('{{NAME}}', cookieName)
      .replaceAll('{{BARE}}', cookieName.startsWith('__Host-') ? cookieName.slice(7) : `x-${cookieName}`)
      .replaceAll('{{SESSION_A}}', a)
      .replaceAll('{{SESSION_B}}', b)
      .replaceAll(/\{\{SEAL_PART(\d)\}\}/g, (_, at) => a.slice(Number(at) * 100, Number(at) * 100 + 100));
  const good = `${cookieName}=${a}`;
  switch (op) {
    case 'header':
      return { cookie: fill(how.value) };
    case 'headerBytes':
      return { cookie: Buffer.from(how.hex, 'hex').toString('latin1') + fill(how.thenValue) };
    case 'headerPad':
      return { cookie: `${good}; pad=${'p'.repeat(how.bytes)}` };
    case 'headerMany':
      return { cookie: [...Array.from({ length: how.count }, (_, at) => `c${at}=${at}`), good].join('; ') };
    case 'authHeader':
      return { authorization: fill(how.value) };
    case 'query':
      return { query: fill(how.value) };
    default:
      throw new Error(`no such operation: ${op}`);
  }
}
