import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import { outsideRequest } from '../singleton';

const ASK_EVERY_MS = 500;

/** The server said nothing within the deadline: neither an answer nor a refusal. */
export class SilentError extends Error {
  constructor() {
    super('the database did not answer in time');
  }
}

/**
 * A server that is silent lets every statement wait for its whole deadline. From the first one on all fail at once, and
 * a question in the background finds out when it is back.
 *
 * @param ask rejects with a SilentError as long as it is silent
 */
export function createSilence(ask: () => Promise<unknown>) {
  let isSilent = false;
  let isClosed = false;

  async function untilAnswered(): Promise<void> {
    while (isSilent && !isClosed) {
      await delay(ASK_EVERY_MS, undefined, { ref: false });
      // A refusal is an answer, too: statements are told it themselves, at once.
      isSilent = await ask().then(
        () => false,
        (error: unknown) => error instanceof SilentError,
      );
    }
  }

  return {
    /** @throws SilentError */
    assertNotSilent(): void {
      if (isSilent) throw new SilentError();
    },
    note(): void {
      if (isSilent) return;
      isSilent = true;
      void outsideRequest(untilAnswered);
    },
    close(): void {
      isClosed = true;
    },
  };
}
