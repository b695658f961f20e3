import 'server-only';

/**
 * A server that is silent lets every statement wait for its whole deadline. From the first one on, one statement at a
 * time finds out whether it still is, and all others fail at once.
 */
export function createSilence() {
  let isSilent = false;
  let isAsking = false;
  return {
    /** @returns whether this statement is the one that finds out. @throws where another one does */
    enter(): boolean {
      if (!isSilent) return false;
      if (isAsking) throw new Error('the database did not answer in time');
      isAsking = true;
      return true;
    },
    /** Whatever was said: it is not silent. */
    noteAnswer(): void {
      isSilent = false;
    },
    noteSilence(): void {
      isSilent = true;
    },
    leave(wasAsking: boolean): void {
      if (wasAsking) isAsking = false;
    },
  };
}
