import { describe, expect, it } from 'vitest';
import { EXACT_VALUES_MAX, hodgesLehmann, mannWhitney } from '#core/canary/mann-whitney.ts';

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);

/** Every way to choose `size` of the values to be the first side. */
function splits(values: readonly number[], size: number): { first: number[]; second: number[] }[] {
  const found: { first: number[]; second: number[] }[] = [];
  for (let mask = 0; mask < 2 ** values.length; mask++) {
    const first = values.filter((_, at) => ((mask >> at) & 1) === 1);
    if (first.length === size)
      found.push({ first, second: values.filter((_, at) => ((mask >> at) & 1) === 0) });
  }
  return found;
}

function pairsWon(first: readonly number[], second: readonly number[]): number {
  let won = 0;
  for (const a of first) for (const b of second) won += a > b ? 1 : a === b ? 0.5 : 0;
  return won;
}

describe("Mann and Whitney's test", () => {
  it("gives scipy's U and p, exact and approximated", () => {
    const first = [19, 22, 16, 29, 24];
    const second = [20, 11, 17, 12];
    const exact = mannWhitney(first, second);
    expect(exact).toMatchObject({ u: 17, method: 'exact' });
    expect(exact.twoSided).toBeCloseTo(0.1111111111, 10);
    expect(mannWhitney(first, second, 'normal').twoSided).toBeCloseTo(0.1113468865, 10);
    expect(exact.greater).toBeLessThan(exact.less);
  });

  it("gives R's W and p of the permeability of membranes", () => {
    const first = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const second = [1.15, 0.88, 0.9, 0.74, 1.21];
    const found = mannWhitney(first, second);
    expect(found.u).toBe(35);
    expect(found.greater).toBeCloseTo(0.1272061272, 10);
  });

  it.each([
    [4, 0.0285714286],
    [5, 0.0079365079],
    [6, 0.0021645022],
    [8, 0.0001554002],
    [10, 0.0000108251],
  ])('%d against as many, all greater: two-sided %d', (count, twoSided) => {
    const found = mannWhitney(upTo(count, 100), upTo(count));
    expect(found.twoSided).toBeCloseTo(twoSided, 10);
    expect(found.greater).toBeCloseTo(twoSided / 2, 10);
    expect(found.less).toBe(1);
    expect(mannWhitney(upTo(count), upTo(count, 100)).greater).toBe(1);
  });

  it.each([
    ['without ties', [3, 1, 4, 15, 9, 2, 6, 5]],
    ['with ties', [1, 2, 2, 2, 3, 3, 5, 5]],
    ['of two values only', [0, 0, 0, 1, 1, 0, 1, 0]],
  ])('%s is what dealing out the values in every way says', (_how, values) => {
    for (let size = 1; size < values.length; size++) {
      const all = splits(values, size).map(({ first, second }) => ({
        first,
        second,
        won: pairsWon(first, second),
      }));
      for (const { first, second, won } of all) {
        const found = mannWhitney(first, second);
        expect(found.u).toBe(won);
        expect(found.greater).toBeCloseTo(all.filter((other) => other.won >= won).length / all.length, 12);
        expect(found.less).toBeCloseTo(all.filter((other) => other.won <= won).length / all.length, 12);
      }
    }
  });

  // scipy.stats.mannwhitneyu(…, alternative='greater', method='asymptotic')
  it('corrects the approximation for ties', () => {
    const found = mannWhitney([1, 2, 2, 3, 3, 3, 4, 7], [1, 1, 2, 2, 2, 3, 3, 4], 'normal');
    expect(found.u).toBe(41.5);
    expect(found.greater).toBeCloseTo(0.164010752356712, 12);
  });

  it('counts every way as long as a number holds them, and approximates beyond', () => {
    const half = EXACT_VALUES_MAX / 2;
    const first = upTo(half).map((value) => value * 1.3 + 3.15);
    const exact = mannWhitney(first, upTo(half));
    expect(exact.method).toBe('exact');
    // scipy.stats.mannwhitneyu(…, alternative='greater', method='exact')
    expect(exact.greater).toBeCloseTo(0.006118337716473896, 14);
    expect(mannWhitney([...first, 50], upTo(half)).method).toBe('normal');
    expect(() => mannWhitney([...first, 50], upTo(half), 'exact')).toThrow(
      'exact: expected at most 56 values in all, got 57',
    );
  });

  it('cannot tell values that are all alike', () => {
    for (const method of ['exact', 'normal'] as const)
      expect(mannWhitney([5, 5, 5], [5, 5], method)).toMatchObject({ greater: 1, less: 1, twoSided: 1 });
  });

  it('refuses a side without values, and what is no number', () => {
    expect(() => mannWhitney([], [1])).toThrow(new RangeError('first: expected values, got none'));
    expect(() => mannWhitney([1], [])).toThrow(new RangeError('second: expected values, got none'));
    expect(() => mannWhitney([1], [Number.NaN])).toThrow('second: expected finite numbers, got NaN');
  });
});

describe("Hodges and Lehmann's shift", () => {
  it('is the median of all differences, the first less the second', () => {
    expect(hodgesLehmann([10, 12, 30], [1, 2, 3])).toBe(10);
    expect(hodgesLehmann([1, 2, 3], [10, 12, 30])).toBe(-10);
    expect(hodgesLehmann([5, 7], [1, 2])).toBe(4.5);
  });
});
