import { percentile } from './load';

/** Whether the runs take minutes, or are the short versions that fit into all the tests. */
export const isLong = process.env.RELIABILITY === 'long';

/** A figure for the short and for the long version of a run. */
export const span = (short: number, long: number): number => (isLong ? long : short);

/** Prints what a run measured, for people to read. */
export function printFigures(title: string, figures: Record<string, string | number>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  const rows = Object.entries(figures).map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  process.stdout.write(`\n${title}\n${rows.join('\n')}\n`);
}

/** Median, 99th percentile and worst of some times, in words. */
export function describeTimes(ms: readonly number[]): string {
  if (ms.length === 0) return 'none';
  const [median, high, worst] = [0.5, 0.99, 1].map((share) => Math.round(percentile(ms, share)));
  return `p50 ${median} ms, p99 ${high} ms, worst ${worst} ms`;
}
