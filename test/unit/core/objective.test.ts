import { describe, expect, it } from 'vitest';
import { newLedger } from '#core/ledger.ts';
import { objectiveOf, OBJECTIVE_MS, standingOf, type PagedIncident } from '#core/objective.ts';
import { nearestRank } from '#core/statistics.ts';

const NOW = 10_000_000;

/** An incident that is over and was paged in so many milliseconds; `undefined`: never. */
function paged(tookMs: number | undefined, more: Partial<PagedIncident> = {}): PagedIncident {
  const ledger = newLedger(1_000, 2_000, 3_100);
  return {
    rule: 'unanimous',
    status: 'resolved',
    ledger: tookMs === undefined ? ledger : { ...ledger, acceptedMs: 1_000 + tookMs },
    ...more,
  };
}

function open(ageMs: number): PagedIncident {
  return paged(undefined, { status: 'open', ledger: newLedger(NOW - ageMs, 0, NOW) });
}

describe('how an incident counts', () => {
  it.each([
    ['accepted in time to the millisecond', paged(OBJECTIVE_MS), 'kept'],
    ['accepted a millisecond later', paged(OBJECTIVE_MS + 1), 'missed'],
    ['over, and never accepted', paged(undefined), 'missed'],
    ['not accepted yet, in time', open(OBJECTIVE_MS), 'waiting'],
    ['not accepted yet, and late', open(OBJECTIVE_MS + 1), 'missed'],
    ['held now', { ...open(600_000), held: true }, 'held'],
    [
      'held once',
      paged(5_000_000, { ledger: { ...newLedger(1, 0, 1), acceptedMs: 9, heldUntilMs: 5 } }),
      'held',
    ],
    ['paged by a probe itself', paged(70_000, { rule: 'break-glass' }), 'break-glass'],
    ['slow, which no failed run began', paged(100, { rule: 'latency' }), 'latency'],
    ['spoken for by another page', paged(undefined, { lead: 'portal-login:4' }), 'covered'],
    ['spoken for, and paged by itself after all', paged(50_000, { lead: 'portal-login:4' }), 'kept'],
  ] as const)('%s', (_what, incident, standing) => {
    expect(standingOf(incident, NOW)).toBe(standing);
  });
});

describe('the objective', () => {
  it('knows nothing of no incidents: no pages are no proof', () => {
    const none = objectiveOf([], NOW);
    expect(none).toMatchObject({ counted: 0 });
    expect([none.kept, none.p50Ms, none.withinRatio, none.budgetUsedRatio]).toEqual(Array(4).fill(undefined));
    expect(objectiveOf([paged(5, { rule: 'break-glass' })], NOW).kept).toBeUndefined();
  });

  it('is kept by 99 of 100, which uses all that it allows, and missed by 98', () => {
    const kept = Array.from({ length: 99 }, (_, index) => paged(20_000 + index));
    const one = objectiveOf([...kept, paged(130_000)], NOW);
    expect(one).toMatchObject({ counted: 100, kept: true, withinRatio: 0.99, maxMs: 130_000 });
    expect(one.budgetUsedRatio).toBeCloseTo(1, 10);
    expect([one.p50Ms, one.p95Ms, one.p99Ms]).toEqual([20_049, 20_094, 20_098]);
    const two = objectiveOf([...kept.slice(1), paged(130_000), paged(undefined)], NOW);
    expect(two).toMatchObject({ counted: 100, kept: false, withinRatio: 0.98, maxMs: 130_000 });
    expect(two.budgetUsedRatio).toBeCloseTo(2, 10);
    expect(two.p99Ms).toBe(130_000);
  });

  it('does not pretend to a percentile that falls on a page nobody ever accepted', () => {
    const report = objectiveOf([paged(30_000), paged(undefined)], NOW);
    expect(report).toMatchObject({ counted: 2, p50Ms: 30_000, p95Ms: undefined, p99Ms: undefined });
  });

  it('counts apart what does not count', () => {
    const { standings, counted } = objectiveOf(
      [paged(1), paged(9_999_999, { held: true }), paged(9_999_999, { rule: 'break-glass' }), open(10)],
      NOW,
    );
    expect(counted).toBe(1);
    expect(standings).toEqual({
      kept: 1,
      missed: 0,
      waiting: 1,
      held: 1,
      'break-glass': 1,
      latency: 0,
      covered: 0,
    });
  });
});

it.each([
  [[], 50, undefined],
  [[7], 99, 7],
  [[15, 20, 35, 40, 50], 5, 15],
  [[15, 20, 35, 40, 50], 30, 20],
  [[15, 20, 35, 40, 50], 40, 20],
  [[15, 20, 35, 40, 50], 50, 35],
  [[15, 20, 35, 40, 50], 100, 50],
  [Array.from({ length: 20 }, (_, index) => index + 1), 95, 19],
])('the nearest rank of %j at %i %% is %s', (sorted, percent, expected) => {
  expect(nearestRank(sorted, percent)).toBe(expected);
});
