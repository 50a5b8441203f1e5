import type { Check, Config } from '../config.ts';
import { deadlinesAt, deadlinesOf, type Deadlines } from '../lateness.ts';
import { ATTEMPT_TIMEOUT_MS } from '../delivery.ts';
import { GROUP_ANSWER_MS } from '../outbox.ts';
import {
  TERMS,
  totalMs,
  wayThroughPager,
  wayToDecision,
  type DoomedRun,
  type Piece,
  type TermName,
  type WayParts,
} from './way-to-page.ts';

/** The promise: from an outage's onset to a provider's acceptance (DESIGN). */
export const BUDGET_MS = 120_000;
/** How long a hub may be gone in the middle of it; longer ones are break-glass's (reference: paging, section 6). */
export const FAILOVER_MS = 30_000;
/** A probe's longest pause before it tries the hub again: `BACKOFF_MS_MAX` in `probes/hub/backoff.ts`. */
export const RECONNECT_MS_MAX = 15_000;

/** Reference: paging, section 6: skew s = 2 s, result delay d = 0.5 s, burst command c = 0.3 s; usually half of it. */
const SKEW_MS = 2_000;
const RESULT_DELAY_MS = 500;
const COMMAND_MS = 300;
/** A provider that is well, and calls inside the hub (reference: paging, section 1). */
const USUAL_ATTEMPT_MS = 500;
const USUAL_DECISION_MS = 50;
/** A run under way that is told to be quicker still gets this (`LEFT_MS_MIN` in `probes/run-deadline.ts`). */
const LEFT_MS_MIN = 250;
/** Of one region's runs, and with fewer live regions than this: the page that the monitoring is blind goes out as well. */
const LIVE_REGIONS_MIN = 2;

/** What is wrong besides the outage. Each row adds to the one it names. */
export const SCENARIOS = {
  plain: 'nothing else wrong',
  'region-down': 'one region down',
  'pager-hangs': "pager's first attempt hangs",
  'region-down-pager-hangs': 'one region down, first attempt hangs',
  failover: 'all that, and hub failover of 30 s',
} as const;
export type ScenarioName = keyof typeof SCENARIOS;

/**
 * How the outage looks to a run. `hangs-learnt`: it hangs, and the check's history says how long runs take. `hangs-new`:
 * it hangs, and nothing is known yet. `fails`: it fails in the time that runs take, whatever is known.
 */
export const SHAPES = {
  'hangs-learnt': 'hangs, learnt',
  'hangs-new': 'hangs, new',
  fails: 'fails',
} as const;
export type Shape = keyof typeof SHAPES;

/** A named part of the way; all pieces of that name together, milliseconds. */
export type Term = { name: TermName; about: string; worstMs: number; expectedMs: number };

/** One outage's time-to-page. `terms` are in order and add up to the totals. */
export type BudgetRow = {
  scenario: ScenarioName;
  shape: Shape;
  /** Why the scenario does not exist for this check; then there are no terms, and the totals are 0. */
  notApplicable?: string | undefined;
  /** Whether over 120 s is a fault of the configuration. If not, why. */
  promised: boolean;
  notPromised?: string | undefined;
  regionsDown: number;
  worstMs: number;
  expectedMs: number;
  terms: Term[];
};

type BudgetConfig = Pick<Config, 'paging' | 'control'> & { checks: readonly unknown[] };
type BudgetCheck = Pick<Check, 'intervalMs' | 'timeoutMs' | 'regions'>;

/**
 * The p99 of the runs' durations that is assumed when nothing is given: the slowest for which the soft deadline is learnt
 * and not its ceiling. Milliseconds.
 */
export function assumedP99Ms(config: Pick<BudgetConfig, 'paging'>, check: BudgetCheck): number {
  const { ceilingMs, timesP99 } = config.paging.lateness;
  return Math.min(Math.round(ceilingMs / timesP99), check.timeoutMs);
}

/**
 * Worst and expected time-to-page of a check in an outage that all regions meet, from the configuration alone; one row for
 * each scenario and shape, in order.
 *
 * W = (m+1)·T/R + 2s + the longer way to rule 1 + decision + P [+ F + reconnecting], with m regions down. Rule 1 wants
 * every one of the L live regions to fail and a streak of K (5, 4, 4, 3 of 4, 3, 2, 1). Of a run that hangs:
 *
 * - the first region: its run, which the burst cuts to the confirmation deadline, and with K > L one more of it:
 *   `first + d + (c + g + confirmation + d)·n`;
 * - any other: `soft + d + c + confirmation + d`, and again while the streak is short.
 *
 * A run that fails by itself has no soft deadline: its end begins the burst, in the first region too. A control target is
 * asked after each failed run. Nothing learnt yet: the soft deadline is its ceiling, confirmations have the whole timeout.
 * P: an attempt may take 5 s; one that hangs takes them all, then a pause of 1 s and the second, bounded by the fallback at
 * 8 s. A region that died with the outage holds rule 1 until it is silent. With s = 2 s, d = 0.5 s, c = 0.3 s (reference:
 * paging, section 6; its d of 5.5 s, a report that needs a second attempt, is within the failover's row). Expected: the
 * same way with every part at its usual length, the start at its mean.
 *
 * Not in it: checks that wait for a free place on their probe, and probes that poll because they have no socket.
 */
export function budgetOf(
  config: BudgetConfig,
  check: BudgetCheck,
  p99Ms = assumedP99Ms(config, check),
): BudgetRow[] {
  return (Object.keys(SCENARIOS) as ScenarioName[]).flatMap((scenario) =>
    (Object.keys(SHAPES) as Shape[]).map((shape) => rowOf(config, check, p99Ms, scenario, shape)),
  );
}

/** The deadlines of a check's runs that its budget goes by, once its history is known and before. */
export function budgetDeadlines(
  config: Pick<BudgetConfig, 'paging'>,
  check: BudgetCheck,
  p99Ms: number,
): Record<'learnt' | 'new', Deadlines> {
  const { lateness } = config.paging;
  return {
    learnt: deadlinesAt(lateness, check.timeoutMs, p99Ms),
    new: deadlinesOf(lateness, check.timeoutMs, []),
  };
}

/** The rows that break the promise. */
export function overBudget(rows: readonly BudgetRow[]): BudgetRow[] {
  return rows.filter(({ promised, worstMs }) => promised && worstMs > BUDGET_MS);
}

function rowOf(
  config: BudgetConfig,
  check: BudgetCheck,
  p99Ms: number,
  scenario: ScenarioName,
  shape: Shape,
): BudgetRow {
  const regions = check.regions.length;
  const isFailover = scenario === 'failover';
  const regionsDown =
    scenario === 'region-down' || scenario === 'region-down-pager-hangs'
      ? 1
      : isFailover && regions > LIVE_REGIONS_MIN
        ? 1
        : 0;
  const live = regions - regionsDown;
  const notPromised = whyNotPromised(live, regionsDown, isFailover, shape);
  const base = { scenario, shape, regionsDown, promised: notPromised === undefined, notPromised };
  if (live < 1)
    return {
      ...base,
      promised: false,
      notPromised: undefined,
      notApplicable: 'without its only region there is no run, but the page of being blind',
      worstMs: 0,
      expectedMs: 0,
      terms: [],
    };
  const deadlines = budgetDeadlines(config, check, p99Ms)[shape === 'hangs-new' ? 'new' : 'learnt'];
  const hangs = scenario !== 'plain' && scenario !== 'region-down';
  const hasFallback = config.paging.fallback.length > 0;
  const way = (parts: WayParts, isWorst: boolean): Piece[] => [
    ...wayToDecision(
      parts,
      doomedRun(check, deadlines, shape, isWorst ? p99Ms : p99Ms / 2, parts),
      live,
      isWorst && regionsDown > 0,
    ),
    ...wayThroughPager(parts, hangs, hasFallback),
    ...(isFailover
      ? [
          { name: 'failover' as const, ms: parts.failoverMs },
          { name: 'reconnect' as const, ms: parts.reconnectMs },
        ]
      : []),
  ];
  const worst = way(worstParts(config, check, regionsDown), true);
  const expected = way(usualParts(config, check, regionsDown), false);
  return { ...base, worstMs: totalMs(worst), expectedMs: totalMs(expected), terms: termsOf(worst, expected) };
}

function whyNotPromised(
  live: number,
  regionsDown: number,
  isFailover: boolean,
  shape: Shape,
): string | undefined {
  if (regionsDown > 0 && live < LIVE_REGIONS_MIN)
    return 'with one live region left, the page of being blind is out by then';
  if (isFailover && shape === 'hangs-new') return "a failover within a new check's first twenty passes";
  return undefined;
}

/** A run that meets the outage. */
function doomedRun(
  { timeoutMs }: BudgetCheck,
  { softMs, confirmMs }: Deadlines,
  shape: Shape,
  failsAfterMs: number,
  { resultDelayMs, commandMs }: WayParts,
): DoomedRun {
  if (shape === 'fails') return { overdueMs: undefined, firstMs: failsAfterMs, confirmationMs: failsAfterMs };
  // It ends by its deadline before it is overdue.
  if (softMs >= timeoutMs) return { overdueMs: undefined, firstMs: timeoutMs, confirmationMs: confirmMs };
  const cutMs = Math.max(confirmMs, softMs + resultDelayMs + commandMs + LEFT_MS_MIN);
  return { overdueMs: softMs, firstMs: Math.min(timeoutMs, cutMs), confirmationMs: confirmMs };
}

function worstParts(config: BudgetConfig, check: BudgetCheck, regionsDown: number): WayParts {
  return {
    nextStartMs: ((regionsDown + 1) * check.intervalMs) / check.regions.length,
    skewMs: 2 * SKEW_MS,
    resultDelayMs: RESULT_DELAY_MS,
    commandMs: COMMAND_MS,
    gapMs: config.paging.burstGapMs,
    controlMs: config.control?.timeoutMs ?? 0,
    decisionMs: config.checks.length > 1 ? GROUP_ANSWER_MS : 0,
    attemptMs: ATTEMPT_TIMEOUT_MS,
    failoverMs: FAILOVER_MS,
    reconnectMs: RECONNECT_MS_MAX,
  };
}

/** The mean wait for a start is the mean of the squared gaps between starts over twice the interval. */
function usualParts(config: BudgetConfig, check: BudgetCheck, regionsDown: number): WayParts {
  const { intervalMs, regions } = check;
  const gaps = (regionsDown + 1) ** 2 + (regions.length - regionsDown - 1);
  return {
    nextStartMs: (intervalMs * gaps) / (2 * regions.length ** 2),
    skewMs: 0,
    resultDelayMs: RESULT_DELAY_MS / 2,
    commandMs: COMMAND_MS / 2,
    gapMs: config.paging.burstGapMs,
    controlMs: config.control ? RESULT_DELAY_MS / 2 : 0,
    decisionMs: config.checks.length > 1 ? USUAL_DECISION_MS : 0,
    attemptMs: USUAL_ATTEMPT_MS,
    // It comes at any moment of the way.
    failoverMs: FAILOVER_MS / 2,
    reconnectMs: RECONNECT_MS_MAX / 2,
  };
}

function termsOf(worst: readonly Piece[], expected: readonly Piece[]): Term[] {
  return (Object.keys(TERMS) as TermName[]).flatMap((name) => {
    const sum = (pieces: readonly Piece[]): number => totalMs(pieces.filter((piece) => piece.name === name));
    const [worstMs, expectedMs] = [sum(worst), sum(expected)];
    return worstMs === 0 && expectedMs === 0 ? [] : [{ name, about: TERMS[name], worstMs, expectedMs }];
  });
}

/** A change of one check's settings after which its budget holds. */
export type Remedy = {
  intervalMs?: number | undefined;
  timeoutMs?: number | undefined;
  regions?: number | undefined;
};

/** Whole seconds that a remedy is looked for in, and regions: beyond six another one adds little. */
const REMEDY_STEP_MS = 1_000;
const REMEDY_REGIONS_MAX = 6;

/**
 * The smallest change of the interval, of the timeout, and of the number of regions that each by itself brings a check into
 * its budget; when none does, of interval and timeout together. Empty when even that is not enough.
 */
export function remediesOf(config: BudgetConfig, check: BudgetCheck, p99Ms?: number): Remedy[] {
  const fits = (change: Partial<BudgetCheck>): boolean => {
    const changed = { ...check, ...change };
    const usedMs = p99Ms === undefined ? undefined : Math.min(p99Ms, changed.timeoutMs);
    return overBudget(budgetOf(config, changed, usedMs)).length === 0;
  };
  const both = (timeoutMs: number): { intervalMs: number; timeoutMs: number } => ({
    intervalMs: Math.min(check.intervalMs, timeoutMs + REMEDY_STEP_MS),
    timeoutMs,
  });
  const shortestMs = check.timeoutMs + REMEDY_STEP_MS;
  const intervalMs = longestMs(shortestMs, check.intervalMs, (intervalMs) => fits({ intervalMs }));
  const timeoutMs = longestMs(REMEDY_STEP_MS, check.timeoutMs, (timeoutMs) => fits({ timeoutMs }));
  const regions = Array.from({ length: REMEDY_REGIONS_MAX }, (_, index) => index + 1).find(
    (count) => count > check.regions.length && fits({ regions: regionsOf(count) }),
  );
  const alone: Remedy[] = [
    ...(intervalMs === undefined ? [] : [{ intervalMs }]),
    ...(timeoutMs === undefined ? [] : [{ timeoutMs }]),
    ...(regions === undefined ? [] : [{ regions }]),
  ];
  if (alone.length > 0) return alone;
  const togetherMs = longestMs(REMEDY_STEP_MS, check.timeoutMs, (timeoutMs) => fits(both(timeoutMs)));
  return togetherMs === undefined ? [] : [both(togetherMs)];
}

/** The longest whole number of seconds from `shortestMs` to below `belowMs` that fits, as every shorter one does then. */
function longestMs(
  shortestMs: number,
  belowMs: number,
  fits: (durationMs: number) => boolean,
): number | undefined {
  let low = Math.ceil(shortestMs / REMEDY_STEP_MS);
  let high = Math.ceil(belowMs / REMEDY_STEP_MS) - 1;
  if (low > high || !fits(low * REMEDY_STEP_MS)) return undefined;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle * REMEDY_STEP_MS)) low = middle;
    else high = middle - 1;
  }
  return low * REMEDY_STEP_MS;
}

function regionsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `region-${index}`);
}
