// Few numbers, shown as their median and what lay around it.

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
    count: sorted.length,
  };
}

/** Ratios round by round, since both of a round saw the same machine. */
export function ratiosOf(above: readonly number[], below: readonly number[]): Spread {
  return spreadOf(above.slice(0, below.length).map((value, index) => value / (below[index] ?? Number.NaN)));
}

export function formatSpread({ median, least, most }: Spread, unit = ""): string {
  const digits = median < 1 ? 3 : median < 10 ? 2 : median < 100 ? 1 : 0;
  const show = (value: number): string => value.toFixed(digits);
  return `${show(median)}${unit} (${show(least)}–${show(most)})`;
}
