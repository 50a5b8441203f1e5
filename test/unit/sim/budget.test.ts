import { expect, it } from 'vitest';
import { budgetOf, type Shape } from '#core/budget/budget.ts';
import { measure, type Family } from '#test/sim/family.ts';
import { aPolicy } from '#test/fixtures/builders.ts';

/** Outages of each kind: the slowest of so many is within a second or two of the slowest there is. */
const OUTAGES = 200;
/** The families' passes take 0.5 to 4 s. */
const P99_MS = 4_000;
/** The budget's worst has every part at its worst at once, which hardly ever happens; a budget far above is no budget. */
const SHARE_MIN = 0.7;

it.each<{ family: Family; shape: Shape }>([
  { family: 'page', shape: 'hangs-learnt' },
  { family: 'page-unlearnt', shape: 'hangs-new' },
])('the simulator is within the budget, and the budget near the simulator: $shape', ({ family, shape }) => {
  const { config, check } = aPolicy();
  const rows = budgetOf({ ...config, checks: [check] }, check, P99_MS);
  const row = rows.find((known) => known.scenario === 'region-down-pager-hangs' && known.shape === shape);
  const slowestMs = Math.max(...Array.from({ length: OUTAGES }, (_, index) => measure(family, index + 1)));
  expect(slowestMs).toBeLessThanOrEqual(row?.worstMs ?? 0);
  expect(slowestMs).toBeGreaterThanOrEqual(SHARE_MIN * (row?.worstMs ?? Number.POSITIVE_INFINITY));
});
