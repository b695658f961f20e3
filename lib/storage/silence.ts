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

export type Silence = ReturnType<typeof createSilence>;

/**
 * A server that is silent lets every statement wait for its whole deadline. With the first one all fail at once, those
 * under way and those to come, and a question in the background finds out when it is back.
 *
 * @param ask rejects with a SilentError as long as it is silent
 */
export function createSilence(ask: () => Promise<unknown>) {
  let isSilent = false;
  let isClosed = false;
  const waiting = new Set<(error: Error) => void>();

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
    /** An answer, unless another statement finds before it comes that the server is silent. @throws SilentError */
    untilFound<T>(answer: Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        waiting.add(reject);
        answer.then(resolve, reject).finally(() => waiting.delete(reject));
      });
    },
    note(): void {
      for (const fail of waiting) fail(new SilentError());
      if (isSilent) return;
      isSilent = true;
      void outsideRequest(untilAnswered);
    },
    close(): void {
      isClosed = true;
    },
  };
}
