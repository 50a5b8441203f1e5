import { bisect, lowerTail, normalQuantile, upperTail, weightsOf, type Weights } from './tail.ts';

/** How often something was tried, and how often it failed. */
export type Attempts = { attempts: number; failures: number };

export type Interval = { low: number; high: number };

/** Throws a RangeError that names what cannot be; `name` is the side, e.g. "canary". */
export function checkAttempts(name: string, { attempts, failures }: Attempts): void {
  if (!Number.isSafeInteger(attempts) || attempts < 0)
    throw new RangeError(`${name}.attempts: expected a whole number of at least 0, got ${attempts}`);
  if (!Number.isSafeInteger(failures) || failures < 0 || failures > attempts)
    throw new RangeError(
      `${name}.failures: expected a whole number from 0 to ${attempts} attempts, got ${failures}`,
    );
}

/** P(X ≥ failures) when each of the attempts fails with a chance of `rate`. */
export function binomialTail({ attempts, failures }: Attempts, rate: number): number {
  return upperTail(binomial(attempts, rate), failures);
}

function binomial(attempts: number, rate: number): Weights {
  checkAttempts('binomial', { attempts, failures: 0 });
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`rate: expected a share from 0 to 1, got ${rate}`);
  if (rate === 0) return { from: 0, weights: [1] };
  if (rate === 1) return { from: attempts, weights: [1] };
  const odds = rate / (1 - rate);
  const mode = Math.min(attempts, Math.floor((attempts + 1) * rate));
  return weightsOf(0, attempts, mode, (i) => ((attempts - i) / (i + 1)) * odds);
}

/** Fisher's exact test of two failure rates. */
export type FisherTest = {
  /** Chance of a canary at least as bad, were both alike. */
  greater: number;
  /** Chance of a canary at least as good. */
  less: number;
  /** Of all tables that are no likelier than this one, as R and scipy have it. */
  twoSided: number;
  /** Of the sample; `Infinity` when only the canary failed, NaN when both failed never or always. */
  oddsRatio: number;
};

/** Tables of the same chance differ by rounding: R's tolerance. */
const SAME_CHANCE = 1 + 1e-7;

/** To be used once, at a number of runs fixed before: looked at again and again it goes off by itself (section 4.2 d). */
export function fisherTest(canary: Attempts, baseline: Attempts): FisherTest {
  checkAttempts('canary', canary);
  checkAttempts('baseline', baseline);
  const failures = canary.failures + baseline.failures;
  const lowest = Math.max(0, failures - baseline.attempts);
  const highest = Math.min(failures, canary.attempts);
  const mode = Math.floor(
    ((failures + 1) * (canary.attempts + 1)) / (canary.attempts + baseline.attempts + 2),
  );
  const weights = weightsOf(
    lowest,
    highest,
    Math.min(highest, Math.max(lowest, mode)),
    (i) => ((canary.attempts - i) * (failures - i)) / ((i + 1) * (baseline.attempts - failures + i + 1)),
  );
  const seen = (weights.weights[canary.failures - weights.from] ?? 0) * SAME_CHANCE;
  let twoSided = 0;
  for (const weight of weights.weights) if (weight <= seen) twoSided += weight;
  return {
    greater: upperTail(weights, canary.failures),
    less: lowerTail(weights, canary.failures),
    twoSided: Math.min(1, twoSided),
    oddsRatio:
      (canary.failures * (baseline.attempts - baseline.failures)) /
      (baseline.failures * (canary.attempts - canary.failures)),
  };
}

/** Wilson's interval of the rate behind what was seen; `confidence` from 0 to 1. Of no attempts: 0 to 1. */
export function wilsonInterval(seen: Attempts, confidence: number): Interval {
  checkAttempts('seen', seen);
  const { attempts, failures } = seen;
  if (attempts === 0) return { low: 0, high: 1 };
  const z = normalQuantile(tailOf(confidence) / 2);
  const rate = failures / attempts;
  const shrink = 1 + (z * z) / attempts;
  const middle = (rate + (z * z) / (2 * attempts)) / shrink;
  const half = (z / shrink) * Math.sqrt((rate * (1 - rate)) / attempts + (z * z) / (4 * attempts * attempts));
  return {
    low: failures === 0 ? 0 : Math.max(0, middle - half),
    high: failures === attempts ? 1 : Math.min(1, middle + half),
  };
}

/** Clopper and Pearson's exact interval: holds the rate with at least the confidence given. Of no attempts: 0 to 1. */
export function clopperPearsonInterval(seen: Attempts, confidence: number): Interval {
  const tail = tailOf(confidence) / 2;
  return { low: exactLow(seen, tail), high: exactHigh(seen, tail) };
}

/** The rate that is not exceeded with the confidence given: 299 clean runs show less than 1 % at 95 %. */
export function exactUpperBound(seen: Attempts, confidence: number): number {
  return exactHigh(seen, tailOf(confidence));
}

function exactLow(seen: Attempts, tail: number): number {
  checkAttempts('seen', seen);
  if (seen.failures === 0) return 0;
  return bisect(0, 1, (rate) => binomialTail(seen, rate) < tail);
}

function exactHigh(seen: Attempts, tail: number): number {
  checkAttempts('seen', seen);
  const { attempts, failures } = seen;
  if (failures === attempts) return 1;
  return bisect(0, 1, (rate) => lowerTail(binomial(attempts, rate), failures) > tail);
}

function tailOf(confidence: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence: expected a share between 0 and 1, got ${confidence}`);
  return 1 - confidence;
}
