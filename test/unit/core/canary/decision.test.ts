import { describe, expect, it } from 'vitest';
import { decide } from '#core/canary/decision.ts';
import { CANARY_DEFAULTS } from '#core/canary/settings.ts';
import { SPRT_START, sprtBounds, sprtStep } from '#core/canary/sprt.ts';
import { newCanary, PAIRS_MAX, withPair, withRealAttempts, withStarted } from '#core/canary/state.ts';
import { Prng } from '#test/sim/prng.ts';
import { aCanary, aPair, decided, OPENED_AT_MS, told } from './verification.ts';

const { deadlineMs, pairTimeoutMs } = CANARY_DEFAULTS;
const clean = (runs: number) => 'p'.repeat(runs);

describe('a canary beside its baseline', () => {
  it('is promoted after 49 clean runs, not after 48', () => {
    expect(decided(told(clean(48)))).toMatchObject({
      outcome: 'keep-going',
      reason: 'None of 48 canary runs failed so far, which does not decide it yet.',
    });
    expect(decided(told(clean(49)))).toMatchObject({
      outcome: 'promote',
      reason: 'All 49 canary runs passed.',
      warnings: [],
    });
  });

  it('is promoted with a failure among enough clean runs', () => {
    expect(decided(told(`f${clean(73)}`))).toMatchObject({
      outcome: 'promote',
      reason: "1 of 74 canary runs failed, no more than a healthy version's do.",
    });
  });

  it('is rolled back after three failures, which are too few to be sure of the cause', () => {
    expect(decided(told('ff')).outcome).toBe('keep-going');
    const decision = decided(told('fff'));
    expect(decision).toMatchObject({
      outcome: 'roll-back',
      cause: 'runs',
      attribution: 'low',
      reason:
        '3 of 3 canary runs failed, and none of 3 on the baseline: too few runs to be sure that it is the deploy, enough not to wait.',
    });
    expect(decision.figures).toMatchObject({
      canary: { runs: 3, failures: 3, verdict: 'reject' },
      baseline: { runs: 3, failures: 0, verdict: 'open' },
      onlyCanaryFailed: 3,
      onlyBaselineFailed: 0,
      evidence: 3.75,
    });
    expect(decision.figures.canary.logLikelihood).toBeCloseTo(6.907755, 6);
  });

  it('is to blame for sure once seven pairs blame it', () => {
    // The first six are two failures short of a verdict each time.
    const slow = `f${clean(20)}f${clean(20)}f${clean(20)}f${clean(20)}f${clean(20)}ff`;
    expect(decided(told(slow))).toMatchObject({
      outcome: 'keep-going',
      figures: { evidence: 31.874999999999993 },
    });
    expect(decided(told(`${slow}ff`))).toMatchObject({
      outcome: 'roll-back',
      attribution: 'high',
      reason: '9 of 109 canary runs failed, and none of 109 on the baseline: it is the deploy.',
    });
  });

  it('is not blamed when the baseline fails as well', () => {
    expect(decided(told('fff', 'fff'))).toMatchObject({
      outcome: 'both-failing',
      reason:
        '3 of 3 canary runs failed, and 3 of 3 on the baseline: both versions fail, so this is an outage and not the deploy.',
    });
  });

  it('that failed first is given a few more runs while the baseline looks broken too', () => {
    expect(decided(told('fff', 'ffp'))).toMatchObject({
      outcome: 'keep-going',
      reason:
        '3 of 3 canary runs failed, but 2 of 3 on the baseline: a few more runs will show whether it is the deploy.',
    });
    expect(decided(told('ffff', 'ffpf')).outcome).toBe('keep-going');
    expect(decided(told('fffff', 'ffpff')).outcome).toBe('both-failing');
  });

  it('is rolled back after all when the baseline comes back', () => {
    // One failure weighs as much as 24.2 passes.
    expect(decided(told(`fff${clean(22)}`, `fpp${clean(22)}`)).outcome).toBe('keep-going');
    expect(decided(told(`fff${clean(23)}`, `fpp${clean(23)}`))).toMatchObject({
      outcome: 'roll-back',
      attribution: 'low',
    });
  });

  it('is rolled back at once when far more of its runs fail than of a baseline that fails too', () => {
    expect(decided(told('f'.repeat(12), 'f'.padEnd(12, 'p')))).toMatchObject({
      outcome: 'roll-back',
      attribution: 'high',
    });
  });

  it('is rolled back when time is up while the baseline still looks broken', () => {
    expect(decided(told('fff', 'fpp'), deadlineMs - 1).outcome).toBe('keep-going');
    expect(decided(told('fff', 'fpp'), deadlineMs)).toMatchObject({
      outcome: 'roll-back',
      attribution: 'low',
    });
  });

  it('is promoted when it is the baseline that fails', () => {
    expect(decided(told(clean(49), 'f'.repeat(49)))).toMatchObject({
      outcome: 'promote',
      figures: { baseline: { verdict: 'reject' }, onlyBaselineFailed: 49 },
    });
  });

  it('is rolled back beside a baseline whose runs are of no use, and blamed for nothing', () => {
    expect(decided(told('fff', 'iii'))).toMatchObject({
      outcome: 'roll-back',
      attribution: 'low',
      reason: '3 of 3 canary runs failed; the baseline gave no usable result to compare them with.',
      warnings: ['3 baseline runs were of no use, by a fault of the probes, and 0 were.'],
    });
    expect(decided(told('fff', '---'))).toMatchObject({ figures: { baseline: { runs: 0, invalid: 3 } } });
  });

  it('says where it fails when it does not fail everywhere', () => {
    expect(decided(told('fppp'.repeat(5))).reason).toMatch(
      /^5 of 20 canary runs failed, all in us-east, and none of 20/,
    );
  });
});

describe('a canary without a baseline', () => {
  const alone = aCanary({}, false);

  it('is rolled back by its own runs, with a cause that is not sure', () => {
    const decision = decided(told('fff', '---', alone));
    expect(decision).toMatchObject({
      outcome: 'roll-back',
      attribution: 'low',
      reason: '3 of 3 runs failed; there is no baseline to compare them with.',
    });
    expect(decision.figures.baseline).toBeUndefined();
  });

  it('is promoted by its own runs', () => {
    expect(decided(told(clean(49), '-'.repeat(49), alone)).outcome).toBe('promote');
  });
});

describe('silence and faults of our own', () => {
  it('no pair at all is no promotion', () => {
    expect(decided(aCanary(), 0)).toMatchObject({
      outcome: 'keep-going',
      reason: 'No canary run has given a usable result yet.',
    });
    expect(decided(aCanary(), deadlineMs)).toMatchObject({
      outcome: 'cannot-tell',
      reason: 'No canary run gave a usable result in 15 min, and silence is not health.',
    });
  });

  it('invalid runs of the canary count for nothing, however many', () => {
    const state = told('i'.repeat(300));
    expect(decided(state, 0).outcome).toBe('keep-going');
    expect(decided(state, deadlineMs)).toMatchObject({
      outcome: 'cannot-tell',
      warnings: ['300 canary runs were of no use, by a fault of the probes, and 0 were.'],
      figures: { canary: { runs: 0, invalid: 300 }, baseline: { runs: 300 } },
    });
  });

  it('an invalid run between failures neither helps nor hurts', () => {
    expect(decided(told('fifif'))).toMatchObject({ outcome: 'roll-back', figures: { canary: { runs: 3 } } });
    expect(decided(told(`${clean(48)}i`)).outcome).toBe('keep-going');
  });

  it('a pair with one invalid side does not count as discordant', () => {
    expect(decided(told('ffii', 'iipp')).figures).toMatchObject({
      onlyCanaryFailed: 0,
      onlyBaselineFailed: 0,
    });
  });

  it('time that is up with too few runs is no promotion and no roll-back', () => {
    expect(decided(told('fpppppp'), deadlineMs - 1).outcome).toBe('keep-going');
    expect(decided(told('fpppppp'), deadlineMs)).toMatchObject({
      outcome: 'cannot-tell',
      reason: '1 of 7 canary runs failed in 15 min, which is enough neither to promote nor to roll back.',
    });
  });

  it('time that is up takes nothing back from runs that have decided', () => {
    expect(decided(told(clean(49)), deadlineMs).outcome).toBe('promote');
    expect(decided(told('fff'), deadlineMs).outcome).toBe('roll-back');
  });

  it('ends at as many pairs as are remembered', () => {
    let state = aCanary();
    for (let at = 0; at < PAIRS_MAX + 5; at++) state = withPair(state, aPair(at, { canary: 'invalid' }));
    expect(state.pairs).toHaveLength(PAIRS_MAX);
    expect(decided(state, 0).outcome).toBe('cannot-tell');
  });
});

describe('runs that are still under way', () => {
  it('hold up what they could change: failures that come before the passes started earlier', () => {
    expect(decided(told('.fff')).outcome).toBe('keep-going');
    expect(decided(told('pfff')).outcome).toBe('keep-going');
    expect(decided(told('.ffff')).outcome).toBe('roll-back');
  });

  it('hold up a promotion: a hang comes after the quick passes', () => {
    expect(decided(told(`.${clean(72)}`), 0).outcome).toBe('keep-going');
    expect(decided(told(`f${clean(72)}`), 0).outcome).toBe('keep-going');
    expect(decided(told(`.${clean(73)}`), 0).outcome).toBe('promote');
  });

  it('hold up nothing that was decided by the ones before them', () => {
    expect(decided(told(`${clean(49)}...`))).toMatchObject({ outcome: 'promote', figures: { pending: 3 } });
    expect(decided(told('fff...')).outcome).toBe('roll-back');
  });

  it('are given up when they do not report, and never count as passed', () => {
    const state = told(`...${clean(50)}`);
    expect(decided(state, pairTimeoutMs - 1).outcome).toBe('keep-going');
    expect(decided(state, pairTimeoutMs + 5_000)).toMatchObject({
      outcome: 'promote',
      warnings: ['3 runs were asked for and never reported.'],
      figures: { lost: 3, pending: 0, canary: { runs: 50 } },
    });
    expect(decided(told('.'.repeat(100)), deadlineMs).outcome).toBe('cannot-tell');
  });

  it('are given up when time is up, however young', () => {
    const young = aPair(-1, { startedAtMs: OPENED_AT_MS - 1 });
    const settings = { deadlineMs: 1_000 };
    const state = withStarted(told(clean(49), '', aCanary(settings)), young);
    expect(decided(state, 999).outcome).toBe('keep-going');
    expect(decided(state, 1_000)).toMatchObject({ outcome: 'promote', figures: { lost: 1 } });
  });

  it('cannot turn a verdict, whatever comes of them', () => {
    const chance = new Prng(1, 'under way');
    const quick = aCanary({ sprt: { healthyRate: 0.05, brokenRate: 0.4, alpha: 0.05, beta: 0.1 } });
    const verdictOf = (letters: readonly string[]) =>
      decided(told(letters.join(''), '', quick), 0).figures.canary.verdict;
    const settled = { reject: 0, accept: 0, open: 0 };
    for (let story = 0; story < 300; story++) {
      const rate = chance.pick([0.02, 0.3, 0.6]);
      const letters: string[] = Array.from({ length: 30 }, () =>
        chance.chance(rate) ? 'f' : chance.chance(0.1) ? 'i' : 'p',
      );
      const awaited = Array.from({ length: 3 }, () => chance.int(0, chance.pick([4, 29])));
      for (const at of awaited) letters[at] = '.';
      const verdict = verdictOf(letters);
      settled[verdict] += 1;
      if (verdict === 'open') continue;
      for (let code = 0; code < 27; code++) {
        const ends = [...letters];
        for (const [place, at] of awaited.entries())
          ends[at] = 'pfi'.charAt(Math.floor(code / 3 ** place) % 3);
        expect(verdictOf(ends)).toBe(verdict);
      }
    }
    expect(Math.min(settled.reject, settled.accept, settled.open)).toBeGreaterThan(20);
  });
});

describe('the order in which pairs come', () => {
  it('makes no difference, nor does hearing of one twice', () => {
    const chance = new Prng(2, 'order');
    for (let story = 0; story < 60; story++) {
      const rate = chance.pick([0.01, 0.1, 0.5]);
      const pairs = Array.from({ length: 70 }, (_, at) =>
        // Two and two start together.
        aPair(at, {
          startedAtMs: OPENED_AT_MS + Math.floor(at / 2) * 5_000,
          canary: chance.chance(rate) ? 'fail' : chance.chance(0.05) ? 'invalid' : 'pass',
          baseline: chance.chance(0.05) ? 'fail' : 'pass',
          canarySteps: [{ step: 'Sign in', durationMs: chance.int(100, 900) }],
        }),
      );
      const inOrder = pairs.reduce(withPair, aCanary());
      let mixed = aCanary();
      const left = [...pairs, ...chance.some(pairs, 10)].flatMap((pair) => [
        { pair, started: true },
        { pair, started: false },
      ]);
      while (left.length > 0) {
        const [event] = left.splice(chance.int(0, left.length - 1), 1);
        if (event === undefined) break;
        const { id, region, startedAtMs } = event.pair;
        mixed = event.started ? withStarted(mixed, { id, region, startedAtMs }) : withPair(mixed, event.pair);
      }
      expect(mixed).toEqual(inOrder);
      const decision = decided(mixed, 300_000);
      expect(decision).toEqual(decided(inOrder, 300_000));
      let state = SPRT_START;
      for (const { canary } of pairs)
        if (canary !== 'invalid')
          state = sprtStep(sprtBounds(CANARY_DEFAULTS.sprt), state, canary === 'fail');
      expect(decision.figures.canary.verdict).toBe(state.verdict);
    }
  });
});

describe('runs that come all at once', () => {
  it('do not promote by the first of them when the last ones fail', () => {
    expect(decided(told(`${clean(49)}f`)).outcome).toBe('promote');
    expect(decided(told(`${clean(49)}fff`)).outcome).toBe('keep-going');
    expect(decided(told(`${clean(49)}fff`), deadlineMs).outcome).toBe('cannot-tell');
    expect(decided(told(`${clean(49)}fffffff`))).toMatchObject({ outcome: 'roll-back', attribution: 'high' });
  });

  it('blame nobody when the last ones fail on both sides', () => {
    const story = `${clean(49)}fffffff`;
    expect(decided(told(story, story)).outcome).toBe('both-failing');
  });
});

describe('real attempts', () => {
  const healthy = { attempts: 20_000, failures: 100 };
  const broken = { attempts: 2_000, failures: 80 };

  it('roll a canary back that fails for real users though its runs pass', () => {
    const state = withRealAttempts(told(clean(10)), { canary: broken, baseline: healthy });
    expect(decided(state)).toMatchObject({
      outcome: 'roll-back',
      cause: 'real-attempts',
      attribution: 'high',
      reason: 'Of real attempts 4.0 % fail on the canary and 0.5 % on the baseline.',
    });
  });

  it('never blame a canary that is the better one', () => {
    const state = withRealAttempts(told(clean(10)), {
      canary: { attempts: 20_000, failures: 100 },
      baseline: broken,
    });
    expect(decided(state).outcome).toBe('keep-going');
  });

  it('are not looked at before there are enough', () => {
    const state = withRealAttempts(told(clean(10)), {
      canary: { attempts: 999, failures: 500 },
      baseline: healthy,
    });
    expect(decided(state)).toMatchObject({
      outcome: 'keep-going',
      warnings: ['Real attempts are not compared yet: it takes 1000 on each side and 10 failures.'],
    });
  });

  it('do not roll back for a difference too small to matter, however sure', () => {
    const state = withRealAttempts(told(clean(10)), {
      canary: { attempts: 1_000_000, failures: 14_000 },
      baseline: { attempts: 1_000_000, failures: 5_000 },
    });
    expect(decided(state)).toMatchObject({ outcome: 'keep-going' });
    expect(decided(state).figures.realAttempts?.test?.pValue).toBeLessThan(1e-9);
  });

  it('never blame the better one, though any difference is enough', () => {
    const settings = { realAttempts: { alpha: 0.001, differenceMin: 0 } };
    const better = { canary: healthy, baseline: broken };
    expect(decided(withRealAttempts(aCanary(settings), better)).outcome).toBe('keep-going');
    const worse = { canary: broken, baseline: healthy };
    expect(decided(withRealAttempts(aCanary(settings), worse)).outcome).toBe('roll-back');
  });

  it('cannot promote, and cannot roll back to a baseline that fails', () => {
    const alike = withRealAttempts(aCanary(), { canary: healthy, baseline: healthy });
    expect(decided(alike, deadlineMs).outcome).toBe('cannot-tell');
    const state = withRealAttempts(told(clean(10), 'f'.repeat(10)), { canary: broken, baseline: healthy });
    expect(decided(state).outcome).toBe('keep-going');
  });

  it('that never reach the canary are told of', () => {
    const state = withRealAttempts(told(clean(49)), {
      canary: { attempts: 0, failures: 0 },
      baseline: healthy,
    });
    expect(decided(state)).toMatchObject({
      outcome: 'promote',
      warnings: ['No real attempt has reached the canary.'],
    });
  });

  it('only grow, and are refused when they cannot be', () => {
    const state = withRealAttempts(aCanary(), { canary: broken, baseline: healthy });
    expect(withRealAttempts(state, { canary: { attempts: 5, failures: 5 }, baseline: healthy })).toBe(state);
    expect(() =>
      withRealAttempts(state, { canary: { attempts: 1, failures: 2 }, baseline: healthy }),
    ).toThrow(new RangeError('canary.failures: expected a whole number from 0 to 1 attempts, got 2'));
  });
});

describe('the state', () => {
  it('is plain JSON, and so is a decision', () => {
    const state = withRealAttempts(told('fpip.', 'pfpi'), {
      canary: { attempts: 5_000, failures: 20 },
      baseline: { attempts: 5_000, failures: 20 },
    });
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    const decision = decide(state, OPENED_AT_MS + 20_000);
    expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
  });

  it('is never changed, and refuses a pair that starts at no time', () => {
    const state = told('pp');
    const before = JSON.stringify(state);
    withPair(state, aPair(0.5, { canary: 'fail' }));
    withRealAttempts(state, { canary: { attempts: 1, failures: 1 }, baseline: { attempts: 1, failures: 1 } });
    decided(state);
    expect(JSON.stringify(state)).toBe(before);
    expect(() => withPair(state, aPair(3, { startedAtMs: Number.NaN }))).toThrow(
      new RangeError('startedAtMs: expected epoch ms, got NaN'),
    );
  });

  it('keeps the first result of an id', () => {
    const state = withPair(told('f'), aPair(0, { canary: 'pass' }));
    expect(state.pairs).toMatchObject([{ canary: 'fail' }]);
    const other = withPair(told('p'), aPair(0, { canary: 'fail' }));
    expect(other.pairs).toMatchObject([{ canary: 'pass' }]);
  });

  it('stays small: durations of the first pairs only', () => {
    const steps = Array.from({ length: 40 }, (_, at) => ({ step: `Step ${at}`, durationMs: 123 }));
    let state = newCanary(CANARY_DEFAULTS, { paired: true, openedAtMs: OPENED_AT_MS });
    for (let at = PAIRS_MAX; at > 0; at--)
      state = withPair(state, aPair(at, { canarySteps: steps, baselineSteps: steps }));
    expect(JSON.stringify(state).length).toBeLessThan(500_000);
    expect(state.pairs.filter(({ canarySteps }) => canarySteps !== undefined)).toHaveLength(128);
    expect(state.pairs[127]?.canarySteps).toHaveLength(20);
    expect(state.pairs[128]?.canarySteps).toBeUndefined();
  });
});
