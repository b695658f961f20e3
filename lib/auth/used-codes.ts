import 'server-only';
import { createHash } from 'node:crypto';
import type { UsedValues } from '../storage/used-values';

/** DingTalk forgets a code after five minutes; so do we. */
const CODE_LIFE_MS = 5 * 60 * 1000;

/** Codes that were handed in, as hashes: the second to bring one, to whatever process, is refused without asking DingTalk. */
export function createUsedCodes(values: UsedValues) {
  return {
    /** True when this caller is the first with the code. */
    consume: (code: string) => values.use(keyOf(code), CODE_LIFE_MS),
    /** The code turned out not to have been used. */
    release: (code: string) => values.release(keyOf(code)),
  };
}

function keyOf(code: string): string {
  return `code ${createHash('sha256').update(code).digest('base64')}`;
}
