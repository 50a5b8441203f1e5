import { describe, expect, it } from 'vitest';
import {
  assumedP99Ms,
  BUDGET_MS,
  budgetOf,
  overBudget,
  RECONNECT_MS_MAX,
  remediesOf,
  type ScenarioName,
  type Shape,
} from '#core/budget/budget.ts';
import { PAGING_DEFAULTS, type PagingSettings } from '#core/paging-settings.ts';
import { BACKOFF_MS_MAX } from '#probes/hub/backoff.ts';
import { FIVE_REGIONS } from '#test/fixtures/builders.ts';

/** A run is known to take 2 s, so that it is overdue after 6 s and a confirmation has 9 s. */
const P99_MS = 2_000;

function checkOf(regions = 4, over: { intervalMs?: number; timeoutMs?: number } = {}) {
  const { intervalMs = 30_000, timeoutMs = 20_000 } = over;
  return { intervalMs, timeoutMs, regions: FIVE_REGIONS.slice(0, regions) };
}

function configOf(paging: Partial<PagingSettings> = {}, checks = 1) {
  return { paging: { ...PAGING_DEFAULTS, ...paging }, checks: Array.from({ length: checks }) };
}

function row(scenario: ScenarioName, shape: Shape, check = checkOf(), config = configOf()) {
  const found = budgetOf(config, check, P99_MS).find(
    (candidate) => candidate.scenario === scenario && candidate.shape === shape,
  );
  if (!found) throw new Error(`no row ${scenario} ${shape}`);
  return found;
}

function worstTerms(scenario: ScenarioName, shape: Shape, check = checkOf(), config = configOf()) {
  return Object.fromEntries(
    row(scenario, shape, check, config).terms.flatMap(({ name, worstMs }) =>
      worstMs === 0 ? [] : [[name, worstMs]],
    ),
  );
}

describe('the worst time-to-page', () => {
  it('of a hang that is known to be one: the first run is cut short, and one more of it makes the streak', () => {
    expect(worstTerms('plain', 'hangs-learnt')).toEqual({
      'next-start': 7_500,
      skew: 4_000,
      'first-run': 9_000,
      'result-delay': 1_000,
      'burst-command': 300,
      gap: 1_000,
      confirmation: 9_000,
      'pager-attempt': 5_000,
    });
    expect(row('plain', 'hangs-learnt').worstMs).toBe(36_800);
  });

  it('of a hang before anything is learnt: both runs have the whole timeout', () => {
    const terms = worstTerms('plain', 'hangs-new');
    expect(terms).toMatchObject({ 'first-run': 20_000, confirmation: 20_000 });
    expect(row('plain', 'hangs-new').worstMs).toBe(58_800);
  });

  it('of runs that fail by themselves: the first failure makes all regions run', () => {
    expect(worstTerms('plain', 'fails')).toEqual({
      'next-start': 7_500,
      skew: 4_000,
      'first-run': 2_000,
      'result-delay': 1_000,
      'burst-command': 300,
      confirmation: 2_000,
      'pager-attempt': 5_000,
    });
  });

  it('with two regions goes by the one that is asked: two of its runs, from the soft deadline of the other on', () => {
    // 6 + .5 + .3 to the burst, 9 + .5 to its first failure, .3 + 1 + 9 + .5 to its second.
    expect(worstTerms('plain', 'hangs-learnt', checkOf(2))).toEqual({
      'next-start': 15_000,
      skew: 4_000,
      'soft-deadline': 6_000,
      'result-delay': 1_500,
      'burst-command': 600,
      gap: 1_000,
      confirmation: 18_000,
      'pager-attempt': 5_000,
    });
  });

  it('with one region takes three runs of it', () => {
    const terms = worstTerms('plain', 'hangs-learnt', checkOf(1));
    expect(terms).toMatchObject({
      'next-start': 30_000,
      'first-run': 9_000,
      confirmation: 18_000,
      gap: 2_000,
    });
  });

  it.each([
    { regions: 5, streak: 1, about: 'one more than the regions' },
    { regions: 4, streak: 1, about: 'one more than the regions' },
    { regions: 3, streak: 1, about: 'one more than the regions' },
  ])('with $regions regions the streak is $about: one round of confirmation', ({ regions, streak }) => {
    expect(worstTerms('plain', 'hangs-learnt', checkOf(regions)).confirmation).toBe(streak * 9_000);
  });

  it('with one region down has a gap of two starts before it, and of two of three regions a round more', () => {
    expect(worstTerms('region-down', 'hangs-learnt')).toMatchObject({
      'next-start': 15_000,
      'first-run': 9_000,
      confirmation: 9_000,
    });
    // Two live: 20 + 4 + 6 + .5 + .3 + 9 + .5 + .3 + 1 + 9 + .5 + 5.
    expect(row('region-down', 'hangs-learnt', checkOf(3)).worstMs).toBe(56_100);
  });

  it('waits for a region that has just died until rule 3 does not need it, or it is silent', () => {
    // 15 + 4 to the start, 2 + .5 + .3 + 2 + .5 to the first failures of the others, and twice .3 + 1 + 2 + .5.
    const { terms, worstMs } = row('region-down', 'fails');
    expect(worstMs).toBe(19_000 + 5_300 + 7_600 + 5_000);
    expect(terms.find(({ name }) => name === 'silence')?.worstMs).toBe(7_600);
    // Two live regions would have to fail five times in a row: silent after 35 s, asked for every 5 s.
    const two = row('region-down', 'fails', checkOf(3, { intervalMs: 15_000, timeoutMs: 10_000 }));
    expect(two.worstMs).toBe(10_000 + 4_000 + 5_300 + 4 * 3_800 + 5_000);
    const rare = checkOf(3, { intervalMs: 15_000, timeoutMs: 10_000 });
    expect(row('region-down', 'fails', rare, configOf({ burstGapMs: 10_000 })).worstMs).toBe(
      35_000 + 5_000 + 300 + 5_000,
    );
    // Decided 39.3 s after the onset by then, were it not for the second that is left.
    expect(worstTerms('region-down', 'hangs-learnt').silence).toBe(1_000);
    expect(row('region-down', 'hangs-learnt').worstMs).toBe(45_300);
  });

  it('adds a second attempt after a pause when the pager’s first one hangs', () => {
    expect(worstTerms('pager-hangs', 'hangs-learnt')).toMatchObject({
      'pager-attempt': 10_000,
      'pager-pause': 1_000,
    });
    expect(row('region-down-pager-hangs', 'hangs-learnt').worstMs).toBe(51_300);
    const fallback = configOf({ fallback: ['second'] });
    expect(row('region-down-pager-hangs', 'hangs-learnt', checkOf(), fallback).worstMs).toBe(51_300);
  });

  it('adds a failover and the way back to the hub', () => {
    expect(row('failover', 'hangs-learnt').worstMs).toBe(51_300 + 30_000 + 15_000);
    expect(RECONNECT_MS_MAX).toBe(BACKOFF_MS_MAX);
  });

  it('has the control target’s deadline in it after each failed run', () => {
    const config = { ...configOf(), control: { url: 'https://control.example/', timeoutMs: 3_000 } };
    expect(worstTerms('plain', 'hangs-learnt', checkOf(), config).control).toBe(6_000);
  });

  it('has the word of the group in it when there are other checks', () => {
    expect(worstTerms('plain', 'fails', checkOf(), configOf({}, 2)).decision).toBe(1_000);
  });

  it('knows no soft deadline when the timeout is not longer', () => {
    const check = checkOf(4, { timeoutMs: 4_000 });
    const terms = worstTerms('plain', 'hangs-learnt', check);
    expect(terms).toMatchObject({ 'first-run': 4_000, confirmation: 4_000 });
    expect(terms).not.toHaveProperty('soft-deadline');
    expect(terms).not.toHaveProperty('gap');
  });
});

describe('the expected time-to-page', () => {
  it('waits for the mean of the gaps between starts', () => {
    const wait = (scenario: ScenarioName, regions: number) =>
      row(scenario, 'fails', checkOf(regions)).terms.find(({ name }) => name === 'next-start')?.expectedMs;
    expect(wait('plain', 4)).toBe(3_750);
    // One gap of 15 s and two of 7.5 s: (225 + 2 · 56.25) / 60.
    expect(wait('region-down', 4)).toBe(5_625);
    expect(wait('region-down', 2)).toBe(15_000);
  });

  it('is less than the worst, and both are the sum of their terms, in every row', () => {
    for (const regions of [1, 2, 3, 4, 5])
      for (const { terms, worstMs, expectedMs, notApplicable } of budgetOf(configOf(), checkOf(regions))) {
        if (notApplicable !== undefined) continue;
        expect(expectedMs).toBeLessThan(worstMs);
        const sum = (of: 'worstMs' | 'expectedMs') => terms.reduce((total, term) => total + term[of], 0);
        expect(sum('worstMs')).toBeCloseTo(worstMs, 6);
        expect(sum('expectedMs')).toBeCloseTo(expectedMs, 6);
      }
  });
});

describe('the promise', () => {
  it('is kept by the defaults with two regions or more, with everything wrong at once', () => {
    for (const regions of [2, 3, 4, 5])
      expect(overBudget(budgetOf(configOf(), checkOf(regions)))).toEqual([]);
  });

  it('is under 60 s by the defaults when one region is down and the pager’s first attempt hangs', () => {
    const rows = budgetOf(configOf(), checkOf());
    const found = rows.find(
      ({ scenario, shape }) => scenario === 'region-down-pager-hangs' && shape === 'hangs-learnt',
    );
    expect(found?.worstMs).toBeLessThan(60_000);
  });

  it('does not hold for a failover while the check is new, nor for the last live region', () => {
    expect(row('failover', 'hangs-new').promised).toBe(false);
    expect(row('region-down', 'hangs-learnt', checkOf(2)).promised).toBe(false);
    expect(row('region-down', 'hangs-learnt', checkOf(3)).promised).toBe(true);
    expect(row('region-down', 'fails', checkOf(1))).toMatchObject({ terms: [], promised: false });
    expect(row('region-down', 'fails', checkOf(1)).notApplicable).toBeDefined();
  });

  it('is broken by a slow schedule, and the smallest changes that mend it are named', () => {
    const check = checkOf(4, { intervalMs: 110_000 });
    const isOver = (over: Parameters<typeof checkOf>[1], regions = 4) =>
      overBudget(budgetOf(configOf(), checkOf(regions, { ...check, ...over }), P99_MS)).length > 0;
    expect(isOver({})).toBe(true);
    const remedies = remediesOf(configOf(), check, P99_MS);
    const intervalMs = remedies.find((remedy) => remedy.intervalMs !== undefined)?.intervalMs ?? 0;
    expect(isOver({ intervalMs })).toBe(false);
    expect(isOver({ intervalMs: intervalMs + 1_000 })).toBe(true);
    // With one of six regions down starts are 36.7 s apart, and not 55 s.
    expect(remedies).toContainEqual({ regions: 6 });
  });

  it('that only both interval and timeout can keep is said so', () => {
    const check = checkOf(1, { intervalMs: 600_000, timeoutMs: 300_000 });
    const [remedy, ...more] = remediesOf(configOf(), check, P99_MS);
    expect(more).toEqual([]);
    expect(remedy?.intervalMs).toBeDefined();
    expect(remedy?.timeoutMs).toBeDefined();
    const mended = {
      ...check,
      intervalMs: remedy?.intervalMs ?? check.intervalMs,
      timeoutMs: remedy?.timeoutMs ?? check.timeoutMs,
    };
    expect(overBudget(budgetOf(configOf(), mended, P99_MS))).toEqual([]);
  });

  it('is of two minutes', () => {
    expect(BUDGET_MS).toBe(120_000);
  });
});

it('assumes runs as slow as the soft deadline can learn, and never over the timeout', () => {
  expect(assumedP99Ms(configOf(), checkOf())).toBe(2_667);
  expect(assumedP99Ms(configOf(), checkOf(4, { timeoutMs: 2_000 }))).toBe(2_000);
});
