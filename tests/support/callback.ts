import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/** DingTalk's side of a callback, made by the tests' own hand, so that every byte of it can be wrong. */
export interface CallbackParts {
  token: string;
  aesKey: string;
  ownerKey: string;
  timestamp: string;
  nonce: string;
}

export const PARTS: CallbackParts = {
  token: 'EmulatorToken01',
  aesKey: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ',
  ownerKey: 'dingexample000appkey',
  timestamp: '1700000000000',
  nonce: 'n0nce123',
};

export interface Bytes {
  /** The padding's byte, or longer than the whole text. */
  pad?: number | 'over' | 'mixed';
  /** The length field. */
  len?: number | 'over';
}

const keyOf = (aesKey: string) => Buffer.from(`${aesKey}=`, 'base64');

/** Encrypts as DingTalk does, or wrong in the way that is asked for. */
export function encrypt(text: string, { aesKey, ownerKey }: CallbackParts, { pad, len }: Bytes = {}): string {
  const message = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(len === 'over' ? message.length + 500 : (len ?? message.length));
  const plain = Buffer.concat([Buffer.from('0123456789abcdef'), length, message, Buffer.from(ownerKey)]);
  const rest = 32 - (plain.length % 32);
  const padding = Buffer.alloc(rest, rest);
  if (pad === 'mixed') padding[0] = (padding[0]! + 1) % 256;
  if (pad === 'over') padding[rest - 1] = 200;
  if (typeof pad === 'number') padding[rest - 1] = pad;
  const cipher = createCipheriv('aes-256-cbc', keyOf(aesKey), keyOf(aesKey).subarray(0, 16));
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(Buffer.concat([plain, padding])), cipher.final()]).toString('base64');
}

export function sha1(parts: string[], sorted = true): string {
  return createHash('sha1')
    .update((sorted ? [...parts].sort() : parts).join(''))
    .digest('hex');
}

/** A callback as it is sent: query and body. */
export function sealed(text: string, parts: CallbackParts = PARTS, bytes: Bytes = {}) {
  const cipher = encrypt(text, parts, bytes);
  return signed(cipher, parts);
}

/** The same for a ciphertext that is there already. */
export function signed(cipher: string, { token, timestamp, nonce }: CallbackParts = PARTS) {
  const signature = sha1([token, timestamp, nonce, cipher]);
  const query = new URLSearchParams({ msg_signature: signature, signature, timestamp, nonce });
  return { query, body: JSON.stringify({ encrypt: cipher }) };
}

/** Reads our answer as DingTalk would. @throws when anything of it is wrong */
export function readAnswer(body: string, { token, aesKey, ownerKey }: CallbackParts = PARTS): string {
  const answer = JSON.parse(body);
  const { msg_signature, timeStamp, nonce, encrypt: cipher } = answer;
  if (Object.keys(answer).length !== 4) throw new Error('keys');
  if (msg_signature !== sha1([token, timeStamp, nonce, cipher])) throw new Error('signature');
  const decipher = createDecipheriv('aes-256-cbc', keyOf(aesKey), keyOf(aesKey).subarray(0, 16));
  decipher.setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(cipher, 'base64'), decipher.final()]);
  const plain = padded.subarray(0, padded.length - padded.at(-1)!);
  const end = 20 + plain.readUInt32BE(16);
  if (plain.subarray(end).toString() !== ownerKey) throw new Error('owner');
  return plain.subarray(20, end).toString();
}
