import { describe, expect, it } from 'vitest';
import { falsePageChance, falsePagesPerMonth } from '#core/budget/false-pages.ts';

const T_MS = 30_000;

/** Pages a month at 1 % flaky runs. */
function atOnePercent(regions: number, correlationRatio: number): number {
  return falsePagesPerMonth(regions, T_MS, { flakeRatio: 0.01, correlationRatio });
}

describe('false pages a month', () => {
  // Reference: paging, section 6 (rule 1 alone, which is all there is of two regions and of one).
  it.each([
    { regions: 1, correlation: 0.01, measured: 0.085 },
    { regions: 1, correlation: 0.1, measured: 8.7 },
    { regions: 1, correlation: 0.3, measured: 79 },
    { regions: 1, correlation: 0.5, measured: 219 },
    { regions: 2, correlation: 0.01, measured: 0.002 },
    { regions: 2, correlation: 0.1, measured: 0.19 },
    { regions: 2, correlation: 0.3, measured: 2.1 },
    { regions: 2, correlation: 0.5, measured: 8.1 },
    // Measured with core's rules, 10^6 bursts a setting; the reference's own, of other rules 2 and 3, are within as much.
    { regions: 3, correlation: 0.01, measured: 0.004 },
    { regions: 3, correlation: 0.1, measured: 0.033 },
    { regions: 3, correlation: 0.3, measured: 0.151 },
    { regions: 3, correlation: 0.5, measured: 0.94 },
    { regions: 4, correlation: 0.1, measured: 0.0004 },
    { regions: 4, correlation: 0.3, measured: 0.017 },
    { regions: 4, correlation: 0.5, measured: 0.9 },
  ])(
    'of $regions regions at a correlation of $correlation are about the measured $measured',
    ({ regions, correlation, measured }) => {
      const pages = atOnePercent(regions, correlation);
      expect(pages).toBeGreaterThan(measured * 0.65);
      expect(pages).toBeLessThan(measured * 1.5);
    },
  );

  it('of four regions are under one in ten thousand months when nothing is correlated', () => {
    expect(atOnePercent(4, 0)).toBeLessThan(0.0001);
    // n · p^(L+1), which rules 2 and 3 add little to.
    expect(atOnePercent(4, 0)).toBeGreaterThan(3_456 * 0.01 ** 4);
  });

  it('of one region are the first failures that are followed by two more: n · p · c²', () => {
    const pages = falsePagesPerMonth(1, T_MS, { flakeRatio: 0.02, correlationRatio: 0.02 });
    expect(pages / (86_400 * 0.02 ** 3)).toBeGreaterThan(1);
    expect(pages / (86_400 * 0.02 ** 3)).toBeLessThan(1.1);
  });

  it('are none without flaky runs, more with more of them, and fewer the longer the interval', () => {
    expect(falsePagesPerMonth(4, T_MS, { flakeRatio: 0, correlationRatio: 0.5 })).toBe(0);
    const flakes = { flakeRatio: 0.02, correlationRatio: 0.1 };
    expect(falsePagesPerMonth(3, T_MS, flakes)).toBeGreaterThan(atOnePercent(3, 0.1));
    expect(falsePagesPerMonth(3, 2 * T_MS, flakes)).toBeCloseTo(falsePagesPerMonth(3, T_MS, flakes) / 2, 10);
  });

  it('a correlation below the share of flaky runs counts as that share', () => {
    const chance = (correlationRatio: number) => falsePageChance(2, { flakeRatio: 0.01, correlationRatio });
    expect(chance(0)).toBe(chance(0.01));
  });
});
