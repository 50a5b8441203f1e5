/**
 * Wald's sequential probability ratio test of runs that pass or fail: "fails as a healthy version does" against "fails as a
 * broken one does", looked at after every run without paying for the looking. All rates are shares from 0 to 1.
 */
export type SprtSettings = {
  /** Share of runs that fail though nothing is wrong. */
  healthyRate: number;
  /** Share of runs that fail from which on a version is broken. */
  brokenRate: number;
  /** Chance allowed to reject a healthy version. */
  alpha: number;
  /** Chance allowed to accept a broken one. */
  beta: number;
};

/** Rejects after 3 failures in a row, accepts after 49 clean runs (reference: paging, section 4.2 a). */
export const SPRT_DEFAULTS: SprtSettings = { healthyRate: 0.01, brokenRate: 0.1, alpha: 0.001, beta: 0.01 };

export const SPRT_VERDICTS = ['reject', 'accept', 'open'] as const;
/** `reject`: broken. `accept`: healthy. */
export type SprtVerdict = (typeof SPRT_VERDICTS)[number];

/** Plain JSON. Once the verdict is not open, nothing is counted any more. */
export type SprtState = { runs: number; failures: number; verdict: SprtVerdict };

/** What each run adds to the log-likelihood ratio of broken to healthy (natural logarithms), and where it ends. */
export type SprtBounds = {
  /** At or above it: reject. */
  reject: number;
  /** At or below it: accept. */
  accept: number;
  perFailure: number;
  /** Negative. */
  perPass: number;
};

export const SPRT_START: SprtState = { runs: 0, failures: 0, verdict: 'open' };

/** Wald's bounds, ln((1 − β)/α) and ln(β/(1 − α)). Throws a RangeError that names the setting that cannot be. */
export function sprtBounds(settings: SprtSettings): SprtBounds {
  const { healthyRate, brokenRate, alpha, beta } = settings;
  for (const [name, value] of Object.entries({ healthyRate, brokenRate, alpha, beta }))
    if (!(value > 0 && value < 1))
      throw new RangeError(`${name}: expected a share between 0 and 1, got ${value}`);
  if (brokenRate <= healthyRate)
    throw new RangeError(`brokenRate: expected more than healthyRate (${healthyRate}), got ${brokenRate}`);
  if (alpha + beta >= 1) throw new RangeError(`alpha + beta: expected less than 1, got ${alpha + beta}`);
  return {
    reject: Math.log((1 - beta) / alpha),
    accept: Math.log(beta / (1 - alpha)),
    perFailure: Math.log(brokenRate / healthyRate),
    perPass: Math.log((1 - brokenRate) / (1 - healthyRate)),
  };
}

/** Log-likelihood ratio of broken to healthy. From the counts, so that no rounding adds up over the runs. */
export function logLikelihood(bounds: SprtBounds, runs: number, failures: number): number {
  return failures * bounds.perFailure + (runs - failures) * bounds.perPass;
}

/** The verdict that so many runs reach if the ones before them have not. */
export function sprtVerdict(bounds: SprtBounds, runs: number, failures: number): SprtVerdict {
  const sum = logLikelihood(bounds, runs, failures);
  if (sum >= bounds.reject) return 'reject';
  return sum <= bounds.accept ? 'accept' : 'open';
}

/** The state after one more run. */
export function sprtStep(bounds: SprtBounds, state: SprtState, failed: boolean): SprtState {
  if (state.verdict !== 'open') return state;
  const runs = state.runs + 1;
  const failures = state.failures + (failed ? 1 : 0);
  return { runs, failures, verdict: sprtVerdict(bounds, runs, failures) };
}

/** Clean runs in a row that accept. */
export function cleanRunsToAccept(bounds: SprtBounds): number {
  return runsInRow((runs) => sprtVerdict(bounds, runs, 0) === 'accept', bounds.accept / bounds.perPass);
}

/** Failures in a row that reject. */
export function failuresToReject(bounds: SprtBounds): number {
  return runsInRow((runs) => sprtVerdict(bounds, runs, runs) === 'reject', bounds.reject / bounds.perFailure);
}

/** The quotient may be off by one where it is nearly whole: the verdict itself has the last word. */
function runsInRow(isEnough: (runs: number) => boolean, about: number): number {
  let runs = Math.max(1, Math.floor(about) - 1);
  while (!isEnough(runs)) runs += 1;
  return runs;
}

/** How a test ends when runs fail independently at a true rate. */
export type OperatingCharacteristic = {
  /** Chance that it rejects within the runs given. */
  rejects: number;
  accepts: number;
  /** Mean number of runs until it ends or has had them all. */
  expectedRuns: number;
};

/**
 * Exact, by adding up the chances of every number of failures after every run. What `rejects` and `accepts` leave to 1 is
 * the chance that the test is still open after `runsMax` runs. Throws a RangeError for a rate or a number that cannot be.
 */
export function operatingCharacteristic(
  settings: SprtSettings,
  trueRate: number,
  runsMax: number,
): OperatingCharacteristic {
  if (!(trueRate >= 0 && trueRate <= 1))
    throw new RangeError(`trueRate: expected a share from 0 to 1, got ${trueRate}`);
  if (!Number.isInteger(runsMax) || runsMax < 1)
    throw new RangeError(`runsMax: expected a whole number of at least 1, got ${runsMax}`);
  const bounds = sprtBounds(settings);
  let rejects = 0;
  let accepts = 0;
  let expectedRuns = 0;
  // Chances of the numbers of failures that leave the test open: `chances[i]` is that of `fewest + i`.
  let fewest = 0;
  let chances = [1];
  for (let runs = 1; runs <= runsMax && chances.length > 0; runs++) {
    const next: number[] = [];
    let nextFewest = fewest;
    for (let failures = fewest; failures <= fewest + chances.length; failures++) {
      const passed = (chances[failures - fewest] ?? 0) * (1 - trueRate);
      const failed = (chances[failures - fewest - 1] ?? 0) * trueRate;
      const verdict = sprtVerdict(bounds, runs, failures);
      if (verdict === 'reject') rejects += passed + failed;
      else if (verdict === 'accept') {
        accepts += passed + failed;
        nextFewest = failures + 1;
      } else next.push(passed + failed);
    }
    for (const chance of chances) expectedRuns += chance;
    fewest = nextFewest;
    chances = next;
  }
  return { rejects, accepts, expectedRuns };
}
