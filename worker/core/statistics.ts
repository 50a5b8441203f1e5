/** Median of numbers, the mean of the middle two of an even count; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/**
 * The percentile of numbers in ascending order by nearest rank: the smallest that at least `percent` of a hundred of them do
 * not exceed. `undefined` of none. In whole hundredths, because 0.95 × 20 is a little over 19 in binary.
 */
export function nearestRank(sorted: readonly number[], percent: number): number | undefined {
  return sorted[Math.max(1, Math.ceil((percent * sorted.length) / 100)) - 1];
}
