/** Chances of the whole numbers from `from` on; those before and after are too small for a number. */
export type Weights = { from: number; weights: readonly number[] };

/** Against its greatest neighbour nothing can be seen any more: a number holds no less. */
const WEIGHT_MIN = 1e-300;

/**
 * The chances of a distribution over `lowest` to `highest` that rises to `mode` and falls from there, given P(i + 1) / P(i).
 * All are relative to the greatest and then divided by their sum: no factorial, nothing cancels out.
 */
export function weightsOf(
  lowest: number,
  highest: number,
  mode: number,
  ratio: (i: number) => number,
): Weights {
  const below: number[] = [];
  let weight = 1;
  for (let i = mode - 1; i >= lowest; i--) {
    weight /= ratio(i);
    if (!(weight > WEIGHT_MIN)) break;
    below.push(weight);
  }
  const weights = [...below.toReversed(), 1];
  weight = 1;
  for (let i = mode; i < highest; i++) {
    weight *= ratio(i);
    if (!(weight > WEIGHT_MIN)) break;
    weights.push(weight);
  }
  const from = mode - below.length;
  let sum = 0;
  for (const each of weights) sum += each;
  return { from, weights: weights.map((each) => each / sum) };
}

/** P(X ≥ i), the smallest added first. */
export function upperTail({ from, weights }: Weights, i: number): number {
  let sum = 0;
  for (let at = weights.length - 1; at >= Math.max(0, i - from); at--) sum += weights[at] ?? 0;
  return Math.min(1, sum);
}

/** P(X ≤ i). */
export function lowerTail({ from, weights }: Weights, i: number): number {
  let sum = 0;
  for (let at = 0; at <= Math.min(weights.length - 1, i - from); at++) sum += weights[at] ?? 0;
  return Math.min(1, sum);
}

/** Below it the series is exact to the last digits, above it the continued fraction is and ends soon. */
const SERIES_TO = 2.5;

/** P(Z ≥ z) of the standard normal distribution, to about 13 digits of its own size. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  if (z > 38) return 0;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < SERIES_TO) {
    // Φ(z) = ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …)
    let term = z;
    let sum = z;
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (z * z) / odd;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // Laplace's continued fraction: φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))), from the far end.
  let fraction = z;
  for (let i = 160; i >= 1; i--) fraction = z + i / fraction;
  return density / fraction;
}

/** The z with P(Z ≥ z) = `tail`, for a tail from 1e-300 to ½. */
export function normalQuantile(tail: number): number {
  return bisect(0, 38, (z) => normalTail(z) > tail);
}

/** Where `isBelow` stops being true between two numbers, to the last digit. */
export function bisect(from: number, to: number, isBelow: (at: number) => boolean): number {
  let low = from;
  let high = to;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
}
