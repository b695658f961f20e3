import type { Clock } from './clock';

/** Things to do at a time of the emulator's clock: they come sooner when the clock is moved ahead. */
export interface Alarms {
  /** @returns a way to call it off */
  in(ms: number, run: () => void): () => void;
  clear(): void;
}

/** Makes alarms; none of them keeps the process alive. */
export function createAlarms(clock: Clock): Alarms {
  const waiting = new Map<object, { at: number; run: () => void }>();
  let timer: NodeJS.Timeout | undefined;

  function settle(): void {
    clearTimeout(timer);
    const now = clock.now();
    for (const [key, { at, run }] of [...waiting].sort(([, a], [, b]) => a.at - b.at)) {
      if (at <= now && waiting.delete(key)) run();
    }
    const next = Math.min(...[...waiting.values()].map(({ at }) => at));
    if (waiting.size > 0) timer = setTimeout(settle, Math.max(1, next - clock.now())).unref();
  }

  clock.onMove(settle);
  return {
    in(ms, run) {
      const key = {};
      waiting.set(key, { at: clock.now() + ms, run });
      clearTimeout(timer);
      timer = setTimeout(settle, 0).unref();
      return () => void waiting.delete(key);
    },
    clear() {
      waiting.clear();
      clearTimeout(timer);
    },
  };
}
