import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lockProblems, type Lock, type Manifest } from '../../../.ci/lock.mjs';
import { tableOf } from '../../bench/report.ts';
import { median, percentile, rounded } from '../../bench/statistics.ts';

describe('a benchmark', () => {
  test('prints each figure with its target and whether it is met, and the notes', () => {
    const report = {
      name: 'journey',
      machine: '2 × Any, load 0.10',
      runs: 12,
      figures: { cpuToBare: 1.2, oneObjectToBare: 0.7, rssMiB: 250 },
      targets: { cpuToBare: { max: 1.15 }, oneObjectToBare: { min: 0.6 } },
    };
    expect(tableOf(report, ['A note.']).split('\n')).toEqual([
      'journey: 12 runs on 2 × Any, load 0.10',
      '',
      '  cpuToBare        1.2  target at most 1.15, missed',
      '  oneObjectToBare  0.7  target at least 0.6, met',
      '  rssMiB           250',
      '',
      '  A note.',
    ]);
  });

  test('installs peers from a lock that is complete and names no registry', () => {
    const read = (name: string): unknown =>
      JSON.parse(readFileSync(new URL(`../../bench/peers/${name}`, import.meta.url), 'utf8'));
    expect(lockProblems(read('package-lock.json') as Lock, read('package.json') as Manifest)).toEqual([]);
  });
});

describe('statistics', () => {
  test('a percentile lies between the values beside it', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(percentile([0, 100], 0.99)).toBeCloseTo(99);
  });

  test('of no values there is none', () => {
    expect(() => median([])).toThrow('expected values');
  });

  test('a figure keeps four digits', () => {
    expect([rounded(1.034_567), rounded(0.000_123_456), rounded(1_655.4)]).toEqual([1.035, 0.0001235, 1655]);
  });
});
