import { describe, expect, it } from 'vitest';
import {
  cleanRunsToAccept,
  failuresToReject,
  logLikelihood,
  operatingCharacteristic,
  SPRT_DEFAULTS,
  SPRT_START,
  sprtBounds,
  sprtStep,
  sprtVerdict,
  type SprtBounds,
  type SprtSettings,
  type SprtState,
} from '#core/canary/sprt.ts';

const BOUNDS = sprtBounds(SPRT_DEFAULTS);

/** `f` is a failed run, anything else a clean one. */
function after(story: string, bounds: SprtBounds = BOUNDS): SprtState {
  return story.split('').reduce((state, run) => sprtStep(bounds, state, run === 'f'), SPRT_START);
}

describe('the bounds', () => {
  it('are those of the reference', () => {
    expect(BOUNDS.reject).toBeCloseTo(6.897705, 6);
    expect(BOUNDS.accept).toBeCloseTo(-4.60417, 6);
    expect(BOUNDS.perFailure).toBeCloseTo(Math.LN10, 12);
    expect(BOUNDS.perPass).toBeCloseTo(-0.09531, 6);
  });

  it('are those of a looser test', () => {
    const bounds = sprtBounds({ healthyRate: 0.01, brokenRate: 0.1, alpha: 0.01, beta: 0.05 });
    expect(bounds.reject).toBeCloseTo(4.553877, 6);
    expect(bounds.accept).toBeCloseTo(-2.985682, 6);
    expect(failuresToReject(bounds)).toBe(2);
    expect(cleanRunsToAccept(bounds)).toBe(32);
  });

  it.each<[Partial<SprtSettings>, string]>([
    [{ healthyRate: 0 }, 'healthyRate: expected a share between 0 and 1, got 0'],
    [{ alpha: 1 }, 'alpha: expected a share between 0 and 1, got 1'],
    [{ beta: Number.NaN }, 'beta: expected a share between 0 and 1, got NaN'],
    [{ brokenRate: 0.01 }, 'brokenRate: expected more than healthyRate (0.01), got 0.01'],
    [{ alpha: 0.5, beta: 0.5 }, 'alpha + beta: expected less than 1, got 1'],
  ])('of %j are refused', (over, message) => {
    expect(() => sprtBounds({ ...SPRT_DEFAULTS, ...over })).toThrow(new RangeError(message));
  });
});

describe('a verdict', () => {
  it('rejects at the third failure in a row, not at the second', () => {
    expect(after('ff')).toEqual({ runs: 2, failures: 2, verdict: 'open' });
    expect(after('fff')).toEqual({ runs: 3, failures: 3, verdict: 'reject' });
    expect(failuresToReject(BOUNDS)).toBe(3);
  });

  it('accepts at the forty-ninth clean run, not at the one before', () => {
    expect(after('p'.repeat(48)).verdict).toBe('open');
    expect(after('p'.repeat(49))).toEqual({ runs: 49, failures: 0, verdict: 'accept' });
    expect(cleanRunsToAccept(BOUNDS)).toBe(49);
  });

  it('with 20 % as broken takes 22 clean runs', () => {
    expect(cleanRunsToAccept(sprtBounds({ ...SPRT_DEFAULTS, brokenRate: 0.2 }))).toBe(22);
  });

  it('one clean run between costs a fourth failure', () => {
    expect(after('fpf').verdict).toBe('open');
    expect(after('fpff').verdict).toBe('open');
    expect(after('fpfff').verdict).toBe('reject');
  });

  it('of a failure takes 73 clean runs more or less: 25 for it, 49 as ever', () => {
    expect(after(`f${'p'.repeat(72)}`).verdict).toBe('open');
    expect(after(`f${'p'.repeat(73)}`).verdict).toBe('accept');
  });

  it('stays, whatever comes after it', () => {
    expect(after(`fff${'p'.repeat(500)}`)).toEqual(after('fff'));
    expect(after(`${'p'.repeat(49)}ffffff`)).toEqual(after('p'.repeat(49)));
  });

  it('does not change what it was given', () => {
    const before = { runs: 2, failures: 2, verdict: 'open' } as const;
    sprtStep(BOUNDS, before, true);
    expect(before).toEqual({ runs: 2, failures: 2, verdict: 'open' });
  });

  it('goes by the sum of what each run adds', () => {
    expect(logLikelihood(BOUNDS, 14, 2)).toBeCloseTo(2 * Math.LN10 - 12 * 0.0953102, 6);
    expect(sprtVerdict(BOUNDS, 14, 2)).toBe('open');
  });
});

describe('the operating characteristic', () => {
  it.each([
    { rate: 0, rejects: 0, expectedRuns: 49 },
    { rate: 0.01, rejects: 0.00047069, expectedRuns: 65.2687 },
    { rate: 0.1, rejects: 0.99055053, expectedRuns: 53.2088 },
    { rate: 0.2, rejects: 0.99998129, expectedRuns: 20.8196 },
    { rate: 0.5, rejects: 1, expectedRuns: 7.75 },
    { rate: 1, rejects: 1, expectedRuns: 3 },
  ])('at a true rate of $rate is that of the reference', ({ rate, rejects, expectedRuns }) => {
    const found = operatingCharacteristic(SPRT_DEFAULTS, rate, 5_000);
    expect(found.rejects).toBeCloseTo(rejects, 7);
    expect(found.accepts).toBeCloseTo(1 - rejects, 7);
    expect(found.expectedRuns).toBeCloseTo(expectedRuns, 3);
  });

  it('of a rate between, cut off after 400 runs, is the 64 % of the reference, and some stay open', () => {
    const found = operatingCharacteristic(SPRT_DEFAULTS, 0.05, 400);
    expect(found.rejects).toBeCloseTo(0.64042, 5);
    expect(found.accepts).toBeCloseTo(0.31422, 5);
  });

  it('of the faster test is that of the reference: 10 % caught in 77 %', () => {
    const faster = { ...SPRT_DEFAULTS, brokenRate: 0.2 };
    expect(operatingCharacteristic(faster, 0.1, 5_000).rejects).toBeCloseTo(0.77, 2);
  });

  it.each([0.02, 0.3, 0.7])('at %d is the sum over every story of ten runs', (rate) => {
    const settings = { healthyRate: 0.05, brokenRate: 0.4, alpha: 0.05, beta: 0.1 };
    const bounds = sprtBounds(settings);
    const sums = { rejects: 0, accepts: 0, expectedRuns: 0 };
    for (let story = 0; story < 2 ** 10; story++) {
      let state = SPRT_START;
      let chance = 1;
      for (let at = 0; at < 10; at++) {
        const failed = ((story >> at) & 1) === 1;
        state = sprtStep(bounds, state, failed);
        chance *= failed ? rate : 1 - rate;
      }
      sums.expectedRuns += chance * state.runs;
      if (state.verdict === 'reject') sums.rejects += chance;
      if (state.verdict === 'accept') sums.accepts += chance;
    }
    const found = operatingCharacteristic(settings, rate, 10);
    expect(found.rejects).toBeCloseTo(sums.rejects, 12);
    expect(found.accepts).toBeCloseTo(sums.accepts, 12);
    expect(found.expectedRuns).toBeCloseTo(sums.expectedRuns, 10);
    expect(found.rejects + found.accepts).toBeLessThan(1);
  });

  it('keeps both of its promises', () => {
    const { healthyRate, brokenRate, alpha, beta } = SPRT_DEFAULTS;
    expect(operatingCharacteristic(SPRT_DEFAULTS, healthyRate, 5_000).rejects).toBeLessThanOrEqual(alpha);
    expect(operatingCharacteristic(SPRT_DEFAULTS, brokenRate, 5_000).accepts).toBeLessThanOrEqual(beta);
  });

  it('refuses what cannot be', () => {
    expect(() => operatingCharacteristic(SPRT_DEFAULTS, 1.1, 10)).toThrow(
      'trueRate: expected a share from 0 to 1, got 1.1',
    );
    expect(() => operatingCharacteristic(SPRT_DEFAULTS, 0.1, 0)).toThrow(
      'runsMax: expected a whole number of at least 1, got 0',
    );
  });
});
