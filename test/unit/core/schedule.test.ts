import { describe, expect, it } from 'vitest';
import { assignedProbe, hash32, nextStartInMs, phaseMs } from '#core/schedule.ts';

describe('phaseMs', () => {
  it('staggers the regions of a check by T/R', () => {
    const phases = [0, 1, 2, 3].map((index) => phaseMs('portal-login', 30_000, index, 4));
    const sorted = phases.toSorted((a, b) => a - b);
    const gaps = sorted.map(
      (phase, index) => ((sorted[index + 1] ?? (sorted[0] ?? 0) + 30_000) - phase) % 30_000,
    );
    expect(gaps).toEqual([7_500, 7_500, 7_500, 7_500]);
  });
  it('spreads checks', () => {
    const phases = Array.from({ length: 200 }, (_, index) => phaseMs(`check-${index}`, 30_000, 0, 4));
    const quarters = [0, 0, 0, 0];
    for (const phase of phases) {
      const quarter = Math.floor(phase / 7_500);
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    expect(Math.min(...quarters)).toBeGreaterThan(25);
  });
});

describe('nextStartInMs', () => {
  it.each([
    { now: 0, phase: 5_000, wait: 5_000 },
    { now: 5_000, phase: 5_000, wait: 30_000 },
    { now: 29_999, phase: 5_000, wait: 5_001 },
    { now: 4_999, phase: 5_000, wait: 1 },
  ])('at $now with phase $phase waits $wait ms', ({ now, phase, wait }) => {
    expect(nextStartInMs(now, 30_000, phase)).toBe(wait);
  });
  it('leaves out a start that is too close', () => {
    expect(nextStartInMs(4_999, 30_000, 5_000, 10)).toBe(30_001);
  });
});

describe('assignedProbe', () => {
  it('gives each check to one of the probes, and moves few when one leaves', () => {
    const checks = Array.from({ length: 300 }, (_, index) => `check-${index}`);
    const three = checks.map((check) => assignedProbe(check, ['a', 'b', 'c']));
    const two = checks.map((check) => assignedProbe(check, ['b', 'a']));
    expect(new Set(three)).toEqual(new Set(['a', 'b', 'c']));
    expect(three.every((probe, index) => probe === 'c' || probe === two[index])).toBe(true);
  });
  it('is undefined without a probe', () => {
    expect(assignedProbe('portal-login', [])).toBeUndefined();
  });
});

describe('hash32', () => {
  it('gives the published FNV-1a vectors (RFC 9923, appendix C)', () => {
    expect(hash32('')).toBe(0x811c9dc5);
    expect(hash32('a')).toBe(0xe40c292c);
    expect(hash32('foobar')).toBe(0xbf9cf968);
  });
});
