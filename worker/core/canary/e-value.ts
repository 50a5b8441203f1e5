/**
 * How strongly discordant pairs speak for the canary being worse than the baseline beside it. An e-value: were both alike,
 * it would reach a bound B with a chance of at most 1/B, whenever one looks (Ville's inequality). Only pairs in which exactly
 * one side failed count: `m` of them, in `k` of which it was the canary.
 */

/** At or above it the difference is put down to the deploy: chance of 5 % if it is not (reference: paging, 4.2 b). */
export const ATTRIBUTION_E = 20;

/**
 * ln E(k, m) of E = 2^(m+1) ∫ θ^k (1 − θ)^(m−k) dθ over ½ to 1, the mean over all canaries that are worse than their
 * baseline. Exact: the integral is Σ C(m+1, j) / ((m+1) C(m, k)) over j = 0 to k, all of it positive and added up beside its
 * greatest term, so that nothing overflows or cancels out. Takes time by m. Throws a RangeError for counts that cannot be.
 */
export function logEvidence(k: number, m: number): number {
  checkCounts(k, m);
  // Terms are C(m+1, j) / C(m, k). The greatest is at the middle, or at k when that comes first.
  const greatestAt = Math.min(k, Math.floor((m + 1) / 2));
  let logGreatest = Math.log((m + 1) / (m + 1 - k));
  for (let j = k; j > greatestAt; j--) logGreatest += Math.log(j / (m + 2 - j));
  let sum = 1;
  let term = 1;
  for (let j = greatestAt; j > 0; j--) {
    term *= j / (m + 2 - j);
    sum += term;
  }
  term = 1;
  for (let j = greatestAt + 1; j <= k; j++) {
    term *= (m + 2 - j) / j;
    sum += term;
  }
  return logGreatest + Math.log(sum) - Math.log(m + 1);
}

/** E(k, m); `Infinity` past what a number holds, from about a thousand pairs that all blame the canary. */
export function evidence(k: number, m: number): number {
  return Math.exp(logEvidence(k, m));
}

/** ln of the e-value against a single alternative: that of discordant pairs a share `theta` blames the canary. */
export function logPointEvidence(k: number, m: number, theta: number): number {
  checkCounts(k, m);
  if (!(theta > 0.5 && theta < 1))
    throw new RangeError(`theta: expected a share between 0.5 and 1, got ${theta}`);
  return k * Math.log(2 * theta) + (m - k) * Math.log(2 * (1 - theta));
}

function checkCounts(k: number, m: number): void {
  if (!Number.isInteger(m) || m < 0)
    throw new RangeError(`m: expected a whole number of discordant pairs, got ${m}`);
  if (!Number.isInteger(k) || k < 0 || k > m)
    throw new RangeError(`k: expected a whole number from 0 to m (${m}), got ${k}`);
}
