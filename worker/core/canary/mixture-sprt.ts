import { checkAttempts, type Attempts } from './proportion.ts';

/**
 * The mixture sequential probability ratio test of two rates (Johari et al., "Always valid inference"): may be looked at
 * whenever one likes. A normal approximation, so only for counters of real attempts (reference: paging, section 4.2 g).
 */
export type MixtureSprt = {
  /** Canary's failure rate less the baseline's. */
  difference: number;
  /** Natural logarithm of the likelihood ratio. */
  logRatio: number;
  /** Always-valid p-value of "both alike", two-sided: look at the sign of `difference`. */
  pValue: number;
};

/**
 * Attempts of each side from which on real counters are looked at, and failures of both sides together. The reference says
 * "n much more than 100 per side"; a normal approximation of a rate near 1 % needs some ten failures.
 */
export const REAL_ATTEMPTS_MIN = 1_000;
export const REAL_FAILURES_MIN = 10;
/** The difference of failure rates that the test is made for: one in a hundred logins (reference: the second vector). */
export const REAL_DIFFERENCE = 0.01;

/**
 * ln of L = √(V/(V + nτ²)) exp(n²τ²d²/(2V(V + nτ²))), V = 2σ². `n`: attempts of each side; `variance`: σ² of one attempt;
 * `tauSquared`: variance of the differences that are expected if there is one.
 */
export function logMixtureRatio(n: number, difference: number, variance: number, tauSquared: number): number {
  if (!(n > 0)) throw new RangeError(`n: expected a number over 0, got ${n}`);
  if (!(variance > 0)) throw new RangeError(`variance: expected a number over 0, got ${variance}`);
  if (!(tauSquared > 0)) throw new RangeError(`tauSquared: expected a number over 0, got ${tauSquared}`);
  const v = 2 * variance;
  const wide = v + n * tauSquared;
  return Math.log(v / wide) / 2 + (n * n * tauSquared * difference * difference) / (2 * v * wide);
}

/**
 * The test of two counters, or `undefined` while there are too few attempts for it or none or all of them failed. Sides of
 * unlike size count as two of their harmonic mean, which has the same variance.
 */
export function mixtureSprt(canary: Attempts, baseline: Attempts): MixtureSprt | undefined {
  checkAttempts('canary', canary);
  checkAttempts('baseline', baseline);
  if (Math.min(canary.attempts, baseline.attempts) < REAL_ATTEMPTS_MIN) return undefined;
  const attempts = canary.attempts + baseline.attempts;
  const failures = canary.failures + baseline.failures;
  if (Math.min(failures, attempts - failures) < REAL_FAILURES_MIN) return undefined;
  const rate = failures / attempts;
  const n = (2 * canary.attempts * baseline.attempts) / attempts;
  const difference = canary.failures / canary.attempts - baseline.failures / baseline.attempts;
  const logRatio = logMixtureRatio(n, difference, rate * (1 - rate), REAL_DIFFERENCE ** 2);
  return { difference, logRatio, pValue: Math.min(1, Math.exp(-logRatio)) };
}
