/** The value below which a share of the values lies, by linear interpolation. Throws without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) throw new Error('percentile: expected values, got none');
  return low + (high - low) * (at - Math.floor(at));
}

/** Throws without values. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Throws without values. */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error('mean: expected values, got none');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** To so many significant digits: more than a measurement has would only look exact. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
