import 'server-only';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { config } from '../config';
import { createSealer, type SealerSettings } from '../session/seal';
import { singleton } from '../singleton';
import type { UsedValues } from '../storage/used-values';
import { usedValues } from './used-values';

const PURPOSE = 'oauth-answer';
/** An answer that was lost on its way is asked for again within seconds. */
const KEPT_MS = 60_000;
/** How long the repetition waits for a sign-in that is under way, perhaps in another process. */
const MAX_WAIT_MS = 8000;
/** A repetition that overtakes its original has to wait for the note that there is one. */
const OVERTAKEN_MS = 300;
const LOOK_EVERY_MS = 50;
const UNDER_WAY = 'under way';

const answerSchema = z.object({ setCookies: z.array(z.string()) });

/** The sign-ins of browsers that have just been answered, so that the same request can be answered again by any process. */
export function createRepeatedCallbacks(values: UsedValues, settings: SealerSettings) {
  const sealer = createSealer(settings);

  /** Never throws: without the note, a repetition is told that the sign-in was used. */
  async function note(key: string, detail: string): Promise<void> {
    await values.put(key, KEPT_MS, detail).catch(() => undefined);
  }

  return {
    /** Runs a sign-in, whose `Set-Cookie` values are kept for a minute, sealed: they are a session. */
    async first(state: string, code: string, signIn: () => Promise<readonly string[]>) {
      const key = keyOf(state, code);
      await note(key, UNDER_WAY);
      try {
        const setCookies = await signIn();
        await note(key, await sealer.seal(PURPOSE, { setCookies }, KEPT_MS / 1000));
        return setCookies;
      } catch (error) {
        await values.release(key).catch(() => undefined);
        throw error;
      }
    },
    /**
     * The same `Set-Cookie` values for the same state and code; waits for a sign-in that is still under way. Only for a
     * browser that is bound to the state.
     *
     * @returns undefined where there was no such sign-in, or it failed
     */
    async again(state: string, code: string): Promise<readonly string[] | undefined> {
      const key = keyOf(state, code);
      const began = performance.now();
      for (let seen = false; ; await delay(LOOK_EVERY_MS)) {
        const detail = await values.detailOf(key);
        seen ||= detail === UNDER_WAY;
        if (typeof detail === 'string' && detail !== UNDER_WAY) return open(detail);
        const isOver = seen && detail === undefined;
        if (isOver || performance.now() - began > (seen ? MAX_WAIT_MS : OVERTAKEN_MS)) return undefined;
      }
    },
  };

  async function open(sealed: string): Promise<readonly string[] | undefined> {
    const opened = await sealer.open(PURPOSE, sealed, KEPT_MS / 1000);
    return answerSchema.safeParse('value' in opened ? opened.value : undefined).data?.setCookies;
  }
}

export const repeatedCallbacks = singleton('repeated-callbacks', () =>
  createRepeatedCallbacks(usedValues(), config()),
);

function keyOf(state: string, code: string): string {
  return `answer ${createHash('sha256').update(`${state} ${code}`).digest('base64url')}`;
}
