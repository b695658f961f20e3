const KEPT_LINES = 2000;

/** The latest output of the app. */
export interface DemoLog {
  add(chunk: Buffer | string): void;
  /** Whole lines, oldest first. */
  lines(): readonly string[];
  /** The last of it as it came, for the terminal of an app that has ended. @param characters at most so many */
  tail(characters: number): string;
}

/** Keeps the last 2000 lines of what it is given in pieces. */
export function createDemoLog(): DemoLog {
  let kept: string[] = [];
  let rest = '';
  return {
    add(chunk) {
      const [last, ...whole] = `${rest}${chunk}`.split('\n').reverse() as [string, ...string[]];
      rest = last;
      kept.push(...whole.reverse());
      if (kept.length > KEPT_LINES * 2) kept = kept.slice(-KEPT_LINES);
    },
    lines: () => kept.slice(-KEPT_LINES),
    tail: (characters) => [...kept, rest].join('\n').slice(-characters),
  };
}
