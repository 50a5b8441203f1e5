import { describe, expect, it } from 'vitest';
import { operatingCharacteristic, SPRT_DEFAULTS } from '#core/canary/sprt.ts';
import { simulateDeploys } from '#test/bench/canary/simulation.ts';

const simulated = (trueRate: number, baselineRate: number, deploys: number) =>
  simulateDeploys({ trueRate, baselineRate, deploys, seed: 7 });

describe('simulated deploys', () => {
  it('with one seed come out alike', () => {
    expect(simulated(0.2, 0.01, 50)).toEqual(simulated(0.2, 0.01, 50));
  });

  it('of a dead canary are rolled back after three runs, and by the others a minute and five minutes in', () => {
    const { latchkey, fisherEachMinute, mannWhitneyEachMinute } = simulated(1, 0, 50);
    expect(latchkey).toEqual({
      rolledBack: 1,
      promoted: 0,
      bothFailing: 0,
      undecided: 0,
      medianRunsToRollBack: 3,
      medianRuns: 3,
    });
    expect(fisherEachMinute).toMatchObject({ rolledBack: 1, medianRunsToRollBack: 24 });
    expect(mannWhitneyEachMinute).toMatchObject({ rolledBack: 1, medianRunsToRollBack: 120 });
  });

  it('of a perfect canary beside a dead baseline are promoted by all, after 49 runs by ours', () => {
    const { latchkey, fisherEachMinute, mannWhitneyEachMinute } = simulated(0, 1, 50);
    expect(latchkey).toMatchObject({ promoted: 1, medianRuns: 49 });
    expect(fisherEachMinute.promoted).toBe(1);
    expect(mannWhitneyEachMinute.promoted).toBe(1);
  });

  it('of a total outage blame nobody', () => {
    expect(simulated(1, 1, 50).latchkey).toMatchObject({ bothFailing: 1, medianRuns: 3 });
  });

  it.each([
    { trueRate: 0.01, deploys: 1_500 },
    { trueRate: 0.1, deploys: 800 },
    { trueRate: 0.2, deploys: 800 },
  ])('at $trueRate end as was computed, within what chance does', ({ trueRate, deploys }) => {
    const { rejects, accepts } = operatingCharacteristic(SPRT_DEFAULTS, trueRate, 360);
    const { latchkey } = simulated(trueRate, 0, deploys);
    const within = (share: number) => 4 * Math.sqrt((share * (1 - share)) / deploys) + 1 / deploys;
    expect(Math.abs(latchkey.rolledBack - rejects)).toBeLessThan(within(rejects));
    expect(Math.abs(latchkey.promoted - accepts)).toBeLessThan(within(accepts));
  });

  it('of an outage of 30 % are seldom blamed on the canary, though it is the first to fail in half of them', () => {
    const { latchkey } = simulated(0.3, 0.3, 800);
    expect(latchkey.rolledBack).toBeLessThan(0.08);
    expect(latchkey.bothFailing).toBeGreaterThan(0.92);
  });

  it('looked at each minute by Fisher at 1 % go off more often than that', () => {
    expect(simulated(0.1, 0.1, 600).fisherEachMinute.rolledBack).toBeGreaterThan(0.015);
  });
});
