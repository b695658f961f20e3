import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** The secrets of a subscription, as the console keeps them. */
export interface CallbackSecrets {
  token: string;
  aesKey: string;
  ownerKey: string;
}

/** A text, encrypted and signed. */
export interface SealedText {
  signature: string;
  timestamp: string;
  nonce: string;
  encrypt: string;
}

const BLOCK = 32;

/** Encrypts and signs as DingTalk does. @see https://open.dingtalk.com/document/development/http-callback-overview */
export function sealText(text: string, secrets: CallbackSecrets, now: number): SealedText {
  const bytes = Buffer.from(text, 'utf8');
  const size = Buffer.from([bytes.length >>> 24, bytes.length >>> 16, bytes.length >>> 8, bytes.length]);
  const body = Buffer.concat([randomBytes(16), size, bytes, Buffer.from(secrets.ownerKey, 'utf8')]);
  const missing = BLOCK - (body.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', ...keyAndIv(secrets.aesKey));
  cipher.setAutoPadding(false);
  let encrypt = cipher.update(Buffer.concat([body, Buffer.alloc(missing, missing)]), undefined, 'base64');
  encrypt += cipher.final('base64');
  const timestamp = String(now);
  const nonce = randomBytes(6).toString('base64url').toLowerCase();
  return { signature: signatureOf(secrets.token, timestamp, nonce, encrypt), timestamp, nonce, encrypt };
}

/** Opens the answer of the app. @throws Error that says what is wrong with it, as the console would not */
export function openAnswer(answer: unknown, secrets: CallbackSecrets): string {
  const { msg_signature, timeStamp, nonce, encrypt } = (answer ?? {}) as Record<string, unknown>;
  for (const [name, value] of Object.entries({ msg_signature, timeStamp, nonce, encrypt })) {
    if (typeof value !== 'string') throw new Error(`the answer has no text ${name}`);
  }
  const wanted = signatureOf(secrets.token, timeStamp as string, nonce as string, encrypt as string);
  if (msg_signature !== wanted) throw new Error('the answer is not signed with the token');
  const decipher = createDecipheriv('aes-256-cbc', ...keyAndIv(secrets.aesKey));
  decipher.setAutoPadding(false);
  let padded: Buffer;
  try {
    padded = Buffer.concat([decipher.update(encrypt as string, 'base64'), decipher.final()]);
  } catch {
    throw new Error('the answer cannot be decrypted');
  }
  const body = padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
  if (body.length < 20) throw new Error('the answer is encrypted with another key');
  const end = 20 + body.readUInt32BE(16);
  if (body.subarray(end).toString('utf8') !== secrets.ownerKey)
    throw new Error('the answer is for another owner');
  return body.subarray(20, end).toString('utf8');
}

function signatureOf(...parts: string[]): string {
  parts.sort();
  return createHash('sha1').update(parts.join(''), 'utf8').digest('hex');
}

function keyAndIv(aesKey: string): [Buffer, Buffer] {
  const key = Buffer.from(`${aesKey}=`, 'base64');
  return [key, key.subarray(0, 16)];
}
