import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * How far a callback's timestamp may be from our clock, before or after. DingTalk sends a failed event again after
 * 10 s and 30 s, perhaps under its first timestamp, and an instance's clock may be two minutes off; both fit. What is
 * accepted once can be replayed for twice this long: duplicates must be remembered for longer.
 */
export const CALLBACK_WINDOW_MS = 5 * 60_000;

/** Beyond any event: 500 people with the longest ids are 50 KB. */
const MAX_BODY_BYTES = 512 * 1024;
const MAX_NONCE = 64;
/** DingTalk pads to 32 bytes, though the blocks of AES have 16; Node's own unpadding refuses that. */
const PADDING_BLOCK = 32;
const RANDOM_BYTES = 16;
const HEAD_BYTES = RANDOM_BYTES + 4;

/** What the console (or the registration API) and we agreed on. */
export interface CallbackKeys {
  /** 3 to 64 letters and digits. */
  token: string;
  /** 43 letters and digits. */
  aesKey: string;
  /**
   * Whom callbacks may be for: the Client ID for a subscription made in the console, the corpId for one made through
   * the registration API. The first signs what we say on our own account.
   */
  ownerKeys: readonly [string, ...string[]];
}

/** A callback that proved to be DingTalk's. */
interface OpenedCallback {
  /** What was sent, text that should be JSON. */
  text: string;
  /** The one of our keys that it is for; the answer must carry the same. */
  ownerKey: string;
  /** Names this request: the same when it is replayed, another one when DingTalk says the same anew. */
  delivery: string;
}

/** Why a callback was refused, for the log only: the sender gets the same answer for all. */
export type CallbackRefusal = 'request' | 'signature' | 'time' | 'content' | 'owner-key';

/** The callback is not DingTalk's, not for us, or not of now. One error, one message: nothing to learn from it. */
export class CallbackRefused extends Error {
  readonly reason: CallbackRefusal;

  constructor(reason: CallbackRefusal) {
    super('callback refused');
    this.name = 'CallbackRefused';
    this.reason = reason;
  }
}

/**
 * Opens what DingTalk posted: signature first, then time, then AES, padding, length and owner.
 *
 * @param query of the request. A parameter given twice is refused, because two readers would disagree on it, and so are
 * two spellings of one parameter that disagree
 * @param rawBody the body's bytes as they came
 * @throws CallbackRefused, and nothing else
 * @see https://open.dingtalk.com/document/development/http-callback-overview
 */
export function openCallback(
  query: URLSearchParams,
  rawBody: Uint8Array | string,
  { keys, now = Date.now }: { keys: CallbackKeys; now?: () => number },
): OpenedCallback {
  const { signatures, timestamp, nonce, encrypt } = readRequest(query, rawBody);
  const right = sign([keys.token, timestamp, nonce, encrypt]);
  if (!signatures.every((signature) => isEqual(signature, right))) throw new CallbackRefused('signature');
  if (!(Math.abs(now() - Number(timestamp)) <= CALLBACK_WINDOW_MS)) throw new CallbackRefused('time');
  return { ...unpack(decrypt(encrypt, keys.aesKey), keys.ownerKeys), delivery: right };
}

/** The body of the answer that DingTalk wants to every callback: `success`, encrypted and signed. */
export function sealAnswer(
  keys: CallbackKeys,
  options: { text?: string; ownerKey?: string; now?: () => number; random?: (bytes: number) => Buffer } = {},
): { msg_signature: string; timeStamp: string; nonce: string; encrypt: string } {
  const { text = 'success', ownerKey = keys.ownerKeys[0], now = Date.now, random = randomBytes } = options;
  const timeStamp = String(now());
  // A nonce of its own for every answer: one that is shared between workers gets answers mixed up.
  const nonce = random(8).toString('hex');
  const encrypt = encryptText(text, { aesKey: keys.aesKey, ownerKey, random: random(RANDOM_BYTES) });
  return { msg_signature: sign([keys.token, timeStamp, nonce, encrypt]), timeStamp, nonce, encrypt };
}

/** Encrypts a text for an owner. @param options.random 16 bytes in front, so that equal texts look different */
export function encryptText(
  text: string,
  options: { aesKey: string; ownerKey: string; random: Buffer },
): string {
  const message = Buffer.from(text);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(message.length);
  const plain = Buffer.concat([options.random, head, message, Buffer.from(options.ownerKey)]);
  const padding = PADDING_BLOCK - (plain.length % PADDING_BLOCK);
  const { key, iv } = toKey(options.aesKey);
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([
    cipher.update(Buffer.concat([plain, Buffer.alloc(padding, padding)])),
    cipher.final(),
  ]).toString('base64');
}

/** DingTalk's signature: lower-case SHA-1 of the parts, sorted and joined. */
export function sign(parts: readonly string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex');
}

function readRequest(query: URLSearchParams, rawBody: Uint8Array | string) {
  const signatures = spelled(query, ['msg_signature', 'signature']);
  const [timestamp, ...others] = spelled(query, ['timestamp', 'timeStamp']);
  const [nonce] = spelled(query, ['nonce']);
  const encrypt = readEncrypt(rawBody);
  // The signature covers the parts joined, so each must have one possible length or end: digits could move from the
  // nonce into the timestamp, or ciphertext into the nonce, and leave the signature right.
  if (signatures.length === 0 || !timestamp || !/^\d{13}$/.test(timestamp))
    throw new CallbackRefused('request');
  if (others.some((other) => other !== timestamp)) throw new CallbackRefused('request');
  if (!nonce || nonce.length > MAX_NONCE || encrypt === undefined) throw new CallbackRefused('request');
  return { signatures, timestamp, nonce, encrypt };
}

/** What a parameter says, under each of the names that DingTalk gives it. */
function spelled(query: URLSearchParams, names: readonly string[]): string[] {
  const found = names.map((name) => query.getAll(name));
  if (found.some((values) => values.length > 1)) throw new CallbackRefused('request');
  return found.flat();
}

function readEncrypt(rawBody: Uint8Array | string): string | undefined {
  if (rawBody.length > MAX_BODY_BYTES) return undefined;
  try {
    const text = typeof rawBody === 'string' ? rawBody : decodeUtf8(rawBody);
    const encrypt: unknown = (JSON.parse(text) as { encrypt?: unknown } | null)?.encrypt;
    return typeof encrypt === 'string' ? encrypt : undefined;
  } catch {
    return undefined;
  }
}

/** In constant time, over digests: their length is always the same, whatever was handed in. */
function isEqual(given: string | Uint8Array, wanted: string | Uint8Array): boolean {
  const digest = (value: string | Uint8Array) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function decrypt(encrypt: string, aesKey: string): Buffer {
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(encrypt) ? Buffer.from(encrypt, 'base64') : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.length % PADDING_BLOCK !== 0) throw new CallbackRefused('content');
  const { key, iv } = toKey(aesKey);
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return withoutPadding(Buffer.concat([decipher.update(bytes), decipher.final()]));
}

/** Looks at all of the last 32 bytes whatever they are, so that time tells nothing about where they went wrong. */
function withoutPadding(plain: Buffer): Buffer {
  const count = plain.at(-1)!;
  let wrong = count < 1 || count > PADDING_BLOCK ? 1 : 0;
  for (let place = 1; place <= PADDING_BLOCK; place += 1) {
    wrong |= (place <= count ? 1 : 0) & (plain.at(-place) === count ? 0 : 1);
  }
  if (wrong) throw new CallbackRefused('content');
  return plain.subarray(0, plain.length - count);
}

/** random(16) ‖ length(4, big-endian) ‖ message ‖ owner key */
function unpack(plain: Buffer, ownerKeys: readonly string[]): Omit<OpenedCallback, 'delivery'> {
  if (plain.length < HEAD_BYTES) throw new CallbackRefused('content');
  const end = HEAD_BYTES + plain.readUInt32BE(RANDOM_BYTES);
  if (end > plain.length) throw new CallbackRefused('content');
  const owner = plain.subarray(end);
  const ownerKey = ownerKeys.find((key) => isEqual(owner, key));
  if (ownerKey === undefined) throw new CallbackRefused('owner-key');
  try {
    return { text: decodeUtf8(plain.subarray(HEAD_BYTES, end)), ownerKey };
  } catch {
    throw new CallbackRefused('content');
  }
}

function toKey(aesKey: string): { key: Buffer; iv: Buffer } {
  const key = Buffer.from(`${aesKey}=`, 'base64');
  return { key, iv: key.subarray(0, 16) };
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
