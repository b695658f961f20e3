/** The app's lines that are shown at once. */
const SHOWN = 8;
/** pino's number for a warning. */
const WARNING = 40;

/**
 * Lines of the app's log, the newest first: those that contain a text such as a request id, or without one the latest
 * warnings and errors.
 */
export function findLines(lines: readonly string[], text: string): string[] {
  const wanted = text.trim();
  const isWanted = (line: string) => (wanted === '' ? levelOf(line) >= WARNING : line.includes(wanted));
  return lines.filter(isWanted).slice(-SHOWN).reverse();
}

function levelOf(line: string): number {
  try {
    const { level } = JSON.parse(line);
    return typeof level === 'number' ? level : (LEVELS[level] ?? 0);
  } catch {
    // Next's own lines are no JSON.
    return 0;
  }
}

const LEVELS: Readonly<Record<string, number>> = { warn: WARNING, error: 50, fatal: 60 };
