import { describe, expect, it } from 'vitest';
import { deadlinesAt, deadlinesOf, p99Ms } from '#core/lateness.ts';
import { PAGING_DEFAULTS } from '#core/paging-settings.ts';

const { lateness } = PAGING_DEFAULTS;
const TIMEOUT_MS = 20_000;

function several(count: number, durationMs: number): number[] {
  return Array.from({ length: count }, () => durationMs);
}

describe('p99', () => {
  it('is the value at the nearest rank, whatever the order', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
    expect(p99Ms(hundred)).toBe(99);
    expect(p99Ms(hundred.slice(0, 99))).toBe(hundred.slice(0, 99).toSorted((a, b) => b - a)[0]);
    expect(p99Ms([...several(24, 100), 900])).toBe(900);
  });

  it('of a hundred does not go by the slowest one', () => {
    expect(p99Ms([...several(99, 800), 15_000])).toBe(800);
  });

  it('is unknown of fewer than twenty', () => {
    expect(p99Ms(several(19, 800))).toBeUndefined();
    expect(p99Ms(several(20, 800))).toBe(800);
  });

  it('does not change what it looks at', () => {
    const durations = Object.freeze([3, 1, 2, ...several(20, 9)]);
    expect(p99Ms(durations)).toBe(9);
  });
});

describe('the deadlines', () => {
  it('are the ceiling and the whole timeout while too little is known', () => {
    expect(deadlinesOf(lateness, TIMEOUT_MS, several(19, 800))).toEqual({ softMs: 8_000, confirmMs: 20_000 });
    expect(deadlinesOf(lateness, 5_000, [])).toEqual({ softMs: 5_000, confirmMs: 5_000 });
  });

  it.each([
    { name: 'three times p99', p99: 2_000, softMs: 6_000, confirmMs: 9_000 },
    { name: 'the floor of a quick journey', p99: 300, softMs: 4_000, confirmMs: 6_000 },
    { name: 'just over the floor', p99: 1_334, softMs: 4_002, confirmMs: 6_003 },
    { name: 'the ceiling of a slower one', p99: 4_000, softMs: 8_000, confirmMs: 12_000 },
    { name: 'the ceiling, and confirmed by 2.5 p99', p99: 6_000, softMs: 8_000, confirmMs: 15_000 },
    {
      name: 'past the ceiling where a run is slow by nature',
      p99: 10_000,
      softMs: 12_500,
      confirmMs: 20_000,
    },
    { name: 'never past the timeout', p99: 19_000, softMs: 20_000, confirmMs: 20_000 },
  ])('are learnt: $name (p99 $p99 ms)', ({ p99, softMs, confirmMs }) => {
    expect(deadlinesAt(lateness, TIMEOUT_MS, p99)).toEqual({ softMs, confirmMs });
    expect(deadlinesOf(lateness, TIMEOUT_MS, several(20, p99))).toEqual({ softMs, confirmMs });
  });

  it('follow the configuration: times, floor and ceiling', () => {
    const strict = { timesP99: 2, floorMs: 1_000, ceilingMs: 3_000 };
    expect(deadlinesAt(strict, TIMEOUT_MS, 200).softMs).toBe(1_000);
    expect(deadlinesAt(strict, TIMEOUT_MS, 700).softMs).toBe(1_400);
    expect(deadlinesAt(strict, TIMEOUT_MS, 2_000).softMs).toBe(3_000);
    expect(deadlinesAt(strict, TIMEOUT_MS, 4_000).softMs).toBe(5_000);
  });

  it('never let a confirmation end before a run is even overdue, nor before its own p99', () => {
    for (let p99 = 1; p99 <= TIMEOUT_MS; p99 += 61) {
      const { softMs, confirmMs } = deadlinesAt(lateness, TIMEOUT_MS, p99);
      expect(softMs).toBeLessThanOrEqual(confirmMs);
      expect(confirmMs).toBeGreaterThanOrEqual(p99);
      expect(confirmMs).toBeLessThanOrEqual(TIMEOUT_MS);
    }
  });
});
