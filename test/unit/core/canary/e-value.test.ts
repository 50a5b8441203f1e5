import { describe, expect, it } from 'vitest';
import { ATTRIBUTION_E, evidence, logEvidence, logPointEvidence } from '#core/canary/e-value.ts';

/** 2^(m+1) ∫ θ^k (1 − θ)^(m−k) over ½ to 1, in whole numbers: Σ C(m+1, j) / ((m+1) C(m, k)), j = 0…k. */
function exactLogEvidence(k: number, m: number): number {
  let binomial = 1n;
  let sum = 1n;
  let chosen = 1n;
  for (let j = 1; j <= k; j++) {
    binomial = (binomial * BigInt(m + 2 - j)) / BigInt(j);
    sum += binomial;
    chosen = (chosen * BigInt(m + 1 - j)) / BigInt(j);
  }
  const below = BigInt(m + 1) * chosen;
  const scaled = (sum << 1_200n) / below;
  // The first sixty bits carry all a number can hold.
  const bits = scaled.toString(2).length;
  return Math.log(Number(scaled >> BigInt(bits - 60))) + (bits - 60 - 1_200) * Math.LN2;
}

/** The definition itself, by Simpson's rule. */
function integrated(k: number, m: number): number {
  const slices = 4_000;
  const width = 0.5 / slices;
  let sum = 0;
  for (let at = 0; at <= slices; at++) {
    const theta = 0.5 + at * width;
    const weight = at === 0 || at === slices ? 1 : at % 2 === 1 ? 4 : 2;
    sum += weight * theta ** k * (1 - theta) ** (m - k);
  }
  return (2 ** (m + 1) * sum * width) / 3;
}

describe('the e-value of discordant pairs', () => {
  it.each([
    [0, 0, 1],
    [1, 1, 1.5],
    [3, 3, 3.75],
    [5, 5, 10.5],
    [7, 7, 31.875],
    [8, 8, 56.777778],
    [9, 9, 102.3],
    [9, 10, 18.509091],
    [10, 11, 30.931818],
  ])('of %d in %d is %d', (k, m, wanted) => {
    expect(evidence(k, m)).toBeCloseTo(wanted, 6);
  });

  it('is what the integral says, for every small number of pairs', () => {
    for (let m = 0; m <= 14; m++)
      for (let k = 0; k <= m; k++) expect(evidence(k, m)).toBeCloseTo(integrated(k, m), 7);
  });

  it.each([
    [60, 100],
    [500, 1_000],
    [1_000, 1_000],
    [0, 1_000],
    [0, 10_000],
    [4_000, 10_000],
    [5_100, 10_000],
    [5_500, 10_000],
    [10_000, 10_000],
  ])('of %d in %d is exact to twelve digits', (k, m) => {
    const wanted = exactLogEvidence(k, m);
    expect(Math.abs(logEvidence(k, m) - wanted)).toBeLessThan(1e-12 * Math.max(1, Math.abs(wanted)));
  });

  it('is fair: were both alike, its mean after any number of pairs is 1', () => {
    for (const m of [1, 2, 5, 20, 60]) {
      let mean = 0;
      let ways = 1;
      for (let k = 0; k <= m; k++) {
        mean += (ways / 2 ** m) * evidence(k, m);
        ways = (ways * (m - k)) / (k + 1);
      }
      expect(mean).toBeCloseTo(1, 10);
    }
  });

  it('speaks for the canary when it is the baseline that fails', () => {
    expect(evidence(0, 5)).toBeLessThan(0.2);
    expect(evidence(5, 5)).toBeGreaterThan(10);
    expect(evidence(5, 10)).toBeLessThan(1);
  });

  it('is enough to blame the deploy at seven of seven, not at six', () => {
    expect(evidence(6, 6)).toBeLessThan(ATTRIBUTION_E);
    expect(evidence(7, 7)).toBeGreaterThanOrEqual(ATTRIBUTION_E);
  });

  it('overflows to Infinity, never to NaN', () => {
    expect(evidence(2_000, 2_000)).toBe(Number.POSITIVE_INFINITY);
    expect(evidence(0, 2_000)).toBeGreaterThan(0);
  });

  it.each([
    [2, 1, 'k: expected a whole number from 0 to m (1), got 2'],
    [-1, 1, 'k: expected a whole number from 0 to m (1), got -1'],
    [0, 1.5, 'm: expected a whole number of discordant pairs, got 1.5'],
  ])('of %d in %d is refused', (k, m, message) => {
    expect(() => logEvidence(k, m)).toThrow(new RangeError(message));
  });
});

describe('the e-value against one alternative', () => {
  it('is that of the reference', () => {
    expect(Math.exp(logPointEvidence(5, 5, 0.95))).toBeCloseTo(24.76099, 6);
    expect(Math.exp(logPointEvidence(8, 8, 0.95))).toBeCloseTo(169.83563, 6);
    expect(Math.exp(logPointEvidence(4, 5, 0.95))).toBeCloseTo(1.9 ** 4 * 0.1, 10);
  });

  it('wants an alternative that blames the canary', () => {
    expect(() => logPointEvidence(1, 1, 0.5)).toThrow('theta: expected a share between 0.5 and 1, got 0.5');
  });
});
