/** One measured figure, and what it must be. */
export interface Figure {
  what: string;
  value: number | string;
  unit: string;
  /** As a person reads it. */
  limit?: string;
  /** Undefined: nothing is demanded. */
  met?: boolean;
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

/** The value below which 99 of 100 are. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
