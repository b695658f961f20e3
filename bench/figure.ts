/** One measured figure, and what it must be. */
export interface Figure {
  what: string;
  value: number | string;
  unit: string;
  /** As a person reads it. */
  limit?: string;
  /** Undefined: nothing is demanded. */
  met?: boolean;
  /** The value is a ratio to this, and is drawn as a bar. */
  ratioTo?: string;
  /** The middle half of the rounds. */
  spread?: string;
}

export function atLeast(what: string, value: number, unit: string, least: number): Figure {
  return { what, value, unit, limit: `≥ ${least}${unit}`, met: value >= least };
}

export function atMost(what: string, value: number, unit: string, most: number): Figure {
  return { what, value, unit, limit: `≤ ${most}${unit}`, met: value <= most };
}

export function exactly(what: string, value: number | string, wanted: number | string): Figure {
  return { what, value, unit: '', limit: `= ${wanted}`, met: value === wanted };
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** From the lower to the upper quartile, in words: the middle half of the rounds. */
export function spreadOf(values: readonly number[], digits = 2): string {
  return [0.25, 0.75].map((share) => percentile(values, share).toFixed(digits)).join('–');
}

/** Of an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** The value below which 99 of 100 are. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
