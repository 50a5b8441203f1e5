import { describe, expect, it } from 'vitest';
import {
  latencyVerdict,
  stepLatencies,
  type LatencyRule,
  type StepDurations,
} from '#core/canary/latency-regression.ts';
import { pairOf, PAIR_STEPS_MAX, WHOLE_RUN } from '#core/canary/pair.ts';
import { CANARY_DEFAULTS } from '#core/canary/settings.ts';
import { withPair, type CanaryState } from '#core/canary/state.ts';
import { aFailedRun, anInvalidRun, aRun } from '#test/fixtures/builders.ts';
import { Prng } from '#test/sim/prng.ts';
import { aCanary, aPair, decided } from './verification.ts';

const RULE: LatencyRule = { ratioMin: 1.25, atLeastMs: 50, alpha: 0.001 };
const around = (middle: number, runs = 8) => Array.from({ length: runs }, (_, at) => middle + at);

describe('latency of canary against baseline', () => {
  it('finds 100 ms gone to a second with eight runs of each', () => {
    const found = latencyVerdict(around(1_000), around(100), RULE);
    expect(found).toMatchObject({
      verdict: 'slower',
      runs: 8,
      canaryMs: 1_003.5,
      baselineMs: 103.5,
      shiftMs: 900,
    });
    expect(found.p).toBeCloseTo(7.77e-5, 7);
    expect(found.ratio).toBeCloseTo(9.696, 3);
  });

  it('does not call a faster canary slower', () => {
    expect(latencyVerdict(around(100), around(1_000), RULE)).toMatchObject({
      verdict: 'alike',
      shiftMs: -900,
    });
  });

  it('wants eight of each side', () => {
    expect(latencyVerdict(around(1_000, 7), around(100), RULE).verdict).toBe('too-few');
    expect(latencyVerdict(around(1_000), around(100, 7), RULE).verdict).toBe('too-few');
    expect(latencyVerdict([], [], RULE)).toEqual({
      verdict: 'too-few',
      runs: 0,
      canaryMs: 0,
      baselineMs: 0,
      ratio: undefined,
    });
  });

  it('wants the median a quarter longer, and that to be felt', () => {
    const baseline = Array.from({ length: 8 }, () => 400);
    const canary = (ms: number) => Array.from({ length: 8 }, () => ms);
    expect(latencyVerdict(canary(499), baseline, RULE).verdict).toBe('alike');
    expect(latencyVerdict(canary(500), baseline, RULE).verdict).toBe('slower');
    expect(latencyVerdict(around(40), around(10), RULE).verdict).toBe('alike');
    expect(latencyVerdict(around(40), around(10), { ...RULE, atLeastMs: 30 }).verdict).toBe('slower');
  });

  it('one outlier is none', () => {
    expect(latencyVerdict([...around(100, 7), 90_000], around(100), RULE).verdict).toBe('alike');
  });
});

describe('latency of every step', () => {
  const step = (name: string, canaryMs: number[], baselineMs: number[]): StepDurations => ({
    step: name,
    canaryMs,
    baselineMs,
  });
  const same = (name: string) => step(name, around(100, 16), around(100, 16));

  it('is shown by eight runs when there are up to three, by sixteen with more', () => {
    const slow = step('Sign in', around(1_000, 15), around(100, 15));
    const verdictOf = (steps: StepDurations[]) => stepLatencies(steps, RULE).at(0)?.verdict;
    expect(verdictOf([slow, same('a'), same('b')])).toBe('slower');
    expect(verdictOf([slow, same('a'), same('b'), same('c')])).toBe('alike');
    const slowFor16 = step('Sign in', around(1_000, 16), around(100, 16));
    expect(verdictOf([slowFor16, same('a'), same('b'), same('c')])).toBe('slower');
  });

  it('keeps the look that showed it', () => {
    const back = step('Sign in', [...around(1_000), ...around(100, 24)], around(100, 32));
    expect(stepLatencies([back], RULE)).toMatchObject([{ step: 'Sign in', verdict: 'slower', runs: 8 }]);
  });

  it('looks at 8, 16, 32 and 64 runs and not between', () => {
    const runsOf = (runs: number) =>
      stepLatencies([step('a', around(1, runs), around(1, 99))], RULE)[0]?.runs;
    expect([7, 8, 15, 16, 31, 32, 63, 64, 90].map(runsOf)).toEqual([undefined, 8, 8, 16, 16, 32, 32, 64, 64]);
  });

  it('calls alike steps slower no oftener than it says, over all steps and looks', () => {
    const chance = new Prng(3, 'latency');
    const rule = { ratioMin: 1, atLeastMs: 0, alpha: 0.05 };
    const durations = () => Array.from({ length: 64 }, () => chance.next());
    let mistakes = 0;
    for (let deploy = 0; deploy < 150; deploy++) {
      const steps = ['a', 'b', 'c'].map((name) => step(name, durations(), durations()));
      if (stepLatencies(steps, rule).some(({ verdict }) => verdict === 'slower')) mistakes += 1;
    }
    expect(mistakes).toBeGreaterThan(0);
    expect(mistakes / 150).toBeLessThan(0.05);
  });
});

describe('a slower canary', () => {
  const paced = (state: CanaryState, runs: number) => {
    let next = state;
    for (let at = 0; at < runs; at++)
      next = withPair(
        next,
        aPair(at, {
          canarySteps: [{ step: 'Sign in', durationMs: 1_200 + at }],
          baselineSteps: [{ step: 'Sign in', durationMs: 110 + at }],
        }),
      );
    return next;
  };

  it('is a warning, and promoted all the same', () => {
    const state = paced(aCanary(), 49);
    expect(decided(state)).toMatchObject({
      outcome: 'promote',
      warnings: ['Step “Sign in” takes 1.2 s on the canary and 114 ms on the baseline.'],
    });
  });

  it('is rolled back when the settings say so, as soon as it shows', () => {
    const settings = { latency: { ...CANARY_DEFAULTS.latency, rollsBack: true } };
    expect(decided(paced(aCanary(settings), 7)).outcome).toBe('keep-going');
    expect(decided(paced(aCanary(settings), 8))).toMatchObject({
      outcome: 'roll-back',
      cause: 'latency',
      attribution: 'high',
      reason: 'Step “Sign in” takes 1.2 s on the canary and 114 ms on the baseline.',
    });
  });

  it('is not looked for in runs that failed', () => {
    let state = aCanary();
    for (let at = 0; at < 10; at++)
      state = withPair(
        state,
        aPair(at, {
          canary: at < 2 ? 'fail' : 'pass',
          canarySteps: [{ step: 'Sign in', durationMs: 1_000 }],
          baselineSteps: [{ step: 'Sign in', durationMs: 100 }],
        }),
      );
    expect(decided(state).figures.steps).toMatchObject([{ runs: 8 }]);
  });
});

describe('a pair of two runs', () => {
  const started = { id: 'p1', region: 'us-east', startedAtMs: 1_800_000_000_000 };
  const step = (title: string, durationMs: number) => ({ title, startMs: 0, durationMs, steps: [] });

  it('has the times of the sides that passed, what has the same title added up', () => {
    const canary = aRun({
      durationMs: 900,
      steps: [step('Open', 300), step('Sign in', 400), step('Open', 100)],
    });
    expect(pairOf(started, canary, aFailedRun())).toEqual({
      ...started,
      canary: 'pass',
      canarySteps: [
        { step: WHOLE_RUN, durationMs: 900 },
        { step: 'Open', durationMs: 400 },
        { step: 'Sign in', durationMs: 400 },
      ],
      baseline: 'fail',
    });
  });

  it('does not swap its sides, and can do without a baseline', () => {
    expect(pairOf(started, anInvalidRun(), aRun())).toMatchObject({ canary: 'invalid', baseline: 'pass' });
    expect(pairOf(started, aFailedRun())).toEqual({ ...started, canary: 'fail' });
  });

  it('has a bound on its steps', () => {
    const steps = Array.from({ length: 60 }, (_, at) => step(`Step ${at}`, 10));
    expect(pairOf(started, aRun({ steps })).canarySteps).toHaveLength(PAIR_STEPS_MAX);
  });
});
