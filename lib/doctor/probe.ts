import 'server-only';
import { z } from 'zod';
import { createSealer, type SealerSettings } from '../session/seal';

/** What the doctor sends through `PUBLIC_ORIGIN`, and what the app says has arrived: only to a seal of its own keys. */

/** Below the base path. */
export const PROBE_ADDRESS = '/api/doctor';
export const PROBE_HEADER = 'x-dingpass-probe';
/** A client that claims to be somewhere else; for documentation only, so that no client has it. */
export const CLAIMED_ADDRESS = '192.0.2.77';
const PURPOSE = 'doctor';
const TTL_SECONDS = 60;
/** DingTalk's callbacks may be as large. */
export const PROBE_BYTES = 300 * 1024;

export const probeAnswerSchema = z.object({
  nonce: z.string(),
  host: z.string(),
  path: z.string(),
  search: z.string(),
  origin: z.string(),
  forwardedFor: z.array(z.string()),
  cookies: z.array(z.string()),
  bytes: z.number(),
});

/** What of a request arrived. */
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;

export function sealProbe(settings: SealerSettings, nonce: string): Promise<string> {
  return createSealer(settings).seal(PURPOSE, { nonce }, TTL_SECONDS);
}

/** @returns the nonce; undefined where the seal is not of these keys, or old */
export async function openProbe(settings: SealerSettings, seal: string): Promise<string | undefined> {
  const opened = await createSealer(settings).open(PURPOSE, seal, TTL_SECONDS);
  return z.object({ nonce: z.string() }).safeParse('value' in opened ? opened.value : undefined).data?.nonce;
}
