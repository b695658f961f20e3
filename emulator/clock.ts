/** A clock that can be moved. Everything in the emulator that has a life reads the time here, never `Date.now()`. */
export interface Clock {
  /** Milliseconds since 1970, as DingTalk would see them. */
  now(): number;
  /** Moves the clock. @param advanceMs how far, in milliseconds; negative moves it back. */
  advance(advanceMs: number): void;
  /** How far it stands from the machine's clock, in milliseconds. */
  offsetMs(): number;
  reset(): void;
}

/** Makes a clock that starts at the machine's time. */
export function createClock(): Clock {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    advance: (advanceMs) => {
      offset += advanceMs;
    },
    offsetMs: () => offset,
    reset: () => {
      offset = 0;
    },
  };
}
