/** Of a few runs: what is told of them. Pure. */

export type Spread = { readonly median: number; readonly min: number; readonly max: number; readonly runs: number };

/** @throws RangeError of nothing */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) {
    throw new RangeError('Cannot tell the median of no values');
  }
  return { median: (low + high) / 2, min, max, runs: sorted.length };
}
