import 'server-only';
import { deflateRawSync } from 'node:zlib';

/** Secrets out of documentation, which are in every word list. */
const PUBLISHED = /complex_password_at_least_32_characters|change.?me|your.{0,3}(?:secret|password|key)/i;
/** 32 random characters never come as small as this. */
const MIN_PACKED_BYTES = 20;

/**
 * Whether a secret may be guessed offline, from a cookie that it sealed: it repeats itself, runs along the alphabet or
 * the digits, or was published.
 */
export function isGuessable(secret: string): boolean {
  if (PUBLISHED.test(secret)) return true;
  const bytes = Buffer.from(secret);
  const steps = bytes.subarray(1).map((byte, at) => (byte - (bytes[at] ?? 0)) & 255);
  return [bytes, steps].some((text) => deflateRawSync(text).length < MIN_PACKED_BYTES);
}
