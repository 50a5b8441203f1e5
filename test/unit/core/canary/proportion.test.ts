import { describe, expect, it } from 'vitest';
import { Prng } from '#test/sim/prng.ts';
import {
  binomialTail,
  clopperPearsonInterval,
  exactUpperBound,
  fisherTest,
  wilsonInterval,
} from '#core/canary/proportion.ts';
import { logMixtureRatio, mixtureSprt } from '#core/canary/mixture-sprt.ts';
import { bisect, normalQuantile, normalTail } from '#core/canary/tail.ts';

const of = (failures: number, attempts: number) => ({ attempts, failures });

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return Math.round(ways);
}

describe("Fisher's exact test, failures of the canary against the baseline's", () => {
  it.each([
    [of(5, 5), of(0, 5), 0.003968254, 0.0079365079],
    [of(3, 10), of(0, 10), 0.1052631579, 0.2105263158],
    [of(5, 10), of(0, 10), 0.01625387, 0.0325077399],
    [of(6, 30), of(0, 30), 0.011860352, 0.0237207039],
    [of(7, 60), of(0, 60), 0.006492229, 0.012984458],
    [of(8, 60), of(1, 60), 0.0160951467, 0.0321902935],
    [of(3, 12), of(2, 200), 0.0013158244, 0.0013158244],
    [of(3, 4), of(1, 4), 0.2428571429, 0.4857142857],
  ])('%j against %j', (canary, baseline, greater, twoSided) => {
    const found = fisherTest(canary, baseline);
    expect(found.greater).toBeCloseTo(greater, 9);
    expect(found.twoSided).toBeCloseTo(twoSided, 9);
  });

  it('gives the published p and odds ratio of scipy', () => {
    const found = fisherTest(of(8, 10), of(1, 6));
    expect(found.twoSided).toBeCloseTo(0.034965035, 9);
    expect(found.oddsRatio).toBe(20);
  });

  it("gives R's p of the convictions, where the canary is the better one", () => {
    const found = fisherTest(of(2, 12), of(15, 18));
    expect(found.less).toBeCloseTo(0.0004651809, 9);
    expect(found.twoSided).toBeCloseTo(0.0005367241, 9);
    expect(found.greater).toBeGreaterThan(0.99);
  });

  it('is what counting every table says', () => {
    for (let n = 0; n <= 7; n++)
      for (let m = 0; m <= 7; m++)
        for (let a = 0; a <= n; a++)
          for (let b = 0; b <= m; b++) {
            const seen = choose(n, a) * choose(m, b);
            let greater = 0;
            let less = 0;
            let twoSided = 0;
            for (let i = Math.max(0, a + b - m); i <= Math.min(n, a + b); i++) {
              const ways = choose(n, i) * choose(m, a + b - i);
              if (i >= a) greater += ways;
              if (i <= a) less += ways;
              if (ways <= seen) twoSided += ways;
            }
            const all = choose(n + m, a + b);
            const found = fisherTest(of(a, n), of(b, m));
            expect(found.greater).toBeCloseTo(greater / all, 12);
            expect(found.less).toBeCloseTo(less / all, 12);
            expect(found.twoSided).toBeCloseTo(twoSided / all, 12);
          }
  });

  it('is the other way round when the sides are', () => {
    expect(fisherTest(of(1, 60), of(8, 60)).less).toBeCloseTo(fisherTest(of(8, 60), of(1, 60)).greater, 14);
  });

  it.each([
    [of(3, 2), of(0, 1), 'canary.failures: expected a whole number from 0 to 2 attempts, got 3'],
    [of(0, 1), of(0, -1), 'baseline.attempts: expected a whole number of at least 0, got -1'],
  ])('%j against %j is refused', (canary, baseline, message) => {
    expect(() => fisherTest(canary, baseline)).toThrow(new RangeError(message));
  });
});

describe('binomial tails and intervals', () => {
  it('P(X ≥ 3 of 10) at 1 %', () => {
    expect(binomialTail(of(3, 10), 0.01)).toBeCloseTo(0.00011384912, 11);
  });

  it('a tail is the sum of its chances', () => {
    for (const rate of [0, 0.01, 0.3, 0.5, 0.97, 1])
      for (let k = 0; k <= 12; k++) {
        let sum = 0;
        for (let j = k; j <= 12; j++) sum += choose(12, j) * rate ** j * (1 - rate) ** (12 - j);
        expect(binomialTail(of(k, 12), rate)).toBeCloseTo(sum, 13);
      }
  });

  it("Wilson's and Clopper and Pearson's, 3 of 10 at 95 %", () => {
    const wilson = wilsonInterval(of(3, 10), 0.95);
    expect(wilson.low).toBeCloseTo(0.10779127, 8);
    expect(wilson.high).toBeCloseTo(0.60322185, 8);
    const exact = clopperPearsonInterval(of(3, 10), 0.95);
    expect(exact.low).toBeCloseTo(0.06673951, 8);
    expect(exact.high).toBeCloseTo(0.65245285, 8);
  });

  it.each([
    [299, 0.00996915],
    [60, 0.04870291],
    [30, 0.09503385],
  ])('%d clean runs show less than %d', (runs, high) => {
    expect(exactUpperBound(of(0, runs), 0.95)).toBeCloseTo(high, 8);
    expect(exactUpperBound(of(0, runs), 0.95)).toBeCloseTo(1 - 0.05 ** (1 / runs), 12);
  });

  it('has the ends right: nothing failed, everything did, nothing was tried', () => {
    for (const interval of [wilsonInterval, clopperPearsonInterval]) {
      expect(interval(of(0, 20), 0.95).low).toBe(0);
      expect(interval(of(20, 20), 0.95).high).toBe(1);
      expect(interval(of(0, 20), 0.95).high).toBeCloseTo(1 - interval(of(20, 20), 0.95).low, 12);
      expect(interval(of(0, 0), 0.95)).toEqual({ low: 0, high: 1 });
    }
  });

  it("Clopper and Pearson's holds the rate at least as often as it says", () => {
    const intervals = Array.from({ length: 16 }, (_, k) => clopperPearsonInterval(of(k, 15), 0.9));
    for (let percent = 1; percent < 100; percent++) {
      const rate = percent / 100;
      let held = 0;
      for (const [k, { low, high }] of intervals.entries())
        if (low <= rate && rate <= high) held += choose(15, k) * rate ** k * (1 - rate) ** (15 - k);
      expect(held).toBeGreaterThanOrEqual(0.9);
    }
  });

  it('stands a million attempts', () => {
    const { low, high } = clopperPearsonInterval(of(10_000, 1_000_000), 0.95);
    expect(low).toBeCloseTo(0.009806, 5);
    expect(high).toBeCloseTo(0.010197, 5);
  });
});

describe('the normal distribution', () => {
  // scipy.stats.norm.sf
  it.each([
    [0, 0.5],
    [1.959963984540054, 0.025],
    [2.4999, 0.006211418374944587],
    [2.5, 0.006209665325776132],
    [6, 9.865876450376946e-10],
    [-3, 0.9986501019683699],
    [30, 4.906713927147908e-198],
  ])('beyond %d lies %d', (z, tail) => {
    expect(Math.abs(normalTail(z) / tail - 1)).toBeLessThan(1e-12);
  });

  it('has the quantiles people know', () => {
    expect(normalQuantile(0.025)).toBeCloseTo(1.959963984540054, 12);
    expect(normalQuantile(0.01)).toBeCloseTo(2.3263478740408408, 12);
  });

  it('a bisection finds the edge to the last digit', () => {
    expect(bisect(0, 1, (at) => at * at < 0.5)).toBeCloseTo(Math.SQRT1_2, 15);
  });
});

describe('the mixture test of real attempts', () => {
  it('has the ratios of the reference', () => {
    expect(Math.exp(logMixtureRatio(100, 0.1, 0.09, 0.01))).toBeCloseTo(4.11193011, 8);
    expect(Math.exp(logMixtureRatio(1_000, 0.01, 0.0099, 0.0001))).toBeCloseTo(3.34617995, 8);
  });

  it('knows which side is the worse one', () => {
    const worse = mixtureSprt(of(60, 2_000), of(20, 2_000));
    const better = mixtureSprt(of(20, 2_000), of(60, 2_000));
    expect(worse?.difference).toBeCloseTo(0.02, 12);
    expect(better?.difference).toBeCloseTo(-0.02, 12);
    expect(worse?.logRatio).toBeCloseTo(better?.logRatio ?? 0, 10);
    expect(worse?.pValue).toBeLessThan(0.001);
  });

  it('says nothing of sides that are alike, and p is never over 1', () => {
    expect(mixtureSprt(of(20, 2_000), of(20, 2_000))?.pValue).toBe(1);
  });

  it('counts unlike sides as two of their harmonic mean', () => {
    const rate = 140 / 11_000;
    expect(mixtureSprt(of(40, 1_000), of(100, 10_000))?.logRatio).toBeCloseTo(
      logMixtureRatio(20_000 / 11, 0.03, rate * (1 - rate), 0.0001),
      10,
    );
  });

  it.each([
    ['the canary has one attempt too few', of(60, 999), of(20, 100_000)],
    ['the baseline has one attempt too few', of(60, 100_000), of(20, 999)],
    ['nine failed in all', of(9, 2_000), of(0, 2_000)],
    ['all but nine failed', of(1_991, 2_000), of(2_000, 2_000)],
  ])('does not look when %s', (_why, canary, baseline) => {
    expect(mixtureSprt(canary, baseline)).toBeUndefined();
  });

  it('may be looked at again and again: alike sides seldom differ', () => {
    const chance = new Prng(4, 'mixture');
    let mistakes = 0;
    for (let story = 0; story < 100; story++) {
      const canary = { attempts: 0, failures: 0 };
      const baseline = { attempts: 0, failures: 0 };
      let differs = false;
      for (let look = 0; look < 20; look++) {
        for (let attempt = 0; attempt < 500; attempt++) {
          if (chance.chance(0.05)) canary.failures += 1;
          if (chance.chance(0.05)) baseline.failures += 1;
        }
        canary.attempts += 500;
        baseline.attempts += 500;
        if ((mixtureSprt(canary, baseline)?.pValue ?? 1) <= 0.1) differs = true;
      }
      if (differs) mistakes += 1;
    }
    expect(mistakes / 100).toBeLessThan(0.1);
  });

  it('looks at the least it wants', () => {
    expect(mixtureSprt(of(10, 1_000), of(0, 1_000))).toBeDefined();
  });
});
