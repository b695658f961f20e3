/** A clock that can be moved. Everything in the emulator that expires reads the time here, never `Date.now()`. */
export interface Clock {
  /** Milliseconds since 1970, as DingTalk would see them. */
  now(): number;
  /** Moves the clock. @param advanceMs how far, in milliseconds; negative moves it back. */
  advance(advanceMs: number): void;
  /** How far it stands from the machine's clock, in milliseconds. */
  offsetMs(): number;
  reset(): void;
  /** Calls the listener after every move. */
  onMove(listener: () => void): void;
}

/** Makes a clock that starts at the machine's time. */
export function createClock(): Clock {
  let offset = 0;
  const listeners: (() => void)[] = [];
  const moveTo = (wanted: number) => {
    offset = wanted;
    for (const listener of listeners) listener();
  };
  return {
    now: () => Date.now() + offset,
    advance: (advanceMs) => moveTo(offset + advanceMs),
    offsetMs: () => offset,
    reset: () => moveTo(0),
    onMove: (listener) => void listeners.push(listener),
  };
}
