import { describe, expect, it } from 'vitest';
import { CANARY_DEFAULTS, CanaryInput, canarySettings } from '#core/canary/settings.ts';
import { operatingCharacteristic } from '#core/canary/sprt.ts';
import { describeProblems, parseWith } from '#core/problem.ts';

function problemsOf(input: unknown): string {
  const parsed = parseWith(CanaryInput, input);
  return parsed.ok ? '' : describeProblems(parsed.problems);
}

describe('the settings of a verification', () => {
  it('are those of the reference when nothing is said', () => {
    expect(CANARY_DEFAULTS).toEqual({
      sprt: { healthyRate: 0.01, brokenRate: 0.1, alpha: 0.001, beta: 0.01 },
      deadlineMs: 900_000,
      pairTimeoutMs: 60_000,
      attributionE: 20,
      latency: { rollsBack: false, ratioMin: 1.25, atLeastMs: 50, alpha: 0.001 },
      realAttempts: { alpha: 0.001, differenceMin: 0.01 },
    });
  });

  it('leave time enough to find 10 % in 99 % of cases, which ten minutes would not', () => {
    const within = (minutes: number) =>
      operatingCharacteristic(CANARY_DEFAULTS.sprt, 0.1, 24 * minutes).rejects;
    expect(within(CANARY_DEFAULTS.deadlineMs / 60_000)).toBeGreaterThan(0.99);
    expect(within(10)).toBeLessThan(0.99);
  });

  it('keep what is said', () => {
    const input = CanaryInput.parse({
      healthyRate: 0.05,
      brokenRate: 0.3,
      deadline: '5m',
      latency: { rollBack: true, timesMedian: 2, atLeast: '1s' },
      realAttempts: { differenceMin: 0.02 },
    });
    expect(canarySettings(input)).toMatchObject({
      sprt: { healthyRate: 0.05, brokenRate: 0.3 },
      deadlineMs: 300_000,
      latency: { rollsBack: true, ratioMin: 2, atLeastMs: 1_000 },
      realAttempts: { alpha: 0.001, differenceMin: 0.02 },
    });
  });

  it.each([
    [{ brokenRate: 0.01 }, 'brokenRate: expected more than healthyRate (0.01), got 0.01'],
    [{ healthyRate: 0 }, /^healthyRate: expected .*0/],
    [{ deadline: '1s' }, 'deadline: expected 10000 to 86400000 ms, got "1s"'],
    [{ retries: 3 }, 'retries: expected no such key, got 3'],
  ])('%j is refused', (input, message) => {
    expect(problemsOf(input)).toMatch(message);
  });
});
